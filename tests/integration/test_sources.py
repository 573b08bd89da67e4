"""Sources of a suite: other tools' commands, really run, from the manifest to the comparison."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import benchgov.environment
from benchgov.adapters.registry import adapters
from benchgov.cli.main import run_cli
from benchgov.measure.assemble import Measurement
from benchgov.measure.plan import Planned, SamplingFlags, plan_suite
from benchgov.measure.runner import measure
from benchgov.measure.source import Means, Place, execute
from benchgov.report import Drift, Environment, Facts, Report, Run
from benchgov.suites.load import load_suite
from benchgov.suites.source import SourceEntry

FACTS = Facts(
    os="debian-12",
    kernel="k",
    image="i",
    arch="x86_64",
    cpu_model="c",
    cpu_count=1,
    memory_mb=1,
    python="3",
)
PINNED = Environment(facts=FACTS, fingerprint="blake3:" + "0" * 64, gate="pass")
HEAD = (
    "version: 1\nsuite: s\nkind: measured\n"
    "families:\n  io: {match: Read, thresholds: {wall_time: 400}}\n"
    "  f: {thresholds: {wall_time: 9000, cpu_time: 9000, peak_memory: 9000}}\nbenchmarks:\n"
)

GO = """\
import os, sys
time = int(os.environ.get("TIME", "100"))
print("pkg: demo")
for name in sys.argv[1:]:
    for step in range(3):
        print(f"Benchmark{name}-2 \\t 100\\t {time + step} ns/op\\t 16 B/op\\t 1 allocs/op")
print("PASS\\nok  \\tdemo\\t0.1s")
"""
HYPERFINE = """\
import json, sys
times = [0.001, 0.002, 0.009]
with open(sys.argv[1], "w") as stream:
    json.dump({"results": [{"command": "sleep 1", "mean": 0.004, "times": times}]}, stream)
"""


class Recorded:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def looking(self, planned: Planned, look: int, looks: int, pairs: int) -> None:
        """Nothing."""

    def begin(self, planned: Planned) -> None:
        """A name."""
        self.seen.append(f"begin {planned.key}")

    def executing(self, planned: Planned, number: int, total: int) -> None:
        """A count."""
        self.seen.append(f"{planned.key} {number}/{total}")

    def found(self, count: int) -> None:
        """How many."""
        self.seen.append(f"found {count}")

    def done(self, run: Run) -> None:
        """A key."""
        self.seen.append(f"done {run.key}")


@pytest.fixture
def folder(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the suite `s` in a repository that is the current folder; no manifest yet."""
    for name in [name for name in os.environ if name.startswith("BENCHGOV_")]:
        monkeypatch.delenv(name)
    found = git_repo / "bench" / "s"
    found.mkdir(parents=True)
    (found / "go.py").write_text(GO)
    (found / "hyper.py").write_text(HYPERFINE)
    (found / "work.py").write_text("def f(): return sum(range(100))\n")
    monkeypatch.chdir(git_repo)
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: PINNED, raising=False)
    return found


@pytest.fixture
def run(folder: Path) -> Callable[..., Measurement]:
    """Measure a suite with these entries."""

    def call(entries: str, progress: Recorded | None = None, **flags: Any) -> Measurement:
        (folder / "suite.yaml").write_text(HEAD + entries)
        return measure(
            plan_suite(load_suite(folder, folder.parents[1]), sampling=SamplingFlags(**flags)),
            environment=PINNED,
            regime="r",
            revision=(None, None),
            now=lambda: datetime.now(UTC),
            environ=os.environ,
            progress=progress or Recorded(),
        )

    return call


def source(command: str, more: str = "", identity: str = "x") -> str:
    """One entry whose source is this command."""
    return (
        f"  - id: {identity}\n    family: f\n    source: {{command: {command}{', ' if more else ''}{more}}}\n"
    )


def only(measurement: Measurement) -> Run:
    """The one run of a report."""
    (found,) = measurement.report.runs
    return found


