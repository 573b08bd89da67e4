"""The nightly workflow under act: measured, scored, recorded on a branch, looked back over, and an issue."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from tests.collect_builders import bare_remote, clone_of
from tests.e2e.consumer import benchgov, make_consumer
from tests.e2e.front import in_front
from tests.e2e.support import NAME, OWNER, Act, Emulator, commit_all, git
from tests.eval_builders import STUB, copy_bench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NIGHTLY = f"""\
name: night
on: schedule
permissions: {{}}
jobs:
  night:
    uses: org/benchgov/.github/workflows/nightly-suite.yml@v1
    permissions:
      actions: read
      contents: write
      issues: write
    with:
      suites: '["demo"]'
      task-classes: '["{STUB}"]'
"""


def packed(report: bytes) -> bytes:
    """An artifact of an earlier night."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        made.writestr("out/report.json", report)
    return data.getvalue()


def test_a_night_is_recorded_and_its_trouble_is_an_issue(act: Act, github: Emulator, tmp_path: Path) -> None:
    """A regression on the default branch: one issue, all evidence in the log, earlier nights read."""
    remote = bare_remote(tmp_path)
    folder = make_consumer(tmp_path / "widgets", NIGHTLY).folder
    copy_bench(folder)
    commit_all(folder, "bench")
    benchgov(folder, "run", "demo", "--no-gate")
    earlier = packed((folder / ".benchgov/out/report.json").read_bytes())
    work = folder / "bench/demo/work.py"
    work.write_text(work.read_text() + "ROUNDS = 200\n")
    commit_all(folder, "slower")
    git(folder, "remote", "add", "origin", remote.as_uri())
    run = {"id": 3, "repository_id": 1, "head_repository_id": 1, "head_branch": "main"}
    one = {
        "id": 9,
        "name": "benchgov-demo",
        "size_in_bytes": len(earlier),
        "expired": False,
        "created_at": "2999-01-01T00:00:00Z",
        "workflow_run": run,
    }
    answers = {
        "/zip": earlier,
        "/actions/artifacts": json.dumps({"total_count": 1, "artifacts": [one]}).encode(),
        "/runs": b'{"total_count": 0, "workflow_runs": []}',
    }
    event = {"schedule": "17 3 * * *", "repository": {"full_name": f"{OWNER}/{NAME}"}}

    with in_front(github.url, answers) as (api, _):
        night = act.run(folder, event, {"GITHUB_API_URL": api}, name="schedule")

    assert night.status != 0, night.log
    opened = github.call("GET", f"/repos/{OWNER}/{NAME}/issues?state=open")
    assert [one["title"] for one in opened] == ["regression: demo / sum-of-squares"], night.log
    assert "History of `demo`" in night.log
    clone = clone_of(remote, tmp_path / "clone")
    listed = json.loads(benchgov(clone, "audit", "log", "--format=json", "--store=git:benchgov-audit"))
    assert {one["kind"] for one in listed} >= {"run", "comparison", "eval", "dossier"}
