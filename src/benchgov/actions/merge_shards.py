"""Action merge-shards: join the reports of a matrix into one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Flag, Lines
from benchgov.actions.job import Job, option
from benchgov.documents import load_json_model
from benchgov.errors import UsageError
from benchgov.report import Report


class Inputs(ActionInputs):
    """Inputs of merge-shards."""

    artifact_pattern: Annotated[
        str, Field(description="artifacts of the matrix's jobs, such as `benchgov-core-*`")
    ] = ""
    reports: Annotated[
        Lines,
        Field(description="or reports that are here already, one file, folder or glob a line"),
    ] = ()
    fail_on_blocked: Annotated[
        Flag, Field(description="`true`: reports that don't belong together fail the step")
    ] = True
    artifact_name: Annotated[
        str, Field(description="name of the artifact with the results; default `benchgov-<suite>`")
    ] = ""
    upload: Annotated[Flag, Field(description="`false`: keep the results in the job")] = True


class Outputs(ActionOutputs):
    """Outputs of merge-shards."""

    status: Annotated[str, Field(description="`pass`, `fail` or `blocked`")]
    authoritative: Annotated[str, Field(description="`true` when all was measured on pinned machines")]
    report: Annotated[str, Field(description="path of report.json")]
    folder: Annotated[str, Field(description="folder with all results, which the artifact holds")]
    artifact_name: Annotated[str, Field(description="name of the artifact")]


def run(inputs: Inputs, job: Job) -> int:
    """Merge; never gates by a baseline, which compare-thresholds does.

    Raises:
        UsageError: neither artifacts nor reports are named.
    """
    project = job.project(inputs.config)
    downloaded = job.environ.get("BENCHGOV_ARTIFACT", "")
    reports = [*inputs.reports, *([downloaded] if inputs.artifact_pattern and downloaded else [])]
    if not reports:
        raise UsageError("neither `artifact-pattern` nor `reports` is given", where="inputs")
    ended = job.command(["merge", "--no-gate", *option("config", inputs.config), "--", *reports])
    if ended.blocked:
        return job.blocked(ended.blocked, fail=inputs.fail_on_blocked)
    path = project.output_dir / "report.json"
    job.workflow.set_outputs(_outputs(inputs, path, job).as_outputs())
    return 0


def _outputs(inputs: Inputs, path: Path, job: Job) -> Outputs:
    report = load_json_model(path, Report)
    return Outputs(
        status=report.summary.status,
        authoritative=str(report.summary.authoritative).lower(),
        report=job.shown(path),
        folder=job.shown(path.parent),
        artifact_name=inputs.artifact_name or f"benchgov-{report.config.suite}",
    )
