"""Action report-incident: keep one issue for each thing that is wrong on the default branch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Flag
from benchgov.actions.job import Job
from benchgov.actions.publishing import TOKEN
from benchgov.cli.common import Project
from benchgov.documents import load_json_model
from benchgov.errors import BlockedError, InputError, RefusedError, UsageError
from benchgov.gate.comparison import Comparison
from benchgov.github.event import default_branch, read_event, read_payload
from benchgov.github.render import Links
from benchgov.report import Report

if TYPE_CHECKING:
    from benchgov.github.issues import IssueTracker

_WORKFLOW = re.compile(r"[^@]*/\.github/workflows/([A-Za-z0-9._-]+\.ya?ml)@.*")


class Inputs(ActionInputs):
    """Inputs of report-incident."""

    report: Annotated[str, Field(description="report to look at; default: the latest of this job")] = ""
    comparison: Annotated[
        str, Field(description="its comparison; default: the latest of this job, where there is one")
    ] = ""
    artifact_name: Annotated[
        str, Field(description="take both from this artifact of an earlier job instead")
    ] = ""
    artifact_url: Annotated[str, Field(description="address of the artifact with log and raw samples")] = ""
    github_token: Annotated[
        str,
        Field(
            description="token for the issues (needs `issues: write`; `actions: read` for the last good run)",
            json_schema_extra={"default": TOKEN},
            repr=False,
        ),
    ] = ""
    no_incident: Annotated[
        Flag,
        Field(description="`true`: write nothing; only for a person in `maintainers` of the settings"),
    ] = False


class Outputs(ActionOutputs):
    """Outputs of report-incident."""

    opened: Annotated[str, Field(description="how many issues were opened")] = "0"
    continued: Annotated[str, Field(description="how many open issues were told more")] = "0"
    closed: Annotated[str, Field(description="how many issues were closed, as their trouble is over")] = "0"


def run(inputs: Inputs, job: Job) -> int:
    """Open, continue and close issues. The step fails for trouble with GitHub only."""
    project = job.project(inputs.config)
    if inputs.no_incident:
        return _suppressed(job, project)
    payload = read_payload(job.environ)
    branch = default_branch(payload)
    if job.environ.get("GITHUB_REF") != f"refs/heads/{branch}":
        return _nothing(job, f"this run is not of the default branch, {branch}")
    folder = _folder(inputs, job, project)
    given = project.rim.cwd / inputs.report if inputs.report else None
    report = load_json_model(given or folder / "report.json", Report)
    comparison = _comparison(inputs, project.rim.cwd, folder, report)
    return _report(inputs, job, report, comparison, branch)


def _suppressed(job: Job, project: Project) -> int:
    actor = job.environ.get("GITHUB_TRIGGERING_ACTOR") or job.environ.get("GITHUB_ACTOR", "")
    if actor not in project.settings.maintainers:
        raise RefusedError(
            f"`no-incident` is for maintainers, and {actor or 'nobody'} is none by configuration",
            remedy="Leave it out, or have one of `maintainers` in benchgov.yaml start the run.",
        )
    return _nothing(job, f"`no-incident`, by {actor}")


def _nothing(job: Job, reason: str) -> int:
    job.workflow.annotate("notice", f"no incident is reported: {reason}", title="benchgov")
    job.workflow.set_outputs(Outputs().as_outputs())
    return 0


def _folder(inputs: Inputs, job: Job, project: Project) -> Path:
    """Where the job, or an artifact that was downloaded, has the latest report."""
    downloaded = job.environ.get("BENCHGOV_ARTIFACT", "")
    if not (inputs.artifact_name and downloaded):
        return project.output_dir
    from benchgov.github.receiving import latest_of

    place = Path(downloaded)
    found = latest_of(path.relative_to(place) for path in place.rglob("*"))
    if found is None:
        raise InputError("holds no report.json", where=inputs.artifact_name)
    return (place / found).parent


def _comparison(inputs: Inputs, cwd: Path, folder: Path, report: Report) -> Comparison | None:
    path = cwd / inputs.comparison if inputs.comparison else folder / "comparison.json"
    if not inputs.comparison and not path.exists():
        return None
    comparison = load_json_model(path, Comparison)
    if comparison.suite != report.config.suite:
        raise UsageError("the comparison is of another suite than the report", where=str(path))
    return comparison


def _report(inputs: Inputs, job: Job, report: Report, comparison: Comparison | None, branch: str) -> int:
    from benchgov.github.incidents import Circumstances, plan
    from benchgov.github.issues import IssueTracker
    from benchgov.github.session import Connection, RefusedByGitHubError, Session

    event = read_event(job.environ)
    with Session(Connection.of(inputs.github_token, event.repository, job.environ), job.sleep) as session:
        tracker = IssueTracker(session)
        try:
            planned = plan(report, comparison, tracker.open_incidents())
        except RefusedByGitHubError as error:
            raise BlockedError(
                f"the open issues cannot be read: {error}", remedy="Give the job `issues: write`."
            ) from error
        at = Circumstances(
            repository=event.repository,
            server=job.environ.get("GITHUB_SERVER_URL", "https://github.com"),
            commit=report.config.revision,
            last_good=_last_good(tracker, job, branch) if planned.opened or planned.continued else None,
            links=Links(run=event.run_url, artifact=inputs.artifact_url or None),
        )
        written = tracker.carry_out(planned, at, comparison)
    for warning in written.warnings:
        job.workflow.annotate("warning", warning, title="benchgov")
    told = {"opened": written.opened, "continued": written.continued, "closed": written.closed}
    for what, addresses in told.items():
        for address in addresses:
            job.workflow.annotate("notice", f"incident {what}: {address}", title="benchgov")
    outputs = Outputs(**{what: str(len(addresses)) for what, addresses in told.items()})
    job.workflow.set_outputs(outputs.as_outputs())
    return 0


def _last_good(tracker: IssueTracker, job: Job, branch: str) -> str | None:
    from benchgov.github.session import RefusedByGitHubError

    workflow = _WORKFLOW.fullmatch(job.environ.get("GITHUB_WORKFLOW_REF", ""))
    if workflow is None:
        return None
    try:
        return tracker.last_good_commit(workflow[1], branch)
    except RefusedByGitHubError as error:
        job.workflow.annotate("warning", f"the last good run is not known: {error}", title="benchgov")
        return None
