"""`benchgov eval diff`, `mutate` and `calibrate-tiers` as commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.promotion_builders import ENDED, report, score

from benchgov.audit.eval_runs import record_run
from benchgov.cli.main import run_cli
from benchgov.promotion import calibrate

STUB = Path(__file__).parents[1] / "data" / "benches" / "stub-task-class"


@pytest.fixture
def repository(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two run files and tiers."""
    runs = git_repo / ".benchgov" / "eval" / "runs"
    runs.mkdir(parents=True)
    broken = (("case-00", score(0.25)), *report().per_case[1:])
    (runs / "20260101T000000Z-a.json").write_bytes(report().to_bytes())
    (runs / "20260102T000000Z-b.json").write_bytes(report(per_case=broken, harness_version="2").to_bytes())
    (git_repo / "docs").mkdir()
    (git_repo / "docs" / "trust-tiers.yaml").write_text("schema_version: 1\nthresholds: {bronze: 0.6}\n")
    shutil.copytree(STUB, git_repo / "bench" / STUB.name)
    monkeypatch.chdir(git_repo)
    return git_repo


def test_what_flipped_is_shown(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As a table and as JSON; a case that broke ends the command with 1 when that was asked for."""
    assert run_cli(["eval", "diff", "20260101", "20260102"]) == 0
    shown = capfd.readouterr().out
    assert "case-00" in shown
    assert "broken" in shown
    assert "harness_version: 1.0.0 → 2" in shown
    assert run_cli(["eval", "diff", "--last", "vuln", "--exit-code", "--format", "json"]) == 1
    value = json.loads(capfd.readouterr().out)
    assert value["cases"] == [
        {"case_id": "case-00", "change": "broken", "before": 1.0, "after": 0.25, "failure_modes": []}
    ]
    assert run_cli(["eval", "diff", "20260102", "20260101", "--exit-code"]) == 0
    assert run_cli(["eval", "diff", "20260101", "20260101"]) == 0
    assert "no case differs" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["a"], 64), (["a", "b", "--last", "vuln"], 64), ([], 64), (["nope", "a"], 1), (["--last", "x"], 1)],
)
def test_runs_that_are_not_there_are_named(repository: Path, arguments: list[str], code: int) -> None:
    """Wrong usage is not a missing run."""
    assert run_cli(["eval", "diff", *arguments]) == code


def test_too_few_runs_are_no_calibration(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The number that there are is said, and nothing is written."""
    store, runs = repository / ".benchgov" / "audit", repository / ".benchgov" / "eval" / "runs"
    record_run(store, report(chain_head=None), runs, environ={}, now=lambda: ENDED)
    assert run_cli(["eval", "calibrate-tiers", "--task-class", "vuln"]) == 1
    assert "1 recorded runs of 'vuln' can be pooled; a calibration takes 50" in capfd.readouterr().err
    assert not (repository / "docs" / "benchmarks").exists()


def test_a_calibration_is_printed_and_recorded(
    repository: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document, a record, and a proposal a line; five runs stand for fifty here."""
    monkeypatch.setattr(calibrate, "MIN_RUNS", 5)
    store, runs = repository / ".benchgov" / "audit", repository / "elsewhere"
    for number in range(5):
        one = report(chain_head=None, run_id=f"{number:016x}", lower_bound_95=number / 10)
        record_run(store, one, runs, environ={}, now=lambda: ENDED)
    assert run_cli(["eval", "calibrate-tiers", "--task-class", "vuln"]) == 0
    shown = capfd.readouterr()
    assert shown.out == "bronze: 0.60 now, 0.20 proposed\n"
    assert "tier_calibration_vuln.md (record 1)" in shown.err
    assert run_cli(["eval", "calibrate-tiers", "--task-class", "vuln", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["runs"] == 5


def test_a_survivor_is_named_and_counts(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The stub's rubric ignores further keys: three of its mutants survive."""
    command = ["eval", "mutate", STUB.name, "--min-score", "0.95", "--format", "json"]
    assert run_cli(command) == 1
    value = json.loads(capfd.readouterr().out)
    assert {one["operator"] for one in value["survivors"]} == {"duplicate-key"}
    assert value["killed"] == value["mutants"] - 3
    assert run_cli(["eval", "mutate", STUB.name, "--cases", "001-*", "--min-score", "0.5"]) == 0
    assert "wrong answers rejected" in capfd.readouterr().out