def test_standard_output_is_the_log_when_no_file_is_named(run: Callable[..., Measurement]) -> None:
    """Each execution is one sample; what the executions printed is kept with its digest."""
    progress = Recorded()
    found = run(source("'{python} go.py Sort Read'"), progress)
    sort, read = found.report.runs
    assert (sort.key, sort.family, read.key, read.family) == (
        *("x/demo/Sort/go", "f"),
        *("x/demo/Read/go", "io"),
    )
    assert {metric.name: metric.samples for metric in sort.metrics} == {
        "wall_time": (101,) * 5,
        "allocated_bytes": (16,) * 5,
        "allocations": (1,) * 5,
    }
    assert (sort.protocol, sort.sampling.isolation, sort.sampling.warmup) == ("bench/s/go.py", "process", 2)
    assert progress.seen == [
        "begin x",
        *(f"x {number}/7" for number in range(1, 8)),
        "found 2",
        "done x/demo/Sort/go",
        "done x/demo/Read/go",
    ]
    logs: list[Any] = [found.raw[f"source-001-x-execution-{number:03}.json"] for number in range(1, 8)]
    assert [one["warmup"] for one in logs] == [True] * 2 + [False] * 5
    assert all(one["logs"][0]["log"] == "standard output" for one in logs)
    assert logs[0]["logs"][0]["text"].startswith("pkg: demo\nBenchmarkSort-2")
    assert len(logs[0]["logs"][0]["sha256"]) == 64
    assert logs[0]["tools"] == [{"name": "go", "version": "", "log": "standard output", "machine": {}}]
    raw: Any = found.raw["00001-x-demo-Sort-go.json"]
    assert (raw["run"], raw["source"], raw["samples"]["wall_time"]) == ("x/demo/Sort/go", "x", [101.0] * 5)


def test_files_of_the_output_folder_are_the_log(run: Callable[..., Measurement]) -> None:
    """It is fresh for each execution, and may be named in the environment as well."""
    more = "files: '{output}/*.json', tool: hyperfine"
    one = only(run(source("'{python} hyper.py {output}/a.json'", more)))
    assert (one.key, one.metrics[0].samples) == ("x/sleep 1/hyperfine", (2e6,) * 5)
    command = """['{python}', -c, 'import os; os.mkdir(os.environ["OUT"] + "/new")']"""
    blocked = only(run(source(command, "env: {OUT: '{output}'}, files: '{output}/a.json'")))
    assert blocked.reason == "execution 1 of 7, a warm-up: {output}/a.json: it wrote no such file"


@pytest.mark.parametrize("tool", ["auto", "hyperfine"])
def test_a_folder_may_hold_more_than_logs(run: Callable[..., Measurement], folder: Path, tool: str) -> None:
    """What is none is passed over, and not kept; every log is read."""
    (folder / "tree.py").write_text(
        "import json, pathlib, sys\nout = pathlib.Path(sys.argv[1])\n(out / 'plots').mkdir()\n"
        "(out / 'plots' / 'a.svg').write_text('<svg/>')\n"
        "for name in 'ab':\n"
        "    result = {'command': name, 'mean': 1, 'times': [1, 2]}\n"
        "    (out / name).write_text(json.dumps({'results': [result]}))\n"
    )
    found = run(source("'{python} tree.py {output}'", f"files: '{{output}}', samples: tool, tool: {tool}"))
    assert [(one.key, one.reason) for one in found.report.runs] == [
        ("x/a/hyperfine", ""),
        ("x/b/hyperfine", ""),
    ]
    kept: Any = found.raw["source-001-x-execution-001.json"]
    assert [one["log"] for one in kept["logs"]] == ["{output}/a", "{output}/b"]


def test_the_tool_s_own_samples_are_taken_once(run: Callable[..., Measurement]) -> None:
    """As they are, and not as samples of processes."""
    one = only(run(source("'{python} hyper.py a.json'", "files: a.json, samples: tool")))
    assert one.metrics[0].samples == (1e6, 2e6, 9e6)
    assert (one.sampling.isolation, one.sampling.runs) == ("imported", 3)


def test_a_file_in_the_suite_s_folder_must_be_written_each_time(
    run: Callable[..., Measurement], folder: Path
) -> None:
    """One of before is no result, though it is a good log; one that each execution rewrites is."""
    entry = source("'{python} hyper.py a.json'", "files: a.json")
    assert only(run(entry)).ok
    blocked = only(run(entry.replace("hyper.py a.json", "hyper.py b.json")))
    assert "a.json: was there before, and this execution did not write it" in blocked.reason
    line = "BenchmarkA-2 100 5 ns/op\\nPASS\\n"
    (folder / "append.py").write_text(f"with open('log.txt', 'a') as log: log.write('{line}')\n")
    appended = only(run(source("'{python} append.py'", "files: log.txt")))
    assert appended.reason == (
        "execution 2 of 7, a warm-up: log.txt: was appended to, so it holds results of before this execution"
    )


def test_it_runs_in_the_folder_that_it_names(run: Callable[..., Measurement], folder: Path) -> None:
    """Files are below that folder, and so is what defines it."""
    other = folder.parents[1] / "crate"
    other.mkdir()
    (other / "hyper.py").write_text(HYPERFINE)
    one = only(run(source("'{python} hyper.py out/a.json'", "files: 'out/*.json', folder: crate")))
    assert "no such file or directory" in one.stderr_tail.lower()
    (other / "out").mkdir()
    one = only(run(source("'{python} hyper.py out/a.json'", "files: 'out/*.json', folder: crate")))
    assert (one.reason, one.protocol) == ("", "crate/hyper.py")


