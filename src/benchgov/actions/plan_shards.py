"""Action plan-shards: spread a suite over the jobs of a matrix."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Count, Lines
from benchgov.actions.job import Job, option
from benchgov.errors import BlockedError


class Inputs(ActionInputs):
    """Inputs of plan-shards."""

    suite: Annotated[str, Field(description="the suite to spread: a folder under `bench/`")]
    shards: Annotated[Count, Field(description="how many jobs, at most 256")]
    only: Annotated[
        Lines,
        Field(description="benchmarks to plan, one pattern a line: id, `id@scale`, glob, `family:name`"),
    ] = ()
    durations: Annotated[
        Lines,
        Field(
            description="reports that say how long benchmarks take, one file, folder or glob a line; "
            "default: the active baseline"
        ),
    ] = ()
    regime: Annotated[str, Field(description="named set of measuring conditions; default: the settings'")] = (
        ""
    )


class Outputs(ActionOutputs):
    """Outputs of plan-shards."""

    matrix: Annotated[str, Field(description="the matrix, for `fromJSON`")]
    shards: Annotated[str, Field(description="how many jobs it has: never more than there are benchmarks")]
    plan: Annotated[str, Field(description="digest of the plan, `blake3:<hex>`")]


def run(inputs: Inputs, job: Job) -> int:
    """Plan. Without a plan nothing can be measured, so whatever keeps it from being made is red."""
    ended = job.command(_arguments(inputs), capture=True)
    if ended.blocked:
        job.tell(BlockedError(ended.blocked))
        return ended.code
    include = json.loads(ended.stdout)["include"]
    job.workflow.set_outputs(
        Outputs(
            matrix=ended.stdout.strip(), shards=str(len(include)), plan=str(include[0]["plan"])
        ).as_outputs()
    )
    return ended.code


def _arguments(inputs: Inputs) -> list[str]:
    return [
        "plan",
        *option("shards", inputs.shards),
        *(argument for pattern in inputs.only for argument in option("only", pattern)),
        *(argument for name in inputs.durations for argument in option("durations", name)),
        *option("regime", inputs.regime),
        *option("config", inputs.config),
        "--format=json",
        "--",
        inputs.suite,
    ]
