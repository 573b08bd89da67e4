"""RUN instructions on Wolfi: apk in the place of apt-get, and nothing that only prepared a user."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..dockerfile import Instruction
from .words import NotPossible

_BUILD_NAMES = {
    "build-essential": "build-base",
    "gcc": "build-base",
    "g++": "build-base",
    "make": "build-base",
}
_BUILD_NAMES |= {
    "git": "git",
    "curl": "curl",
    "wget": "wget",
    "pkg-config": "pkgconf",
    "musl-dev": "build-base",
}
_BUILD_NAMES |= {"python3-dev": "python3-dev", "build-base": "build-base", "unzip": "unzip"}
_IN_EVERY_IMAGE = frozenset({"ca-certificates", "tzdata", "libc6-compat"})
_INSTALL = re.compile(r"(?:apt-get|apt)\b.*\binstall\b(?P<apt>.*)|apk\b.*\badd\b(?P<apk>.*)")
_NEEDLESS = re.compile(
    r"(?:apt-get|apt)\s.*|apk\s+(?:update|upgrade).*|rm\s+-rf\s+/var/(?:lib/apt|cache).*"
    r"|(?:groupadd|useradd|adduser|addgroup|usermod|chown)\s.*"
)
_OTHER_TOOLS = re.compile(r"\b(?:apt|apt-get|dpkg|yum|dnf|microdnf)\s")
_INTRICATE = re.compile(r"\b(?:for|while|until|if|case)\b|\|\||[{}]")
_SEPARATOR = re.compile(r"\s*(?:&&|;|\n)\s*")


def on_wolfi(run: Instruction) -> str | None:
    """The RUN for a build stage; None when nothing of it is left.

    Raises:
        NotPossible: it installs something that is not a tool of a build: the program would lack it.
    """
    kept = list(_translated(run))
    unchanged = kept == [part for part in _commands(run) if part]
    left = any(_OTHER_TOOLS.search(command) for command in kept)
    if left or (not unchanged and _INTRICATE.search(run.script)):
        raise NotPossible("a step that installs packages is too intricate to be taken apart")
    if not kept:
        return None
    if unchanged:
        return run.raw
    if run.bodies:
        lines = "\n".join(kept)
        return f"RUN <<EOF\n{lines}\nEOF"
    joined = " \\\n && ".join(kept)
    return f"RUN {joined}"


def is_needless(run: Instruction) -> bool:
    """Whether a RUN of a final stage does nothing that the distroless image needs.

    Raises:
        NotPossible: it installs something that the image does not have.
    """
    for command in _translated(run):
        names = command.removeprefix("apk add --no-cache ").split()
        if not command.startswith("apk add") or not set(names) <= {"curl", "wget"}:
            return False
    return True


def _translated(run: Instruction) -> Iterator[str]:
    for command in _commands(run):
        found = _INSTALL.fullmatch(command)
        if found:
            names = _known(found["apt"] or found["apk"] or "")
            if names:
                yield f"apk add --no-cache {' '.join(names)}"
        elif command and not _NEEDLESS.fullmatch(command):
            yield command


def _commands(run: Instruction) -> list[str]:
    text = "\n".join(run.bodies) if run.bodies else run.value
    return [" ".join(part.split()) for part in _SEPARATOR.split(text)]


def _known(names: str) -> list[str]:
    found: dict[str, None] = {}
    for name in names.split():
        if name.startswith("-") or name in _IN_EVERY_IMAGE:
            continue
        if name not in _BUILD_NAMES:
            raise NotPossible(
                f"the package {name} may be needed at run time, and no image is known to have it"
            )
        found[_BUILD_NAMES[name]] = None
    return list(found)