def test_a_failing_source_leaves_the_others_alone(run: Callable[..., Measurement], folder: Path) -> None:
    """It is blocked with the reason and the end of what it printed; the report is blocked, and whole."""
    (folder / "bad.py").write_text("print('half'); raise SystemExit(3)\n")
    entries = (
        "  - {id: own, family: f, signature: (), variants: {v: {callable: 'work:f'}}, min_sample_ms: 0.05}\n"
    )
    entries += source("'{python} bad.py'", identity="bad") + source("'{python} go.py Sort'")
    found = run(entries)
    assert [(one.key, one.overall) for one in found.report.runs] == [
        ("own/v", "pass"),
        ("bad/auto", "blocked"),
        ("x/demo/Sort/go", "pass"),
    ]
    bad = found.report.runs[1]
    assert (bad.reason, bad.stderr_tail) == ("execution 1 of 7, a warm-up: exit code 3", "half\n")
    assert (found.report.summary.status, found.report.summary.blocked) == ("blocked", 1)
    logs: Any = found.raw["source-001-bad-execution-001.json"]
    assert (logs["fault"], logs["logs"]) == ("exit code 3", [])


def test_a_log_of_another_machine_blocks_its_source(run: Callable[..., Measurement], folder: Path) -> None:
    """The command ran here, so its numbers should be from here; what it named is in the reason."""
    (folder / "go.py").write_text("print('goos: plan9')\n" + GO)
    one = only(run(source("'{python} go.py Sort'")))
    said = "the log is of another machine (os: this one has linux, the log plan9)"
    assert one.reason == f"execution 1 of 7, a warm-up: {said}"
    assert one.overall == "blocked"


def test_a_deadline_ends_the_command_with_everything_below_it(
    run: Callable[..., Measurement], folder: Path
) -> None:
    """The source is blocked after one execution, and nothing goes on running."""
    (folder / "hang.py").write_text(
        "import subprocess, sys, time\nwait = 'import time; time.sleep(600)'\n"
        "child = subprocess.Popen([sys.executable, '-c', wait], start_new_session=True)\n"
        "print(child.pid, file=open('pid', 'w'), flush=True)\ntime.sleep(600)\n"
    )
    one = only(run(source("'{python} hang.py'"), timeout_seconds=3.0))
    assert "timed out: an execution took longer than 3 s" in one.reason
    pid = int((folder / "pid").read_text())
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return False
        if state in "ZX":
            return False
        time.sleep(0.05)
    return True


def test_benchmarks_that_come_and_go_are_blocked_alone(run: Callable[..., Measurement], folder: Path) -> None:
    """The fourth execution has no `Read`, and another unit for `Odd`."""
    (folder / "fickle.py").write_text(
        "import pathlib\ncount = pathlib.Path('count')\n"
        "number = len(count.read_text()) if count.exists() else 0\ncount.write_text('x' * (number + 1))\n"
        "print('pkg: demo\\nBenchmarkSort-2 100 5 ns/op')\n"
        "print('BenchmarkOdd-2 100 5 ns/op' + (' 8 B/op' if number == 3 else ''))\n"
        "if number != 3: print('BenchmarkRead-2 100 5 ns/op')\nprint('PASS')\n"
    )
    found = {one.benchmark: one.reason for one in run(source("'{python} fickle.py'")).report.runs}
    assert found["x/demo/Sort"] == ""
    assert found["x/demo/Read"] == "execution 4 of 7 does not have it, and others do"
    assert "execution 4 of 7 has allocated_bytes in bytes, wall_time in ns" in found["x/demo/Odd"]


MIXED = """\
  - id: own
    family: f
    signature: ()
    min_sample_ms: 0.05
    variants: {v: {callable: 'work:f'}}
  - id: go
    rename: {'^demo/': ''}
    source: {command: '{python} go.py Sort Read', env: {TIME: '100'}}
  - id: py
    source: {tool: hyperfine, command: '{python} hyper.py {output}/a.json', files: '{output}/a.json'}
"""


def latest() -> Report:
    """The report that was written last."""
    return Report.model_validate_json(Path(".benchgov/out/report.json").read_bytes())


