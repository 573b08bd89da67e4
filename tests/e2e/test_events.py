"""What each event publishes, under act; and two runs at once on one pull request."""

from __future__ import annotations

import shutil
import threading
from typing import Any

import pytest
from tests.e2e.consumer import Consumer, benchgov
from tests.e2e.front import in_front
from tests.e2e.support import NAME, OWNER, TOKEN, Act, Emulator, commit_all, lines

from benchgov.github.client import GitHubClient
from benchgov.github.session import Connection

pytestmark = pytest.mark.e2e

COMPARE = """\
name: benchmarks
on: [pull_request, push, schedule, workflow_dispatch, merge_group]
permissions: {}
jobs:
  compare:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      checks: write
      pull-requests: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: org/benchgov/compare-thresholds@v1
        id: compare
        with:
          report: measured.json
      - env:
          VERDICT: ${{ steps.compare.outputs.verdict }}
        run: echo "verdict=$VERDICT"
"""


@pytest.mark.slow
def test_each_event_publishes_where_it_belongs(act: Act, github: Emulator, consumer: Consumer) -> None:
    """A pull request: check run on its head, and a comment; every other event: its commit's check run."""
    folder = consumer.folder
    benchgov(folder, "run", "demo", "--no-gate")
    shutil.copy(folder / ".benchgov/out/report.json", folder / "measured.json")
    (folder / ".github/workflows/benchmarks.yml").write_text(COMPARE)
    commit = commit_all(folder, "measured")
    number, head = github.open_pull_request()
    repository = {"full_name": f"{OWNER}/{NAME}", "default_branch": "main"}
    group = {"base_sha": consumer.base, "head_sha": commit, "head_ref": "refs/heads/queue"}
    events: dict[str, dict[str, Any]] = {
        "pull_request": consumer.event(head, number),
        "push": {"after": commit, "ref": "refs/heads/main", "repository": repository},
        "schedule": {"schedule": "17 3 * * *"},
        "workflow_dispatch": {"inputs": {}, "repository": repository},
        "merge_group": {"merge_group": group, "repository": repository},
    }

    for name, event in events.items():
        with in_front(github.url, {}) as (api, front):
            run = act.run(folder, event, {"GITHUB_API_URL": api}, name=name)
        posts = [(path, body) for method, path, body in front.requests if method == "POST"]
        checked = [body["head_sha"] for path, body in posts if path.endswith("/check-runs")]
        commented = [path for path, _ in posts if path.endswith("/comments")]
        assert "verdict=pass" in lines(run), run.log
        assert checked == [head if name == "pull_request" else commit], name
        assert len(commented) == (name == "pull_request"), name
    assert len(github.comments(number)) == 1


def test_two_runs_at_once_leave_one_comment(github: Emulator) -> None:
    """Both find none and write one; whoever looks afterwards leaves the first, with what is newest."""
    number, _ = github.open_pull_request()
    together = threading.Barrier(2)

    def publish(text: str) -> None:
        client = GitHubClient(Connection(TOKEN, f"{OWNER}/{NAME}", github.url), lambda _: None)
        together.wait()
        client.put_comment(number, "<!-- marker -->", f"<!-- marker -->\n{text}")
        client.close()

    threads = [threading.Thread(target=publish, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (comment,) = github.comments(number)
    assert comment["body"].splitlines()[1] in ("one", "two")
    client = GitHubClient(Connection(TOKEN, f"{OWNER}/{NAME}", github.url), lambda _: None)
    client.put_comment(number, "<!-- marker -->", "<!-- marker -->\nthree")
    client.close()
    assert [one["body"] for one in github.comments(number)] == ["<!-- marker -->\nthree"]
