"""Hostile and broken input to baselines, approvals and regimes: one clear line, the right code, no trace."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders import NOW
from tests.gate_builders import metric, report, run

from benchgov.baselines.checksums import describe
from benchgov.baselines.store import BaselineStore
from benchgov.canonical import canonical_json, sha256_hex
from benchgov.cli.main import run_cli

RUNS = Path(".benchgov/out/runs")
STORE = Path("bench/demo/baselines")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with three recorded runs, outside of Actions, and the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    subprocess.run(["git", "config", "user.name", "octocat"], check=True)
    (tmp_path / "benchgov.yaml").write_text("version: 1\nmaintainers: [octocat]\n")
    for number in range(3):
        moment = NOW + timedelta(minutes=number)
        made = report(run("a", metric([100.0 + number] * 5)))
        made = made.model_copy(update={"started_at_utc": moment, "finished_at_utc": moment})
        (RUNS / f"run-{number}").mkdir(parents=True)
        (RUNS / f"run-{number}" / "report.json").write_bytes(made.to_bytes())
    return tmp_path


def approve(name: str = "run-2", *flags: str) -> int:
    """`benchgov baseline approve`."""
    return run_cli(["baseline", "approve", "--scenario", "demo", "--run", name, *flags])


def derive() -> int:
    """`benchgov baseline derive-thresholds`."""
    return run_cli(["baseline", "derive-thresholds", "demo"])


def generate() -> int:
    """`benchgov baseline generate` of the last run."""
    return run_cli(
        ["baseline", "generate", "demo", "--activate", "--report", str(RUNS / "run-2/report.json")]
    )


def published() -> Path:
    """The folder of the one baseline."""
    (folder,) = STORE.glob("default/2*")
    return folder


def edited(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a JSON file by hand, checksums and all."""
    value = json.loads(path.read_text())
    change(value)
    path.write_bytes(canonical_json(value) + b"\n")


def sealed(folder: Path) -> None:
    """New checksums for what is there: the forger knows how they are made."""
    names = [path for path in sorted(folder.rglob("*.json")) if path.name != "checksums.json"]
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in names}
    (folder / "checksums.json").write_bytes(describe(files).to_bytes())


