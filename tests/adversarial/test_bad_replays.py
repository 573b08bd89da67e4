"""Bad reports and bad protocols: exit code 2 with the reason, and a machine that is as it was before."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchgov.cli.main import run_cli
from benchgov.replay import replay_section
from benchgov.report import Report

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")

MANIFEST = """\
version: 1
suite: p
kind: protocols
families: {f: {}}
benchmarks:
  - {id: bad, family: f, command: "{python} {suite}/bad.py", timeout_seconds: 20}
  - {id: good, family: f, command: "{python} {suite}/good.py"}
"""
PASS = {
    "overall": "pass",
    "ok": True,
    "run_is_valid": True,
    "expectations": [{"name": "holds", "ok": True, "detail": ""}],
    "layers": {"only": "pass"},
    "output": 1,
}
PRINT = f"print({json.dumps(json.dumps(PASS))})\n"
BAD = "import sys\nfrom helper import run\nrun()\n"
GOOD_HELPER = f"def run():\n    {PRINT}"


@pytest.fixture
def project(git_repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A repository with a suite of two protocols; what the first does is in a helper, which is not pinned."""
    folder = git_repo / "bench" / "p"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(MANIFEST)
    (folder / "bad.py").write_text(BAD)
    (folder / "helper.py").write_text(GOOD_HELPER)
    (folder / "good.py").write_text(PRINT)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.chdir(git_repo)
    assert run_cli(["run", "p", "--no-gate"]) == 0
    (git_repo / ".benchgov" / "out" / "report.json").rename(git_repo / "published.json")
    return git_repo


def replayed(*more: str) -> int:
    return run_cli(["replay", "--report", "published.json", *more])


def outcome(project: Path, name: str = "bad") -> Any:
    """The run of the protocol `name` in the replay's report."""
    document = json.loads((project / ".benchgov/out/replay-report.json").read_text())
    return next(run for run in document["runs"] if run["benchmark"] == name)


def no_output(project: Path) -> bool:
    return not list((project / ".benchgov/out").glob("replay-*"))


def edit(project: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = project / "published.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def reforge(document: dict[str, Any]) -> None:
    """Make the replay section one of the edited runs, as a careful forger would."""
    document.pop("replay")
    harmless = json.loads((Path("published.json")).read_text())["replay"]
    report = Report.model_validate({**document, "replay": harmless})
    document["replay"] = replay_section(report.config, report.runs).to_json()


def living(mark: str) -> list[str]:
    """Command lines of processes that have `mark` in them or in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in line:
                found.append(line.split(b"\0")[0].decode())
    return found


def test_the_report_itself_is_had_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise every test below would end with 2 for another reason."""
    assert replayed("--require-pass", "--require-expectations") == 0
    assert "match" in capsys.readouterr().out


def _later(document: dict[str, Any]) -> None:
    document["schema_version"] = 2


def _unknown(document: dict[str, Any]) -> None:
    document["runs"][0]["score"] = 1


def _outside(document: dict[str, Any]) -> None:
    document["runs"][0]["protocol"] = "../../outside.py"
    reforge(document)


def _missing(document: dict[str, Any]) -> None:
    document["runs"][0]["protocol"] = "bench/p/gone.py"
    reforge(document)


def _forged_result(document: dict[str, Any]) -> None:
    document["replay"]["result_sha256"] = "0" * 64


def _forged_plan(document: dict[str, Any]) -> None:
    document["replay"]["plan_sha256"] = "0" * 64


def _forged_verdict(document: dict[str, Any]) -> None:
    run = document["runs"][0]
    run.update(overall="fail", ok=False)


def _other_suite(document: dict[str, Any]) -> None:
    document["config"]["suite"] = "q"
    reforge(document)


def _other_selection(document: dict[str, Any]) -> None:
    document["config"]["selection"] = ["nothing"]
    reforge(document)


def _odd_option(document: dict[str, Any]) -> None:
    document["config"]["options"] = {"warmup": "many"}
    reforge(document)


def _few(document: dict[str, Any]) -> None:
    document["config"]["options"] = {"runs": 1}
    reforge(document)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_later, "schema_version is 2"),
        (_unknown, "runs.0.score: unknown key"),
        (_outside, "leaves the repository"),
        (_missing, "no such file: bench/p/gone.py"),
        (_forged_result, "replay.result_sha256"),
        (_forged_plan, "replay.plan_sha256"),
        (_forged_verdict, "replay.result_sha256"),
        (_other_suite, "no such suite: 'q'"),
        (_other_selection, "matches 'nothing'"),
        (_odd_option, "config.options.warmup is 'many'"),
        (_few, "at least 5"),
    ],
)
def test_a_bad_report_is_refused_before_anything_runs(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[dict[str, Any]], None],
    said: str,
) -> None:
    """Exit code 2, one reason, no result."""
    edit(project, change)
    (project / "bench/p/helper.py").write_text("def run():\n    open('ran', 'w')\n")
    assert replayed() == 2
    assert said in capsys.readouterr().err
    assert no_output(project)
    assert not (project / "bench/p/ran").exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: "", "empty"),
        (lambda text: text.replace("{", '{"regime": "x", "regime": "y", ', 1), "duplicate key"),
        (lambda text: "[]", "not a valid Report"),
    ],
)
def test_a_damaged_report_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], data: Callable[[str], str], said: str
) -> None:
    """Cut in the middle, empty, ambiguous."""
    path = project / "published.json"
    path.write_text(data(path.read_text()))
    assert replayed() == 2
    assert said in capsys.readouterr().err
    assert no_output(project)


