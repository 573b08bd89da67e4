"""benchmark.js and tinybench against what they wrote, and their faults."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.gate_builders import FACTS
from tests.js_samples import ADAPTERS, DATA, changed, document, names, read, read_text, refused, wall_time

from benchgov.adapters.assemble import Rules, build_report
from benchgov.adapters.interface import Log, MalformedLogError
from benchgov.adapters.registry import read_all
from benchgov.environment.pinned import fingerprint
from benchgov.report import Environment, Report

# benchmark.js


@pytest.mark.parametrize("version", ["1.0.0", "2.1.4"])
def test_benchmark_js_gives_rates_that_are_better_when_higher(version: str) -> None:
    """One benchmark a line, titles and `Fastest is` passed over; a name may have ` x ` in it."""
    reading = read(f"benchmark-js/{version}.txt")
    assert names(reading) == ["RegExp#test", "String#indexOf", "fib(20)", "fib(30) x 1"]
    for measured in reading.benchmarks:
        (metric,) = measured.metrics
        assert (metric.name, metric.unit, metric.direction) == ("rate", "1/s", "higher")
        assert len(metric.samples) == 1
        assert "only the mean of" in measured.notes[0]
    assert reading.incomplete == ()


def test_benchmark_js_values_are_those_of_its_lines() -> None:
    """With thousands separated, decimals, Java's sign, colours and Windows' line ends."""
    text = (
        "\x1b[32mfib(20) x 12,146 ops/sec ±0.32% (96 runs sampled)\x1b[0m\r\n"
        "  slow x 0.25 ops/sec +/-1.50% (1 run sampled)\n"
    )
    fib, slow = read_text("benchmark-js", text).benchmarks
    assert (fib.metrics[0].samples, slow.metrics[0].samples) == ((12146.0,), (0.25,))
    assert fib.notes == ("the log has no samples, only the mean of 96 runs, ±0.32 %",)
    assert (fib.place, slow.place) == ("line 1", "line 2")


def test_benchmark_js_needs_no_line_end_after_what_is_whole() -> None:
    """A shell's `$(…)` takes the last one away."""
    assert names(read_text("benchmark-js", "a x 1 ops/sec ±1% (2 runs sampled)")) == ["a"]
    assert names(read_text("benchmark-js", "a x 1 ops/sec ±1% (2 runs sampled)\nFastest is a")) == ["a"]


LINE = "a x 1,000 ops/sec ±1.00% (90 runs sampled)\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LINE + "b x 12,1", "log:2: a whole last line was expected, found 'b x 12,1'"),
        (LINE + "b x 12,146 ops/sec ±0.3", "log:2: a whole result"),
        ("b x 12,146 npm warn ops/sec ±0.30% (9 runs sampled)\n", "log:1: a whole result"),
        ("b x 12,146 ops/sec ±0.30% (9 runs sampled) c x 1 ops/sec\n", "log:1: a whole result"),
        ("b x NaN ops/sec ±0.30% (9 runs sampled)\n", "log:1: a finite number that is not negative"),
        ("b x Infinity ops/sec ±0.30% (9 runs sampled)\n", "log:1: a finite number"),
        ("b x -5 ops/sec ±0.30% (9 runs sampled)\n", "log:1: a finite number"),
        ("b x 5 ops/sec ±NaN% (9 runs sampled)\n", "log:1: a margin of error that is a number"),
        ("b x 0 ops/sec ±0.00% (0 runs sampled)\n", "log:1: one sample or more of 'b' was expected"),
        (LINE + "broken: \n", "log:2: a result of 'broken' was expected, found 'broken: '"),
        (LINE + "broken: TypeError: no\n", "log:2: a result of 'broken'"),
        (LINE + "ReferenceError: b is not defined\n", "log:2: a result of 'the benchmark'"),
    ],
)
def test_a_fault_of_benchmark_js_is_named_by_its_line(text: str, message: str) -> None:
    """Cut off, interleaved, no number, or a benchmark that threw; the rest is read when that is allowed."""
    assert message in refused("benchmark-js", text)
    reading = read_text("benchmark-js", LINE + text, allow_partial=True)
    assert reading.benchmarks[0].metrics[0].samples == (1000.0,)
    assert message.partition(": ")[2] in reading.incomplete[0]


