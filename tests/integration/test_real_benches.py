"""This repository's own benches through `benchgov eval run`: real processes, a confined rubric, a record."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchgov.cli.main import run_cli
from benchgov.eval import BenchScore
from benchgov.eval.loader import load_cases, load_task_class

BENCHES = Path(__file__).resolve().parents[2] / "bench"
SCORES = {
    "vuln-remediation": (18, 15, 0.877778),
    "migration-chainguard-distroless": (16, 14, 0.86875),
}
"""Cases, passed cases, mean score."""


@pytest.fixture(params=SCORES)
def bench(request: pytest.FixtureRequest, git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a bench that lies, copied, in a repository of its own."""
    for name in ("CI", "GITHUB_ACTIONS", "BENCHGOV_EVAL_MAX_COST_USD"):
        monkeypatch.delenv(name, raising=False)
    name = str(request.param)
    shutil.copytree(BENCHES / name, git_repo / "bench" / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(git_repo)
    return name


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]


def test_a_whole_bench_scores_what_its_readme_says(bench: str, capfd: pytest.CaptureFixture[str]) -> None:
    """All cases are scored, cold and then from the cache, with the same run id and the same scores."""
    count, passed, mean = SCORES[bench]
    assert run_cli(["eval", "run", f"--task-class={bench}"]) == 0
    *cold, report = lines(capfd)
    assert (len(cold), report["passed_count"]) == (count, passed)
    assert report["mean_score"] == pytest.approx(mean, abs=1e-6)
    assert report["complete"]
    assert report["block_severity_failure_modes"] == []
    assert run_cli(["eval", "run", f"--task-class={bench}"]) == 0
    *warm, again = lines(capfd)
    assert again["run_id"] == report["run_id"]
    assert warm == cold


@pytest.mark.parametrize("name", SCORES)
def test_a_rubric_answers_when_it_is_run_by_itself(name: str, tmp_path: Path) -> None:
    """`python rubric.py`, from any folder: one question on standard input, one answer on standard output."""
    case = load_cases(load_task_class(name, BENCHES))[0]
    question = {"case": case.to_json(), "harness_output": {"status": "migrated"}, "nonce": "n-1"}
    done = subprocess.run(
        [sys.executable, BENCHES / name / "rubric.py"],
        input=json.dumps(question),
        cwd=tmp_path,
        env={"PYTHONPATH": str(BENCHES.parent / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["nonce"] == "n-1"
    assert BenchScore.model_validate(answer["score"]).blocking == ("output.malformed",)