@pytest.mark.parametrize(
    "bad", [b"", b"{", b"\xff\xfe", b'{"schema_version": 2}', b'{"a": 1, "a": 2}', b"[" * 99_999]
)
def test_a_recorded_run_that_cannot_be_read_ends_the_row(
    bad: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no passing run; the one to approve must be readable itself."""
    (RUNS / "run-1/report.json").write_bytes(bad)
    assert approve() == 4
    assert "found 1: run run-1 cannot be read" in capsys.readouterr().err
    assert approve("run-1") == 4
    assert capsys.readouterr().err.startswith("benchgov: ")
    assert not STORE.exists()


@pytest.mark.parametrize("name", ["", "..", "../..", "/etc", "a/b", "run-2\n", "run-\u0662", "-x", "." * 300])
def test_a_run_is_a_plain_name(name: str) -> None:
    """No path, and no other digits."""
    assert approve(name) == 4


@pytest.mark.parametrize("scenario", ["", "demo/", "/a", "demo/../a", "other", "a\0", "[bold]", "x" * 9999])
def test_a_scenario_is_what_the_run_has(scenario: str) -> None:
    """Nothing else."""
    assert run_cli(["baseline", "approve", "--scenario", scenario, "--run", "run-2"]) == 4


def test_notes_may_say_anything_and_are_shown_harmlessly(capsys: pytest.CaptureFixture[str]) -> None:
    """Markup, control characters and other alphabets."""
    assert approve("run-2", "--notes", "[red]\x1b[31m\u202e über\n::error::x") == 0
    capsys.readouterr()
    assert run_cli(["baseline", "show", "demo"]) == 0
    text = capsys.readouterr().out
    assert "[red]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n::error::" not in text


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["thresholds"]["parsing"]["wall_time"].update(threshold_percent=9000),
        lambda value: value["thresholds"]["parsing"]["wall_time"].update(
            observed_percent=90, threshold_percent=135
        ),
        lambda value: value["runs"][0].update(values=[1, 2, 3]),
        lambda value: value.update(runs=[]),
        lambda value: value.update(margin_percent=900),
        lambda value: value.update(fingerprint="blake3:" + "0" * 64),
        lambda value: value.update(regime="other"),
        lambda value: value.update(schema_version=2),
        lambda value: value.update(extra=1),
        lambda value: value.update(sessions=value["sessions"][:2]),
    ],
    ids=[
        "percent",
        "observed",
        "values",
        "runs",
        "margin",
        "fingerprint",
        "regime",
        "version",
        "extra",
        "sessions",
    ],
)
def test_derived_thresholds_that_were_edited_are_seen(
    change: Callable[[Any], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A threshold that does not follow from the runs is refused, as is a file of another place or format."""
    assert derive() == 0
    (path,) = STORE.glob("default/derived/*.json")
    edited(path, change)
    capsys.readouterr()
    assert generate() == 4
    assert capsys.readouterr().err.startswith("benchgov: ")
    assert not list(STORE.glob("default/2*"))
    assert run_cli(["baseline", "verify"]) == 4


def test_a_published_derivation_cannot_be_changed_taken_or_added() -> None:
    """Even with new checksums: the baseline's id covers its digest."""
    assert derive() == 0
    assert generate() == 0
    folder = published()
    path = folder / "derivation.json"
    good = path.read_bytes()
    edited(path, lambda value: value.update(margin_percent=1))
    assert run_cli(["baseline", "verify"]) == 5
    sealed(folder)
    assert run_cli(["baseline", "verify"]) == 5
    path.unlink()
    sealed(folder)
    assert run_cli(["compare", "--sanity"]) == 5
    path.write_bytes(good)
    sealed(folder)
    assert run_cli(["baseline", "verify"]) == 0
    edited(folder / "baseline.json", lambda value: value.update(derivation=None))
    sealed(folder)
    assert run_cli(["baseline", "verify"]) == 5


def test_an_approver_cannot_be_changed_afterwards() -> None:
    """With or without new checksums."""
    assert approve() == 0
    folder = published()
    edited(folder / "baseline.json", lambda value: value["approval"].update(approver="mallory"))
    assert run_cli(["baseline", "verify"]) == 5
    sealed(folder)
    assert run_cli(["baseline", "verify"]) == 5


def test_a_report_without_a_regime_is_not_comparable(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and the message names the field."""
    assert generate() == 0
    path = RUNS / "run-2/report.json"
    for change in (
        lambda value: value["config"].pop("regime"),
        lambda value: value["config"].update(regime=None),
    ):
        edited(path, change)
        capsys.readouterr()
        assert run_cli(["compare", str(path)]) == 2
        assert "config.regime" in capsys.readouterr().err


def test_a_baseline_without_a_regime_is_not_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    """As it was published without one, exit 2; as it lost one, exit 5."""
    assert generate() == 0
    folder = published()
    edited(folder / "baseline.json", lambda value: value.pop("regime"))
    assert run_cli(["compare", str(RUNS / "run-2/report.json")]) == 5
    sealed(folder)
    capsys.readouterr()
    assert run_cli(["compare", str(RUNS / "run-2/report.json")]) == 2
    assert "regime" in capsys.readouterr().err


def test_a_report_of_another_regime_is_not_comparable(capsys: pytest.CaptureFixture[str]) -> None:
    """Even when the baseline is named."""
    assert generate() == 0
    path = RUNS / "run-2/report.json"
    edited(path, lambda value: value["config"].update(regime="other"))
    assert run_cli(["compare", str(path)]) == 2
    assert run_cli(["compare", str(path), "--baseline", published().name]) == 2
    assert "regime default, not other" in capsys.readouterr().out


@pytest.mark.parametrize("bad", [b"", b"{", b"\xff", b'{"schema_version": 2}', b"[]"])
def test_regime_notes_that_cannot_be_read_are_refused(bad: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4; the settings stay."""
    Path("bench/regimes").mkdir(parents=True)
    Path("bench/regimes/v1.json").write_bytes(bad)
    before = Path("benchgov.yaml").read_bytes()
    for command in (["list"], ["show"], ["migrate", "v2", "--from", "default", "--notes", "n"]):
        assert run_cli(["regime", *command]) == 4
        assert "v1.json" in capsys.readouterr().err
    assert Path("benchgov.yaml").read_bytes() == before


def test_a_migration_that_cannot_be_written_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither notes nor a page nor half of the settings."""
    Path("docs").write_text("a file")
    before = Path("benchgov.yaml").read_bytes()
    assert run_cli(["regime", "migrate", "v2", "--from", "default", "--notes", "n"]) == 74
    assert capsys.readouterr().err.startswith("benchgov: ")
    assert Path("benchgov.yaml").read_bytes() == before
    assert not list(Path("bench").rglob("*.json"))
    Path("docs").unlink()
    Path("docs/benchmarks/regimes.md").mkdir(parents=True)
    assert run_cli(["regime", "migrate", "v2", "--from", "default", "--notes", "n"]) == 74
    assert Path("benchgov.yaml").read_bytes() == before
    assert not list(Path("bench").rglob("*.json"))
    assert not list(Path().rglob("*.tmp"))


def test_derived_thresholds_are_all_there_or_not_at_all() -> None:
    """The page cannot be written, so the next baseline is not given them either."""
    Path("docs").write_text("a file")
    assert derive() == 74
    assert not list(Path("bench").rglob("*.json"))
    Path("docs").unlink()
    assert derive() == 0
    before = {path: path.read_bytes() for path in Path("bench").rglob("*.json")}
    Path("docs/benchmarks/threshold_derivation_default.md").unlink()
    Path("docs/benchmarks/threshold_derivation_default.md").mkdir()
    assert run_cli(["baseline", "derive-thresholds", "demo", "--margin", "99"]) == 74
    assert {path: path.read_bytes() for path in Path("bench").rglob("*.json")} == before


def test_a_full_disk_publishes_nothing(tiny_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a part of the baseline nor an index that names it."""
    STORE.parent.mkdir(parents=True)
    STORE.symlink_to(tiny_disk)  # the fixture mounts it inside of the repository's folder
    before = sorted(tiny_disk.iterdir())
    big = report(*(run(f"b{number}", metric([float(number)] * 5)) for number in range(100)))
    for number in range(3):
        moment = NOW + timedelta(minutes=number)
        one = big.model_copy(update={"started_at_utc": moment, "finished_at_utc": moment})
        (RUNS / f"run-{number}/report.json").write_bytes(one.to_bytes())
    assert approve() == 74
    assert capsys.readouterr().err.startswith("benchgov: ")
    assert sorted(tiny_disk.iterdir()) == before
    assert not list(Path(".benchgov").glob("audit/hosts/*/records/*"))


def test_the_forger_s_tools_work() -> None:
    """`sealed` gives valid checksums, so that what is found above is not only a wrong checksum."""
    assert generate() == 0
    folder = published()
    sealed(folder)
    assert BaselineStore(STORE).read("default", folder.name).baseline.baseline_id == folder.name
    assert sha256_hex(b"") == sha256_hex(b"")
