"""Sources as they should not be: commands and logs that lie, flood or reach out. One reason, no results."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import benchgov.measure.session
from benchgov.cli.main import run_cli
from benchgov.errors import OutputError
from benchgov.measure import source_files
from benchgov.measure.assemble import Measurement
from benchgov.measure.plan import Planned, plan_suite
from benchgov.measure.runner import measure
from benchgov.report import Environment, Facts, Run
from benchgov.suites.load import load_suite

FACTS = Facts(os="o", kernel="k", image="i", arch="a", cpu_model="c", cpu_count=1, memory_mb=1, python="3")
PINNED = Environment(facts=FACTS, fingerprint="blake3:" + "0" * 64, gate="pass")
MANIFEST = """\
version: 1
suite: s
kind: measured
families: {f: {}}
benchmarks:
  - id: bad
    family: f
    source: {command: "{python} bad.py '{output}'", SOURCE}
  - id: good
    family: f
    source: {command: '{python} good.py', samples: tool}
"""
GOOD = "print('pkg: demo\\nBenchmarkA-2 100 5 ns/op\\nPASS')\n"
GO = "print('pkg: demo\\n{lines}\\nPASS')\n"


class Silent:
    """A progress that nobody sees."""

    def looking(self, planned: Planned, look: int, looks: int, pairs: int) -> None:
        """Nothing."""

    def begin(self, planned: Planned) -> None:
        """Nothing."""

    def executing(self, planned: Planned, number: int, total: int) -> None:
        """Nothing."""

    def found(self, count: int) -> None:
        """Nothing."""

    def done(self, run: Run) -> None:
        """Nothing."""


def measured(folder: Path) -> Measurement:
    """The suite in `folder`, measured."""
    return measure(
        plan_suite(load_suite(folder, folder.parents[1])),
        environment=PINNED,
        regime="r",
        revision=(None, None),
        now=lambda: datetime.now(UTC),
        environ={**os.environ, "GITHUB_TOKEN": "secret"},
        progress=Silent(),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The suite's folder, with a source that is good."""
    found = tmp_path / "bench" / "s"
    found.mkdir(parents=True)
    (found / "good.py").write_text(GOOD)
    return found


@pytest.fixture
def run(folder: Path) -> Callable[..., Measurement]:
    """Measure the good source beside one with this program and these keys; the good one must not suffer."""

    def call(program: str, keys: str = "samples: tool") -> Measurement:
        (folder / "bad.py").write_text(program)
        (folder / "suite.yaml").write_text(MANIFEST.replace("SOURCE", keys))
        found = measured(folder)
        assert found.report.runs[-1].key == "good/demo/A/go"
        assert found.report.runs[-1].overall == "pass", "the others still run"
        return found

    return call


@pytest.fixture
def blocked(run: Callable[..., Measurement], folder: Path) -> Callable[..., Run]:
    """The one run of a bad source: blocked, with one line that names no path of this machine."""

    def call(program: str, keys: str = "samples: tool") -> Run:
        bad, _ = run(program, keys).report.runs
        assert (bad.overall, bad.run_is_valid, bad.metrics) == ("blocked", False, ())
        assert bad.reason
        assert "\n" not in bad.reason
        assert str(folder.parents[1]) not in bad.reason + bad.stderr_tail
        return bad

    return call


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ("", "standard output: the log is empty"),
        ("print(' \\n ')", "the log is empty"),
        ("print('hello')", "no known tool wrote this"),
        ("print('goos: linux\\nPASS')", "no benchmark"),
        ("import os; os.write(1, b'\\xff\\xfe\\x00')", "not UTF-8: byte 0xff at offset 0"),
        (GO.format(lines="BenchmarkA-2 100 NaN ns/op"), "standard output:2"),
        (GO.format(lines="BenchmarkA-2 100 -5 ns/op"), "standard output:2"),
        (GO.format(lines="BenchmarkA-2 100 5 parsecs/op\\nBenchmarkB-2 100 5 ns/op x"), "standard output:"),
        ('print(\'{"results": [{"command": "a", "mean": 1, "times": [1\')', "cut off"),
        ('print(\'{"results": [{"command": "a", "mean": 1, "times": [NaN]}]}\')', "NaN"),
        ("print('{\"results\": []}')", "this log of hyperfine has no benchmark"),
        ("print('[' * 100000)", "nested too deeply"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9 (SIGKILL)"),
        ("import os; os.kill(os.getppid(), 9)", "ended"),
    ],
)
def test_what_is_no_log_is_a_reason_and_no_result(
    blocked: Callable[..., Run], program: str, wanted: str
) -> None:
    """Empty, foreign, not text, cut off, impossible numbers, a command that fails or kills."""
    assert wanted in blocked(program).reason


