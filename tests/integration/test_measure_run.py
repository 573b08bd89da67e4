"""Real measurements: callables and commands, in real processes, up to the report and the CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.measure.assemble import Measurement
from benchgov.measure.overhead import callable_overheads, command_overheads
from benchgov.measure.plan import Planned, SamplingFlags, plan_suite
from benchgov.measure.processes import descendants, kill_tree
from benchgov.measure.runner import measure
from benchgov.report import Environment, Facts, Report, Run
from benchgov.suites.load import load_suite

FACTS = Facts(os="o", kernel="k", image="i", arch="a", cpu_model="c", cpu_count=1, memory_mb=1, python="3")
PINNED = Environment(facts=FACTS, fingerprint="blake3:" + "0" * 64, gate="pass")
DRIFTED = Environment(
    facts=FACTS,
    fingerprint="blake3:" + "1" * 64,
    gate="drift",
    drift=({"name": "os", "wanted": "x", "found": "o"},),  # type: ignore[arg-type]
)
HEAD = (
    "version: 1\nsuite: s\nkind: measured\ndefaults: {min_sample_ms: 0.05}\nfamilies: {f: {}}\nbenchmarks:\n"
)


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


def write_suite(root: Path, benchmarks: str, work: str = "") -> Path:
    """`bench/s` with these benchmarks and a module `work`."""
    folder = root / "bench" / "s"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(HEAD + benchmarks)
    (folder / "work.py").write_text(work)
    return folder


def run_suite(root: Path, benchmarks: str, work: str = "", **environ: str) -> Measurement:
    """Measure such a suite."""
    plan = plan_suite(load_suite(write_suite(root, benchmarks, work), root), sampling=SamplingFlags())
    return measure(
        plan,
        environment=PINNED,
        regime="r",
        revision=(None, None),
        now=lambda: datetime.now(UTC),
        environ={**os.environ, **environ},
        progress=Silent(),
    )


def entry(identity: str, variants: str, more: str = "", signature: str = "()") -> str:
    """One benchmark of a manifest."""
    return (
        f"  - id: {identity}\n    family: f\n    signature: {signature}\n    variants: {variants}\n"
        + "".join(f"    {line}\n" for line in more.splitlines())
    )


def by_key(measurement: Measurement) -> dict[str, Run]:
    """Runs by their key."""
    return {run.key: run for run in measurement.report.runs}


def test_callables_and_commands_are_measured_side_by_side(tmp_path: Path) -> None:
    """A callable and a command that agree are one benchmark; all metrics are there and positive."""
    variants = (
        "{one: {callable: 'work:f'}, two: {command: ['{python}', '{suite}/cmd.py', '{scale}', '{input}']}}"
    )
    manifest = entry("a", variants, "scale: [3]\ninput: {callable: 'work:make'}", "(items)")
    work = "def make(n): return list(range(n))\ndef f(items): return {'sum': sum(items), 'n': len(items)}\n"
    command = (
        "import json, sys\nitems = json.load(open(sys.argv[2]))\nassert items == json.load(sys.stdin)\n"
        "print(json.dumps({'n': int(sys.argv[1]), 'sum': sum(items)}))\n"
    )
    (tmp_path / "bench" / "s").mkdir(parents=True)
    (tmp_path / "bench" / "s" / "cmd.py").write_text(command)
    (tmp_path / "bench" / "s").rename(tmp_path / "kept")
    folder = write_suite(tmp_path, manifest, work)
    (tmp_path / "kept" / "cmd.py").rename(folder / "cmd.py")
    plan = plan_suite(load_suite(folder, tmp_path))
    found = measure(
        plan,
        environment=PINNED,
        regime="r",
        revision=(None, None),
        now=lambda: datetime.now(UTC),
        environ=os.environ,
        progress=Silent(),
    )
    runs = by_key(found)
    assert [run.reason for run in runs.values()] == ["", ""]
    assert len({run.output_digest for run in runs.values()}) == 1
    for run in runs.values():
        assert [metric.name for metric in run.metrics] == ["wall_time", "cpu_time", "peak_memory"]
        assert all(len(metric.samples) == 5 and min(metric.samples) > 0 for metric in run.metrics)
        assert run.sampling.memory_floor_bytes > 0
    assert runs["a@3/one"].sampling.iterations > 1
    assert runs["a@3/two"].sampling.iterations == 1
    assert sorted(found.raw) == ["00001-a-3-one.json", "00002-a-3-two.json"]
    assert found.report.summary.authoritative


def test_memory_and_time_follow_the_work(tmp_path: Path) -> None:
    """40 MB more show as about 40 MB more, and a sleep costs wall time but no CPU time."""
    manifest = entry("small", "{v: {callable: 'work:small'}}") + entry(
        "large", "{v: {callable: 'work:large'}}"
    )
    manifest += entry("sleep", "{v: {callable: 'work:sleep'}}")
    work = (
        "import time\ndef small(): return len(bytearray(1))\n"
        "def large(): return len(b'x' * 40_000_000)\ndef sleep(): time.sleep(0.02)\n"
    )
    runs = by_key(run_suite(tmp_path, manifest, work))
    values = {key: {m.name: sorted(m.samples)[2] for m in run.metrics} for key, run in runs.items()}
    assert 35e6 < values["large/v"]["peak_memory"] - values["small/v"]["peak_memory"] < 45e6
    assert values["sleep/v"]["wall_time"] > 3 * values["sleep/v"]["cpu_time"]


def test_samples_are_processes_of_their_own_unless_shared(tmp_path: Path) -> None:
    """A counter in the module starts anew with each sample; in a shared process it goes on."""
    work = (
        "import os\nN = 0\ndef f():\n    global N\n    N += 1\n"
        "    with open(os.environ['LOG'], 'a') as s: s.write(f'{os.getpid()} {N}\\n')\n"
    )
    logs = {name: tmp_path / name for name in ("process", "shared")}
    manifest = "".join(
        entry(
            name, f"{{v: {{callable: 'work:f', env: {{LOG: '{log}'}}}}}}", f"isolation: {name}\niterations: 1"
        )
        for name, log in logs.items()
    )
    runs = by_key(run_suite(tmp_path, manifest, work))
    lines = {name: [line.split() for line in log.read_text().splitlines()] for name, log in logs.items()}
    assert [count for _, count in lines["process"]] == ["1"] * 8  # the first run, 2 warm-ups, 5 samples
    assert len({pid for pid, _ in lines["process"]}) == 8
    assert [count for _, count in lines["shared"]] == ["1", *map(str, range(1, 8))]
    assert runs["shared/v"].sampling.isolation == "shared"


def test_an_input_comes_as_one_by_name_or_by_position(tmp_path: Path) -> None:
    """The declared parameters decide how the input is given; without an input it is the scale."""
    work = "def one(x): return x\ndef two(a, b): return [a, b]\ndef none(): return 0\n"
    manifest = (
        entry(
            "whole", "{v: {callable: 'work:one'}}", "input: {value: {a: 1}}\nexpect: {value: {a: 1}}", "(x)"
        )
        + entry(
            "named",
            "{v: {callable: 'work:two'}}",
            "input: {value: {b: 2, a: 1}}\nexpect: {value: [1, 2]}",
            "(a, b)",
        )
        + entry(
            "placed",
            "{v: {callable: 'work:two'}}",
            "input: {value: [1, 2]}\nexpect: {value: [1, 2]}",
            "(a, b)",
        )
        + entry("scaled", "{v: {callable: 'work:one'}}", "scale: 7\nexpect: {value: 7}", "(x)")
        + entry("wrong", "{v: {callable: 'work:two'}}", "input: {value: [1]}", "(a, b)")
    )
    runs = by_key(run_suite(tmp_path, manifest, work))
    assert {key: run.overall for key, run in runs.items()} == {
        "whole/v": "pass",
        "named/v": "pass",
        "placed/v": "pass",
        "scaled@7/v": "pass",
        "wrong/v": "blocked",
    }
    assert "a value for each of the parameters" in runs["wrong/v"].reason


def test_instruction_counts_repeat(tmp_path: Path) -> None:
    """Counted twice, the same work differs by less than a percent, and the number is the work's own."""
    if shutil.which("valgrind") is None:
        missing = pytest.fail if os.environ.get("BENCHGOV_REQUIRE_VALGRIND") else pytest.skip
        missing("valgrind is not installed")
    work = "def f(n):\n    t = 0\n    for i in range(int(n)): t += i\n    return t\n"
    variants = "{x: {callable: 'work:f'}, y: {callable: 'work:f'}}"
    runs = by_key(
        run_suite(tmp_path, entry("a", variants, "scale: 2000\nmetrics: [instructions]", "(n)"), work)
    )
    counts = {key: run.metrics[0].samples[0] for key, run in runs.items()}
    assert counts["a@2000/x"] == pytest.approx(counts["a@2000/y"], rel=0.01)
    assert 2000 * 10 < counts["a@2000/x"] < 2000 * 2000  # without the interpreter's start, which is far more


