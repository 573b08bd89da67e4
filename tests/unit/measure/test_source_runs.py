"""Executions of a source as runs: samples, families, and why a benchmark or all of them are blocked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.names import rules_of
from benchgov.adapters.results import Result
from benchgov.errors import InputError
from benchgov.measure.plan import Plan, PlannedSource, SamplingFlags, plan_suite
from benchgov.measure.source import Execution
from benchgov.measure.source_runs import Context, runs_of, unmeasured
from benchgov.report import Metric, Run
from benchgov.suites.load import load_suite

MANIFEST = """\
version: 1
suite: demo
kind: measured
defaults: {runs: 6}
families: {f: {}, io: {match: Read}}
benchmarks:
  - id: go
    family: f
    source: {command: '{python} bench.py'}
  - id: grouped
    timeout_seconds: 5
    source: {command: sh -c, protocol: other.txt, tool: hyperfine}
  - id: whole
    family: f
    source: {command: x, samples: tool, folder: '.'}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan of three sources."""
    folder = tmp_path / "bench" / "demo"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(MANIFEST)
    (folder / "bench.py").write_text("")
    (tmp_path / "other.txt").write_text("")
    return plan_suite(load_suite(folder, tmp_path), sampling=SamplingFlags())


def metric(name: str, *samples: float, unit: str = "ns") -> Metric:
    """A metric of which less is better."""
    return Metric(name=name, unit=unit, direction="lower", samples=samples)


def execution(*benchmarks: Measured, entry: str = "go", **more: Any) -> Execution:
    """What one execution gave, as the tool `tool` says it."""
    reading = Reading(Log("log", "text"), "tool", "1", benchmarks)
    found = tuple(Result(f"{entry}/{one.name}", ((reading, one),)) for one in benchmarks)
    return Execution(results=found, **more)


def timed(name: str, *samples: float, **more: Any) -> Measured:
    """A benchmark of one metric."""
    return Measured(name, (metric("wall_time", *samples),), "line 1", **more)


def runs(
    plan: Plan, executions: Sequence[Execution], number: int = 0, selection: Sequence[str] = ()
) -> list[Run]:
    """The runs of the plan's source with this number."""
    families = rules_of(plan.suite.manifest.family_rules())
    return runs_of(executions, Context(plan.sources[number], plan.suite.path, families, selection))


def test_a_source_is_planned_with_the_suite_s_sampling(plan: Plan) -> None:
    """The tool's own samples need one execution; a deadline of its own wins; the protocol is a file."""
    go, grouped, whole = plan.sources
    assert (go.warmup, go.runs, go.timeout_seconds, go.isolation, go.protocol) == (
        *(2, 6, 60.0, "process"),
        "bench/demo/bench.py",
    )
    assert (grouped.timeout_seconds, grouped.protocol) == (5.0, "other.txt")
    assert (whole.warmup, whole.runs, whole.executions, whole.isolation) == (0, 1, 1, "imported")
    assert whole.protocol == "bench/demo/suite.yaml"
    assert plan.steps == 3
    flagged = plan_suite(plan.suite, sampling=SamplingFlags(warmup=3, runs=9, timeout_seconds=7))
    assert [(one.warmup, one.runs, one.timeout_seconds) for one in flagged.sources] == [
        (3, 9, 7),
        (3, 9, 7),
        (0, 1, 7),
    ]


def test_a_tool_that_cannot_be_read_is_refused_before_anything_runs(plan: Plan, tmp_path: Path) -> None:
    """With the source, its line, and what is near."""
    path = plan.suite.folder / "suite.yaml"
    path.write_text(MANIFEST.replace("tool: hyperfine", "tool: hyprfine"))
    with pytest.raises(
        InputError, match="no tool 'hyprfine' can be read; did you mean 'hyperfine'"
    ) as caught:
        plan_suite(load_suite(plan.suite.folder, tmp_path))
    assert caught.value.where == "bench/demo/suite.yaml:10"


def test_each_execution_gives_one_sample_the_median_of_its_own(plan: Plan) -> None:
    """Warm-ups are not among them; other benchmarks of the source have theirs."""
    executions = [
        execution(timed("Sort", number, number + 10, number + 1), timed("Read", 5)) for number in range(8)
    ]
    sort, read = runs(plan, executions)
    assert sort.metrics[0].samples == (3, 4, 5, 6, 7, 8)
    assert read.metrics[0].samples == (5,) * 6
    assert (sort.benchmark, sort.variant, sort.key) == ("go/Sort", "tool", "go/Sort/tool")
    assert (sort.sampling.isolation, sort.sampling.warmup, sort.sampling.runs) == ("process", 2, 6)
    assert (sort.sampling.iterations, read.sampling.iterations) == (3, 1)
    assert (sort.ok, sort.run_is_valid, sort.layers) == (True, True, {"execution": "pass"})
    assert (sort.source.path, sort.source.line) == ("bench/demo/suite.yaml", 7)


def test_the_tool_s_own_samples_are_kept_as_they_are(plan: Plan) -> None:
    """With what the tool says of its warm-ups and iterations."""
    (run,) = runs(plan, [execution(timed("a", 3, 1, 2, warmup=4, iterations=7), entry="whole")], 2)
    assert run.metrics[0].samples == (3, 1, 2)
    assert (run.sampling.isolation, run.sampling.warmup, run.sampling.runs) == ("imported", 4, 3)
    assert run.sampling.iterations == 7


