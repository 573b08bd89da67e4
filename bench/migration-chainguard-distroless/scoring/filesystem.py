"""Where the files of a stage come from: followed through COPY and ADD, from stage to stage."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from ..dockerfile import Dockerfile, Instruction, Stage, expand
from ..stage_state import moved, walk

CONTEXT = "context:"
BUILT = "built"
DEPENDENCIES = "dependencies"
"""What a build stage made and the program finds by its own path or a search path: a virtual environment."""
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
        for copy, workdir, variables in _copies(dockerfile, one):
            found += _copied(dockerfile, seen, copy, workdir, variables)
        seen[id(one)] = found[:_MAX_FILES]
    return seen[id(stage or dockerfile.final)]


def _copies(dockerfile: Dockerfile, stage: Stage) -> Iterator[tuple[Instruction, str, dict[str, str]]]:
    """The COPY and ADD of a stage itself, each with the folder and the variables at that point."""
    here, own = "/", {id(instruction) for instruction in stage.instructions}
    for one, variables in walk(dockerfile, stage):
        if one.name == "WORKDIR":
            here = moved(here, one, variables)
        elif one.name in ("COPY", "ADD") and len(one.words) > 1 and id(one) in own:
            yield one, here, dict(variables)


def inputs(dockerfile: Dockerfile) -> set[str]:
    """The sources in the build context that any stage copies."""
    found = {one.source for stage in dockerfile.stages for one in origins(dockerfile, stage)}
    return {source for source in found if source.startswith(CONTEXT)}


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