def test_without_valgrind_there_is_no_count_and_a_note(tmp_path: Path) -> None:
    """Other metrics are still taken; a benchmark with no other metric is blocked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    work = "def f(): return 1\n"
    manifest = entry("a", "{v: {callable: 'work:f'}}", "metrics: [wall_time, instructions]")
    manifest += entry("b", "{v: {callable: 'work:f'}}", "metrics: [instructions]")
    runs = by_key(run_suite(tmp_path, manifest, work, PATH=str(folder), BENCHGOV_PYTHON=sys.executable))
    assert [metric.name for metric in runs["a/v"].metrics] == ["wall_time"]
    assert runs["a/v"].notes == ("instructions: not counted, valgrind is not installed",)
    assert (runs["b/v"].overall, "valgrind is not installed" in runs["b/v"].reason) == ("blocked", True)


def test_the_deterministic_part_of_two_runs_is_the_same(tmp_path: Path) -> None:
    """Two measurements of one suite have the same plan and result hash."""
    manifest = entry("a", "{v: {callable: 'work:f'}}", "expect: {value: [1, 2]}")
    reports = [
        run_suite(tmp_path / name, manifest, "def f(): return (1, 2)\n").report for name in ("one", "two")
    ]
    assert reports[0].replay == reports[1].replay


def test_the_harness_costs_little(tmp_path: Path) -> None:
    """A sample's overhead is far below what a new interpreter for each sample would cost."""
    start = time.perf_counter_ns()
    for _ in range(5):
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    interpreter = (time.perf_counter_ns() - start) / 5
    assert sorted(callable_overheads(21, os.environ))[10] < interpreter
    assert sorted(command_overheads(21, os.environ))[10] < interpreter


