"""Deriving thresholds, sanity checks, deltas and new regimes: as commands, on recorded runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gate_builders import FACTS, blocked, metric, report, run
from tests.governance_builders import (
    RUNS,
    SETTINGS,
    STORE,
    approve,
    commit,
    empty_repository,
    only_baseline,
    record,
    three,
    tree,
)

from benchgov.canonical import blake3_hex
from benchgov.cli.main import run_cli


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh repository of octocat's, outside of Actions, and the current folder."""
    return empty_repository(tmp_path, monkeypatch)


def test_thresholds_are_derived_from_recorded_runs_and_published_with_the_next_baseline(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Runs of another plan, place or outcome are left out; the baseline carries data and digest."""
    three(100, 104, 110)
    record(3, runs=9)
    record(4, facts=FACTS.model_copy(update={"arch": "arm64"}))
    record(5, one=report(blocked("a"), run("b")))
    name = record(6, 100)
    assert run_cli(["baseline", "derive-thresholds", "demo"]) == 0
    shown = capsys.readouterr()
    assert "4 sessions, margin 50 %" in shown.out
    assert "docs/benchmarks/threshold_derivation_default.md" in shown.out
    assert "generate demo" in shown.err
    page = Path("docs/benchmarks/threshold_derivation_default.md").read_text()
    assert "| parsing | wall_time | 10 % | `a/fast` | 2 % | **15 %** |" in page
    assert run_cli(["baseline", "generate", "demo", "--report", str(RUNS / name / "report.json")]) == 0
    made = only_baseline()
    assert made.thresholds == {"parsing": {"wall_time": 15.0}}
    derivation = (STORE / "default" / made.baseline_id / "derivation.json").read_bytes()
    assert made.derivation == blake3_hex(derivation)
    assert run_cli(["baseline", "verify"]) == 0
    assert run_cli(["baseline", "show", "demo"]) == 0
    assert "limits derived from repeated runs: blake3:" in capsys.readouterr().out


def test_what_was_derived_holds_in_its_environment_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A baseline of another machine takes its thresholds from the policy, and says so."""
    three()
    assert run_cli(["baseline", "derive-thresholds", "demo"]) == 0
    name = record(9, facts=FACTS.model_copy(update={"arch": "arm64"}))
    assert run_cli(["baseline", "generate", "demo", "--report", str(RUNS / name / "report.json")]) == 0
    assert "thresholds: by policy and suite" in capsys.readouterr().out
    assert only_baseline().derivation is None


def test_deriving_again_gives_the_same_bytes_and_json_says_what_was_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The order of the reports does not matter; --margin does."""
    three()
    names = [str(path) for path in sorted(RUNS.glob("*/report.json"))]
    flags = [word for name in names for word in ("--report", name)]
    assert run_cli(["baseline", "derive-thresholds", "demo", *flags]) == 0
    before = tree()
    flags = [word for name in reversed(names) for word in ("--report", name)]
    capsys.readouterr()
    assert run_cli(["baseline", "derive-thresholds", "demo", "--format", "json", *flags]) == 0
    assert tree() == before
    found = json.loads(capsys.readouterr().out)
    assert all(Path(name).is_file() for name in found["written"])
    assert found["derivation"]["margin_percent"] == 50.0
    assert run_cli(["baseline", "derive-thresholds", "demo", "--margin", "500", *flags]) == 0
    assert tree() != before


def test_the_raw_runs_of_the_active_baseline_are_sessions_too() -> None:
    """Without any recorded run they are all there is."""
    three(100, 104, 110)
    flags = [word for path in sorted(RUNS.glob("*/report.json")) for word in ("--report", str(path))]
    assert run_cli(["baseline", "generate", "demo", "--activate", *flags]) == 0
    assert run_cli(["baseline", "derive-thresholds", "demo", "--output-dir", "empty"]) == 0
    assert "15 %" in Path("docs/benchmarks/threshold_derivation_default.md").read_text()


def test_the_page_has_every_suite_of_the_regime() -> None:
    """One page a regime: deriving for one suite does not lose the other's."""
    three()
    assert run_cli(["baseline", "derive-thresholds", "demo"]) == 0
    for number in range(3):
        record(10 + number, suite="other")
    assert run_cli(["baseline", "derive-thresholds", "other"]) == 0
    page = Path("docs/benchmarks/threshold_derivation_default.md").read_text()
    assert page.index("## demo on") < page.index("## other on")


def test_too_few_sessions_are_refused_by_the_rule_s_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4, and nothing is written."""
    assert run_cli(["baseline", "derive-thresholds", "demo"]) == 4
    record(0)
    record(1)
    before = tree()
    assert run_cli(["baseline", "derive-thresholds", "demo"]) == 4
    assert "rule minimum-sessions: at least 3 repeated runs, found 2" in capsys.readouterr().err
    assert tree() == before
    assert run_cli(["baseline", "derive-thresholds", "demo", "--margin", "0"]) == 64
    assert run_cli(["baseline", "derive-thresholds", "../demo"]) == 64


def test_a_baseline_is_clean_against_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """In both modes; the text names no machine's paths and is the same every time."""
    assert run_cli(["compare", "--sanity"]) == 2
    assert "no baseline is active" in capsys.readouterr().err
    three(100, 104, 130)
    flags = [word for path in sorted(RUNS.glob("*/report.json")) for word in ("--report", str(path))]
    assert run_cli(["baseline", "generate", "demo", "--activate", *flags]) == 0
    assert run_cli(["compare", "--sanity"]) == 0
    path = Path("docs/benchmarks/ci_comparison_report_default.txt")
    first = path.read_bytes()
    text = first.decode()
    assert "threshold: clean (2 unchanged)" in text
    assert "statistical: clean" in text
    assert "sessions: 1 metrics" in text
    assert text.endswith("verdict: clean\n")
    assert str(Path.cwd()) not in text
    assert run_cli(["compare", "--sanity", "--suite", "demo"]) == 0
    assert path.read_bytes() == first
    capsys.readouterr()
    assert run_cli(["compare", "--sanity", "--format", "json", "--out", "x.txt"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["baselines"][0]["modes"] == {"threshold": True, "statistical": True}
    assert Path("x.txt").read_bytes() == first
    assert not Path(".benchgov/out/comparison.json").exists()


@pytest.mark.parametrize(
    "flags",
    [
        ["report.json"],
        ["--baseline", "x"],
        ["--baseline-ref", "main"],
        ["--threshold", "a=1"],
        ["--missing", "allow"],
    ],
)
def test_a_sanity_check_takes_nothing_but_the_store(flags: list[str]) -> None:
    """Anything else is wrong usage."""
    assert run_cli(["compare", "--sanity", *flags]) == 64


def test_a_sanity_check_of_a_changed_baseline_stops(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 5, and no report that says clean."""
    name = three()
    assert (
        run_cli(["baseline", "generate", "demo", "--activate", "--report", str(RUNS / name / "report.json")])
        == 0
    )
    path = next(STORE.glob("default/2*/raw/*.json"))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert run_cli(["compare", "--sanity"]) == 5
    assert run_cli(["compare"]) == 5
    assert "report-001.json" in capsys.readouterr().err
    assert not Path("docs").exists()


def test_deltas_of_a_recorded_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Provisional without a baseline, then pass; table and JSON; the latest report is the newest run."""
    name = three()
    assert run_cli(["report", "--deltas"]) == 0
    shown = capsys.readouterr().out
    assert "provisional" in shown
    assert f"run {name}: 0 regressions, 0 blocked, 2 provisional" in shown
    assert approve(name) == 0
    capsys.readouterr()
    assert run_cli(["report", "--deltas", "--format", "json", "--run", name]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["run_id"], found["summary"]["provisional"]) == (name, 0)
    assert [row["status"] for row in found["scenarios"]] == ["pass", "pass"]
    assert found["scenarios"][0]["baseline_id"] == only_baseline().baseline_id
    assert found["scenarios"][0]["artifacts"] == {"report": f"{RUNS}/{name}/report.json"}
    assert run_cli(["report", "--deltas", "--run", "nothing"]) == 3
    pairs = metric([100.0] * 10, reference=[200.0] * 10)
    against = {"ref": "main", "revision": "beef", "looks": (10,), "runs": ("a/fast",)}
    reference = {"overall": "pass", "family": "parsing"}
    record(9, one=report(run("a", pairs, reference=reference), against=against))
    capsys.readouterr()
    assert run_cli(["report", "--deltas", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["scenarios"]
    assert (row["status"], row["baseline_id"], row["runtime_delta_percent"]) == ("pass", None, -50.0)


def test_a_new_regime_starts_with_notes_and_the_old_one_stays(capsys: pytest.CaptureFixture[str]) -> None:
    """One line of the settings changes; nothing of the old regime is compared with the new one."""
    name = three()
    assert approve(name) == 0
    commit()
    capsys.readouterr()
    assert run_cli(["regime", "migrate", "v2", "--from", "default", "--notes", "no heap\nin hot loops"]) == 0
    assert capsys.readouterr().out.startswith("regime: v2, replaces default\n  bench/regimes/v2.json\n")
    assert Path("benchgov.yaml").read_text() == SETTINGS + "regime: v2\n"
    assert "no heap" in Path("docs/benchmarks/regimes.md").read_text()
    assert run_cli(["baseline", "verify", "--against", "main"]) == 0
    capsys.readouterr()
    assert run_cli(["regime", "list", "--format", "json"]) == 0
    rows = {row["regime"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["default"]["suites"], rows["default"]["current"], rows["v2"]["current"]) == (
        ["demo"],
        False,
        True,
    )
    record(9, regime="v2")
    assert run_cli(["compare"]) == 2
    assert (
        "No baseline is active for regime v2 (there are some for: default)"
        in capsys.readouterr().out.replace("\n", " ")
    )
    assert run_cli(["compare", "--baseline", only_baseline().baseline_id]) == 2
    assert "of regime default, not v2" in capsys.readouterr().out
    assert run_cli(["regime", "list"]) == 0
    assert run_cli(["regime", "show"]) == 0
    assert "notes: no heap" in capsys.readouterr().out
    assert run_cli(["regime", "show", "default", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] is None
    assert run_cli(["regime", "show", "v3"]) == 4


def test_a_regime_that_cannot_be_started_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong origin, known name, no notes, no name: each refused with its reason."""
    before = tree()
    assert run_cli(["regime", "migrate", "v2", "--from", "v1", "--notes", "n"]) == 4
    assert "rule current-regime" in capsys.readouterr().err
    assert run_cli(["regime", "migrate", "default", "--from", "default", "--notes", "n"]) == 4
    assert "rule new-regime" in capsys.readouterr().err
    assert run_cli(["regime", "migrate", "v2", "--from", "default", "--notes", " "]) == 64
    assert run_cli(["regime", "migrate", "../v2", "--from", "default", "--notes", "n"]) == 64
    assert run_cli(["regime", "migrate", "v2", "--from", "default"]) == 64
    assert tree() == before
    assert run_cli(["regime", "migrate", "v2", "--from", "default", "--notes", "n", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["regime"]["replaces"] == "default"
    assert run_cli(["regime", "migrate", "v2", "--from", "v2", "--notes", "n"]) == 4
    assert run_cli(["regime", "migrate", "default", "--from", "v2", "--notes", "back"]) == 0


def test_a_repository_without_settings_gets_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a variable that would hide the change is named."""
    Path("benchgov.yaml").unlink()
    monkeypatch.setenv("BENCHGOV_REGIME", "special")
    assert run_cli(["regime", "migrate", "v2", "--from", "default", "--notes", "n"]) == 0
    assert "BENCHGOV_REGIME is set" in capsys.readouterr().err
    assert Path("benchgov.yaml").read_text() == "version: 1\nregime: v2\n"


def test_published_notes_and_moved_regimes_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """`verify --against` names notes that changed, and a regime's folder that was renamed."""
    assert approve(three()) == 0
    assert run_cli(["regime", "migrate", "v2", "--from", "default", "--notes", "n"]) == 0
    commit()
    name = only_baseline().baseline_id
    path = Path("bench/regimes/v2.json")
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"n"', b'"m"'))
    capsys.readouterr()
    assert run_cli(["baseline", "verify", "--against", "main"]) == 5
    assert "bench/regimes/v2.json: changed since main" in capsys.readouterr().err
    path.write_bytes(good)
    (STORE / "default").rename(STORE / "renamed")
    assert run_cli(["baseline", "verify", "--against", "main"]) == 5
    text = capsys.readouterr().err
    assert f"default/{name}/baseline.json: moved to bench/demo/baselines/renamed/{name}/baseline.json" in text
    assert "was moved here from default" in text
    (STORE / "renamed").rename(STORE / "default")
    assert run_cli(["baseline", "verify", "--against", "main"]) == 0
    baseline = STORE / "default" / name / "baseline.json"
    data = baseline.read_bytes()
    baseline.write_bytes(data.replace(b"octocat", b"octobat"))
    assert run_cli(["baseline", "verify", "--against", "main"]) == 5
    assert f"{baseline}: changed since main" in capsys.readouterr().err
    baseline.unlink()
    assert run_cli(["baseline", "verify", "--against", "main"]) == 5
    assert f"{baseline}: vanished since main" in capsys.readouterr().err


def test_measured_runs_are_derived_from_and_approved() -> None:
    """The whole path on real measurements: run, derive, approve, compare, check."""
    suite = Path("bench/demo")
    suite.mkdir(parents=True)
    (suite / "work.py").write_text("def add() -> int:\n    return sum(range(1000))\n")
    (suite / "suite.yaml").write_text(
        "version: 1\nsuite: demo\nkind: measured\ndefaults: {min_sample_ms: 0.05}\nfamilies: {f: {}}\n"
        "benchmarks:\n  - id: add\n    family: f\n    signature: '() -> int'\n"
        "    variants: {product: {callable: 'work:add'}}\n"
    )
    commit()
    for _ in range(3):
        assert run_cli(["run", "demo"]) == 0
    name = max(path.name for path in RUNS.iterdir())
    assert run_cli(["baseline", "derive-thresholds", "demo", "--margin", "200"]) == 0
    assert approve(name) == 0
    assert run_cli(["compare"]) == 0
    assert run_cli(["compare", "--sanity"]) == 0
    assert run_cli(["baseline", "verify"]) == 0
