"""Incidents on GitHub's emulator: an issue opens, is told more, is not told twice, and closes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.support import NAME, OWNER, ROOT, TOKEN, Emulator, commit_all
from tests.gate_builders import metric
from tests.gate_builders import report as measured
from tests.gate_builders import run as run_of

from benchgov.report import Expectation, Report

pytestmark = pytest.mark.e2e


def reported(ok: bool) -> Report:
    """A report of suite `core` whose only benchmark is right or wrong."""
    if ok:
        return measured(run_of("parse", metric([1.0, 2.0])), suite="core", revision="b" * 40)
    wrong = (Expectation(name="output", ok=False, detail="expected 5, found 6"),)
    run = run_of(
        "parse", overall="fail", ok=False, run_is_valid=False, expectations=wrong, stderr_tail="oh no"
    )
    return measured(run, suite="core", revision="b" * 40)


class Step:
    """Runs the action's step in a repository, for run `number` of the workflow."""

    def __init__(self, folder: Path, api: str) -> None:
        self.folder, self.api = folder, api
        folder.mkdir()
        (folder / "benchgov.yaml").write_text("maintainers: [curator]\n")
        commit_all(folder, "settings")

    def run(
        self, report: Report, number: int, ref: str = "refs/heads/main", **inputs: str
    ) -> tuple[int, str]:
        (self.folder / "report.json").write_bytes(report.to_bytes())
        event = self.folder / "event.json"
        event.write_text(json.dumps({"repository": {"default_branch": "main"}}))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        environ = kept | {
            "PYTHONPATH": str(ROOT / "src"),
            "GITHUB_API_URL": self.api,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": ref,
            "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
            "GITHUB_RUN_ID": str(number),
            "GITHUB_ACTOR": "somebody",
            "INPUT_REPORT": "report.json",
            "INPUT_GITHUB_TOKEN": TOKEN,
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }
        command = [sys.executable, "-P", "-m", "benchgov.actions", "report-incident"]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout


def issues(github: Emulator, state: str) -> list[dict[str, Any]]:
    """The issues of the repository."""
    return list(github.call("GET", f"/repos/{OWNER}/{NAME}/issues?state={state}"))


def test_an_issue_lives_as_long_as_its_trouble(github: Emulator, tmp_path: Path) -> None:
    """Failure, failure again, the same run tried again, recovery; then a failure anew is a new issue."""
    step = Step(tmp_path / "widgets", github.url)
    before = len(issues(github, "all"))

    assert step.run(reported(ok=True), 1)[0] == 0
    assert len(issues(github, "all")) == before
    assert step.run(reported(ok=False), 2)[0] == 0
    (issue,) = issues(github, "open")
    assert issue["title"] == "functional failure: core / parse"
    assert "oh no" in issue["body"]
    for number in (3, 3):
        status, log = step.run(reported(ok=False), number)
        assert status == 0, log
    assert [one["number"] for one in issues(github, "open")] == [issue["number"]]
    assert len(github.comments(issue["number"])) == 1
    assert step.run(reported(ok=True), 4)[0] == 0
    assert issues(github, "open") == []
    assert "Recovered at" in github.comments(issue["number"])[-1]["body"]
    assert step.run(reported(ok=False), 5)[0] == 0
    assert len(issues(github, "open")) == 1


def test_other_branches_and_people_without_the_right_change_nothing(github: Emulator, tmp_path: Path) -> None:
    """A branch opens no issue; `no-incident` needs a maintainer by configuration."""
    step = Step(tmp_path / "widgets", github.url)
    before = len(issues(github, "all"))

    branch = step.run(reported(ok=False), 1, ref="refs/heads/change")
    refused = step.run(reported(ok=False), 2, no_incident="true")

    assert branch[0] == 0
    assert "not of the default branch" in branch[1]
    assert refused[0] == 4
    assert "somebody is none by configuration" in refused[1]
    assert len(issues(github, "all")) == before
