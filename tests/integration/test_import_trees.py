"""`benchgov import` of a folder over which a tool spreads its benchmarks: criterion's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchgov.cli.main import run_cli
from benchgov.report import Report

DATA = Path(__file__).resolve().parents[1] / "data" / "criterion"
OUT = Path(".benchgov/out")
NAMES = ["fib 12", "flat/loop", "sum/bytes/fold/1024", "sum/bytes/fold/64"]


@pytest.fixture(autouse=True)
def repository(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository; the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(git_repo)
    return git_repo


def grow(root: Path) -> Path:
    """criterion's tree as it was recorded, with a page and plots in it."""
    for source in DATA.glob("0.8.2+*"):
        path = root.joinpath(*source.name.split("+")[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read_bytes())
    for name in ("report/index.html", "fib 12/report/index.html", "fib 12/report/both/pdf.svg"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('<?xml version="1.0"?><svg/>\n', encoding="utf-8")
    return root


def latest() -> Report:
    """The report that was written last."""
    return Report.model_validate_json((OUT / "report.json").read_bytes())


def imported(*arguments: str) -> int:
    """Run `import` for the suite `demo`."""
    return run_cli(["import", *arguments, "--suite", "demo", "--allow-drift"])


@pytest.mark.parametrize("tool", ["auto", "criterion"])
def test_criterions_folder_is_imported_in_one_call_without_a_word(
    tool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pages, plots and older measurements are criterion's own, and no trouble."""
    grow(Path("target/criterion"))
    assert imported("target/criterion", "--tool", tool) == 0
    assert "passed over" not in capsys.readouterr().err
    report = latest()
    assert [run.benchmark for run in report.runs] == NAMES
    assert {run.variant for run in report.runs} == {"criterion"}
    assert [run.family for run in report.runs] == ["criterion", "flat", "sum_bytes", "sum_bytes"]
    assert all(len(metric.samples) == 10 for run in report.runs for metric in run.metrics)
    assert report.runs[2].features == {"value": 1024}
    assert report.runs[1].protocol == "target/criterion/flat/loop/new"
    (folder,) = (OUT / "runs").iterdir()
    kept = json.loads((folder / "raw" / "log-002.json").read_bytes())
    assert kept["sha256"] == report.runs[1].protocol_sha256
    sample = Path("target/criterion/flat/loop/new/sample.json").read_text(encoding="utf-8")
    assert json.loads(kept["text"])["sample.json"] == sample


@pytest.mark.parametrize("name", ["criterion", "criterion/**/new/*.json"])
def test_a_tree_outside_the_repository_keeps_its_folders(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """CARGO_TARGET_DIR may be anywhere: reports name its last folder, and nothing above it."""
    outside = tmp_path_factory.mktemp("elsewhere")
    grow(outside / "criterion")
    assert imported(str(outside / name)) == 0
    assert [run.benchmark for run in latest().runs] == NAMES
    assert latest().runs[0].protocol == "criterion/fib 12/new"


def test_other_files_in_the_folder_are_still_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Only what criterion writes itself is passed over without a word."""
    (grow(Path("target/criterion")) / "notes.md").write_text("mine\n", encoding="utf-8")
    assert imported("target/criterion") == 0
    assert "passed over: target/criterion/notes.md" in capsys.readouterr().err


def test_a_tree_that_is_not_whole_is_refused_unless_partial_logs_are_allowed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 3 names the file; with --allow-partial the others are there, and the report says so."""
    grow(Path("target/criterion"))
    sample = Path("target/criterion/fib 12/new/sample.json")
    sample.write_bytes(sample.read_bytes()[:-30])
    assert imported("target/criterion") == 3
    assert f"{sample}:1:" in capsys.readouterr().err
    assert not OUT.exists()
    assert imported("target/criterion", "--allow-partial") == 0
    report = latest()
    assert [run.benchmark for run in report.runs] == NAMES[1:]
    assert len(report.config.options["import"]["incomplete"]) == 1
    sample.unlink()
    assert imported("target/criterion") == 3
    assert f"{sample}: this part of a benchmark" in capsys.readouterr().err


def test_two_trees_are_the_samples_of_one_benchmark() -> None:
    """As with several logs of any tool."""
    grow(Path("first"))
    grow(Path("second"))
    assert imported("first", "second") == 0
    assert [run.benchmark for run in latest().runs] == NAMES
    assert {len(metric.samples) for run in latest().runs for metric in run.metrics} == {20}