def test_benchmark_js_says_which_benchmark_threw() -> None:
    """What a real run prints for it is its name, a colon and a space."""
    reading = read("benchmark-js/2.1.4-failure.txt", allow_partial=True)
    assert len(reading.benchmarks) == 4
    assert reading.incomplete == ("log:8: a result of 'broken' was expected, found 'broken: '",)


def test_benchmark_js_names_that_are_there_twice_are_refused() -> None:
    """Two suites may have a test of one name: they are not taken for repeats. Logs of two runs are."""
    logs = [Log("a", LINE + "Fastest is a\n"), Log("b", LINE.replace("1,000", "2,000"))]
    (run,) = report_of(*logs).runs
    assert run.metrics[0].samples == (1000.0, 2000.0)
    with pytest.raises(MalformedLogError, match="c: line 2: benchmark 'a' is there twice, first at line 1"):
        report_of(Log("c", LINE + LINE))


def report_of(*logs: Log) -> Report:
    """The report that an import of `logs` makes."""
    return build_report(
        read_all([(log, ADAPTERS["benchmark-js"]) for log in logs], False),
        Rules("js", "default"),
        environment=Environment(facts=FACTS, fingerprint=fingerprint(FACTS), gate="unpinned"),
        revision=(None, None),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


# tinybench


@pytest.mark.parametrize("version", ["2.9.0", "3.1.1", "5.1.0", "6.2.3"])
def test_tinybench_keeps_every_sample_in_nanoseconds(version: str) -> None:
    """Flat results of version 2, and those with `latency` of later ones; the time, not the rate."""
    name = f"tinybench/{version}.json"
    reading = read(name)
    assert names(reading) == ["fib(22)", "sort 1,000 numbers"]
    for measured, given in zip(reading.benchmarks, document(name), strict=True):
        statistics = given["result"].get("latency", given["result"])
        assert wall_time(measured) == tuple(value * 1e6 for value in statistics["samples"])
        assert len(statistics["samples"]) == 8
        assert "sorts its samples" in measured.notes[0]
    node = {"runtime": "node", "runtime_version": "20.20.2"}
    assert reading.facts == ({} if version == "2.9.0" else node)
    assert reading.benchmarks[0].group == ("numbers" if version in {"3.1.1", "5.1.0"} else "")


def test_tinybench_gives_the_median_where_samples_were_not_retained() -> None:
    """Version 6 leaves them out unless it is told."""
    name = "tinybench/6.2.3-without-samples.json"
    for measured, given in zip(read(name).benchmarks, document(name), strict=True):
        assert wall_time(measured) == (given["result"]["latency"]["p50"] * 1e6,)
        assert measured.notes == ("the log has no samples, only their median",)


def test_tinybench_gives_the_mean_where_there_is_no_median() -> None:
    """Version 2 has none."""
    text = changed("tinybench/2.9.0.json", [0, "result", "samples"], ...)
    measured = read_text("tinybench", text).benchmarks[0]
    assert wall_time(measured) == (document("tinybench/2.9.0.json")[0]["result"]["mean"] * 1e6,)
    assert measured.notes == ("the log has no samples, only their mean",)


@pytest.mark.parametrize(
    ("version", "times", "centre"),
    [("2.9.0", (238723.1249999857, 1507173.5000000077), "mean"), ("6.2.3", (208815.0, 164127.0), "median")],
)
def test_tinybench_tables_are_read(version: str, times: tuple[float, ...], centre: str) -> None:
    """Their columns are nanoseconds: a number, or a text with the deviation behind it."""
    reading = read(f"tinybench/{version}-table.json")
    assert names(reading) == ["fib(22)", "sort 1,000 numbers"]
    assert tuple(wall_time(one)[0] for one in reading.benchmarks) == times
    assert reading.benchmarks[0].notes == (f"the log has no samples, only their {centre}",)


@pytest.mark.parametrize("sample", ["6.2.3-failure", "6.2.3-table-failure"])
def test_tinybench_tasks_that_threw_are_refused(sample: str) -> None:
    """By name or place; the others are read when that is allowed."""
    text = (DATA / f"tinybench/{sample}.json").read_text(encoding="utf-8")
    assert "log: [2]." in refused("tinybench", text)
    reading = read(f"tinybench/{sample}.json", allow_partial=True)
    assert (names(reading), len(reading.incomplete)) == (["fib(22)", "sort 1,000 numbers"], 1)


@pytest.mark.parametrize(
    ("sample", "path", "value", "message"),
    [
        ("6.2.3", [0, "result", "latency", "samples", 3], -1, "[0].result.latency.samples[3]: a finite"),
        ("6.2.3", [0, "result", "latency", "samples", 3], None, "[0].result.latency.samples[3]: a finite"),
        ("6.2.3", [0, "result", "latency", "samplesCount"], 9, "[0].result.latency.samplesCount: 8, the num"),
        ("6.2.3", [0, "result", "latency"], 3, "[0].result.latency: an object was expected, found 3"),
        ("6.2.3", [0, "name"], " ", "[0].name: a text was expected"),
        ("6.2.3", [1, "result"], ..., "[1].result: an object was expected, but it is not there"),
        ("6.2.3", [1], 7, "[1]: an object was expected, found 7"),
        ("5.1.0", [0, "result", "aborted"], True, "[0].result.aborted: a task that was completed"),
        ("2.9.0", [0, "result", "error"], {"message": "no"}, "[0].result.error: a task that was completed"),
        ("6.2.3-without-samples", [0, "result", "latency", "p50"], 1e304, "[0].result.latency.p50: a finite"),
        ("2.9.0-table", [0, "Average Time (ns)"], ..., "[0]: one of the columns Latency med (ns)"),
        ("2.9.0-table", [0, "Average Time (ns)"], None, "[0].Average Time (ns): a finite number"),
        ("6.2.3-table", [0, "Latency med (ns)"], "NaN ± 1", "[0].Latency med (ns): a finite number"),
        ("6.2.3-table", [0, "Task name"], None, "[0].Task name: a text was expected"),
    ],
)
def test_a_fault_of_tinybench_is_named_by_its_path(
    sample: str, path: list[Any], value: Any, message: str
) -> None:
    """What was expected, what was found, and where."""
    assert f"log: {message}" in refused("tinybench", changed(f"tinybench/{sample}.json", path, value))


def test_a_tinybench_log_that_is_cut_off_is_read_up_to_there() -> None:
    """Its whole tasks, when that is allowed; else it is refused with the line."""
    text = (DATA / "tinybench/6.2.3.json").read_text(encoding="utf-8")
    cut = text[: text.index('"sort 1,000') + 200]
    assert "log:" in refused("tinybench", cut)
    reading = read_text("tinybench", cut, allow_partial=True)
    assert (names(reading), len(reading.incomplete)) == (["fib(22)"], 1)
    assert ADAPTERS["tinybench"].detects(Log("log", cut))


@pytest.mark.parametrize("tool", ["benchmark-js", "tinybench", "vitest", "mitata"])
def test_what_is_no_log_is_not_claimed(tool: str) -> None:
    """Other JSON, other text."""
    others = [
        "",
        "x",
        "[]",
        "{}",
        "[3]",
        '{"benchmarks": 3}',
        '{"benchmarks": [], "context": {}}',
        "12 ops/sec",
    ]
    assert not any(ADAPTERS[tool].detects(Log("log", text)) for text in others)