def test_a_report_that_is_not_there_is_exit_code_2(project: Path) -> None:
    """As every invalid report."""
    assert run_cli(["replay", "--report", "nothing.json"]) == 2


def test_a_source_that_changed_is_blocked_and_not_run(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its hash is not the report's, so its result could prove nothing; the other one runs."""
    (project / "bench/p/bad.py").write_text("open('ran', 'w')\n" + BAD)
    assert replayed() == 2
    assert not (project / "bench/p/ran").exists()
    assert outcome(project)["layers"] == {"execution": "skipped"}
    assert "bench/p/bad.py has changed" in outcome(project)["reason"]
    assert outcome(project, "good")["overall"] == "pass"
    comparison = json.loads((project / ".benchgov/out/replay-comparison.json").read_text())
    found = {one["path"]: (one["baseline"], one["replay"]) for one in comparison["mismatches"]}
    assert found["/runs/0/overall"] == ("pass", "blocked")
    assert found["/runs/0/protocol_sha256"][0] != found["/runs/0/protocol_sha256"][1]
    assert "mismatch" in capsys.readouterr().out


def test_a_source_that_is_gone_is_exit_code_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing runs."""
    (project / "bench/p/bad.py").unlink()
    assert replayed() == 2
    assert "no such file: bench/p/bad.py" in capsys.readouterr().err
    assert no_output(project)


FLOOD = "import sys\nchunk = 'x' * 1_000_000\nfor _ in range(500):\n    sys.stdout.write(chunk)\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('all is well')", "not JSON"),
        ("pass", "it printed nothing"),
        (PRINT.strip() + "; " + PRINT.strip(), "more than one JSON value"),
        ('print(\'{"overall": "pass"\')', "cut off"),
        ("print('[]')", "a JSON object was expected"),
        (PRINT.replace("true", "false", 1).strip(), "ok must be true exactly when"),
        (PRINT.strip() + "; raise SystemExit(1)", "it says 'pass', but ended with exit code 1"),
        (PRINT.strip() + "; raise SystemExit(3)", "exit code 3"),
        ("raise ValueError('broken')", "exit code 1"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by"),
        ("import sys; sys.stdout.buffer.write(bytes([255, 254]))", "not UTF-8"),
        ("print('[' * 100000)", "not JSON"),
        ("print(' ' * 5_000_000)", "is the limit"),
    ],
)
def test_a_protocol_without_one_good_result_is_blocked(project: Path, body: str, said: str) -> None:
    """Exit code 2 with the reason; the other protocol runs."""
    (project / "bench/p/helper.py").write_text(f"def run():\n    {body}\n")
    assert replayed() == 2
    assert said in outcome(project)["reason"]
    assert outcome(project)["overall"] == "blocked"
    assert not outcome(project)["metrics"]
    assert outcome(project, "good")["overall"] == "pass"
    assert not list((project.parent / "scratch").iterdir())


def test_a_protocol_that_prints_500_megabytes_is_stopped(project: Path) -> None:
    """It is ended on the way, and its output is removed."""
    lines = "".join(f"    {line}\n" for line in FLOOD.splitlines())
    (project / "bench/p/helper.py").write_text(f"def run():\n{lines}")
    assert replayed() == 2
    assert "printed more than" in outcome(project)["reason"]
    assert not list((project.parent / "scratch").iterdir())


def test_a_protocol_that_never_ends_is_ended_with_its_children(project: Path) -> None:
    """At its deadline, with everything that it started, however it detached itself."""
    manifest = project / "bench/p/suite.yaml"
    manifest.write_text(MANIFEST.replace("20}", "5}"))
    assert run_cli(["run", "p", "--no-gate"]) == 0
    (project / ".benchgov/out/report.json").replace(project / "published.json")
    mark = f"replay-{os.getpid()}-{time.time_ns()}"
    (project / "bench/p/helper.py").write_text(
        "import subprocess, sys, time\n"
        "def run():\n"
        f"    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'],\n"
        "                     start_new_session=True)\n"
        "    time.sleep(600)\n"
    )
    assert replayed() == 2
    assert "timed out" in outcome(project)["reason"]
    assert living(mark) == []
    assert not list((project.parent / "scratch").iterdir())


def test_what_a_protocol_leaves_running_is_ended_and_noted(project: Path) -> None:
    """Its result counts."""
    mark = f"replay-{os.getpid()}-{time.time_ns()}"
    (project / "bench/p/helper.py").write_text(
        "import subprocess, sys\n"
        "def run():\n"
        f"    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'],\n"
        "                     start_new_session=True, stdout=subprocess.DEVNULL)\n"
        f"    {PRINT}"
    )
    assert replayed() == 0
    assert outcome(project)["notes"] == ["it left processes running, which were ended"]
    assert living(mark) == []


@pytest.mark.parametrize("out", ["--out-report", "--out-comparison"])
def test_the_report_that_is_replayed_is_never_replaced(project: Path, out: str) -> None:
    """It is evidence."""
    before = (project / "published.json").read_bytes()
    assert replayed(out, "published.json") == 64
    assert (project / "published.json").read_bytes() == before


def test_a_result_that_cannot_be_written_leaves_nothing(project: Path) -> None:
    """A folder stands where the file should be."""
    (project / "there").mkdir()
    assert replayed("--out-report", "there", "--out-comparison", "C.json") == 74
    assert not (project / "C.json").exists()
