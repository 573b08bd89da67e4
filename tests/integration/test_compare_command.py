"""`benchgov compare` and `benchgov baseline` as commands, in real repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.gate_builders import FACTS, blocked, metric, report, run

from benchgov.cli.main import run_cli
from benchgov.files import MAX_DOCUMENT_BYTES
from benchgov.report import Report

SLOW = run("parse", metric([200.0] * 5))
OUT = Path(".benchgov/out")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh repository, and the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    _git("init", "-q", "-b", "main")
    (tmp_path / "benchgov.yaml").write_text("version: 1\n")
    _commit()
    return tmp_path


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def _commit() -> None:
    _git("add", "-A", "--", "bench", "benchgov.yaml") if Path("bench").exists() else _git(
        "add", "benchgov.yaml"
    )
    _git("-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "change")


def _write(one: Report, name: str = "report.json") -> str:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_bytes(one.to_bytes())
    return str(OUT / name)


def _generate(one: Report, *flags: str) -> int:
    return run_cli(["baseline", "generate", "demo", "--report", _write(one, "base.json"), *flags])


def _folder() -> Path:
    return next(Path("bench/demo/baselines/default").glob("2*"))


@pytest.mark.parametrize(
    ("now", "code", "verdict"),
    [
        (report(), 0, "pass"),
        (report(SLOW), 1, "regression"),
        (report(blocked("parse")), 2, "blocked"),
        (report(facts=FACTS.model_copy(update={"arch": "arm64"})), 2, "not-comparable"),
    ],
    ids=["pass", "regression", "blocked", "not-comparable"],
)
def test_each_verdict_has_its_exit_code(
    repository: Path, capsys: pytest.CaptureFixture[str], now: Report, code: int, verdict: str
) -> None:
    """The comparison is written, and printed."""
    assert _generate(report(), "--activate") == 0
    _write(now)
    capsys.readouterr()
    assert run_cli(["compare"]) == code
    assert verdict in capsys.readouterr().out
    assert json.loads((repository / OUT / "comparison.json").read_bytes())["verdict"] == verdict


def test_json_is_the_comparison_and_out_says_where_it_goes(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is given by name."""
    _generate(report(), "--activate")
    capsys.readouterr()
    assert run_cli(["compare", _write(report(SLOW), "x.json"), "--format", "json", "--out", "c.json"]) == 1
    assert json.loads(capsys.readouterr().out) == json.loads((repository / "c.json").read_bytes())