def test_a_family_is_that_of_the_first_expression_then_the_entry_s_or_the_group(plan: Plan) -> None:
    """Expressions see the tool's own name; a group that no family defines is a family all the same."""
    given = [timed("Sort", 1, group="g"), timed("Read", 1, group="g"), timed("Plain", 1)]
    assert [run.family for run in runs(plan, [execution(*given)] * 8)] == ["f", "io", "f"]
    assert [run.family for run in runs(plan, [execution(*given)] * 8, 1)] == ["g", "io", "tool"]


def test_parameters_are_features_and_notes_are_kept(plan: Plan) -> None:
    """Each note once, those of the execution after those of the benchmark."""
    one = timed("a", 1, parameters={"size": 10, "kind": "x"}, notes=("n",))
    (run,) = runs(plan, [execution(one, notes=("older",), processes_left=1)] * 8)
    assert run.features == {"size": 10.0}
    assert run.notes == ("n", "older", "it left processes running, which were ended")


def test_a_benchmark_that_an_execution_lacks_is_blocked_alone(plan: Plan) -> None:
    """The others of the source count."""
    executions = [execution(timed("a", 1), timed("b", 1)) for _ in range(8)]
    executions[1] = execution(timed("b", 1))
    executions[4] = execution(timed("b", 1), timed("late", 1))
    a, b, late = runs(plan, executions)
    assert a.reason == "execution 2 of 8, a warm-up does not have it, and others do"
    assert late.reason == "execution 1 of 8, a warm-up does not have it, and others do"
    assert (a.overall, a.metrics, a.sampling.runs, b.overall) == ("blocked", (), 0, "pass")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ((metric("wall_time", 1, unit="s"),), "wall_time in s"),
        ((metric("cpu_time", 1),), "cpu_time in ns"),
        ((metric("wall_time", 1), metric("cpu_time", 1)), "cpu_time in ns, wall_time in ns"),
    ],
)
def test_other_units_or_metrics_than_before_block_a_benchmark(
    plan: Plan, other: tuple[Metric, ...], said: str
) -> None:
    """Samples in two units are none."""
    executions = [execution(timed("a", 1)) for _ in range(8)]
    executions[5] = execution(Measured("a", other, "line 1"))
    (run,) = runs(plan, executions)
    assert run.reason == f"execution 6 of 8 has {said}, and execution 1 of 8, a warm-up wall_time in ns"
    assert not run.run_is_valid


def test_a_benchmark_without_a_metric_is_blocked_with_its_notes(plan: Plan) -> None:
    """The notes say what was left out."""
    (run,) = runs(plan, [execution(Measured("a", (), "line 1", notes=("left out",)))] * 8)
    assert run.reason == "the log has no metric of it that can be judged: left out"
    assert run.overall == "blocked"


def test_a_failed_execution_blocks_all_that_is_known_of_the_source(plan: Plan) -> None:
    """None of it has all its samples; each run has the reason and what the command said."""
    executions = [execution(timed("a", 1), timed("b", 1))] * 3
    executions = [*executions, Execution(fault="exit code 1", tail="oh")]
    found = runs(plan, executions)
    assert [run.benchmark for run in found] == ["go/a", "go/b"]
    assert {(run.reason, run.stderr_tail) for run in found} == {("execution 4 of 8: exit code 1", "oh")}
    assert {(run.overall, run.metrics) for run in found} == {("blocked", ())}


def test_a_source_of_which_nothing_is_known_is_a_run_of_its_own(plan: Plan) -> None:
    """Zero results are never nothing."""
    (run,) = runs(plan, [Execution(fault="exit code 1", tail="oh")])
    assert (run.key, run.reason) == ("go/auto", "execution 1 of 8, a warm-up: exit code 1")
    assert (run.stderr_tail, run.overall) == ("oh", "blocked")
    grouped = unmeasured(plan.sources[1], "why", "m")
    assert (grouped.variant, grouped.family, grouped.layers) == (
        *("hyperfine", "from-group"),
        {"execution": "blocked"},
    )


def test_a_selection_keeps_what_fits(plan: Plan) -> None:
    """What an id should name and does not is blocked; a family to which nothing belongs is no fault."""
    executions = [execution(timed("Sort", 1), timed("Read", 1))] * 8

    def selected(*patterns: str) -> list[str]:
        return [run.key for run in runs(plan, executions, selection=patterns)]

    assert selected("go/Sort") == ["go/Sort/tool"]
    assert selected("family:io") == ["go/Read/tool"]
    assert selected("go/*") == selected("go") == ["go/Sort/tool", "go/Read/tool"]
    assert selected("family:x") == []
    assert selected("family:x", "grouped/Sort") == []
    (run,) = runs(plan, executions, selection=["go/Sord", "family:x", "grouped"])
    assert (run.key, run.reason) == ("go/auto", "none of its 2 benchmarks fits go/Sord")


def test_the_plan_as_json_names_every_source(plan: Plan) -> None:
    """What would run, and how often."""
    described: Any = plan.to_json()
    assert [one["source"] for one in described["sources"]] == ["go", "grouped", "whole"]
    assert described["sources"][0]["command"] == ["{python}", "bench.py"]
    assert described["sources"][2]["runs"] == 1
    assert isinstance(plan.sources[0], PlannedSource)
