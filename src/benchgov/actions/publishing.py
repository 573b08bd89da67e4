"""What the actions that publish share: deliver a presentation, and annotate the step where that failed."""

from __future__ import annotations

from benchgov.actions.job import Job
from benchgov.github.event import Event
from benchgov.github.publish import Published, publish
from benchgov.github.render import Presentation

TOKEN = "${{ github.token }}"  # noqa: S105 - the expression, not a token


def deliver(
    job: Job, token: str, shown: Presentation, event: Event, *, check: bool, comment: bool
) -> Published:
    """Write check run and comment, where they are wanted and the token may; else say why not."""
    if not (check or comment):
        return Published()
    if not token or not event.repository:
        return Published(warnings=("no check run and no comment: there is no github-token or repository",))
    from benchgov.github.client import Connection, GitHubClient

    client = GitHubClient(Connection.of(token, event.repository, job.environ), job.sleep)
    try:
        return publish(client, shown, event, check=check, comment=comment)
    finally:
        client.close()


def annotate(job: Job, shown: Presentation, published: Published) -> None:
    """What was not delivered; and the annotations, unless the check run already shows them."""
    for warning in published.warnings:
        job.workflow.annotate("warning", warning, title="benchgov")
    if published.check_url is not None:
        return
    for item in shown.annotations:
        job.workflow.annotate(
            "error" if item.level == "failure" else "warning",
            item.message,
            title=item.title,
            file=item.path,
            line=item.line,
        )
