"""The steps run-eval and publish-eval as processes: scored without a token, told with one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.support import ROOT, commit_all
from tests.eval_builders import STUB, copy_bench
from tests.step_builders import outputs_of
from tests.unit.github.stub import running

from benchgov.eval.models import BenchRunReport

SECRET = "ghs-not-a-real-token"
DETAIL = "a <b> @everyone"


@dataclass(frozen=True)
class Done:
    """A finished step."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str


Steps = Callable[..., Done]


@pytest.fixture
def folder(git_repo: Path) -> Path:
    """A repository with one task class of three cases."""
    copy_bench(git_repo)
    commit_all(git_repo, "bench")
    return git_repo


@pytest.fixture
def step(folder: Path, tmp_path: Path) -> Steps:
    """Run an action's step in the repository, for pull request 7."""
    repository = {"full_name": "acme/widgets"}
    sides = {side: {"sha": sha * 40, "repo": repository} for side, sha in (("head", "a"), ("base", "b"))}
    place = tmp_path / "runner"
    place.mkdir()
    (place / "event.json").write_text(json.dumps({"pull_request": {"number": 7, **sides}}))

    def run(action: str, **inputs: str) -> Done:
        for name in ("output", "summary"):
            (place / name).write_text("")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        environ = kept | {
            "PYTHONPATH": str(ROOT / "src"),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(place / "event.json"),
            "GITHUB_REPOSITORY": "acme/widgets",
            "GITHUB_OUTPUT": str(place / "output"),
            "GITHUB_STEP_SUMMARY": str(place / "summary"),
            "GITHUB_API_URL": inputs.pop("api", ""),
            "INPUT_TASK_CLASS": STUB,
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }
        done = subprocess.run(
            [sys.executable, "-P", "-m", "benchgov.actions", action],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Done(
            done.returncode, done.stdout, outputs_of(place / "output"), (place / "summary").read_text()
        )

    return run


def written(folder: Path, outputs: dict[str, str]) -> BenchRunReport:
    """The report that a step left."""
    return BenchRunReport.model_validate_json((folder / outputs["report"]).read_bytes())


def test_a_task_class_is_scored_and_told(folder: Path, step: Steps) -> None:
    """Outputs, summary and report agree; check run and comment follow from the report, with a token."""
    (folder / "docs").mkdir()
    (folder / "docs/trust-tiers.yaml").write_text("schema_version: 1\nthresholds: {bronze: 0.99}\n")
    ran = step("run-eval", with_verdict="true")

    assert ran.status == 0, ran.log
    assert {name: ran.outputs[name] for name in ("passed", "cases", "complete", "verdict")} == {
        "passed": "2",
        "cases": "3",
        "complete": "true",
        "verdict": "insufficient",
    }
    report = written(folder, ran.outputs)
    assert ran.outputs["run-id"] == report.run_id
    assert float(ran.outputs["lower-bound"]) == pytest.approx(report.lower_bound_95, abs=1e-6)
    assert ran.outputs["artifact-name"] == f"benchgov-eval-{STUB}"
    assert f"✅ benchgov eval `{STUB}`" in ran.summary
    assert "does not suffice for tier `bronze`; people decide" in ran.summary
    with running() as github:
        told = step(
            "publish-eval",
            github_token=SECRET,
            api=github.url,
            artifact_url="https://github.example/a/1",
            audit_record="1:" + "c" * 64,
        )
        check, comment = github.writes("POST")
    assert told.status == 0, told.log
    assert (check["name"], check["conclusion"]) == (f"benchgov eval / {STUB}", "success")
    assert comment["body"].startswith(f"<!-- benchgov:eval task-class={STUB} -->\n")
    assert "[artifact](https://github.example/a/1)" in comment["body"]
    assert told.outputs["comment-url"] == "https://github.example/comment"
    assert SECRET not in told.log


def test_a_failure_that_blocks_is_red_at_its_case(folder: Path, step: Steps) -> None:
    """The step fails, unless it shall not; the line is that of the case; its text is shown as text."""
    bench = folder / "bench" / STUB
    for name, old, new in (
        ("rubric.py", '"severity": "info"}', f'"severity": "block", "detail": {DETAIL!r}}}'),
        ("failure_modes.yaml", "severity: info", "severity: block"),
    ):
        text = (bench / name).read_text()
        assert old in text
        (bench / name).write_text(text.replace(old, new))

    red = step("run-eval")
    told = step("run-eval", fail_on_block="false")

    assert (red.status, told.status) == (1, 0), red.log
    line = f"file=bench/{STUB}/cases/003-thousand/case.toml,line=1"
    assert f"::error {line}" in red.log
    assert f"::warning {line}" in told.log
    assert "1 with a failure that blocks" in red.summary
    with running() as github:
        step("publish-eval", github_token=SECRET, api=github.url)
        check, comment = github.writes("POST")
    assert check["conclusion"] == "failure"
    (annotation,) = check["output"]["annotations"]
    assert annotation["path"] == f"bench/{STUB}/cases/003-thousand/case.toml"
    assert "wrong-number (block): a" in annotation["message"]
    for bad in ("<b>", "@everyone"):
        assert bad not in comment["body"]


@pytest.mark.slow
def test_a_part_of_the_cases_is_no_evidence(folder: Path, step: Steps) -> None:
    """The report of a shard says so; it has a name of its own, and is nothing that is recorded."""
    ran = step("run-eval", shard="1/2")

    assert (ran.status, ran.outputs["complete"]) == (0, "false")
    assert ran.outputs["artifact-name"] == f"benchgov-eval-{STUB}-1"
    assert Path(ran.outputs["report"]).name.endswith("-1-of-2.json")
    assert "incomplete" in ran.summary
    assert not written(folder, ran.outputs).complete


@pytest.mark.slow
def test_a_run_that_its_cost_cap_ended_is_shown_and_red(folder: Path, step: Steps) -> None:
    """What was scored until then is a report, incomplete and by its id partial; the step fails."""
    (folder / "bench" / STUB / "sut.py").write_text(
        'def double(case):\n    return {"double": 1, "cost_usd": 0.75}\n'
    )

    ran = step("run-eval", max_cost_usd="0.5")

    assert (ran.status, ran.outputs["complete"]) == (2, "false"), ran.log
    assert ran.outputs["run-id"].startswith("partial:")
    assert "incomplete" in ran.summary
    assert "Raise --max-cost-usd" in ran.log


@pytest.mark.slow
def test_what_is_no_run_is_trouble(folder: Path, step: Steps) -> None:
    """An unknown task class, a folder's path as its name: never a score."""
    assert step("run-eval", task_class="nothing").status == 3
    assert step("publish-eval", task_class="../x").status == 64
