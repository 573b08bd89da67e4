"""Scale bands, growth and accepted slowdowns on the real path: measure, publish, compare, render."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchgov.cli.main import run_cli

OUT = Path(".benchgov/out")
MANIFEST = """\
version: 1
suite: demo
kind: measured
defaults: {min_sample_ms: 0.5}
families: {sums: {thresholds: {wall_time: 9000, cpu_time: 9000, peak_memory: 900}}}
bands: {small: {max: 100}, large: {min: 100}}
benchmarks:
  - id: sum
    family: sums
    signature: (n) -> int
    scale: [40, 120, 360]
    input: {callable: "work:size"}
    metrics: [wall_time, cpu_time]
    growth: {cpu_time: LIMIT}
    variants:
      quadratic: {callable: "work:pairs"}
"""
WORK = """\
def size(scale):
    return int(scale)


def pairs(n):
    return sum(i ^ j for i in range(n) for j in range(n))
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a suite whose work is quadratic, and the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    Path("bench/demo").mkdir(parents=True)
    Path("bench/demo/work.py").write_text(WORK)
    Path("benchgov.yaml").write_text("version: 1\n")
    return tmp_path


def _limit(exponent: float) -> None:
    Path("bench/demo/suite.yaml").write_text(MANIFEST.replace("LIMIT", str(exponent)))


def _gate() -> Any:
    return json.loads((OUT / "report.json").read_bytes())["scale_band_gate"]


def test_a_run_fails_when_its_cost_grows_faster_than_its_limit(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Quadratic work against n^1.3: exit 1 without any baseline; `report` and the dossier say it."""
    _limit(1.3)
    assert run_cli(["run", "demo"]) == 1
    gate = _gate()
    assert (gate["status"], gate["findings"]) == ("regression", {"not-limited": 1, "over": 1})
    assert "sum/quadratic cpu_time grows as n^" in capsys.readouterr().out
    assert run_cli(["report"]) == 0
    assert "scale band gate: regression" in capsys.readouterr().out
    assert run_cli(["dossier", "render"]) == 0
    assert "over its limit" in (OUT / "dossier/dossier.md").read_text()
    assert run_cli(["compare"]) == 1
    assert json.loads((OUT / "comparison.json").read_bytes())["growth"][1]["verdict"] == "over"


def test_a_run_within_its_limit_passes_and_its_bands_are_compared(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Against n^3; with a baseline the bands have verdicts, and the table shows bands and growth."""
    _limit(3)
    assert run_cli(["baseline", "generate", "demo", "--activate"]) == 0
    assert run_cli(["run", "demo"]) == 0
    gate = _gate()
    assert gate["status"] == "pass"
    assert "band small: pass; band large: pass" in gate["reason"]
    capsys.readouterr()
    assert run_cli(["compare"]) == 0
    shown = capsys.readouterr().out
    assert "scale band" in shown
    assert "within" in shown
    found = json.loads((OUT / "comparison.json").read_bytes())
    assert [one["band"] for one in found["scale_bands"]] == ["small", "large"]
    assert found["growth"][1]["before"] == pytest.approx(2.0, abs=0.6)


def test_the_gate_of_a_selection_is_inconclusive_not_a_failure(repository: Path) -> None:
    """One size of three has no exponent."""
    _limit(1.3)
    assert run_cli(["run", "demo", "--only", "sum@40", "--no-gate"]) == 0
    assert _gate()["status"] == "inconclusive"


def test_a_manifest_with_a_bad_band_measures_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, with the line."""
    _limit(1.3)
    path = Path("bench/demo/suite.yaml")
    path.write_text(path.read_text().replace("max: 100}", "max: 200}"))
    assert run_cli(["run", "demo"]) == 2
    assert "suite.yaml:6: bands: bands 'small' and 'large' overlap" in capsys.readouterr().err


ACCEPTED = """\
version: 1
accepted:
  - {benchmark: smu, metric: wall_time, up_to_percent: 5, reason: why, until: 2999-01-01}
"""


def test_the_gate_of_a_run_knows_accepted_slowdowns(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is wrong blocks the run's gate too; one that cannot be read stops it before it measures."""
    _limit(3)
    assert run_cli(["baseline", "generate", "demo", "--activate"]) == 0
    path = Path("bench/demo/accepted.yaml")
    path.write_text(ACCEPTED)
    capsys.readouterr()
    assert run_cli(["run", "demo"]) == 2
    assert "accepted.yaml:3: no benchmark 'smu'; did you mean 'sum'" in capsys.readouterr().err
    path.write_text(ACCEPTED.replace("why", "w"))
    assert run_cli(["run", "demo"]) == 2
    error = capsys.readouterr().err
    assert "accepted.yaml:3: accepted.0.reason" in error
    assert "sum@40" not in error
    assert run_cli(["run", "demo", "--no-gate"]) == 0
