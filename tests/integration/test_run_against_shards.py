"""plan → run --against --shard → merge: paired measurement over the jobs of a matrix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.against_builders import Repository, against, command, empty_repository

from benchgov.cli.main import run_cli
from benchgov.report import Report

ENTRIES = ("one", "two", "three")


@pytest.fixture
def repository(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository in which `three` has become slower."""
    made = empty_repository(git_repo, tmp_path, monkeypatch)
    made.commit("".join(command(name, "sleep 0.005") for name in ENTRIES))
    made.commit(
        "".join(command(name, "sleep 0.25" if name == "three" else "sleep 0.005") for name in ENTRIES)
    )
    return made


def test_both_sides_of_a_pair_are_measured_by_one_job(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each shard's report has both sides of all its runs; merged, the gate judges them as one job's."""
    assert run_cli(["plan", "s", "--shards", "2", "--format", "json"]) == 0
    entries = json.loads(capsys.readouterr().out)["include"]
    halves = []
    for entry in entries:
        folder = repository.root / ".benchgov" / "shards" / str(entry["shard"])
        arguments = ["--shard", json.dumps(entry), "--output-dir", str(folder), "--no-gate"]
        assert against(*arguments, pairs="--pairs=10") == 0
        halves.append(Report.model_validate_json((folder / "report.json").read_text()))
    for half in halves:
        assert half.runs
        assert {len(metric.reference) for run in half.runs for metric in run.metrics} == {10}
        assert half.config.against is not None
    assert run_cli(["merge", str(repository.root / ".benchgov" / "shards")]) == 0
    assert run_cli(["compare"]) == 1
    assert [one.key for one in repository.report.runs] == [f"{name}/v" for name in ENTRIES]
    gate = repository.report.performance_gate
    assert [text.split()[0] for text in gate.regressions] == ["three/v"]
    assert repository.report.config.against is not None


def test_shards_against_different_revisions_are_refused(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """One shard beside the last commit, one beside the one before it: no whole."""
    assert run_cli(["plan", "s", "--shards", "2", "--format", "json"]) == 0
    entries = json.loads(capsys.readouterr().out)["include"]
    for entry, ref in zip(entries, ("HEAD", "HEAD~1"), strict=True):
        folder = repository.root / ".benchgov" / "shards" / str(entry["shard"])
        against("--shard", json.dumps(entry), "--output-dir", str(folder), "--no-gate", ref=ref)
    assert run_cli(["merge", str(repository.root / ".benchgov" / "shards")]) == 2
    assert "against" in capsys.readouterr().err
