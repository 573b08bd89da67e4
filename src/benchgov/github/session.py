"""A connection to one repository on GitHub: every call is tried again when that helps, and typed when not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests
from github import Auth, Github, GithubException
from github.Repository import Repository

from benchgov import __version__

T = TypeVar("T")
Sleep = Callable[[float], None]

PUBLIC_API = "https://api.github.com"

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

    @classmethod
    def of(cls, token: str, repository: str, environ: Mapping[str, str]) -> Connection:
        """The connection of a job: `GITHUB_API_URL` names the API, also of an Enterprise Server."""
        return cls(token, repository, environ.get("GITHUB_API_URL") or PUBLIC_API)


class Session:
    """PyGithub for one repository, with retries on 429, 5xx, secondary limits and a lost connection."""

    def __init__(self, connection: Connection, sleep: Sleep) -> None:
        self._sleep = sleep
        self.connection = connection
        self.github = Github(
            base_url=connection.api.rstrip("/"),
            auth=Auth.Token(connection.token),
            user_agent=f"benchgov/{__version__}",
            timeout=_TIMEOUT_SECONDS,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
        )
        self.repository: Repository = self.github.get_repo(connection.repository)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.github.close()

    def attempt(self, call: Callable[[], T]) -> T:
        """What `call` returns; it is called again, after a wait, as long as that may help.

        Raises:
            RefusedByGitHubError: GitHub refuses, or does not answer in the end.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return call()
            except (GithubException, requests.RequestException) as error:
                wait = _wait_seconds(error, attempt)
                if wait is None or attempt == _ATTEMPTS - 1:
                    raise _refusal(error) from error
                self._sleep(wait)
        raise AssertionError("unreachable")

    def get(self, path: str, **parameters: str | int) -> Any:
        """The JSON answer to a GET of `path` below the repository; raises as `attempt`."""
        return self.get_any(f"/repos/{self.connection.repository}{path}", **parameters)

    def get_any(self, address: str, **parameters: str | int) -> Any:
        """The JSON answer to a GET of a path of the API; raises as `attempt`."""

        def ask() -> Any:
            _, answer = self.github.requester.requestJsonAndCheck("GET", address, parameters=dict(parameters))
            return answer

        return self.attempt(ask)


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
