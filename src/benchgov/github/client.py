"""The two writes that benchgov makes on GitHub, over PyGithub: a check run, and one sticky comment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from github import GithubException
from github.GithubObject import NotSet
from github.IssueComment import IssueComment

from benchgov.github.render import Annotation, Conclusion
from benchgov.github.session import Connection, RefusedByGitHubError, Session, Sleep

__all__ = ["CheckRun", "Connection", "GitHubClient", "RefusedByGitHubError"]

BATCH = 50
"""Annotations that GitHub takes in one request; those of later requests are added."""


@dataclass(frozen=True)
class CheckRun:
    """What a check run says. `details_url` leads from it to the workflow's run."""

    name: str
    head_sha: str
    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...]
    details_url: str | None = None


class GitHubClient:
    """Writes to one repository. Every call is tried again on 429, 5xx and a lost connection.

    All methods raise `RefusedByGitHubError` when GitHub refuses, or does not answer in the end.
    """

    def __init__(self, connection: Connection, sleep: Sleep) -> None:
        self._session = Session(connection, sleep)
        self._github, self._repository = self._session.github, self._session.repository
        self._try = self._session.attempt

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def create_check(self, check: CheckRun) -> str:
        """Create a completed check run with all its annotations; returns its page's address."""
        batches = _batches(check.annotations)
        run = self._try(
            lambda: self._repository.create_check_run(
                check.name,
                check.head_sha,
                status="completed",
                conclusion=check.conclusion,
                output=_output(check, batches[0]),
                details_url=check.details_url or NotSet,
            )
        )
        for batch in batches[1:]:
            self._try(lambda batch=batch: run.edit(output=_output(check, batch)))  # type: ignore[misc]
        return str(run.html_url or "")

    def put_comment(self, number: int, marker: str, body: str) -> str:
        """Write `body` into this program's comment with `marker` on issue `number`, or make that comment.

        Only a comment that begins with the marker and is the token's own is touched. Returns its address.
        """
        return self._try(lambda: self._put_comment(number, marker, body))

    def _put_comment(self, number: int, marker: str, body: str) -> str:
        issue = self._repository.get_issue(number)
        own = self._own_login()

        def mine() -> list[IssueComment]:
            found = (one for one in issue.get_comments() if (one.body or "").startswith(marker))
            return sorted((one for one in found if _is_own(one, own)), key=lambda one: one.id)

        found = mine()
        if not found:
            made = issue.create_comment(body)
            # Two jobs may both have found none: the first comment stays, with what was written last.
            found = mine()
            if not found or found[0].id == made.id:
                return str(made.html_url)
        first, *others = found
        if first.body != body:
            first.edit(body)
        for other in others:
            other.delete()
        return str(first.html_url)

    def _own_login(self) -> str | None:
        """The token's user; an installation's token, such as GITHUB_TOKEN, may not ask and has none."""
        try:
            return self._github.get_user().login
        except GithubException as error:
            if error.status in (401, 403, 404):
                return None
            raise


def _is_own(comment: IssueComment, own: str | None) -> bool:
    if own is not None:
        return comment.user.login == own
    return comment.user.type == "Bot"


def _batches(annotations: Sequence[Annotation]) -> list[Sequence[Annotation]]:
    return [annotations[start : start + BATCH] for start in range(0, len(annotations), BATCH)] or [()]


def _output(
    check: CheckRun, annotations: Sequence[Annotation]
) -> dict[str, str | list[dict[str, str | int]]]:
    return {
        "title": check.title,
        "summary": check.summary,
        "annotations": [
            {
                "path": item.path,
                "start_line": item.line,
                "end_line": item.line,
                "annotation_level": item.level,
                "title": item.title,
                "message": item.message,
            }
            for item in annotations
        ],
    }