def test_two_names_that_become_one_id_are_refused(blocked: Callable[..., Run], folder: Path) -> None:
    """Both are named."""
    lines = "BenchmarkA-2 100 5 ns/op\\nBenchmarkB-2 100 5 ns/op"
    manifest = MANIFEST.replace("family: f\n", "family: f\n    rename: {'[AB]$': X}\n", 1)
    (folder / "bad.py").write_text(GO.format(lines=lines))
    (folder / "suite.yaml").write_text(manifest.replace("SOURCE", "samples: tool"))
    found = measured(folder)
    assert "'demo/B' and 'demo/A'" in found.report.runs[0].reason
    assert "would both be benchmark 'bad/demo/X'" in found.report.runs[0].reason


def test_names_cannot_leave_their_id_or_their_file(run: Callable[..., Measurement]) -> None:
    """Whatever a tool calls its benchmarks: ids begin with the source's, raw files stay in their folder."""
    names = ["../../../etc/x", "a\\x1b[31m<b>", "[red]x[/red]", "x" * 5000, "ünï", "a b/@10"]
    results = ", ".join(f'{{"command": {name!r}, "mean": 1, "times": [1]}}' for name in names)
    program = f"import json\nprint(json.dumps({{'results': [{results}]}}))\n"
    found = run(program)
    bad = [one for one in found.report.runs if one.benchmark.startswith("bad/")]
    assert len(bad) == len(names)
    assert all(one.overall == "pass" and len(one.benchmark) <= 255 for one in bad)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*\.json", name) for name in found.raw)
    assert not any("\x1b" in one.signature + one.reason for one in bad)


def test_a_flood_on_standard_output_is_stopped(
    blocked: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before its deadline."""
    monkeypatch.setattr(benchgov.measure.session, "OUTPUT_LIMIT", 100_000)
    bad = blocked("while True: print('x' * 10000)", "samples: tool")
    assert "printed more than" in bad.reason


def test_a_log_that_is_too_large_is_not_read(
    blocked: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named, with the limit."""
    monkeypatch.setattr(source_files, "MAX_LOG_BYTES", 1000)
    program = "import sys; open(sys.argv[1] + '/log', 'w').write('x' * 1001)"
    bad = blocked(program, "files: '{output}/log', samples: tool")
    assert "{output}/log: larger than 1,000 bytes" in bad.reason


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ("import os; os.symlink('/etc/passwd', 'log')", "a link leads out of the folder"),
        ("import os; os.symlink('../..', 'log')", "a link leads out of the folder"),
        ("import os; os.symlink('log', 'log')", "log: "),
        ("import os; os.symlink('nowhere', 'log')", "log: "),
        ("import os; os.mkfifo('log')", "not a file"),
        ("import os; os.mkdir('log')", "wrote no such file"),
        ("import os; os.mkdir('log'); open('log/a.svg', 'w')", "no file of it is a log"),
        ("import os; os.mkdir('log'); open('log/a', 'wb').write(b'\\xff')", "no file of it is a log"),
        ("import os, shutil; shutil.rmtree('.', ignore_errors=True)", "wrote no such file"),
    ],
)
def test_files_that_are_none_are_refused(
    blocked: Callable[..., Run], folder: Path, program: str, wanted: str
) -> None:
    """Nothing outside is read, and nothing is waited for; not even a folder that is gone ends the others."""
    good = folder / "good.py"
    keep = f"\nopen({str(good)!r}, 'w').write({GOOD!r})\n" if "rmtree" in program else ""
    if keep:
        program = f"import os, shutil\n[os.unlink(p) for p in os.listdir('.')]{keep}"
    assert wanted in blocked(program, "files: log, samples: tool").reason


def test_a_folder_that_vanishes_blocks_what_runs_in_it(tmp_path: Path, folder: Path) -> None:
    """The next execution has no place to run in, and says so."""
    (tmp_path / "crate").mkdir()
    program = "import os; os.rmdir(os.getcwd()); print('pkg: demo\\nBenchmarkA-2 100 5 ns/op\\nPASS')"
    (folder / "bad.py").write_text(program)
    manifest = MANIFEST.replace("SOURCE", "folder: crate").replace(
        "{python} bad.py", "{python} {suite}/bad.py"
    )
    (folder / "suite.yaml").write_text(manifest)
    found = measured(folder)
    assert found.report.runs[0].reason == "execution 2 of 7, a warm-up: no such folder: crate"