def test_a_tree_of_processes_is_killed_whole() -> None:
    """Children and their children end, also those in sessions of their own."""
    process = subprocess.Popen(
        ["sh", "-c", "setsid sleep 300 & sh -c 'sleep 300; true' & wait"], start_new_session=True
    )
    deadline = time.monotonic() + 10
    while len(descendants(process.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    below = descendants(process.pid)
    kill_tree(process)
    assert process.poll() is not None
    assert len(below) == 3
    assert not [pid for pid in below if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


# --- the commands ----------------------------------------------------------------------------------

Cli = Callable[..., int]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`benchgov` in a repository with one suite, in a given environment (default: the pinned one)."""
    work = "def f(): return 1\ndef g(): return 2\n"
    variants = "{reference: {callable: 'work:f'}, optimized: {callable: 'work:f'}}"
    manifest = entry("good", variants) + entry("wrong", "{v: {callable: 'work:f'}}", "expect: {value: 2}")
    write_suite(tmp_path, manifest + entry("odd", "{a: {callable: 'work:f'}, b: {callable: 'work:g'}}"), work)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, environment: Environment = PINNED) -> int:
        monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: environment, raising=False)
        return run_cli(list(arguments))

    return call


def test_run_writes_the_report_and_report_prints_it(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0; the latest report and the run's folder hold the same bytes, and `report` finds them by id."""
    assert cli("run", "s", "--only", "good") == 0
    shown = capsys.readouterr()
    assert "× reference" in shown.out
    assert "[2/2] good/optimized: pass" in shown.err
    out = tmp_path / ".benchgov" / "out"
    (folder,) = (out / "runs").iterdir()
    assert (out / "report.json").read_bytes() == (folder / "report.json").read_bytes()
    assert len(list((folder / "raw").iterdir())) == 2
    Report.model_validate_json((out / "report.json").read_bytes())
    for arguments in (
        [],
        ["--run", folder.name],
        ["--run", str(folder)],
        ["--run", str(out / "report.json")],
    ):
        assert cli("report", *arguments, "--format", "json") == 0
        assert json.loads(capsys.readouterr().out)["config"]["suite"] == "s"
    assert cli("report") == 0


@pytest.mark.parametrize(
    ("only", "code", "status"), [("wrong", 1, "fail"), ("odd", 2, "blocked"), ("*", 1, "fail")]
)
def test_exit_codes(cli: Cli, tmp_path: Path, only: str, code: int, status: str) -> None:
    """A wrong result is 1, a parity failure 2, and the certain failure beats the trouble."""
    assert cli("run", "s", "--only", only) == code
    summary = json.loads((tmp_path / ".benchgov/out/report.json").read_text())["summary"]
    assert summary["status"] == status


def test_drift_blocks_and_allow_drift_measures_without_authority(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A drifted environment never measures silently: exit 2 and a report that says why."""
    assert cli("run", "s", "--only", "good", environment=DRIFTED) == 2
    assert "environment drift: os: wanted x, found o" in capsys.readouterr().err
    path = tmp_path / ".benchgov/out/report.json"
    report = Report.model_validate_json(path.read_bytes())
    assert {run.overall for run in report.runs} == {"blocked"}
    assert report.runs[0].reason.startswith("environment drift")
    assert cli("run", "s", "--only", "good", "--allow-drift", environment=DRIFTED) == 0
    assert Report.model_validate_json(path.read_bytes()).summary.authoritative is False


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is measured and nothing is written."""
    assert cli("run", "s", "--dry-run", "--format", "json", "--runs", "9") == 0
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [(run["run"], run["runs"]) for run in plan["runs"]][:2] == [
        ("good/reference", 9),
        ("good/optimized", 9),
    ]
    assert cli("run", "s", "--dry-run") == 0
    assert not (tmp_path / ".benchgov").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "s", "--runs", "4"], 64),
        (["run", "s", "--warmup", "1"], 64),
        (["run", "s", "--only", "nothing"], 64),
        (["run", "../s"], 64),
        (["run", "t"], 2),
        (["report"], 3),
        (["report", "--run", "nothing"], 3),
    ],
)
def test_wrong_calls(cli: Cli, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each gets its code and says what to do next."""
    assert cli(*arguments) == code
    assert "next:" in capsys.readouterr().err


def test_a_corrupt_report_is_3(cli: Cli, tmp_path: Path) -> None:
    """Cut off, of another version, or not a report at all."""
    path = tmp_path / "r.json"
    for text in ('{"schema_version": 1, "runs": [', '{"schema_version": 2}', "[]", ""):
        path.write_text(text)
        assert cli("report", "--run", "r.json") == 3


def test_ten_thousand_runs_are_planned_in_linear_time(tmp_path: Path) -> None:
    """Four times the benchmarks take about four times as long to load and plan, not sixteen."""
    seconds = {}
    for count in (250, 1000):
        variants = "{a: {callable: 'work:f'}, b: {callable: 'work:f'}}"
        manifest = "".join(
            entry(f"b{index}", variants, "scale: [1, 2, 3, 4, 5]", "(n)") for index in range(count)
        )
        folder = write_suite(tmp_path / str(count), manifest, "def f(n): return n\n")
        start = time.process_time()
        plan = plan_suite(load_suite(folder, tmp_path / str(count)))
        seconds[count] = time.process_time() - start
        assert len(plan.runs) == count * 10
    assert seconds[1000] < 10 * seconds[250]
