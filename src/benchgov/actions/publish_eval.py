"""Action publish-eval: tell the reviewer of an eval run that run-eval made, by check run and comment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs
from benchgov.actions.job import Job
from benchgov.actions.publishing import TOKEN, ArtifactLink, CheckFlag, CommentFlag, Delivery, RecordLink
from benchgov.cli.common import Project
from benchgov.documents import load_json_model
from benchgov.errors import InputError, UsageError
from benchgov.eval.models import BenchRunReport
from benchgov.github.event import read_event
from benchgov.github.render import Links
from benchgov.github.render_eval import present_eval
from benchgov.names import is_name


class Inputs(ActionInputs):
    """Inputs of publish-eval."""

    task_class: Annotated[str, Field(description="the task class that was run")]
    report: Annotated[str, Field(description="report to publish; default: run-eval's in this job")] = ""
    artifact_url: ArtifactLink = ""
    audit_record: RecordLink = ""
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


class Outputs(ActionOutputs):
    """Outputs of publish-eval."""

    check_url: Annotated[str, Field(description="address of the check run")] = ""
    comment_url: Annotated[str, Field(description="address of the comment")] = ""


def run(inputs: Inputs, job: Job) -> int:
    """Publish; what is not delivered is a warning, and no trouble of the run."""
    project = job.project(inputs.config)
    if not is_name(inputs.task_class):
        raise UsageError(f"{inputs.task_class!r} is not the name of a task class")
    event = read_event(job.environ)
    path = job.workspace / inputs.report if inputs.report else _latest(project, inputs.task_class)
    report = load_json_model(path, BenchRunReport)
    if report.task_class != inputs.task_class:
        raise UsageError(f"the report is of {report.task_class}", where=str(path))
    links = Links(run=event.run_url, artifact=inputs.artifact_url or None, record=inputs.audit_record or None)
    shown = present_eval(report, links, bench=f"{project.settings.bench_dir}/{report.task_class}")
    delivery = Delivery(inputs.github_token, event, check=inputs.check, comment=inputs.comment)
    published = delivery.deliver(job, shown)
    outputs = Outputs(check_url=published.check_url or "", comment_url=published.comment_url or "")
    job.workflow.set_outputs(outputs.as_outputs())
    return 0


def _latest(project: Project, task_class: str) -> Path:
    """The newest report that run-eval left in this job: their names begin with the time."""
    folder = project.output_dir / "eval" / task_class
    found = sorted(folder.glob("*.json"))
    if not found:
        raise InputError("holds no report of run-eval", where=str(folder))
    return found[-1]
