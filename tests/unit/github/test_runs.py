"""Runs, artifacts and pull requests as GitHub describes them, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.github.stub import Server, running

from benchgov.errors import InputError
from benchgov.github.runs import RunReader
from benchgov.github.session import Connection, RefusedByGitHubError, Session

pytestmark = pytest.mark.effects

RUN = {
    "id": 5,
    "event": "pull_request",
    "head_sha": "a" * 40,
    "head_branch": "change",
    "head_repository": {"full_name": "stranger/widgets"},
    "repository": {"full_name": "acme/widgets"},
    "html_url": "https://github.example/run/5",
}


def pull(number: int, repository: str | None) -> dict[str, Any]:
    repo = None if repository is None else {"full_name": repository}
    return {
        "number": number,
        "head": {"sha": "a" * 40, "repo": repo},
        "base": {"sha": "c" * 40, "ref": "main"},
        "merge_commit_sha": "b" * 40,
        "user": {"login": "stranger"},
    }


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        server.run = {**RUN, "url": f"{server.url}/repos/acme/widgets/actions/runs/5"}
        yield server


@pytest.fixture
def reader(server: Server) -> Iterator[RunReader]:
    with Session(Connection("t", "acme/widgets", server.url), lambda _: None) as session:
        yield RunReader(session)


def test_a_run_and_its_pull_requests(server: Server, reader: RunReader) -> None:
    """Asked for by the owner of the head's branch; a branch of the same name elsewhere is not it."""
    server.pulls = [pull(7, "stranger/widgets"), pull(8, "other/widgets"), pull(9, None)]

    run = reader.run(5)
    pulls = reader.pull_requests(run)

    assert (run.event, run.head_repository, run.repository) == (
        "pull_request",
        "stranger/widgets",
        "acme/widgets",
    )
    assert [one.number for one in pulls] == [7]
    assert any("head=stranger%3Achange" in path for _, path, _ in server.requests)


def test_a_deleted_fork_has_no_pull_requests(server: Server, reader: RunReader) -> None:
    """GitHub says null for its repository."""
    server.run |= {"head_repository": None}

    assert reader.pull_requests(reader.run(5)) == ()


def test_an_artifact_is_downloaded_from_its_signed_address(
    server: Server, reader: RunReader, tmp_path: Path
) -> None:
    """The token is sent to GitHub, and not along the redirect (the server checks that)."""
    server.archives = {"b": b"second", "a": b"first"}

    artifacts = reader.artifacts(5)
    reader.download(artifacts[0], tmp_path / "a.zip", 100)

    assert [one.name for one in artifacts] == ["a", "b"]
    assert (tmp_path / "a.zip").read_bytes() == b"first"


def test_an_artifact_that_is_too_large_is_not_kept(server: Server, reader: RunReader, tmp_path: Path) -> None:
    """By what GitHub says of it, before it is asked for."""
    server.archives = {"a": b"12345"}

    with pytest.raises(InputError, match="5 bytes; 4 are allowed"):
        reader.download(reader.artifacts(5)[0], tmp_path / "a.zip", 4)


def test_a_refusal_is_typed_and_trouble_is_tried_again(server: Server, reader: RunReader) -> None:
    """404 at once; 502 once more."""
    server.failures = [(404, {})]
    with pytest.raises(RefusedByGitHubError, match="404"):
        reader.run(5)
    server.failures = [(502, {})]
    assert reader.run(5).number == 5
