"""How a source shows on a terminal and in a log while it runs."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchgov.cli.measured import LogLines, TerminalBar, print_plan
from benchgov.measure.plan import Plan, plan_suite
from benchgov.measure.source_runs import unmeasured
from benchgov.rim import Rim, run_process
from benchgov.suites.load import load_suite

MANIFEST = """\
version: 1
suite: demo
kind: measured
families: {f: {}}
benchmarks:
  - {id: go, family: f, source: {command: x}}
  - {id: whole, source: {command: x, tool: hyperfine, samples: tool}}
"""


def plan(root: Path) -> Plan:
    """A plan of two sources."""
    folder = root / "bench" / "demo"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(MANIFEST)
    return plan_suite(load_suite(folder, root))


def rim(root: Path) -> Rim:
    """A rim that writes into texts."""
    return Rim(root, {}, lambda: datetime.now(UTC), run_process, io.StringIO(), io.StringIO())


def written(stream: object) -> str:
    """What was written into a text."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_a_bar_names_the_execution_and_grows_with_what_a_source_yields(tmp_path: Path) -> None:
    """Two steps were planned; the first gave three runs, the second none."""
    first, second = plan(tmp_path).sources
    bar = Progress(console=Console(file=io.StringIO()))
    shown = TerminalBar(bar, bar.add_task("starting", total=2), 2)
    shown.begin(first)
    assert bar.tasks[0].description == "go"
    shown.executing(first, 2, 7)
    assert bar.tasks[0].description == "go (2 of 7)"
    shown.found(3)
    assert bar.tasks[0].total == 4
    shown.executing(second, 1, 1)
    shown.found(0)
    assert bar.tasks[0].total == 3


def test_a_log_has_a_line_for_each_execution_and_each_run(tmp_path: Path) -> None:
    """The count is that of runs, as far as they are known."""
    here = rim(tmp_path)
    (source, _) = plan(tmp_path).sources
    shown = LogLines(here, 2)
    shown.begin(source)
    shown.executing(source, 1, 7)
    shown.found(2)
    shown.done(unmeasured(source, "exit code 1", "m"))
    assert written(here.stderr) == "go: execution 1 of 7\n[1/3] go/auto: blocked, exit code 1\n"


def test_a_printed_plan_says_what_a_source_will_do(tmp_path: Path) -> None:
    """What it yields is not known yet."""
    here = rim(tmp_path)
    print_plan(here, plan(tmp_path), "table")
    lines = [line.split() for line in written(here.stdout).splitlines()]
    assert [line[0] for line in lines] == ["run", "go/…", "whole/…"]
    assert lines[1][1:] == ["f", "those", "of", "auto", "2", "5", "the", "tool's", "process", "60", "s"]
    assert "imported" in lines[2]
