"""The checks of a migrated Dockerfile, each a question about the final image or how it is built."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..dockerfile import Dockerfile, Instruction
from ..stage_state import environment, workdir
from .filesystem import BUILT, CONTEXT, DEPENDENCIES, Origin, inputs, origins

REGISTRY = "cgr.dev/chainguard/"
ENTRYPOINTS = {"python": ("python",), "node": ("node",), "jre": ("java",), "nginx": ("nginx",)}
"""What the images without a shell start when no ENTRYPOINT is given."""

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "curl", "wget"})
_FILE = re.compile(r".*\.(py|js|mjs|cjs|jar|conf|json|toml|ya?ml)")
_SEARCH_PATHS = ("PATH", "PYTHONPATH", "NODE_PATH")
_TAG = re.compile(r"|latest|\d+(\.\d+)*")
"""Tags of images without a shell; those of other publishers (`-slim`, `-alpine`) and `-dev` are none."""
_USER = re.compile(r"(?:nonroot|[1-9]\d*)(?::(?:nonroot|\d+))?")
_REFERENCE = re.compile(rf"{REGISTRY}[a-z0-9][a-z0-9._-]*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{{64}})?")


@dataclass(frozen=True)
class Wanted:
    """What the image must still be, by `expected/image.json`, and what it was built from before."""

    status: str
    inputs: frozenset[str]
    because: Sequence[str]
    images: Sequence[str]
    files: Sequence[Mapping[str, str]]
    command: Sequence[str]
    steps: Sequence[str]
    environment: Mapping[str, str]
    ports: Sequence[str]
    health: str
    folder: str | None

    @classmethod
    def of(cls, document: Mapping[str, Any], before: Dockerfile) -> Wanted:
        return cls(
            document["status"],
            frozenset(inputs(before)),
            document.get("because", ()),
            document.get("images", ()),
            document.get("files", ()),
            document.get("command", ()),
            document.get("steps", ()),
            document.get("environment", {}),
            document.get("ports", ()),
            document.get("health", ""),
            document.get("folder"),
        )


def has_base(dockerfile: Dockerfile, wanted: Wanted) -> bool:
    """Whether the final stage starts from one of the wanted images, and not from its variant with a shell."""
    image, tag = _image(_resolved_base(dockerfile))
    return image in {REGISTRY + one for one in wanted.images} and _TAG.fullmatch(tag) is not None


def runs_nothing(dockerfile: Dockerfile, _wanted: Wanted) -> bool:
    """Whether the final stage (and any it starts from) has no RUN, which would need a shell."""
    stages = [dockerfile.final]
    while (parent := dockerfile.stage(stages[-1].base)) is not None and parent not in stages:
        stages.append(parent)
    return not any(any(stage.all("RUN", "SHELL", "ONBUILD")) for stage in stages)


def is_not_root(dockerfile: Dockerfile, _wanted: Wanted) -> bool:
    """Whether USER is one that the images have, or a number, and not root; `nonroot` where nothing says."""
    user = dockerfile.final.last("USER")
    return user is None or _USER.fullmatch(user.value.strip()) is not None


def starts_without_shell(dockerfile: Dockerfile, _wanted: Wanted) -> bool:
    """Whether ENTRYPOINT, CMD and HEALTHCHECK are lists whose program is no shell, curl or wget."""
    final = dockerfile.final
    started = [final.last("ENTRYPOINT"), final.last("CMD")]
    lists = [one.exec_form for one in started if one is not None]
    health = _health_command(dockerfile)
    lists += [health.exec_form] if health else []
    return all(words is not None and not (words and _program(words[0]) in _SHELLS) for words in lists)


def has_files(dockerfile: Dockerfile, wanted: Wanted) -> bool:
    """Whether each file that the program needs is where it was."""
    found = origins(dockerfile)
    found += [Origin(DEPENDENCIES, one.path) for one in found if _is_looked_up(dockerfile, one)]
    return all(any(_is(one, file) for one in found) for file in wanted.files)


def starts_the_same(dockerfile: Dockerfile, wanted: Wanted) -> bool:
    """Whether the image starts the wanted program with the wanted arguments, in the folder that it needs."""
    final = dockerfile.final
    entrypoint, command = final.last("ENTRYPOINT"), final.last("CMD")
    image, _ = _image(_resolved_base(dockerfile))
    words = list(entrypoint.words if entrypoint else ENTRYPOINTS.get(image.removeprefix(REGISTRY), ()))
    words += command.words if command else ()
    here = workdir(dockerfile, final)
    if wanted.folder not in (None, here) or not _is_there(dockerfile, words[:1]):
        return False
    return _normal(words, here) == _normal(wanted.command, here)


def _is_there(dockerfile: Dockerfile, program: Sequence[str]) -> bool:
    """Whether a program that is named by its path is one of the copied files, or the image's own."""
    path = next((word for word in program if "/" in word), None)
    return (
        path is None
        or posixpath.dirname(path) == "/usr/bin"
        or any(f"{path}/".startswith(f"{one.path}/") for one in origins(dockerfile))
    )


