"""Artifacts of a repository's workflow runs: which there are, and their content, zipped as GitHub has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
from github import GithubException
from github.Artifact import Artifact

from benchgov.errors import InputError
from benchgov.github.client import GitHubClient
from benchgov.github.session import Connection, Sleep

PAGE = 100
"""Artifacts that GitHub lists in one answer."""

MAX_PAGES = 100
"""How many answers are read: 10,000 artifacts."""

_CHUNK = 1 << 20
_SECONDS = 60


@dataclass(frozen=True)
class Uploaded:
    """An artifact: its workflow run, that one's branch and whether it ran for a fork; whether it is gone."""

    id: int
    name: str
    run_id: int
    size: int
    created_at: datetime
    expired: bool
    fork: bool
    branch: str = ""


class ArtifactClient(GitHubClient):
    """Reads the artifacts of one repository; all methods raise `RefusedByGitHubError` as its other calls."""

    def __init__(self, connection: Connection, sleep: Sleep) -> None:
        super().__init__(connection, sleep)
        self._connection = connection
        self._github.per_page = PAGE

    def since(self, moment: datetime) -> Iterator[Uploaded]:
        """The artifacts that were made at `moment` or later, in GitHub's order, which is the newest first.

        Reading ends with an answer in which all are older.
        """
        listed = self._repository.get_artifacts()
        for number in range(MAX_PAGES):
            page = self._try(lambda number=number: listed.get_page(number))  # type: ignore[misc]
            found = [_uploaded(one) for one in page if one.workflow_run is not None]
            recent = [one for one in found if one.created_at >= moment]
            yield from recent
            if len(page) < PAGE or not recent:
                return

    def download(self, artifact: Uploaded, path: Path, limit: int) -> None:
        """Write the zip of an artifact to `path`.

        Raises:
            InputError: it has more than `limit` bytes.
        """
        self._try(lambda: self._download(artifact, path, limit))

    def _download(self, artifact: Uploaded, path: Path, limit: int) -> None:
        connection = self._connection
        address = (
            f"{connection.api.rstrip('/')}/repos/{connection.repository}/actions/artifacts/{artifact.id}/zip"
        )
        # GitHub redirects to a storage service; the token is not sent on to another host.
        headers = {"Authorization": f"Bearer {connection.token}", "Accept": "application/vnd.github+json"}
        with requests.get(address, headers=headers, stream=True, timeout=_SECONDS) as answer:
            if answer.status_code != 200:
                message = {"message": answer.reason or "no reason given"}
                raise GithubException(answer.status_code, message, dict(answer.headers))
            with path.open("wb") as stream:
                size = 0
                for chunk in answer.iter_content(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise InputError(f"more than {limit:,} bytes", where=artifact.name)
                    stream.write(chunk)


def _uploaded(one: Artifact) -> Uploaded:
    run = one.workflow_run
    created = one.created_at
    return Uploaded(
        id=one.id,
        name=one.name,
        run_id=run.id,
        size=one.size_in_bytes,
        created_at=created if created.tzinfo else created.replace(tzinfo=UTC),
        expired=one.expired,
        fork=run.head_repository_id != run.repository_id,
        branch=run.head_branch or "",
    )
