"""Action verify-env: is this machine the pinned one?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Flag
from benchgov.actions.job import Job
from benchgov.documents import load_json_model
from benchgov.github.render import drift_page
from benchgov.report import Environment


class Inputs(ActionInputs):
    """Inputs of verify-env."""

    fail_on_drift: Annotated[
        Flag, Field(description="`true`: a machine that is not the pinned one fails the step")
    ] = False


class Outputs(ActionOutputs):
    """Outputs of verify-env."""

    status: Annotated[str, Field(description="`pass`, `drift` or `unpinned` (nothing is pinned)")]
    fingerprint: Annotated[str, Field(description="fingerprint of the machine, `blake3:<hex>`")]
    environment: Annotated[str, Field(description="path of environment.json")]


def run(inputs: Inputs, job: Job) -> int:
    """Check the environment. On drift the step warns, and run-bench writes a blocked report."""
    project = job.project(inputs.config)
    ended = job.command(["verify-env", *(["--config", inputs.config] if inputs.config else [])])
    if ended.blocked:
        return job.blocked(ended.blocked, fail=inputs.fail_on_drift)
    path = project.output_dir / "environment.json"
    environment = load_json_model(path, Environment)
    job.workflow.set_outputs(
        Outputs(
            status=environment.gate,
            fingerprint=environment.fingerprint,
            environment=job.shown(path),
        ).as_outputs()
    )
    if environment.gate != "drift":
        return 0
    job.workflow.add_summary(drift_page(environment))
    names = ", ".join(item.name for item in environment.drift)
    return job.blocked(
        f"this machine is not the pinned one: {names}; what is measured here is not comparable",
        fail=inputs.fail_on_drift,
    )