def builds_on_chainguard(dockerfile: Dockerfile, _wanted: Wanted) -> bool:
    """Whether all that stages start from, or copy from, is a Chainguard image or another stage."""
    sources = [stage.base for stage in dockerfile.stages]
    sources += [
        one.flags["from"] for stage in dockerfile.stages for one in stage.all("COPY") if one.flags.get("from")
    ]
    return all(dockerfile.stage(one) is not None or _REFERENCE.fullmatch(one) for one in sources)


def builds_the_same(dockerfile: Dockerfile, wanted: Wanted) -> bool:
    """Whether each step that builds is still run in some stage, and on the same files of the context."""
    if not _copies_all(dockerfile) and not wanted.inputs <= inputs(dockerfile):
        return False
    scripts = [one.script for stage in dockerfile.stages for one in stage.all("RUN")]
    flat = [" ".join(script.split()) for script in scripts]
    return all(any(step in script for script in flat) for step in wanted.steps)


def _copies_all(dockerfile: Dockerfile) -> bool:
    return f"{CONTEXT}." in inputs(dockerfile)


def has_environment(dockerfile: Dockerfile, wanted: Wanted) -> bool:
    """Whether the wanted variables are set in the image."""
    found = environment(dockerfile, dockerfile.final)
    return all(found.get(name) == value for name, value in wanted.environment.items())


def has_ports(dockerfile: Dockerfile, wanted: Wanted) -> bool:
    """Whether exactly the wanted ports are exposed."""
    variables = environment(dockerfile, dockerfile.final)
    words = [word for one in dockerfile.final.all("EXPOSE") for word in one.value.split()]
    ports = {variables.get(word.strip("${}"), word).removesuffix("/tcp") for word in words}
    return ports == set(wanted.ports)


def has_health(dockerfile: Dockerfile, wanted: Wanted) -> bool:
    """Whether there is a health check of the same address, if there was one."""
    found = _health_command(dockerfile)
    return not wanted.health or (
        found is not None and re.search(rf"{re.escape(wanted.health)}(?![\\w/])", found.value) is not None
    )


def _health_command(dockerfile: Dockerfile) -> Instruction | None:
    health = dockerfile.final.last("HEALTHCHECK")
    word, _, rest = health.value.partition(" ") if health else ("", "", "")
    return Instruction("CMD", {}, rest.strip()) if word.upper() == "CMD" else None


def _resolved_base(dockerfile: Dockerfile) -> str:
    stage, seen = dockerfile.final, 0
    while (parent := dockerfile.stage(stage.base)) is not None and seen < len(dockerfile.stages):
        stage, seen = parent, seen + 1
    return stage.base


def _image(base: str) -> tuple[str, str]:
    """(image, tag): `cgr.dev/chainguard/python:latest-dev` is (cgr.dev/chainguard/python, latest-dev)."""
    folder, slash, last = base.partition("@")[0].rpartition("/")
    name, _, tag = last.partition(":")
    return f"{folder}{slash}{name}", tag


def _is(found: Origin, wanted: Mapping[str, str]) -> bool:
    """Whether it has the wanted source, and is `at` the wanted path, or somewhere `under` it."""
    at, under = wanted.get("at", found.path), wanted.get("under", "").rstrip("/")
    return found.source == wanted["from"] and found.path == at and f"{found.path}/".startswith(f"{under}/")


def _is_looked_up(dockerfile: Dockerfile, found: Origin) -> bool:
    """Whether a search path leads into what a build stage made, or the program is in it."""
    variables = environment(dockerfile, dockerfile.final)
    folders = [part for name in _SEARCH_PATHS for part in variables.get(name, "").split(":")]
    entrypoint = dockerfile.final.last("ENTRYPOINT")
    folders += entrypoint.words[:1] if entrypoint else ()
    return found.source == BUILT and any(f"{folder}/".startswith(f"{found.path}/") for folder in folders)


def _program(word: str) -> str:
    return posixpath.basename(word)


def _normal(words: Sequence[str], here: str) -> list[str]:
    """A command with its program by name, and its files by their full paths."""
    words = [*words]
    if not words:
        return []
    program = re.sub(r"^(python|node)[\d.]*$", r"\1", _program(words[0]))
    if program == "python" and len(words) > 2 and words[1] == "-m":
        program, words = words[2], words[2:]
    return [program, *(posixpath.join(here, word) if _is_file(word) else word for word in words[1:])]


def _is_file(word: str) -> bool:
    return _FILE.fullmatch(word) is not None and "=" not in word and "://" not in word
