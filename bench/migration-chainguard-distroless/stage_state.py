"""What a stage ends with: its folder and its variables, those of the stages it starts from included."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from .dockerfile import Dockerfile, Instruction, Stage, assignments, expand


def workdir(dockerfile: Dockerfile, stage: Stage) -> str:
    """The folder in which a stage ends, `/` when nothing says."""
    here = "/"
    for instruction, variables in walk(dockerfile, stage):
        if instruction.name == "WORKDIR":
            here = moved(here, instruction, variables)
    return here


def environment(dockerfile: Dockerfile, stage: Stage) -> dict[str, str]:
    """The variables that a stage ends with, those of the stages it starts from included."""
    found: dict[str, str] = {}
    for instruction, variables in walk(dockerfile, stage):
        if instruction.name == "ENV":
            found |= {name: variables[name] for name in assignments(instruction)}
    return found


def walk(dockerfile: Dockerfile, stage: Stage) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """The instructions of a stage after those of the stages that it starts from, each with the variables
    that are known after it."""
    line = [stage]
    while (parent := dockerfile.stage(line[0].base)) is not None and parent not in line:
        line.insert(0, parent)
    variables: dict[str, str] = {}
    for instruction in (one for stage in line for one in stage.instructions):
        if instruction.name in ("ENV", "ARG"):
            variables |= {name: expand(value, variables) for name, value in assignments(instruction).items()}
        yield instruction, variables


def moved(here: str, instruction: Instruction, variables: Mapping[str, str]) -> str:
    """The folder after a WORKDIR in the folder `here`."""
    return posixpath.normpath(posixpath.join(here, expand(instruction.value.strip('"'), variables)))