def test_the_table_lists_the_worst_first_and_folds_what_is_unchanged(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--all lists everything."""
    before = report(run("a"), run("b"), run("parse"))
    _generate(before, "--activate")
    _write(report(run("a"), run("b", metric([50.0] * 5)), SLOW))
    capsys.readouterr()
    assert run_cli(["compare"]) == 1
    text = capsys.readouterr().out
    assert text.index("parse/fast") < text.index("b/fast")
    assert "a/fast" not in text
    assert "not listed: 1 unchanged" in text
    assert run_cli(["compare", "--all"]) == 1
    assert "a/fast" in capsys.readouterr().out


def test_generating_does_not_promote(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --activate nothing is active, and the message says what a person does."""
    assert _generate(report()) == 0
    captured = capsys.readouterr()
    assert "not active" in captured.out
    assert "pull request" in captured.err
    _write(report())
    assert run_cli(["compare"]) == 2
    assert run_cli(["compare", "--baseline", _folder().name]) == 0
    assert run_cli(["compare", "--baseline", str(_folder())]) == 0
    assert run_cli(["compare", "--baseline", "nothing"]) == 64
    assert run_cli(["baseline", "activate", "demo", _folder().name]) == 0
    assert run_cli(["compare"]) == 0


def test_baselines_and_policy_come_from_the_base_revision(repository: Path) -> None:
    """A pull request that edits its baseline, index or settings changes nothing."""
    _generate(report(), "--activate")
    _commit()
    shutil.rmtree("bench")
    _generate(report(SLOW), "--activate")
    (repository / "benchgov.yaml").write_text("version: 1\nbench_dir: elsewhere\n")
    _write(report(SLOW))
    assert run_cli(["compare", "--baseline-ref", "main"]) == 1
    assert run_cli(["compare", "--baseline-ref", "no-such-ref"]) == 2
    assert run_cli(["compare", "--baseline-ref", "main", "--baseline", str(_folder())]) == 64


def test_a_changed_baseline_stops_the_comparison(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 5, with the file's name."""
    _generate(report(), "--activate")
    path = _folder() / "baseline.json"
    path.write_bytes(path.read_bytes().replace(b"Z-", b"Z+", 1))
    _write(report())
    assert run_cli(["compare"]) == 5
    assert run_cli(["baseline", "verify"]) == 5
    assert "baseline.json" in capsys.readouterr().err


def test_verify_against_a_revision_names_what_changed_vanished_or_moved(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even when the checksums fit, and even when nothing is left."""
    _generate(report(), "--activate")
    _commit()
    assert run_cli(["baseline", "verify", "--against", "main"]) == 0
    folder = _folder()
    folder.rename(folder.with_name("20250101T000000Z-00000000"))
    capsys.readouterr()
    assert run_cli(["baseline", "verify", "--against", "main"]) == 5
    assert (
        "moved to bench/demo/baselines/default/20250101T000000Z-00000000/baseline.json"
        in capsys.readouterr().err
    )
    shutil.rmtree("bench")
    assert run_cli(["baseline", "verify", "--against", "main"]) == 5
    assert f"{folder}/baseline.json: vanished since main" in capsys.readouterr().err


def test_nothing_to_verify_is_not_a_success(repository: Path) -> None:
    """Neither without any baseline nor with an empty folder."""
    assert run_cli(["baseline", "verify"]) == 4
    Path("bench/demo/baselines").mkdir(parents=True)
    assert run_cli(["baseline", "verify"]) == 4
    Path("bench/demo/baselines/notes.txt").write_text("x")
    assert run_cli(["baseline", "verify", "demo"]) == 4


def test_list_and_show(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As tables and as JSON."""
    _generate(report(), "--activate", "--by", "octocat")
    capsys.readouterr()
    assert run_cli(["baseline", "list", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["active"], row["runs"]) == (_folder().name, True, 1)
    assert run_cli(["baseline", "list"]) == 0
    assert _folder().name in capsys.readouterr().out
    assert run_cli(["baseline", "show", "demo"]) == 0
    assert "made by octocat" in capsys.readouterr().out
    assert run_cli(["baseline", "show", "demo", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["provenance"]["created_by"] == "octocat"
    assert run_cli(["baseline", "show", "demo", "--regime", "other"]) == 4
    assert run_cli(["baseline", "show", "../demo"]) == 64


@pytest.mark.parametrize("flags", [["--warmup", "1"], ["--runs", "4"]])
def test_too_little_measurement_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    """Exit 4 with the rule's name, before anything is measured."""
    assert run_cli(["baseline", "generate", "demo", *flags]) == 4
    assert f"rule minimum-{flags[0][2:]}" in capsys.readouterr().err


def test_reports_of_another_suite_are_refused(repository: Path) -> None:
    """And nothing is published."""
    assert _generate(report(suite="other")) == 4
    assert not Path("bench").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b'{"schema_version": 2}',
        b'{"schema_version": "1"}',
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
    ],
    ids=["empty", "cut-off", "encoding", "version-2", "version-text", "nan", "duplicate-key", "deep"],
)
def test_a_malformed_report_is_one_clear_line(
    repository: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """Exit 2 for compare, 4 for baseline; no comparison is left behind."""
    path = repository / "bad.json"
    path.write_bytes(content)
    assert run_cli(["compare", "bad.json"]) == 2
    assert capsys.readouterr().err.startswith("benchgov: bad.json")
    assert run_cli(["baseline", "generate", "demo", "--report", "bad.json"]) == 4
    assert not (repository / OUT / "comparison.json").exists()


def test_a_missing_or_huge_report_is_one_clear_line(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is larger than any document is not loaded."""
    assert run_cli(["compare"]) == 2
    with (repository / "big.json").open("wb") as stream:
        stream.truncate(MAX_DOCUMENT_BYTES + 1)
    assert run_cli(["compare", "big.json"]) == 2
    assert "which is the limit" in capsys.readouterr().err


@pytest.mark.parametrize("value", [-1.0, "NaN", "1e999"])
def test_impossible_samples_are_refused(repository: Path, value: object) -> None:
    """Negative, not a number, infinite."""
    text = report().to_bytes().decode().replace("[100,", f"[{value},")
    assert f"[{value}," in text
    (repository / "bad.json").write_text(text)
    assert run_cli(["compare", "bad.json"]) == 2


def test_a_place_that_cannot_be_written_leaves_nothing(repository: Path) -> None:
    """A file where a folder should be stands for a read-only folder, which root may write."""
    _generate(report(), "--activate")
    _write(report())
    (repository / "file").write_text("")
    assert run_cli(["compare", "--out", "file/comparison.json"]) == 74
    shutil.rmtree("bench")
    (repository / "bench").write_text("")
    assert _generate(report()) == 74


MANIFEST = """\
version: 1
suite: demo
kind: measured
families:
  sums: {thresholds: {wall_time: 9000, cpu_time: 9000, peak_memory: 900}}
benchmarks:
  - id: sum
    family: sums
    signature: (n) -> int
    isolation: shared
    min_sample_ms: 0.1
    input: {value: 10}
    variants:
      fast: {callable: "work:total"}
"""


def _suite() -> None:
    Path("bench/demo").mkdir(parents=True)
    Path("bench/demo/suite.yaml").write_text(MANIFEST)
    Path("bench/demo/work.py").write_text("def total(n):\n    return sum(range(n))\n")


def test_a_suite_is_measured_published_and_compared(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real path: measure, publish with the suite's limits, measure again, compare."""
    _suite()
    assert run_cli(["baseline", "generate", "demo", "--activate", "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["thresholds"]["sums"]["wall_time"] == 9000
    assert made["provenance"]["command"] == (
        "benchgov baseline generate demo --regime default --warmup 2 --runs 5"
    )
    assert str(repository) not in json.dumps(made)
    assert run_cli(["run", "demo", "--no-gate"]) == 0
    assert run_cli(["compare"]) == 0
    assert run_cli(["baseline", "verify", "demo"]) == 0


def test_a_drifted_machine_makes_no_baseline(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4, the rule and the property are named, and nothing is published."""
    _suite()
    (repository / "benchgov.yaml").write_text('environment:\n  pins: {arch: "abacus"}\n')
    assert run_cli(["baseline", "generate", "demo"]) == 4
    assert "rule pinned-environment: arch: wanted abacus" in capsys.readouterr().err
    assert not Path("bench/demo/baselines").exists()


def test_a_full_disk_leaves_nothing_half_published(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last file does not fit: no folder is left, and the index is not touched."""
    import errno

    real = os.fsync
    calls: list[int] = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert _generate(report(), "--activate") == 74
    assert "No space left" in capsys.readouterr().err
    assert list(Path("bench/demo/baselines/default").iterdir()) == []
