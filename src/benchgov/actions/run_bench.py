"""Action run-bench: measure a suite and write its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, ArtifactUrl, Count, Flag, Lines
from benchgov.actions.job import Job, option
from benchgov.actions.workflow import Workflow
from benchgov.documents import load_json_model
from benchgov.errors import ExitCode
from benchgov.github.render import MAX_ANNOTATIONS, why
from benchgov.report import Report
from benchgov.sharding.shard import record_of


class Inputs(ActionInputs):
    """Inputs of run-bench."""

    suite: Annotated[str, Field(description="the suite to measure: a folder under `bench/`")]
    only: Annotated[
        Lines,
        Field(description="benchmarks to measure, one pattern a line: id, `id@scale`, glob, `family:name`"),
    ] = ()
    shard: Annotated[
        str, Field(description="`toJSON(matrix)` of the matrix that plan-shards gave: only this job's part")
    ] = ""
    against: Annotated[
        str,
        Field(
            description="measure this revision too, in turn, and compare with it instead of a baseline: a "
            "commit, a branch; for pull requests `github.event.pull_request.base.sha`"
        ),
    ] = ""
    pairs: Annotated[
        Count | None, Field(description="with `against`: pairs of each benchmark; default: 10, 20, 40")
    ] = None
    max_minutes: Annotated[
        str, Field(description="with `against`: begin no further pairs after so many minutes")
    ] = ""
    warmup: Annotated[Count | None, Field(description="warm-up runs, 2 or more; default: the suite's")] = None
    runs: Annotated[Count | None, Field(description="measured runs, 5 or more; default: the suite's")] = None
    timeout: Annotated[str, Field(description="seconds that one sample may take; default: the suite's")] = ""
    regime: Annotated[str, Field(description="named set of measuring conditions; default: the settings'")] = (
        ""
    )
    allow_drift: Annotated[
        Flag, Field(description="`true`: measure on a machine that is not the pinned one, without authority")
    ] = False
    fail_on_blocked: Annotated[
        Flag, Field(description="`true`: a run that could not be measured fails the step")
    ] = False
    artifact_name: Annotated[
        str,
        Field(
            description="name of the artifact with the results; default `benchgov-<suite>`, or "
            "`benchgov-<suite>-<shard>`"
        ),
    ] = ""
    upload: Annotated[Flag, Field(description="`false`: keep the results in the job")] = True


class Outputs(ActionOutputs):
    """Outputs of run-bench."""

    status: Annotated[str, Field(description="`pass`, `fail` or `blocked`")]
    authoritative: Annotated[str, Field(description="`true` when measured on the pinned machine")]
    fingerprint: Annotated[str, Field(description="fingerprint of the machine, `blake3:<hex>`")]
    report: Annotated[str, Field(description="path of report.json")]
    folder: Annotated[str, Field(description="folder with all results, which the artifact holds")]
    artifact_name: Annotated[str, Field(description="name of the artifact")]
    artifact_url: ArtifactUrl = ""


def run(inputs: Inputs, job: Job) -> int:
    """Measure; never gates by a baseline, which compare-thresholds does."""
    project = job.project(inputs.config)
    ended = job.command(_arguments(inputs))
    if ended.blocked:
        return job.blocked(ended.blocked, fail=inputs.fail_on_blocked)
    report = load_json_model(project.output_dir / "report.json", Report)
    job.workflow.set_outputs(_outputs(inputs, report, project.output_dir, job).as_outputs())
    _annotate(report, job.workflow, fail=inputs.fail_on_blocked)
    if report.summary.status == "fail":
        return int(ExitCode.FAILED)
    if report.summary.status == "blocked":
        summary = report.summary
        total = summary.passed + summary.blocked
        return job.blocked(
            f"{summary.blocked} of {total} runs of {report.config.suite} could not be measured",
            fail=inputs.fail_on_blocked,
        )
    return 0


def _arguments(inputs: Inputs) -> list[str]:
    return [
        "run",
        *(argument for pattern in inputs.only for argument in option("only", pattern)),
        *option("shard", inputs.shard),
        *option("against", inputs.against),
        *option("pairs", inputs.pairs),
        *option("max-minutes", inputs.max_minutes),
        *option("warmup", inputs.warmup),
        *option("runs", inputs.runs),
        *option("timeout", inputs.timeout),
        *option("regime", inputs.regime),
        *option("config", inputs.config),
        *(["--allow-drift"] if inputs.allow_drift else []),
        "--no-gate",
        "--",
        inputs.suite,
    ]


def _outputs(inputs: Inputs, report: Report, folder: Path, job: Job) -> Outputs:
    return Outputs(
        status=report.summary.status,
        authoritative=str(report.summary.authoritative).lower(),
        fingerprint=report.environment.fingerprint,
        report=job.shown(folder / "report.json"),
        folder=job.shown(folder),
        artifact_name=inputs.artifact_name or _artifact_name(report),
    )


def _artifact_name(report: Report) -> str:
    """Names of artifacts are unique in a run of a workflow: each shard needs its own."""
    shard = record_of(report.config.options)
    return f"benchgov-{report.config.suite}" + (f"-{shard['shard']}" if shard else "")


def _annotate(report: Report, workflow: Workflow, *, fail: bool) -> None:
    """Every run that failed or was blocked, at its line in the manifest; one line when all share a reason."""
    bad = [run for run in report.runs if not run.ok]
    if len(bad) > 1 and len({run.reason for run in bad}) == 1 and bad[0].overall == "blocked":
        bad = bad[:1]
    for run in bad[:MAX_ANNOTATIONS]:
        workflow.annotate(
            "error" if run.overall == "fail" or fail else "warning",
            why(run),
            title=f"{run.key}: {run.overall}",
            file=run.source.path,
            line=run.source.line,
        )
