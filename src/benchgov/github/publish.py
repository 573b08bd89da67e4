"""Deliver a presentation as check run and comment; a refusal is a warning, the rest is delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from benchgov.github.blocks import page
from benchgov.github.client import CheckRun, RefusedByGitHubError
from benchgov.github.event import Event
from benchgov.github.render import Kind, Presentation
from benchgov.text import one_line

MAX_COMMENT_BYTES = 65_000
"""Below GitHub's 65,536 for a comment and 65,535 for a check run's summary."""

MAX_REASON = 500


class Writer(Protocol):
    """What publishing asks of `github.client.GitHubClient`."""

    def create_check(self, check: CheckRun) -> str:
        """Create a completed check run; returns its address."""

    def put_comment(self, number: int, marker: str, body: str) -> str:
        """Create or update the comment with `marker`; returns its address."""


@dataclass(frozen=True)
class Published:
    """The addresses of what was written (None: not written), and what GitHub refused, in plain lines."""

    check_url: str | None = None
    comment_url: str | None = None
    warnings: tuple[str, ...] = ()


def publish(writer: Writer, shown: Presentation, event: Event, *, check: bool, comment: bool) -> Published:
    """Write the check run on the head commit and the comment on the pull request, where they are wanted."""
    warnings: list[str] = []
    check_url = comment_url = None
    sha, number = event.head_sha, event.pull_request
    if check and sha:
        check_url = _deliver(
            lambda: writer.create_check(_check(shown, sha, event.run_url)),
            "check run",
            "checks: write",
            event,
            warnings,
        )
    if comment and number:
        marker = marker_of(shown.suite, shown.kind)
        body = f"{marker}\n{page(shown.blocks, MAX_COMMENT_BYTES - len(marker) - 1)}"
        comment_url = _deliver(
            lambda: writer.put_comment(number, marker, body),
            "comment",
            "pull-requests: write",
            event,
            warnings,
        )
    return Published(check_url, comment_url, tuple(warnings))


def marker_of(suite: str, kind: Kind = "comparison") -> str:
    """What hides at the start of the comment of a suite, or of a task class, to find it again."""
    what = "task-class" if kind == "eval" else "suite"
    return f"<!-- benchgov:{kind} {what}={suite} -->"


def _check(shown: Presentation, sha: str, run_url: str | None) -> CheckRun:
    return CheckRun(
        name=f"benchgov{' eval' if shown.kind == 'eval' else ''} / {shown.suite}",
        head_sha=sha,
        conclusion=shown.conclusion,
        title=shown.title,
        summary=page(shown.blocks, MAX_COMMENT_BYTES),
        annotations=shown.annotations,
        details_url=run_url,
    )


def _deliver(
    write: Callable[[], str], what: str, permission: str, event: Event, warnings: list[str]
) -> str | None:
    try:
        return write()
    except RefusedByGitHubError as error:
        reason = one_line(str(error), MAX_REASON)
        warnings.append(f"the {what} was not written ({reason}){_remedy(error.status, permission, event)}")
        return None


def _remedy(status: int, permission: str, event: Event) -> str:
    if status == 401:
        return "; `github-token` is not valid."
    if status not in (403, 404):
        return "; the verdict stands, and the job summary shows it."
    if event.fork:
        return "; a pull request from a fork has a read-only token. The job summary shows the verdict."
    return f"; the token lacks `{permission}`: add it under `permissions:` of this job in the workflow."
