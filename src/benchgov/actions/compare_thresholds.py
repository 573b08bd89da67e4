"""Action compare-thresholds: hold a report against its baseline, and tell the reviewer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Flag, Lines
from benchgov.actions.job import Job, option
from benchgov.actions.publishing import (
    TOKEN,
    ArtifactLink,
    CheckFlag,
    CommentFlag,
    Delivery,
    RecordLink,
    compared,
    suite_of,
)
from benchgov.actions.workflow import MAX_SUMMARY_BYTES
from benchgov.cli.common import Project
from benchgov.documents import load_json_model
from benchgov.errors import ExitCode, UsageError
from benchgov.files import write_atomic
from benchgov.gate.comparison import Comparison
from benchgov.github.blocks import page
from benchgov.github.event import Event, read_event
from benchgov.github.publish import Published
from benchgov.github.render import Links, Presentation, obstacle, present
from benchgov.report import Report


class Inputs(ActionInputs):
    """Inputs of compare-thresholds."""

    report: Annotated[str, Field(description="report to judge; default: the latest of this job")] = ""
    artifact_name: Annotated[
        str, Field(description="take the report from this artifact of an earlier job instead")
    ] = ""
    baseline_ref: Annotated[
        str,
        Field(
            description="revision whose baselines, thresholds and policy count; default: the pull request's "
            "base, or what is checked out outside of one"
        ),
    ] = ""
    thresholds: Annotated[
        Lines, Field(description="limits that replace the baseline's, one `[family:]metric=percent` a line")
    ] = ()
    github_token: Annotated[
        str,
        Field(
            description="token for check run and comment",
            json_schema_extra={"default": TOKEN},
            repr=False,
        ),
    ] = ""
    check: CheckFlag = True
    comment: CommentFlag = True
    fail_on_blocked: Annotated[
        Flag, Field(description="`true`: blocked and not comparable fail the step")
    ] = False
    publish: Annotated[
        Flag, Field(description="`false`: only compare; a later step publishes it, by `comparison`")
    ] = True
    comparison: Annotated[
        str, Field(description="publish this comparison of an earlier step of the job; compare nothing")
    ] = ""
    artifact_url: ArtifactLink = ""
    dossier_url: Annotated[str, Field(description="address of the dossier, to link to")] = ""
    audit_record: RecordLink = ""


class Outputs(ActionOutputs):
    """Outputs of compare-thresholds."""

    verdict: Annotated[
        str, Field(description="`pass`, `regression`, `inconclusive`, `not-comparable` or `blocked`")
    ]
    reason: Annotated[str, Field(description="the verdict's reason in words")]
    regressions: Annotated[str, Field(description="how many findings are regressions")] = ""
    comparison: Annotated[str, Field(description="path of comparison.json")] = ""
    check_url: Annotated[str, Field(description="address of the check run")] = ""
    comment_url: Annotated[str, Field(description="address of the comment")] = ""


def run(inputs: Inputs, job: Job) -> int:
    """Compare, publish, and fail the step on a regression or a wrong result; blocked is said, and not red."""
    project = job.project(inputs.config)
    event = read_event(job.environ)
    report_path = _report_path(inputs, job, project)
    if inputs.comparison:
        return _publish(inputs, job, event, report_path)
    delivery = Delivery(inputs.github_token, event, check=inputs.check, comment=inputs.comment)
    ended = compared(job, _arguments(inputs, event, report_path), report_path, delivery)
    if ended.blocked:
        return _blocked(inputs, job, ended.blocked, report_path, delivery)
    path = project.output_dir / "comparison.json"
    comparison = load_json_model(path, Comparison)
    report = load_json_model(report_path, Report)
    shown = present(comparison, report, _links(inputs, event), needed=inputs.fail_on_blocked)
    job.workflow.add_summary(page(shown.blocks, MAX_SUMMARY_BYTES))
    published = delivery.deliver(job, shown) if inputs.publish else Published()
    job.workflow.set_outputs(_outputs(comparison, job.shown(path), published).as_outputs())
    return _step_result(inputs, job, comparison, shown)


def _publish(inputs: Inputs, job: Job, event: Event, report_path: Path) -> int:
    """Publish what was compared before. The step does not fail: the one that compared has."""
    from benchgov.gate.question import load_report

    path = job.workspace / inputs.comparison
    comparison = load_json_model(path, Comparison)
    report, digest = load_report(report_path)
    if comparison.report_sha256 != digest:
        raise UsageError("the comparison is of another report than this one", where=str(path))
    shown = present(comparison, report, _links(inputs, event), needed=inputs.fail_on_blocked)
    delivery = Delivery(inputs.github_token, event, check=inputs.check, comment=inputs.comment)
    published = delivery.deliver(job, shown)
    job.workflow.set_outputs(_outputs(comparison, inputs.comparison, published).as_outputs())
    return 0


def _blocked(inputs: Inputs, job: Job, reason: str, report: Path, delivery: Delivery) -> int:
    """Say that nothing could be compared, in the check run too; the step's exit code."""
    shown = obstacle(suite_of(report), f"blocked: {reason}", needed=inputs.fail_on_blocked)
    published = delivery.deliver(job, shown)
    outputs = Outputs(verdict="blocked", reason=reason, check_url=published.check_url or "")
    job.workflow.set_outputs(outputs.as_outputs())
    return job.blocked(reason, fail=inputs.fail_on_blocked)


def _links(inputs: Inputs, event: Event) -> Links:
    return Links(
        run=event.run_url,
        artifact=inputs.artifact_url or None,
        dossier=inputs.dossier_url or None,
        record=inputs.audit_record or None,
    )


def _report_path(inputs: Inputs, job: Job, project: Project) -> Path:
    """The report to judge; one from an artifact is checked and put where the later steps look for it."""
    if inputs.report:
        return project.rim.cwd / inputs.report
    path = project.output_dir / "report.json"
    downloaded = job.environ.get("BENCHGOV_ARTIFACT", "")
    if inputs.artifact_name and downloaded:
        report = load_json_model(Path(downloaded) / "report.json", Report)
        write_atomic(path, report.to_bytes())
    return path


def _arguments(inputs: Inputs, event: Event, report: Path) -> list[str]:
    return [
        "compare",
        *option("baseline-ref", inputs.baseline_ref or event.base_sha),
        *(argument for limit in inputs.thresholds for argument in option("threshold", limit)),
        *option("config", inputs.config),
        "--",
        str(report),
    ]


def _outputs(comparison: Comparison, path: str, published: Published) -> Outputs:
    return Outputs(
        verdict=comparison.verdict,
        reason=comparison.reason,
        regressions=str(sum(finding.verdict == "regression" for finding in comparison.findings)),
        comparison=path,
        check_url=published.check_url or "",
        comment_url=published.comment_url or "",
    )


def _step_result(inputs: Inputs, job: Job, comparison: Comparison, shown: Presentation) -> int:
    if shown.conclusion == "failure" or comparison.verdict == "regression":
        job.workflow.annotate("error", shown.title, title=f"benchgov / {comparison.suite}")
        return int(ExitCode.FAILED)
    if comparison.verdict in ("blocked", "not-comparable"):
        return job.blocked(f"{comparison.suite}: {shown.title}", fail=inputs.fail_on_blocked)
    job.workflow.annotate("notice", shown.title, title=f"benchgov / {comparison.suite}")
    return 0
