"""`benchgov dossier render` on real files."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.dossier import examples as ex

from benchgov.audit.chain import Draft, append
from benchgov.audit.record import Evidence
from benchgov.canonical import file_digests
from benchgov.cli.main import run_cli

OUT = Path(".benchgov/out")
STORE = Path(".benchgov/audit")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a report and its comparison, as `run` and `compare` leave them; the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BENCHGOV_")]:
        monkeypatch.delenv(name)
    OUT.mkdir(parents=True)
    report, comparison = ex.suite(4)
    (OUT / "report.json").write_bytes(report.to_bytes())
    (OUT / "comparison.json").write_bytes(comparison.to_bytes())
    return tmp_path


def record(path: Path, key: str) -> Path:
    """Append a record of this file to the audit log; returns the record's own file."""
    fast, wide = file_digests(path)
    evidence = Evidence(name=path.name, size=path.stat().st_size, blake3=fast, sha256=wide)
    draft = Draft("run", key, complete=True, evidence=(evidence,), subject={"suite": "core"})
    return STORE / append(STORE, draft, host="here", now=lambda: datetime(2026, 2, 1, tzinfo=UTC)).path


def render(*arguments: str) -> int:
    """Run the command; its exit code."""
    return run_cli(["dossier", "render", *arguments])


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    """Exit code and JSON answer of the command."""
    code = render("--format", "json", *arguments)
    return code, json.loads(capsys.readouterr().out)


def test_it_writes_both_files_and_says_where(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Page and Markdown are written; the table names the sections, the path, and an address to open."""
    record(OUT / "report.json", "a")
    assert render() == 0
    printed = capsys.readouterr().out
    page = project / OUT / "dossier" / "index.html"
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (page.parent / "dossier.md").read_text("utf-8").startswith("# ▲ Regression: core")
    assert str(page) in printed
    assert page.as_uri() in printed
    assert "Variants and scales" in printed
    assert "1 record, chain verified" in printed


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """The machine-readable answer has verdict, soundness, sections and paths."""
    record(OUT / "report.json", "a")
    code, found = answer(capsys)
    assert code == 0
    assert found["verdict"] == "regression"
    assert found["sound"] is True
    assert found["chain"] == "verified"
    assert found["notices"] == []
    assert Path(str(found["html"])).is_file()
    assert Path(str(found["markdown"])).is_file()


def test_the_baselines_samples_are_drawn_when_they_are_here(project: Path) -> None:
    """A baseline in the work tree gives its raw samples to the plots; without it there are only ours."""
    assert render("--out", "before") == 0
    assert "sample was" not in re.sub(
        r"<style>.*?</style>", "", Path("before/index.html").read_text("utf-8"), flags=re.S
    )
    made, _ = ex.suite(4)
    for number in (1, 2):
        Path(f"r{number}.json").write_bytes(made.to_bytes())
    assert run_cli(["baseline", "generate", "core", "--report", "r1.json", "--activate"]) == 0
    assert run_cli(["compare"]) == 0
    assert render("--out", "after") == 0
    assert "sample was" in Path("after/index.html").read_text("utf-8")


def test_rendering_again_gives_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    """The dossier has no clock: the same files give the same files."""
    assert render("--out", "one") == render("--out", "two") == 0
    for name in ("index.html", "dossier.md"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()
    assert capsys.readouterr().err == ""


def test_missing_comparison_and_log_are_said_not_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """A report alone makes a dossier that says what is not there."""
    (OUT / "comparison.json").unlink()
    code, found = answer(capsys)
    assert code == 0
    assert found["verdict"] == "not-compared"
    assert [notice["title"] for notice in found["notices"]] == [  # type: ignore[attr-defined]
        "Not compared with a baseline",
        "No audit log",
    ]


def test_no_report_is_missing_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a report there is no dossier: one line, exit code 1, nothing written."""
    (OUT / "report.json").unlink()
    assert render() == 1
    assert "report.json: no such file" in capsys.readouterr().err
    assert not (OUT / "dossier").exists()


@pytest.mark.parametrize("option", ["--comparison", "--store"])
def test_what_was_named_must_be_there(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Evidence that the command line names is never silently left out."""
    assert render(option, "nowhere") == 1
    assert "nowhere" in capsys.readouterr().err
    assert not (OUT / "dossier").exists()


def test_a_changed_record_is_rendered_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    """A tampered log is shown in the dossier, prominently, and the command fails."""
    record(OUT / "report.json", "a")
    changed = record(OUT / "comparison.json", "b")
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes().replace(b'"complete":true', b'"complete":false'))
    code, found = answer(capsys)
    assert code == 1
    assert found["chain"] == "tampered"
    assert changed.name in Path(str(found["html"])).read_text("utf-8")


def test_an_unreadable_record_is_rendered_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Records up to the damage are listed; the damage itself is the alarm."""
    record(OUT / "report.json", "a")
    broken = record(OUT / "comparison.json", "b")
    broken.chmod(0o644)
    broken.write_bytes(b"\xff{")
    code, found = answer(capsys)
    assert code == 1
    assert found["chain"] == "tampered"
    assert "1 record, chain broken" in json.dumps(found)


def test_a_comparison_of_another_report_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    """A stale comparison is named, not used."""
    (OUT / "report.json").write_bytes(ex.report().to_bytes())
    code, found = answer(capsys)
    assert code == 1
    assert found["sound"] is False
    assert found["verdict"] == "not-compared"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"schema_version": 2}',
        b'{"schema_version": 1, "schema_version": 1}',
        b"NaN",
    ],
)
@pytest.mark.parametrize("name", ["report.json", "comparison.json"])
def test_malformed_evidence_is_one_clear_error(
    name: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A malformed file is named, exit code 1, and no dossier is written."""
    (OUT / name).write_bytes(content)
    assert render() == 1
    assert name in capsys.readouterr().err
    assert not (OUT / "dossier").exists()


def test_where_it_cannot_write_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A file in the place of the folder: exit code 74, and the file is untouched."""
    Path("taken").write_text("mine")
    assert render("--out", "taken") == 74
    assert "taken" in capsys.readouterr().err
    assert Path("taken").read_text() == "mine"


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command shows how it is called."""
    assert render("--help") == 0
    assert "benchgov dossier render --out" in capsys.readouterr().out


def test_a_changed_baseline_is_never_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """A baseline whose raw samples were touched after publication ends the command with 5."""
    made, _ = ex.suite(2)
    (OUT / "report.json").write_bytes(made.to_bytes())
    assert run_cli(["baseline", "generate", "core", "--report", str(OUT / "report.json"), "--activate"]) == 0
    assert run_cli(["compare"]) == 0
    raw = next(Path("bench/core/baselines").glob("*/*/raw/*.json"))
    raw.chmod(0o644)
    raw.write_bytes(raw.read_bytes() + b"\n")
    capsys.readouterr()
    assert render() == 5
    assert raw.name in capsys.readouterr().err
