"""Action publish-results: the second stage, which judges what an untrusted run measured, and publishes that.

It runs for `workflow_run`, on the base branch, with a token that may write. Nothing of the pull request is
checked out or executed, and no verdict of its artifact is believed: the raw samples are judged again, with
the policy, thresholds, baselines and accepted slowdowns of the base commit.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, Count, Flag
from benchgov.actions.job import Job, option
from benchgov.actions.publishing import TOKEN, CommentFlag, Delivery, compared
from benchgov.actions.workflow import MAX_SUMMARY_BYTES
from benchgov.cli.common import Project
from benchgov.documents import load_json_model
from benchgov.errors import BlockedError, InputError, UsageError
from benchgov.gate.comparison import Comparison
from benchgov.github.blocks import page
from benchgov.github.event import read_payload
from benchgov.github.render import Links, obstacle, present

if TYPE_CHECKING:
    from benchgov.github.receiving import Received, Reception, Target, Targets


class Inputs(ActionInputs):
    """Inputs of publish-results."""

    run_id: Annotated[
        Count, Field(description="the workflow run to publish; default: the one of the `workflow_run` event")
    ] = 0
    github_token: Annotated[
        str,
        Field(
            description="token to read the run and its artifacts, and to write check run and comment",
            json_schema_extra={"default": TOKEN},
            repr=False,
        ),
    ] = ""
    check: Annotated[Flag, Field(description="write a check run (needs `checks: write`)")] = True
    comment: CommentFlag = True


class Outputs(ActionOutputs):
    """Outputs of publish-results."""

    verdicts: Annotated[str, Field(description="suite → verdict, as JSON")]
    pull_request: Annotated[str, Field(description="number of the pull request; empty without one")] = ""
    refused: Annotated[str, Field(description="how many artifacts were refused")] = "0"


def run(inputs: Inputs, job: Job) -> int:
    """Judge and publish each suite. The step fails for trouble only: verdicts are in the check runs."""
    from benchgov.github.session import RefusedByGitHubError

    if not inputs.github_token:
        raise UsageError(
            "`github-token` is empty", remedy="Leave it out, or give a token that may read actions."
        )
    try:
        with tempfile.TemporaryDirectory(prefix="benchgov-") as folder:
            return _run(inputs, job, Path(folder))
    except RefusedByGitHubError as error:
        raise BlockedError(
            f"GitHub refused: {error}",
            remedy="Give the job `actions: read`, `contents: read`, `checks: write`, `pull-requests: write`.",
        ) from error


def _run(inputs: Inputs, job: Job, folder: Path) -> int:
    targets, reception = _receive(inputs, job, folder)
    for line in reception.refused:
        job.workflow.annotate("warning", f"refused: {line}", title="benchgov")
    if not targets.found:
        job.workflow.annotate("notice", f"nothing is published: {targets.reason}", title="benchgov")
    verdicts: dict[str, str] = {}
    for first, target in enumerate(targets.found):
        for received in reception.reports:
            verdict = _judge(inputs, job, received, target, check=inputs.check and first == 0)
            verdicts.setdefault(received.report.config.suite, verdict)
    numbers = [str(one.event.pull_request) for one in targets.found if one.event.pull_request]
    outputs = Outputs(
        verdicts=json.dumps(verdicts, sort_keys=True),
        pull_request=numbers[0] if numbers else "",
        refused=str(len(reception.refused)),
    )
    job.workflow.set_outputs(outputs.as_outputs())
    return 0


def _receive(inputs: Inputs, job: Job, folder: Path) -> tuple[Targets, Reception]:
    from benchgov.github.receiving import Reception, receive, targets_of
    from benchgov.github.runs import RunReader
    from benchgov.github.session import Connection, Session

    repository = job.environ.get("GITHUB_REPOSITORY", "")
    with Session(Connection.of(inputs.github_token, repository, job.environ), job.sleep) as session:
        reader = RunReader(session)
        source = reader.run(inputs.run_id or _run_of(read_payload(job.environ)))
        pulls = reader.pull_requests(source)
        targets = targets_of(source, repository, pulls)
        if not targets.found:
            return targets, Reception()
        merges = [pull.merge_sha for pull in pulls if pull.head_sha == source.head_sha]
        artifacts = reader.artifacts(source.number)
        return targets, receive(reader, artifacts, folder, commits=(source.head_sha, *merges))


def _run_of(payload: Mapping[str, Any]) -> int:
    found = payload.get("workflow_run")
    number = found.get("id") if isinstance(found, dict) else None
    if type(number) is not int or number < 1:
        raise InputError(
            "the event names no workflow run",
            where="event",
            remedy="Run on `workflow_run`, or give `run-id`.",
        )
    return number


def _judge(inputs: Inputs, job: Job, received: Received, target: Target, *, check: bool) -> str:
    """Compare with the base commit's rules, and publish; the verdict."""
    project = job.project(inputs.config)
    suite = received.report.config.suite
    delivery = Delivery(inputs.github_token, target.event, check=check, comment=inputs.comment)
    arguments = [
        "compare",
        *option("baseline-ref", target.base_sha),
        *option("config", inputs.config),
        "--",
        str(received.path),
    ]
    ended = compared(job, arguments, received.path, delivery)
    if ended.blocked:
        delivery.deliver(job, obstacle(suite, f"blocked: {ended.blocked}", needed=False))
        job.workflow.annotate("warning", f"{suite}: {ended.blocked}", title="benchgov: blocked")
        return "blocked"
    comparison = _comparison(project)
    run_url = target.event.run_url
    artifact = f"{run_url}/artifacts/{received.number}" if run_url else None
    shown = present(comparison, received.report, Links(run=run_url, artifact=artifact))
    job.workflow.add_summary(page(shown.blocks, MAX_SUMMARY_BYTES))
    delivery.deliver(job, shown, quiet=not check)
    return comparison.verdict


def _comparison(project: Project) -> Comparison:
    return load_json_model(project.output_dir / "comparison.json", Comparison)
