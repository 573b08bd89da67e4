"""Read-only folders and full disks: a command that writes says so once, with 74, and leaves no half file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench.core import inputs

from benchgov.cli.main import run_cli

SUITE = """
version: 1
suite: synthetic
kind: measured
families: {f: {}}
benchmarks:
  - {id: b, family: f, signature: "() -> int", variants: {v: {command: "{python} -c print(1)"}}}
"""

WRITERS = {
    "verify-env": ["verify-env", "--output", "{place}/environment.json"],
    "run": ["run", "synthetic", "--output-dir", "{place}/out"],
    "compare": ["compare", "report.json", "--out", "{place}/comparison.json"],
    "baseline": [
        "baseline",
        "generate",
        "synthetic",
        "--report",
        "report.json",
        "--into",
        "{place}/baselines",
    ],
    "audit": ["audit", "append", "report.json", "--store", "{place}/audit"],
    "dossier": ["dossier", "render", "--report", "report.json", "--out", "{place}/dossier"],
}


@pytest.fixture
def repository(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a suite, and a report of it that is larger than what the full disk has free."""
    suite = git_repo / "bench" / "synthetic"
    suite.mkdir(parents=True)
    (suite / "suite.yaml").write_text(SUITE)
    (git_repo / "report.json").write_text(json.dumps(inputs.report(60)))
    monkeypatch.chdir(git_repo)
    return git_repo


def files(folder: Path) -> list[str]:
    """Every file below `folder`, by its relative path."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("command", WRITERS)
def test_a_read_only_folder_is_said_and_nothing_else_happens(
    command: str, repository: Path, read_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 74, one message that names the place and the remedy, no traceback, no file."""
    assert run_cli([word.format(place=read_only) for word in WRITERS[command]]) == 74
    message = capsys.readouterr().err
    assert message.count("benchgov: ") == 1, message
    assert str(read_only) in message
    assert "cannot be written" in message
    assert "next: " in message
    assert files(read_only) == []


@pytest.mark.parametrize("command", ["run", "baseline", "dossier"])
def test_a_full_disk_leaves_nothing_half_written(
    command: str, repository: Path, tiny_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 74, and no part of the result stays, nor a temporary file."""
    assert run_cli([word.format(place=tiny_disk) for word in WRITERS[command]]) == 74
    assert "No space left" in capsys.readouterr().err
    assert files(tiny_disk) == ["filler"]


def test_a_log_on_a_full_disk_still_verifies(
    repository: Path, tiny_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records that found room are whole; the one that did not is not there at all."""
    store = ["--store", f"{tiny_disk}/audit"]
    for number in range(12):
        (repository / "report.json").write_text(json.dumps(inputs.report(number + 1)))
        code = run_cli(["audit", "append", "report.json", *store])
        if code:
            break
    assert code == 74
    written = [name for name in files(tiny_disk) if "/records/" in name]
    assert all(name.endswith(".json") for name in written)
    if written:
        assert run_cli(["audit", "verify", "--strict", *store]) == 0
