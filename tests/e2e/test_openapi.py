"""Every request that is sent to GitHub is one that GitHub's own description of its API knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.front import Front, in_front
from tests.e2e.openapi import Api, description
from tests.e2e.support import NAME, OWNER, TOKEN, Emulator
from tests.gate_builders import metric
from tests.gate_builders import report as measured
from tests.gate_builders import run as run_of
from tests.unit.github.builders import comparison, finding

from benchgov.github.client import GitHubClient
from benchgov.github.event import Event
from benchgov.github.incidents import Circumstances, plan
from benchgov.github.issues import IssueTracker
from benchgov.github.proposals import propose
from benchgov.github.publish import publish
from benchgov.github.pulls import PullReader
from benchgov.github.render import Links, present
from benchgov.github.runs import Artifact, RunReader, WorkflowRun
from benchgov.github.session import Connection, RefusedByGitHubError, Session
from benchgov.promotion.proposal import Proposal

pytestmark = pytest.mark.e2e
AT = Circumstances(
    f"{OWNER}/{NAME}", "https://github.example", "b" * 40, "a" * 40, Links(run="https://g.example/1")
)


@pytest.fixture(scope="module")
def api() -> Api:
    """The description."""
    return Api(description())


@pytest.fixture
def front(github: Emulator) -> Iterator[tuple[str, Front]]:
    """The emulator, with every request noted."""
    with in_front(github.url, {}) as (address, server):
        yield address, server


def regression(benchmarks: int) -> Any:
    """A comparison with so many regressions."""
    findings = tuple(
        finding(benchmark=f"b{number}", change_percent=40.0 + number) for number in range(benchmarks)
    )
    return comparison(findings=findings, authoritative=True)


def test_every_request_is_in_the_description(
    api: Api, github: Emulator, front: tuple[str, Front], tmp_path: Path
) -> None:
    """Check runs, comments, issues, proposals, and all that is read for them."""
    number, head = github.open_pull_request()
    address, server = front
    connection = Connection(TOKEN, f"{OWNER}/{NAME}", address)
    event = Event("pull_request", f"{OWNER}/{NAME}", head, "c" * 40, number, run_url="https://g.example/1")
    client = GitHubClient(connection, lambda _: None)
    for count in (60, 2):
        publish(client, present(regression(count), None, Links()), event, check=True, comment=True)
    client.close()
    with Session(connection, lambda _: None) as session:
        tracker = IssueTracker(session)
        report = measured(run_of("b0", metric([1.0, 2.0])), suite="core")
        for found in (regression(1), regression(1), fine()):
            tracker.carry_out(plan(report, found, tracker.open_incidents()), AT, found)
        owners = (f"@{OWNER}/maintainers", "@octocat")
        propose(session, Proposal("benchgov/x", "X", "body", {"docs/x.md": b"x"}, owners), "main")
        reader, pulls = RunReader(session), PullReader(session)
        for ask in (
            lambda: tracker.last_good_commit("benchmarks.yml", "main"),
            lambda: reader.run(1),
            lambda: reader.artifacts(1),
            lambda: reader.download(Artifact(1, "a", 1, False), tmp_path / "a.zip", 10),
            lambda: reader.pull_requests(
                WorkflowRun(1, "pull_request", head, "change", f"{OWNER}/{NAME}", f"{OWNER}/{NAME}", "")
            ),
            lambda: pulls.pull_request(number),
            lambda: pulls.text_at("docs/x.md", "main"),
            lambda: pulls.teams([f"@{OWNER}/maintainers"]),
        ):
            try:
                ask()
            except RefusedByGitHubError:
                continue  # the emulator has no such run; what was asked is what counts

    faults = [fault for method, path, body in server.requests for fault in api.faults(method, path, body)]

    assert faults == []
    sent = {method for method, _, _ in server.requests}
    assert {"GET", "POST", "PATCH"} <= sent
    assert len(server.requests) > 30


def fine() -> Any:
    """A comparison in which it is over."""
    return comparison(
        verdict="pass", authoritative=True, findings=(finding(benchmark="b0", verdict="unchanged"),)
    )


def test_the_check_finds_what_github_would_refuse(api: Api) -> None:
    """A wrong operation, a wrong type, a field that is missing."""
    check = f"/repos/{OWNER}/{NAME}/check-runs"

    assert api.faults("POST", check, {"name": "x", "head_sha": "a"}) == []
    assert "head_sha" in api.faults("POST", check, {"name": "x"})[0]
    assert api.faults("POST", check, {"name": 5, "head_sha": "a"}) != []
    assert api.faults("DELETE", check, None) == [f"no operation DELETE {check}"]


@pytest.mark.parametrize("benchmarks", [10_000])
def test_ten_thousand_benchmarks_are_published_in_twenty_requests(
    github: Emulator, front: tuple[str, Front], benchmarks: int
) -> None:
    """All of them regressions: check run, annotations in batches, one comment; then the same, updated."""
    number, head = github.open_pull_request()
    address, server = front
    shown = present(regression(benchmarks), None, Links())
    event = Event("pull_request", f"{OWNER}/{NAME}", head, None, number)
    client = GitHubClient(Connection(TOKEN, f"{OWNER}/{NAME}", address), lambda _: None)
    counts = []
    for _ in range(2):
        before = len(server.requests)
        done = publish(client, shown, event, check=True, comment=True)
        counts.append(len(server.requests) - before)
        assert done.warnings == ()
    client.close()

    assert max(counts) <= 20
    (comment,) = github.comments(number)
    assert len(comment["body"].encode()) < 65_536
    assert json.dumps(comment["body"]).count("<details>") == json.dumps(comment["body"]).count("</details>")
