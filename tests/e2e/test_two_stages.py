"""Both stages of a fork's pull request under act, as reusable workflows, with GitHub's emulator."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from tests.e2e.consumer import make_consumer
from tests.e2e.front import in_front
from tests.e2e.support import NAME, OWNER, Act, Emulator, git

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MEASURE = """\
name: benchmarks
on: pull_request
permissions: {}
jobs:
  benchmark:
    uses: org/benchgov/.github/workflows/benchmark.yml@v1
    permissions:
      contents: read
    with:
      suite: demo
"""
PUBLISH = """\
name: publish
on:
  workflow_run:
    workflows: [benchmarks]
    types: [completed]
permissions: {}
jobs:
  publish:
    uses: org/benchgov/.github/workflows/publish.yml@v1
    permissions:
      actions: read
      checks: write
      contents: read
      pull-requests: write
"""


def test_a_fork_s_regression_reaches_its_pull_request(act: Act, github: Emulator, tmp_path: Path) -> None:
    """Stage one measures with no right to write; stage two, on the base, writes check run and comment."""
    consumer = make_consumer(tmp_path / "widgets", MEASURE)
    number, head = github.open_pull_request()
    merged = consumer.change(rounds=20)

    first = act.run(consumer.folder, consumer.event(head, number), {"GITHUB_API_URL": github.url})
    assert first.status != 0, first.log
    assert github.comments(number) == []
    uploaded = next(first.artifacts.rglob("benchgov-demo.zip")).read_bytes()
    assert zipfile.ZipFile(io.BytesIO(uploaded)).namelist()

    git(consumer.folder, "checkout", "--quiet", "main")
    fork = {"full_name": "stranger/widgets"}
    run = {
        "id": 5,
        "event": "pull_request",
        "head_sha": head,
        "head_branch": "change",
        "head_repository": fork,
        "repository": {"full_name": f"{OWNER}/{NAME}"},
        "html_url": "https://github.example/run/5",
    }
    pull = {
        "number": number,
        "head": {"sha": head, "repo": fork},
        "base": {"sha": consumer.base, "ref": "main"},
        "merge_commit_sha": merged,  # what stage one checked out
        "user": {"login": "stranger"},
    }
    event = {
        "action": "completed",
        "workflow_run": {"id": 5, "conclusion": "failure", "head_sha": head},
        "repository": {"full_name": f"{OWNER}/{NAME}", "default_branch": "main"},
    }
    one = {"id": 1, "name": "benchgov-demo", "size_in_bytes": len(uploaded), "expired": False}
    answers = {
        "/zip": uploaded,
        "/actions/runs/5": json.dumps(run).encode(),
        "/artifacts": json.dumps({"total_count": 1, "artifacts": [one]}).encode(),
        "/pulls": json.dumps([pull]).encode(),
    }
    with in_front(github.url, answers) as (api, _):
        second = act.run(
            consumer.folder, event, {"GITHUB_API_URL": api}, name="workflow_run", workflow=PUBLISH
        )

    assert second.status == 0, second.log
    (comment,) = github.comments(number)
    assert "regression" in comment["body"]
    (check,) = github.check_runs(head)
    assert (check["name"], check["conclusion"]) == ("benchgov / demo", "failure")
