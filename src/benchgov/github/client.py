"""The two writes that benchgov makes on GitHub, over PyGithub: a check run, and one sticky comment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import requests
from github import Auth, Github, GithubException
from github.GithubObject import NotSet
from github.IssueComment import IssueComment
from github.Repository import Repository

from benchgov import __version__
from benchgov.github.render import Annotation, Conclusion

T = TypeVar("T")
Sleep = Callable[[float], None]

PUBLIC_API = "https://api.github.com"
BATCH = 50
"""Annotations that GitHub takes in one request; those of later requests are added."""

_ATTEMPTS = 4
_LONGEST_WAIT_SECONDS = 60.0
_TIMEOUT_SECONDS = 20


class RefusedByGitHubError(Exception):
    """GitHub said no, with HTTP status `status` (0: it did not answer) and `message` as its reason."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"HTTP {status}: {message}" if status else message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Connection:
    """Where GitHub's API is and who asks; the token is in no repr."""

    token: str = field(repr=False)
    repository: str
    api: str = PUBLIC_API


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
        self._sleep = sleep
        self._github = Github(
            base_url=connection.api.rstrip("/"),
            auth=Auth.Token(connection.token),
            user_agent=f"benchgov/{__version__}",
            timeout=_TIMEOUT_SECONDS,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
        )
        self._repository: Repository = self._github.get_repo(connection.repository)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._github.close()

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
        for comment in issue.get_comments():
            if (comment.body or "").startswith(marker) and _is_own(comment, own):
                if comment.body != body:
                    comment.edit(body)
                return str(comment.html_url)
        return str(issue.create_comment(body).html_url)

    def _own_login(self) -> str | None:
        """The token's user; an installation's token, such as GITHUB_TOKEN, may not ask and has none."""
        try:
            return self._github.get_user().login
        except GithubException as error:
            if error.status in (401, 403, 404):
                return None
            raise

    def _try(self, call: Callable[[], T]) -> T:
        for attempt in range(_ATTEMPTS):
            try:
                return call()
            except (GithubException, requests.RequestException) as error:
                wait = _wait_seconds(error, attempt)
                if wait is None or attempt == _ATTEMPTS - 1:
                    raise _refusal(error) from error
                self._sleep(wait)
        raise AssertionError("unreachable")


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


def _wait_seconds(error: Exception, attempt: int) -> float | None:
    """How long to wait before trying again; None when another try would not help."""
    backoff = float(2**attempt)
    if not isinstance(error, GithubException):
        return backoff
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    asked = headers.get("retry-after", "")
    limited = bool(asked) or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in str(error).lower()
    if error.status == 429 or (error.status == 403 and limited):
        wait = float(asked) if asked.isdigit() else backoff
        return wait if wait <= _LONGEST_WAIT_SECONDS else None
    return backoff if error.status >= 500 else None


def _refusal(error: Exception) -> RefusedByGitHubError:
    if isinstance(error, GithubException):
        data = error.data if isinstance(error.data, dict) else {}
        return RefusedByGitHubError(error.status, str(data.get("message") or "no reason given"))
    return RefusedByGitHubError(0, f"no answer ({type(error).__name__})")
