"""Artifacts over real HTTP: listed page by page, downloaded within a limit, swept into the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.artifact_hub import Hub, packed, running
from tests.collect_builders import MOMENT

from benchgov.audit.chain import Draft, content_of
from benchgov.audit.record import Record
from benchgov.errors import InputError
from benchgov.github import artifacts
from benchgov.github.artifacts import ArtifactClient
from benchgov.github.client import Connection, RefusedByGitHubError
from benchgov.github.sweep import Choice, fetch, find_missing, recorded_places

pytestmark = pytest.mark.effects

OLD = datetime(2025, 6, 1, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A running server."""
    with running() as started:
        yield started


@pytest.fixture
def client(hub: Hub) -> Iterator[ArtifactClient]:
    """A client of it, which does not wait."""
    made = ArtifactClient(Connection("secret-token", "acme/widgets", hub.url), lambda _: None)
    yield made
    made.close()


def test_all_pages_are_read_until_all_is_older(
    client: ArtifactClient, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old one among newer ones ends nothing; a page of old ones does; a run that was deleted has none."""
    monkeypatch.setattr(artifacts, "PAGE", 3)
    client._github.per_page = 3
    old = OLD.strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in "abcde":
        hub.add(name)
    hub.listed[1]["created_at"] = old
    hub.add("no run", run=None)
    for number in range(9):
        hub.add(f"old-{number}", created_at=old)

    assert [one.name for one in client.since(SINCE)] == ["a", "c", "d", "e"]
    assert len(hub.asked) == 3


def test_the_token_is_not_sent_on_to_the_storage(client: ArtifactClient, hub: Hub, tmp_path: Path) -> None:
    """GitHub redirects to an address that needs no token, on another host."""
    hub.add("a", b"content")
    (one,) = client.since(SINCE)

    client.download(one, tmp_path / "a.zip", 7)

    assert (tmp_path / "a.zip").read_bytes() == b"content"
    asked = {path.split("/")[1]: token for path, token in hub.asked}
    assert asked == {"repos": "Bearer secret-token", "storage": None}
    with pytest.raises(InputError, match="more than 6 bytes"):
        client.download(one, tmp_path / "a.zip", 6)


def test_an_artifact_that_is_gone_is_refused(client: ArtifactClient, hub: Hub, tmp_path: Path) -> None:
    """With GitHub's status."""
    hub.add("a", b"gone")
    (one,) = client.since(SINCE)

    with pytest.raises(RefusedByGitHubError, match="410"):
        client.download(one, tmp_path / "a.zip", 100)


def record_of(run_id: str, artifact: str) -> Record:
    """A record that was made of an artifact."""
    subject = {"workflow": {"run_id": run_id, "artifact": artifact}}
    draft = Draft("verify-env", f"{run_id}/{artifact}", True, (), subject=subject)
    content = content_of(draft, "host-a", lambda: MOMENT)
    return Record.model_validate({**content, "chain_head": "0" * 64})


def test_a_sweep_finds_what_no_record_was_made_of(client: ArtifactClient, hub: Hub) -> None:
    """Recorded ones are left out, expired ones and those of forks are told apart, other names ignored."""
    for name in ("benchgov-a", "benchgov-b"):
        hub.add(name)
    hub.add("benchgov-c", expired=True)
    hub.add("benchgov-d", head_repository_id=2)
    hub.add("coverage")
    hub.add("benchgov-a", run=8)
    recorded = recorded_places([record_of("7", "benchgov-a")])
    assert recorded == {("7", "benchgov-a")}

    missing = find_missing(client, recorded, Choice(SINCE))

    assert [(one.run_id, one.name) for one in missing.there] == [(7, "benchgov-b"), (8, "benchgov-a")]
    assert [one.name for one in missing.expired] == ["benchgov-c"]
    assert [one.name for one in missing.foreign] == ["benchgov-d"]
    assert missing.seen == 5
    assert len(find_missing(client, recorded, Choice(SINCE, forks=True)).there) == 3


def test_a_sweep_fetches_the_evidence_and_names_what_is_none(
    client: ArtifactClient, hub: Hub, tmp_path: Path
) -> None:
    """Good ones become drafts of their own run; bad zips and refusals are faults; nothing is left behind."""
    hub.add("benchgov-good", packed(tmp_path / "in", "good"), run=7)
    hub.add("benchgov-more", packed(tmp_path / "in", "more"), run=8)
    hub.add("benchgov-bad", b"no zip")
    hub.add("benchgov-gone", b"gone")
    missing = find_missing(client, set(), Choice(SINCE))

    haul = fetch(client, missing, tmp_path / "out")

    found = [(item.artifact, item.draft.subject["workflow"]["run_id"]) for item in haul.items]
    assert found == [("benchgov-good", "7"), ("benchgov-more", "8")]
    reasons = {fault.artifact: fault.reason for fault in haul.faults}
    assert "not a zip" in reasons["benchgov-bad"]
    assert "GitHub does not give it: HTTP 410" in reasons["benchgov-gone"]
    assert list((tmp_path / "out").iterdir()) == []
