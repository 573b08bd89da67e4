"""What the actions that publish share: deliver a presentation, and annotate the step where that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import Flag
from benchgov.actions.job import Ended, Job, StepFailedError
from benchgov.documents import load_json_model
from benchgov.errors import BenchgovError
from benchgov.github.event import Event
from benchgov.github.publish import Published, publish
from benchgov.github.render import Presentation, obstacle
from benchgov.report import Report

TOKEN = "${{ github.token }}"  # noqa: S105 - the expression, not a token

CheckFlag = Annotated[Flag, Field(description="write a check run with annotations (needs `checks: write`)")]
CommentFlag = Annotated[
    Flag, Field(description="keep one comment on the pull request (needs `pull-requests: write`)")
]
ArtifactLink = Annotated[str, Field(description="address of the artifact, to link to")]
RecordLink = Annotated[
    str, Field(description="`sequence:hash` of the audit record, as append-audit's `head` gives it")
]


@dataclass(frozen=True)
class Delivery:
    """Where a presentation goes: on the event's commit and pull request, as far as it is wanted."""

    token: str = field(repr=False)
    event: Event
    check: bool
    comment: bool

    def deliver(self, job: Job, shown: Presentation, *, quiet: bool = False) -> Published:
        """Write check run and comment, where they are wanted and the token may; annotate the rest.

        Annotations of the step take the place of the check run's where there is none, unless `quiet`.
        """
        published = self._written(job, shown)
        for warning in published.warnings:
            job.workflow.annotate("warning", warning, title="benchgov")
        if published.check_url is None and not quiet:
            for item in shown.annotations:
                job.workflow.annotate(
                    "error" if item.level == "failure" else "warning",
                    item.message,
                    title=item.title,
                    file=item.path,
                    line=item.line,
                )
        return published

    def _written(self, job: Job, shown: Presentation) -> Published:
        if not (self.check or self.comment):
            return Published()
        if not self.token or not self.event.repository:
            reason = "no check run and no comment: there is no github-token or repository"
            return Published(warnings=(reason,))
        from benchgov.github.client import Connection, GitHubClient

        client = GitHubClient(Connection.of(self.token, self.event.repository, job.environ), job.sleep)
        try:
            return publish(client, shown, self.event, check=self.check, comment=self.comment)
        finally:
            client.close()


def compared(job: Job, arguments: Sequence[str], report: Path, delivery: Delivery) -> Ended:
    """Run `benchgov compare`; where its rules cannot be used, the check run says that somebody has to act.

    Raises:
        StepFailedError: it ended in trouble that is no verdict.
    """
    try:
        return job.command(arguments)
    except StepFailedError as failure:
        if (error := failure.error) is not None and (suite := suite_of(report)):
            told = f"cannot be judged: {error}"
            delivery.deliver(job, obstacle(suite, told, error.details, error.remedy, needed=True))
        raise


def suite_of(report: Path) -> str:
    """The suite that a report is of; empty when it is no report."""
    try:
        return load_json_model(report, Report).config.suite
    except BenchgovError:
        return ""
