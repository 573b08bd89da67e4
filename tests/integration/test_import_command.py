"""`benchgov import` and `benchgov tools`, and every command after them, in real repositories."""

from __future__ import annotations

import importlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchgov.adapters.registry import BUILT_IN
from benchgov.canonical import sha256_hex
from benchgov.cli.main import run_cli
from benchgov.report import Report

DATA = Path(__file__).resolve().parents[1] / "data"
OUT = Path(".benchgov/out")
LOGS = {
    "pytest-benchmark": "pytest-benchmark/5.2.3.json",
    "hyperfine": "hyperfine/1.20.0.json",
    "go": "go/1.26-text.txt",
}


@pytest.fixture(autouse=True)
def repository(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one log of each tool; the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(git_repo)
    for tool, name in LOGS.items():
        shutil.copy(DATA / name, git_repo / tool)
    return git_repo


def latest() -> Report:
    """The report that was written last."""
    return Report.model_validate_json((OUT / "report.json").read_bytes())


def imported(*arguments: str) -> int:
    """Run `import` for the suite `demo`; the recorded logs may be of another machine than this one."""
    return run_cli(["import", *arguments, "--suite", "demo", "--allow-drift"])


@pytest.mark.parametrize("tool", LOGS)
def test_each_tools_log_becomes_a_report_with_its_log_beside_it(tool: str) -> None:
    """The latest report, a folder of its own with the same bytes, and the log in it, whole."""
    assert imported(tool) == 0
    (folder,) = (OUT / "runs").iterdir()
    assert (folder / "report.json").read_bytes() == (OUT / "report.json").read_bytes()
    kept = json.loads((folder / "raw" / "log-001.json").read_bytes())
    text = (DATA / LOGS[tool]).read_bytes()
    assert (kept["tool"], kept["log"], kept["sha256"]) == (tool, tool, sha256_hex(text))
    assert kept["text"].encode() == text
    report = latest()
    assert report.config.suite == "demo"
    assert {run.variant for run in report.runs} == {tool}
    assert all(run.protocol_sha256 == sha256_hex(text) for run in report.runs)


def test_a_report_that_no_command_would_read_is_not_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is larger than the commands after it read is refused here, and nothing is left."""
    monkeypatch.setattr("benchgov.files.MAX_DOCUMENT_BYTES", 1000)
    assert imported("hyperfine") == 3
    assert "1,000 is the limit" in capsys.readouterr().err
    assert [path for path in OUT.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("tool", LOGS)
def test_everything_after_the_import_works_on_it(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Baseline, comparison, audit log and dossier take an imported report as they take a measured one."""
    log = Path(tool)
    text = log.read_text(encoding="utf-8")
    if tool == "pytest-benchmark":  # the log of this very machine: without another's facts
        document = json.loads(text)
        document["machine_info"] = {}
        text = json.dumps(document)
    for header in ("goos", "goarch", "cpu"):
        text = "".join(line for line in text.splitlines(True) if not line.startswith(f"{header}: "))
    log.write_text(text, encoding="utf-8")
    report = str(OUT / "report.json")
    assert run_cli(["import", tool, "--suite", "demo"]) == 0
    assert run_cli(["baseline", "generate", "demo", "--report", report, "--activate"]) == 0
    assert run_cli(["baseline", "verify", "demo"]) == 0
    assert run_cli(["compare"]) == 0
    assert run_cli(["audit", "append"]) == 0
    assert run_cli(["audit", "verify"]) == 0
    assert run_cli(["dossier", "render"]) == 0
    assert (OUT / "dossier" / "index.html").is_file()
    assert run_cli(["report"]) == 0
    capsys.readouterr()


def test_twice_as_slow_is_a_regression() -> None:
    """The gate judges imported samples as its own."""
    slow = json.loads(Path("hyperfine").read_text(encoding="utf-8"))
    assert imported("hyperfine") == 0
    assert run_cli(["baseline", "generate", "demo", "--report", str(OUT / "report.json"), "--activate"]) == 0
    for result in slow["results"]:
        result["times"] = [2 * value for value in result["times"]]
    Path("hyperfine").write_text(json.dumps(slow), encoding="utf-8")
    assert imported("hyperfine") == 0
    assert run_cli(["compare"]) == 1


def test_a_log_of_another_machine_cannot_become_a_baseline_or_be_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2, the difference is said, the report is not authoritative, and a baseline is refused."""
    text = Path("go").read_text(encoding="utf-8").replace("goos: linux", "goos: plan9")
    Path("go").write_text(text, encoding="utf-8")
    assert run_cli(["import", "go", "--suite", "demo"]) == 2
    assert "environment drift: os: wanted" in capsys.readouterr().err
    assert not latest().summary.authoritative
    assert run_cli(["baseline", "generate", "demo", "--report", str(OUT / "report.json")]) == 4
    assert run_cli(["compare"]) == 2


def test_files_globs_folders_and_standard_input_are_read_in_one_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file once; in a folder what is nobody's log is passed over, and said."""
    for name, target in (("go", "logs/a/go.txt"), ("hyperfine", "logs/b.json"), ("go", "logs/.hidden")):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, target)
    Path("logs/notes.md").write_text("notes\n", encoding="utf-8")
    stdin = io.TextIOWrapper(io.BytesIO(Path("pytest-benchmark").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert imported("-", "logs", "logs/*.json") == 0
    report = latest()
    assert {run.variant for run in report.runs} == set(LOGS)
    assert {run.protocol for run in report.runs} == {"standard input", "logs/a/go.txt", "logs/b.json"}
    assert "passed over: logs/notes.md: no known tool" in capsys.readouterr().err


def test_rules_rename_and_sort_into_families(capsys: pytest.CaptureFixture[str]) -> None:
    """--rename and --family; --format json prints the report."""
    rules = ["--rename", "^example.org/sample/=", "--family", "Sort=sorting", "--regime", "nightly"]
    assert imported("go", *rules, "--format", "json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((OUT / "report.json").read_bytes())
    assert printed["config"]["regime"] == "nightly"
    families = {run["benchmark"]: run["family"] for run in printed["runs"]}
    assert families == {
        "Sort/size=10": "sorting",
        "Sort/size=1000": "sorting",
        "Join": "example.org_sample",
        "Named/utf-8": "example.org_sample",
        "other/Sort": "sorting",
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty", b"", "empty: the log is empty"),
        ("cut", (DATA / LOGS["hyperfine"]).read_bytes()[:-9], "cut:"),
        ("binary", b"\x00\xff\xfe", "not UTF-8"),
        (
            "zero",
            b'{"machine_info": {}, "benchmarks": []}',
            "zero: this log of pytest-benchmark has no benchmark",
        ),
        ("none", b"goos: linux\nPASS\n", "none: this log of go has no benchmark"),
        ("other", b"hello", "other: no known tool wrote this"),
    ],
)
def test_a_malformed_log_is_refused_with_exit_code_3_and_nothing_is_written(
    name: str, content: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line with file and place."""
    Path(name).write_bytes(content)
    assert imported(name) == 3
    assert message in capsys.readouterr().err
    assert not OUT.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.json"], 3, "missing.json: no such file"),
        (["*.nothing"], 3, "no file fits this pattern"),
        (["void"], 3, "there is no file in this folder"),
        (["nobody"], 3, "no file here is a log that can be read"),
        (["go", "--tool", "gi"], 64, "no tool 'gi' can be read"),
        (["go", "--rename", "("], 64, "--rename"),
        (["go", "--tool", "hyperfine"], 3, "go:1:1"),
        ([], 64, "Missing argument"),
    ],
)
def test_wrong_uses_are_named(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing files, empty folders, unknown tools, rules that are none."""
    Path("void").mkdir()
    Path("nobody").mkdir()
    Path("nobody/x.txt").write_text("x\n", encoding="utf-8")
    assert imported(*arguments) == code
    assert message in capsys.readouterr().err


def test_a_suite_must_be_a_name() -> None:
    """A suite is a folder's name."""
    assert run_cli(["import", "go", "--suite", "../x"]) == 64


def test_partial_logs_are_read_only_when_that_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    """Then the report and standard error say what is missing."""
    Path("cut.json").write_bytes((DATA / LOGS["hyperfine"]).read_bytes()[:-9])
    assert imported("cut.json", "--allow-partial") == 0
    assert "incomplete: cut.json:" in capsys.readouterr().err
    report = latest()
    assert "cut off" in report.config.options["import"]["incomplete"][0]
    assert not report.summary.authoritative


def test_a_folder_that_cannot_be_written_is_an_output_error(read_only: Path) -> None:
    """Nothing half-written is left behind."""
    assert imported("go", "--output-dir", str(read_only / "out")) == 74


def test_tools_lists_every_tool_with_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    """As a table and as JSON."""
    assert run_cli(["tools"]) == 0
    table = capsys.readouterr().out
    assert run_cli(["tools", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["tool"] for one in listed] == list(BUILT_IN)
    assert all(one["tool"] in table and one["example"] in table for one in listed)


ADAPTER = """
from benchgov.adapters.interface import Measured, Reading
from benchgov.report import Metric

class Lines:
    name, reads, example = "lines", "name and nanoseconds", "lines > lines.txt"

    def detects(self, log):
        return log.text.startswith("lines 1")

    def read(self, log, allow_partial):
        metric = Metric(name="wall_time", unit="ns", direction="lower", samples=(5.0,))
        return Reading(log, self.name, "1", [Measured("x", (metric,), "line 2")])
"""


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with an adapter: its module and its metadata."""
    site = tmp_path / "site"
    info = site / "lines_adapter-1.dist-info"
    info.mkdir(parents=True)
    (site / "lines_adapter.py").write_text(ADAPTER, encoding="utf-8")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: lines-adapter\nVersion: 1\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(
        "[benchgov.adapters]\nlines = lines_adapter:Lines\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    yield info
    sys.modules.pop("lines_adapter", None)


def test_another_packages_adapter_is_found_by_its_entry_point(third_party: Path) -> None:
    """It needs no change in benchgov."""
    Path("log").write_text("lines 1\nx 5\n", encoding="utf-8")
    assert imported("log") == 0
    assert [run.key for run in latest().runs] == ["x/lines"]


@pytest.mark.parametrize("entry", ["lines = lines_adapter:Missing", "go = lines_adapter:Lines"])
def test_another_packages_adapter_that_cannot_be_used_is_named(
    third_party: Path, entry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that cannot be imported, or takes a name that is there already."""
    (third_party / "entry_points.txt").write_text(f"[benchgov.adapters]\n{entry}\n", encoding="utf-8")
    assert run_cli(["tools"]) == 78
    assert "lines_adapter" in capsys.readouterr().err
