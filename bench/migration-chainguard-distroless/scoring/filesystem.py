"""Where the files of a stage come from: followed through COPY and ADD, from stage to stage."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from ..dockerfile import Dockerfile, Instruction, Stage, assignments, expand

CONTEXT = "context:"
BUILT = "built"
_MAX_FILES = 500


@dataclass(frozen=True)
class Origin:
    """A file or folder at `path` that comes from `source`: `context:<path>`, `image:<image>`, or `built`."""

    source: str
    path: str


def origins(dockerfile: Dockerfile, stage: Stage | None = None) -> list[Origin]:
    """What COPY and ADD put into a stage (the final one), with what the stages before made of it."""
    seen: dict[int, list[Origin]] = {}
    for one in dockerfile.stages:
        parent = dockerfile.stage(one.base)
        found = list(seen.get(id(parent), [])) if parent is not None else []
        for copy, workdir, variables in _copies(one):
            found += _copied(dockerfile, seen, copy, workdir, variables)
        seen[id(one)] = found[:_MAX_FILES]
    return seen[id(stage or dockerfile.final)]


def workdir(dockerfile: Dockerfile, stage: Stage) -> str:
    """The folder in which a stage ends, `/` when nothing says."""
    here, variables = "/", environment(dockerfile, stage)
    for one in _line(dockerfile, stage):
        for instruction in one.all("WORKDIR"):
            here = posixpath.join(here, expand(instruction.value.strip('"'), variables))
    return posixpath.normpath(here)


def environment(dockerfile: Dockerfile, stage: Stage) -> dict[str, str]:
    """The variables that a stage ends with, those of the stages it starts from included."""
    found: dict[str, str] = {}
    for one in _line(dockerfile, stage):
        for instruction in one.all("ENV"):
            found |= {name: expand(value, found) for name, value in assignments(instruction).items()}
    return found


def _line(dockerfile: Dockerfile, stage: Stage) -> list[Stage]:
    """The stage after those that it starts from."""
    line = [stage]
    while (parent := dockerfile.stage(line[0].base)) is not None and parent not in line:
        line.insert(0, parent)
    return line


def _copies(stage: Stage) -> Iterator[tuple[Instruction, str, dict[str, str]]]:
    here = "/"
    variables: dict[str, str] = {}
    for one in stage.instructions:
        if one.name in ("ENV", "ARG"):
            variables |= assignments(one)
        elif one.name == "WORKDIR":
            here = posixpath.normpath(posixpath.join(here, expand(one.value.strip('"'), variables)))
        elif one.name in ("COPY", "ADD") and len(one.words) > 1:
            yield one, here, dict(variables)


def _copied(
    dockerfile: Dockerfile,
    seen: dict[int, list[Origin]],
    copy: Instruction,
    here: str,
    variables: dict[str, str],
) -> Iterator[Origin]:
    *sources, target = (expand(word, variables) for word in copy.words)
    into = target.endswith("/") or len(sources) > 1 or target in (".", "..")
    target = posixpath.normpath(posixpath.join(here, target))
    reference = copy.flags.get("from", "")
    stage = dockerfile.stage(reference) if reference else None
    for source in sources:
        if not reference:
            yield Origin(
                CONTEXT + posixpath.normpath(source.lstrip("/") or "."), _landed(source, target, into)
            )
        elif stage is None:
            yield Origin(f"image:{reference}", _landed(source, target, into))
        else:
            yield from _from_stage(stage, seen.get(id(stage), []), source, target, into)


def _landed(source: str, target: str, into: bool) -> str:
    """Where a source lands: a folder's content in the target, a file in it or as it."""
    name = posixpath.basename(posixpath.normpath(source))
    is_file = "." in name.strip(".") or "*" in name
    return posixpath.join(target, name) if into and is_file else target


def _from_stage(stage: Stage, known: list[Origin], source: str, target: str, into: bool) -> Iterator[Origin]:
    source = posixpath.normpath(posixpath.join("/", source))
    landed = _landed(source, target, into)
    for one in known:
        if one.path == source:
            yield Origin(one.source, landed)
        elif one.path.startswith(source.rstrip("/") + "/"):
            yield Origin(one.source, posixpath.join(target, posixpath.relpath(one.path, source)))
        elif source.startswith(one.path.rstrip("/") + "/") and one.source.startswith(CONTEXT):
            inner = posixpath.relpath(source, one.path)
            yield Origin(CONTEXT + posixpath.normpath(f"{one.source[len(CONTEXT) :]}/{inner}"), landed)
    if any(stage.all("RUN")):
        yield Origin(BUILT, landed)
