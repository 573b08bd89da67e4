"""What GitHub knows of a finished workflow run: its commit, its artifacts, and the pull requests it is of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchgov.errors import InputError
from benchgov.github.session import RefusedByGitHubError, Session

MAX_ARTIFACTS = 100
"""How many artifacts of a run are looked at; a matrix has up to 256 jobs, but merges its shards first."""

_CHUNK = 1 << 16
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class WorkflowRun:
    """A workflow run as GitHub, and nobody else, describes it. A deleted fork has no `head_repository`."""

    number: int
    event: str
    head_sha: str
    head_branch: str
    head_repository: str | None
    repository: str
    url: str


@dataclass(frozen=True)
class Artifact:
    """A file that a run uploaded: its name, and its size packed, in bytes."""

    number: int
    name: str
    size: int
    expired: bool


@dataclass(frozen=True)
class PullRequest:
    """An open pull request. `merge_sha` is the commit that `pull_request` workflows check out."""

    number: int
    head_sha: str
    head_repository: str | None
    base_sha: str
    base_ref: str
    merge_sha: str | None
    author: str


class RunReader:
    """Reads runs of one repository; every method raises `RefusedByGitHubError` when GitHub refuses."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, number: int) -> WorkflowRun:
        """The workflow run of that number."""
        raw = self._session.get(f"/actions/runs/{number}")
        return WorkflowRun(
            number=number,
            event=str(raw.get("event")),
            head_sha=str(raw.get("head_sha")),
            head_branch=str(raw.get("head_branch") or ""),
            head_repository=_full_name(raw.get("head_repository")),
            repository=_full_name(raw.get("repository")) or self._session.connection.repository,
            url=str(raw.get("html_url") or ""),
        )

    def artifacts(self, number: int) -> tuple[Artifact, ...]:
        """The artifacts of a run, by name; at most `MAX_ARTIFACTS`."""
        answer = self._session.get(f"/actions/runs/{number}/artifacts", per_page=MAX_ARTIFACTS)
        found = [
            Artifact(int(one["id"]), str(one["name"]), int(one["size_in_bytes"]), bool(one["expired"]))
            for one in answer["artifacts"]
        ]
        return tuple(sorted(found, key=lambda one: one.name))

    def pull_requests(self, run: WorkflowRun) -> tuple[PullRequest, ...]:
        """The open pull requests from the branch that `run` ran for; none for a deleted fork.

        They are asked for by the branch's owner: `workflow_run` events name none for a fork.
        """
        if run.head_repository is None or not run.head_branch:
            return ()
        head = f"{run.head_repository.partition('/')[0]}:{run.head_branch}"
        pulls = self._session.get("/pulls", state="open", head=head, per_page=MAX_ARTIFACTS)
        found = [_pull_request(raw) for raw in pulls]
        return tuple(one for one in found if _same(one.head_repository, run.head_repository))

    def download(self, artifact: Artifact, path: Path, limit: int) -> None:
        """Write the packed bytes of `artifact` to the new file `path`.

        Raises:
            InputError: there are more than `limit` bytes.
            RefusedByGitHubError: GitHub refuses, or does not answer.
        """
        if artifact.size > limit:
            raise InputError(f"{artifact.size:,} bytes; {limit:,} are allowed", where=artifact.name)
        connection = self._session.connection
        address = f"{connection.api.rstrip('/')}/repos/{connection.repository}/actions/artifacts"
        self._session.attempt(
            lambda: _download(
                f"{address}/{artifact.number}/zip", connection.token, path, limit, artifact.name
            )
        )


def _pull_request(raw: dict[str, Any]) -> PullRequest:
    head, base = raw["head"], raw["base"]
    return PullRequest(
        number=int(raw["number"]),
        head_sha=str(head["sha"]),
        head_repository=_full_name(head.get("repo")),
        base_sha=str(base["sha"]),
        base_ref=str(base["ref"]),
        merge_sha=raw.get("merge_commit_sha"),
        author=str((raw.get("user") or {}).get("login", "")),
    )


def _full_name(raw: Any) -> str | None:
    return str(raw["full_name"]) if isinstance(raw, dict) and raw.get("full_name") else None


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.lower() == other.lower()


def _download(address: str, token: str, path: Path, limit: int, name: str) -> None:
    """GitHub answers with the signed address of the bytes: the token goes no further than GitHub."""
    headers = {"Authorization": f"Bearer {token}"}
    with requests.get(
        address, headers=headers, allow_redirects=False, timeout=_TIMEOUT_SECONDS, stream=True
    ) as answer:
        if not answer.is_redirect:
            _keep(answer, path, limit, name)
            return
        target = answer.headers["Location"]
    with requests.get(target, timeout=_TIMEOUT_SECONDS, stream=True) as answer:
        _keep(answer, path, limit, name)


def _keep(answer: requests.Response, path: Path, limit: int, name: str) -> None:
    if answer.status_code >= 500:
        raise requests.ConnectionError(f"HTTP {answer.status_code}")
    if answer.status_code != 200:
        raise RefusedByGitHubError(answer.status_code, f"artifact {name} cannot be downloaded")
    written = 0
    with path.open("wb") as sink:
        for chunk in answer.iter_content(_CHUNK):
            written += len(chunk)
            if written > limit:
                raise InputError(f"more than {limit:,} bytes", where=name)
            sink.write(chunk)