def test_everything_after_the_run_works_on_sources(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plan, run, baseline, comparison, selection, audit log and dossier of a mixed suite."""
    manifest = folder / "suite.yaml"
    manifest.write_text(HEAD + MIXED)
    assert run_cli(["run", "s", "--dry-run"]) == 0
    assert "go/…" in capsys.readouterr().out
    assert run_cli(["run", "s", "--no-gate"]) == 0
    assert "go: execution 7 of 7" in capsys.readouterr().err
    keys = [run.key for run in latest().runs]
    assert keys == ["own/v", "go/Sort/go", "go/Read/go", "py/sleep 1/hyperfine"]
    assert [run.family for run in latest().runs] == ["f", "demo", "io", "hyperfine"]
    assert run_cli(["baseline", "generate", "s", "--activate"]) == 0
    assert run_cli(["baseline", "verify", "s"]) == 0
    assert run_cli(["run", "s", "--only", "go", "--only", "py", "--runs", "6"]) == 0
    assert {run.sampling.runs for run in latest().runs} == {6}
    assert run_cli(["audit", "append"]) == 0
    assert run_cli(["dossier", "render"]) == 0
    assert run_cli(["report"]) == 0
    # Four times as slow: more than the family of `Sort` may get worse, and less than that of `Read`.
    manifest.write_text(manifest.read_text().replace("TIME: '100'", "TIME: '400'"))
    assert run_cli(["run", "s", "--only", "go/Sort"]) == 1
    assert [text.split()[0] for text in latest().performance_gate.regressions] == ["go/Sort/go"]
    assert run_cli(["run", "s", "--only", "go/Read"]) == 0


def test_one_execution_can_be_had_in_another_work_tree(folder: Path, tmp_path: Path) -> None:
    """The same entry at the place of another revision: its code runs, and its files are read there."""
    (folder / "suite.yaml").write_text(HEAD + source("'{python} hyper.py a.json'", "files: a.json"))
    (entry,) = load_suite(folder, folder.parents[1]).manifest.benchmarks
    assert isinstance(entry, SourceEntry)
    other = tmp_path / "other" / "bench" / "s"
    other.mkdir(parents=True)
    (other / "hyper.py").write_text(HYPERFINE.replace("0.009", "0.003"))
    means = Means(sys.executable, os.environ, FACTS, adapters())
    samples = []
    for suite in (folder, other, folder):
        found = execute(entry, Place(suite.parents[1], suite), means, 60)
        assert (found.fault, found.logs[0].where) == ("", "a.json")
        samples.append(found.results[0].metrics()[0].samples)
    assert samples == [(1e6, 2e6, 9e6), (1e6, 2e6, 3e6), (1e6, 2e6, 9e6)]


def test_a_source_that_gives_nothing_blocks_the_comparison(folder: Path) -> None:
    """What the baseline has and no execution gave is not passed over."""
    (folder / "suite.yaml").write_text(HEAD + MIXED)
    assert run_cli(["baseline", "generate", "s", "--activate"]) == 0
    (folder / "go.py").write_text("print('no log at all')\n")
    assert run_cli(["run", "s"]) == 2
    report = latest()
    assert [run.key for run in report.runs if run.overall == "blocked"] == ["go/auto"]
    assert report.performance_gate.status == "blocked"
    assert run_cli(["compare"]) == 2


def test_a_drifted_environment_measures_no_source(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report has a blocked run for each, so that what follows has one."""
    drift = Drift(name="os", wanted="x", found="o")
    drifted = PINNED.model_copy(update={"gate": "drift", "drift": (drift,)})
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: drifted)
    (folder / "suite.yaml").write_text(HEAD + MIXED)
    assert run_cli(["run", "s"]) == 2
    assert [(run.key, run.overall) for run in latest().runs] == [
        ("own/v", "blocked"),
        ("go/auto", "blocked"),
        ("py/hyperfine", "blocked"),
    ]


def test_a_family_to_which_nothing_belongs_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Zero results are never a pass."""
    (folder / "suite.yaml").write_text(HEAD + MIXED)
    assert run_cli(["run", "s", "--only", "family:nobody-s"]) == 2
    assert "no benchmark of the sources belongs to family:nobody-s" in capsys.readouterr().err


def test_import_finds_families_as_the_suite_does(folder: Path) -> None:
    """`match` holds for imported names too, unless --family is given."""
    (folder / "suite.yaml").write_text(HEAD + MIXED)
    Path("go.txt").write_text("pkg: demo\nBenchmarkSort-2 100 5 ns/op\nBenchmarkRead-2 100 5 ns/op\nPASS\n")
    assert run_cli(["import", "go.txt", "--suite", "s"]) == 0
    assert [run.family for run in latest().runs] == ["demo", "io"]
    assert run_cli(["import", "go.txt", "--suite", "s", "--family", "Sort=f"]) == 0
    assert [run.family for run in latest().runs] == ["f", "demo"]
    (folder / "suite.yaml").write_text("families: {io: {match: '('}}\n")
    assert run_cli(["import", "go.txt", "--suite", "s"]) == 3
