"""Commands without a shell: from the shell form to a list, and health checks to what the image can run."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Sequence

from ..dockerfile import Instruction

SHELLS = frozenset({"sh", "bash", "ash", "dash", "su", "gosu", "su-exec", "tini", "dumb-init", "npm", "yarn"})
_NEEDS_SHELL = re.compile(r"[$&|;<>()*?`\\]")
_ADDRESS = re.compile(r"https?://(?:localhost|127\.0\.0\.1)[^\s'\"]*")
_FETCH = {
    "python": ("python", "-c", "import urllib.request; urllib.request.urlopen('{}', timeout=3)"),
    "node": ("node", "-e", "fetch('{}').then(r => process.exit(+!r.ok), () => process.exit(1))"),
}


class NotPossible(Exception):  # noqa: N818 - an answer, not an error
    """The image cannot do without a shell, a package or a base that is not known; the message says which."""


def command(instruction: Instruction | None) -> tuple[str, ...]:
    """The words of an ENTRYPOINT or CMD, none when there is none.

    Raises:
        NotPossible: its shell form uses the shell.
    """
    if instruction is None:
        return ()
    listed = instruction.exec_form
    if listed is not None:
        return listed
    text = instruction.value.removeprefix("exec ")
    if _NEEDS_SHELL.search(text):
        raise NotPossible(f"{instruction.name} needs a shell: {text[:100]}")
    return tuple(shlex.split(text))


def program(words: Sequence[str], folder: str) -> tuple[str, ...]:
    """A command whose program can be started from any folder.

    Raises:
        NotPossible: the program is a shell, a script for one, or a tool that the image does not have.
    """
    if not words:
        raise NotPossible("the Dockerfile does not say what the image starts")
    name = posixpath.basename(words[0])
    if name in SHELLS or name.endswith(".sh"):
        raise NotPossible(f"the image starts {words[0]}, which needs what a distroless image does not have")
    first = posixpath.normpath(posixpath.join(folder, words[0])) if words[0].startswith(".") else words[0]
    return (first, *words[1:])


def health_check(instruction: Instruction, family: str) -> str | None:
    """The HEALTHCHECK in a form that the image can run; None when there is no such form."""
    word, _, rest = instruction.value.partition(" ")
    if word.upper() != "CMD":
        return instruction.raw
    listed = Instruction("CMD", {}, rest.strip()).exec_form
    if listed and listed[0] not in (*SHELLS, "curl", "wget"):
        return instruction.raw
    address = _ADDRESS.search(rest)
    if address is None or family not in _FETCH:
        return None
    flags = "".join(f"--{name}={value} " for name, value in instruction.flags.items())
    return f"HEALTHCHECK {flags}CMD {as_list([word.format(address[0]) for word in _FETCH[family]])}"


def as_list(words: Sequence[str]) -> str:
    """The words as Docker reads a list."""
    return json.dumps(list(words), ensure_ascii=False)