def test_a_folder_that_becomes_a_link_to_elsewhere_is_left_alone(tmp_path: Path, folder: Path) -> None:
    """The next execution would run outside of the repository."""
    (tmp_path / "crate").mkdir()
    program = "import os; os.rmdir(os.getcwd()); os.symlink('/', '../../crate')\n" + GOOD
    (folder / "bad.py").write_text(program.replace("../../crate", str(tmp_path / "crate")))
    manifest = MANIFEST.replace("bad.py", "{suite}/bad.py")
    (folder / "suite.yaml").write_text(manifest.replace("SOURCE", "folder: crate"))
    found = measured(folder)
    wanted = "execution 2 of 7, a warm-up: path 'crate' leaves the repository"
    assert found.report.runs[0].reason == wanted


def test_a_command_that_is_not_there_is_named(folder: Path) -> None:
    """As a shell would name it."""
    manifest = MANIFEST.replace("{python} bad.py", "no-such-program")
    (folder / "suite.yaml").write_text(manifest.replace("SOURCE", "tool: go"))
    found = measured(folder)
    assert "cannot be started: no-such-program" in found.report.runs[0].reason


def test_tokens_do_not_reach_a_source(run: Callable[..., Measurement]) -> None:
    """It sees the variables that benchmarks see, and its own."""
    program = "import os\nassert 'GITHUB_TOKEN' not in os.environ and os.environ['MINE'] == '1'\n" + GOOD
    assert run(program, "samples: tool, env: {MINE: '1'}").report.runs[0].overall == "pass"


def test_a_command_s_words_never_meet_a_shell(run: Callable[..., Measurement], folder: Path) -> None:
    """Neither do the values of its variables."""
    program = (
        "import sys\nassert sys.argv[2:] == ['$(touch pwned)', ';', 'touch', 'pwned'], sys.argv\n" + GOOD
    )
    manifest = MANIFEST.replace("'{output}'\"", "'{output}' '$(touch pwned)' ; touch pwned\"")
    (folder / "bad.py").write_text(program)
    (folder / "suite.yaml").write_text(manifest.replace("SOURCE", "samples: tool"))
    found = measured(folder)
    assert found.report.runs[0].reason == ""
    assert not (folder / "pwned").exists()


def test_scratch_that_cannot_be_written_is_no_source_s_fault(
    run: Callable[..., Measurement], read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the command, and says what to do."""
    monkeypatch.setattr("tempfile.tempdir", str(read_only))
    with pytest.raises(OutputError, match="temporary files"):
        run(GOOD)


def test_a_log_that_the_disk_had_no_room_for_is_no_result(
    folder: Path, tiny_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a log is never taken for a whole one."""
    monkeypatch.setattr("tempfile.tempdir", str(tiny_disk))
    (tiny_disk / "filler").write_bytes(b"x" * 8_000)
    lines = "\\n".join(f"Benchmark{number:05}-2 100 5 ns/op" for number in range(400))
    (folder / "bad.py").write_text(GO.format(lines=lines))
    (folder / "good.py").write_text(GO.format(lines=lines))
    (folder / "suite.yaml").write_text(MANIFEST.replace("SOURCE", "samples: tool"))
    found = measured(folder).report.runs
    assert {run.overall for run in found} == {"blocked"}
    assert [run.key for run in found] == ["bad/auto", "good/auto"]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("tool: hyprfine", "no tool 'hyprfine' can be read; did you mean 'hyperfine'?"),
        ("files: ../../etc/passwd", "leaves the folder"),
        ("files: ['{output}/../x']", "leaves the folder"),
        ("folder: ../..", "leaves the repository"),
        ("protocol: /etc/passwd", "leaves the repository"),
        ("shell: true", "unknown key"),
    ],
)
def test_a_hostile_manifest_runs_nothing(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    wanted: str,
) -> None:
    """Exit code 2 with the fault, before any command; the output folder is not even made."""
    monkeypatch.chdir(folder.parents[1])
    (folder / "bad.py").write_text("open('ran', 'w')")
    (folder / "suite.yaml").write_text(MANIFEST.replace("SOURCE", source))
    assert run_cli(["run", "s"]) == 2
    assert wanted in capsys.readouterr().err
    assert not (folder / "ran").exists()
    assert not (folder.parents[1] / ".benchgov").exists()
