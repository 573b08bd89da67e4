"""`benchgov history` over real files: folders, globs, artifacts, and the audit log."""

from __future__ import annotations

import json
import os
import random
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.builders import NOW
from tests.gate_builders import FACTS, metric, report, run

from benchgov.cli.main import run_cli
from benchgov.history.model import History
from benchgov.report import Report

pytest.importorskip("otava.analysis")


@pytest.fixture(autouse=True)
def _folder(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(git_repo)


def reports(days: int = 24, step: int = 12) -> list[Report]:
    """One report a day: `slower` gets 8 % slower at `step`, `quicker` 20 % quicker, `same` stays."""
    rng = random.Random(4)
    made = []
    for day in range(days):
        factors = {"slower": 1.08, "quicker": 0.8, "same": 1.0}
        runs = [
            run(
                name,
                metric(
                    [1e5 * (factor if day >= step else 1) * rng.lognormvariate(0, 0.02) for _ in range(5)]
                ),
                metric([1000.0], name="instructions", unit="count"),
            )
            for name, factor in factors.items()
        ]
        moment = {"started_at_utc": NOW + timedelta(days=day), "finished_at_utc": NOW + timedelta(days=day)}
        made.append(report(*runs, revision=f"{day:02}" + "a" * 38).model_copy(update=moment))
    return made


def write(made: list[Report], folder: str = "artifacts", name: str = "report.json") -> None:
    """Each in a folder of its own."""
    for number, one in enumerate(made):
        path = Path(folder) / f"{number:03}" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(one.to_bytes())


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> History:
    """What the command prints as JSON."""
    assert run_cli(["history", *arguments, "--format", "json"]) == 0
    return History.model_validate_json(capsys.readouterr().out)


def test_the_step_is_shown_with_date_commits_and_size(capsys: pytest.CaptureFixture[str]) -> None:
    """The worst first, in words that follow the metric's direction; steady series after it."""
    write(reports())
    assert run_cli(["history", "artifacts", "--metric", "wall_time"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if "/fast" in line]
    assert [row.split()[1] for row in rows] == ["slower/fast", "quicker/fast", "same/fast"]
    assert "% worse" in rows[0]
    assert "2026-02-12 12:00" in rows[0]
    assert "11aaaaa..12aaaaa" in rows[0]
    assert "% better" in rows[1]
    assert "█" in rows[0]
    assert lines[-1].startswith("24 reports: 1 changes for the worse, 1 for the better")


def test_the_same_history_from_folder_glob_and_files(capsys: pytest.CaptureFixture[str]) -> None:
    """In any order, with a file named twice."""
    write(reports(12, 6))
    files = sorted(map(str, Path("artifacts").glob("*/report.json")))
    whole = found(capsys, "artifacts")
    assert whole.reports == 12
    assert found(capsys, "artifacts/*/report.json") == whole
    assert found(capsys, *files[::-1], files[0], "artifacts/00*") == whole


def test_by_default_the_runs_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Those below output_dir, wherever that is."""
    write(reports(7, 3), ".benchgov/out/runs")
    assert found(capsys).reports == 7
    write(reports(8, 3), "other/runs")
    assert found(capsys, "--output-dir", "other").reports == 8


def test_out_writes_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A file for those who draw."""
    write(reports(6, 3))
    printed = found(capsys, "artifacts", "--out", "kept/history.json")
    assert History.model_validate_json(Path("kept/history.json").read_bytes()) == printed


def test_runs_points_and_sizes_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """-k, --last, --p-value and --min-magnitude."""
    write(reports())
    chosen = found(capsys, "artifacts", "-k", "sl*", "--metric", "wall_time", "--last", "20")
    assert [(one.run, len(one.values), len(one.changes)) for one in chosen.series] == [("slower/fast", 20, 1)]
    assert not any(one.changes for one in found(capsys, "artifacts", "--min-magnitude", "50").series)
    assert not any(one.changes for one in found(capsys, "artifacts", "--p-value", "1e-200").series)


def test_another_machine_is_a_boundary_and_not_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    """Each machine's reports are a history of their own, and it is said."""
    other = FACTS.model_copy(update={"cpu_model": "Twice as slow"})
    slow = [
        report(run("slower", metric([2e5] * 5)), facts=other).model_copy(
            update={"started_at_utc": NOW + timedelta(days=day), "finished_at_utc": NOW + timedelta(days=day)}
        )
        for day in range(30, 42)
    ]
    write([*reports(12, 50), *slow])
    assert run_cli(["history", "artifacts"]) == 0
    captured = capsys.readouterr()
    assert "2 histories, for as many suites, regimes and environments" in captured.err
    assert "0 changes for the worse" in captured.out
    assert captured.out.index("Twice as slow") < captured.out.index("CPU × 2")


def test_a_short_history_is_said_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """Five points are too few for a test."""
    write(reports(5, 2))
    assert run_cli(["history", "artifacts"]) == 0
    assert "6 of 6 series have fewer than 6 points" in capsys.readouterr().err


def test_only_what_the_audit_log_vouches_for(capsys: pytest.CaptureFixture[str]) -> None:
    """--recorded leaves out a report that is not in the log, and refuses a log that does not verify."""
    write(reports(8, 4))
    recorded = [f"artifacts/{number:03}/report.json" for number in range(7)]
    assert run_cli(["audit", "append", *recorded]) == 0
    capsys.readouterr()
    assert run_cli(["history", "artifacts", "--recorded", "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert History.model_validate_json(captured.out).reports == 7
    assert "left out: 1 reports that the audit log does not have" in captured.err
    record = sorted(Path(".benchgov/audit/hosts").glob("*/records/*.json"))[3]
    record.write_bytes(record.read_bytes().replace(b'"demo"', b'"demp"'))
    assert run_cli(["history", "artifacts", "--recorded"]) == 5


def test_a_long_list_is_cut_and_all_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Fifty series of the worst, and how many more there are."""
    many = [run(f"b{number:03}", metric([1.0])) for number in range(60)]
    write([report(*many)])
    assert run_cli(["history", "artifacts"]) == 0
    shown = capsys.readouterr().out
    assert "60 series, 60 without a change; 10 not listed (--all lists them)" in shown
    assert run_cli(["history", "artifacts", "--all"]) == 0
    assert capsys.readouterr().out.count("/fast") == 60


def test_what_is_no_report_in_a_folder_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    """Other tools write a report.json too; named itself, or broken, it is an error."""
    write(reports(6, 3))
    Path("artifacts/other").mkdir()
    Path("artifacts/other/report.json").write_text('{"summary": {}}')
    assert run_cli(["history", "artifacts"]) == 0
    assert "passed over: artifacts/other/report.json: not a benchgov report" in capsys.readouterr().err
    assert run_cli(["history", "artifacts/other/report.json"]) == 3
    assert run_cli(["history", "artifacts/other"]) == 3
    good = Path("artifacts/000/report.json")
    good.write_bytes(good.read_bytes()[:-20])
    assert run_cli(["history", "artifacts"]) == 3
    assert "artifacts/000/report.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 3, "there is no report to read"),
        (["none.json"], 3, "no such file"),
        (["void"], 3, "there is no report*.json in this folder"),
        (["x*"], 3, "nothing fits this pattern"),
        (["one", "--metric", "wal_time"], 64, "fits --metric and -k"),
        (["one", "-k", "zzz"], 64, "fits --metric and -k"),
        (["one", "--p-value", "2"], 64, "--p-value"),
        (["one", "--min-magnitude", "-1"], 64, "--min-magnitude"),
        (["one", "--last", "0"], 64, "--last"),
        (["one", "--recorded"], 3, "there is no audit log here"),
    ],
)
def test_wrong_calls_are_named(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line and the right code."""
    Path("void").mkdir()
    write(reports(1), "one")
    assert run_cli(["history", *arguments]) == code
    assert message in capsys.readouterr().err


def test_a_long_search_tells_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a log by a line now and then, on a terminal by a bar that leaves nothing behind."""
    write([report(*(run(f"b{number}", metric([1.0])) for number in range(2000)))])
    assert run_cli(["history", "artifacts"]) == 0
    assert "looked at 1,000 of 2,000 series\nlooked at 2,000 of 2,000 series\n" in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run_cli(["history", "artifacts"]) == 0
    captured = capsys.readouterr()
    assert "looked at" not in captured.err
    assert "2000 series" in captured.out


def test_out_that_cannot_be_written_is_an_output_error(read_only: Path) -> None:
    """As with every command that writes."""
    write(reports(1))
    assert run_cli(["history", "artifacts", "--out", str(read_only / "h.json")]) == 74


def test_text_from_a_report_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A revision is anybody's text."""
    made = [
        one.model_copy(
            update={
                "config": one.config.model_copy(update={"revision": "\x1b[31m[red]x"}),
                "environment": one.environment.model_copy(
                    update={"facts": FACTS.model_copy(update={"cpu_model": "\x1b[31mCPU"})}
                ),
            }
        )
        for one in reports(12, 6)
    ]
    write(made)
    assert run_cli(["history", "artifacts"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[red]x" in shown
    assert json.loads(made[0].to_bytes())["config"]["revision"] == "\x1b[31m[red]x"
