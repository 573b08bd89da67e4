"""JMH: every mode of its JSON as the real tool wrote it, and its faults."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.jmh import MAX_SAMPLES, Jmh
from benchgov.adapters.jmh_metrics import scored, secondary

DATA = Path(__file__).resolve().parents[2] / "data" / "jmh"
VERSIONS = ("1.21", "1.37")


def text(name: str) -> str:
    """The sample called `name`."""
    return (DATA / name).read_text(encoding="utf-8")


def read(given: str, *, allow_partial: bool = False) -> Reading:
    """What the adapter reads of the text `given`."""
    return Jmh().read(Log("log", given), allow_partial)


def values(measured: Measured) -> dict[str, tuple[float, ...]]:
    """Metric → samples."""
    return {one.name: one.samples for one in measured.metrics}


def shapes(measured: Measured) -> dict[str, tuple[str, str, int]]:
    """Metric → (unit, direction, number of samples)."""
    return {one.name: (one.unit, one.direction, len(one.samples)) for one in measured.metrics}


def changed(name: str, path: list[Any], value: Any) -> str:
    """The sample `name` with `value` at `path` of its first benchmark; `...` takes it away."""
    document = json.loads(text(name))
    inner = document[0]
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(document)


def refused(given: str) -> str:
    """The message with which `given` is refused."""
    with pytest.raises(MalformedLogError) as caught:
        read(given)
    return str(caught.value)


@pytest.mark.parametrize("version", VERSIONS)
def test_jmh_gives_every_iteration_of_every_fork_in_nanoseconds(version: str) -> None:
    """Modes avgt and ss with the profiler gc: times, allocated bytes, parameters, and the virtual machine."""
    reading = read(text(f"{version}-forks.json"))
    document = json.loads(reading.log.text)
    assert (reading.tool_version, reading.incomplete) == (version, ())
    assert reading.facts == {
        "jdk": "17.0.15",
        "vm": "OpenJDK 64-Bit Server VM",
        "vm_version": "17.0.15+6-Debian-1deb12u1",
    }
    name = "org.example.SortBench.sort (order=quick, size=10)"
    assert [one.name for one in reading.benchmarks] == [f"{name} avgt", f"{name} ss"]
    for measured, given in zip(reading.benchmarks, document, strict=True):
        raw = [value * 1e3 for fork in given["primaryMetric"]["rawData"] for value in fork]
        assert values(measured)["wall_time"] == tuple(raw)
        assert shapes(measured) == {
            "wall_time": ("ns", "lower", 6),
            "allocated_bytes": ("bytes", "lower", 6),
        }
        assert (measured.group, measured.warmup) == ("org.example.SortBench", 1)
        assert measured.parameters == {"order": "quick", "size": 10}
        assert any("gc.alloc.rate in MB/sec is left out" in note for note in measured.notes)
        assert any("gc.count in counts is left out" in note for note in measured.notes)


@pytest.mark.parametrize("version", VERSIONS)
def test_jmh_groups_have_the_rates_of_their_methods_and_counters(version: str) -> None:
    """Operations a second are higher-is-better; a counter of events has no direction."""
    reading = read(text(f"{version}-group.json"))
    (only,) = reading.benchmarks
    assert only.name == "org.example.QueueBench.queue"
    assert only.parameters == {"threads": 2}
    assert shapes(only) == dict.fromkeys(("rate", "hits", "misses", "put", "take"), ("1/s", "higher", 3))
    (raw,) = json.loads(reading.log.text)[0]["primaryMetric"]["rawData"]
    assert values(only)["rate"] == tuple(raw)
    assert only.notes == ("seen in # is left out: nothing says which way is better",)


def test_jmh_samples_of_calls_come_from_the_histogram() -> None:
    """Mode sample: each call as often as it was counted, beside the percentiles of each iteration."""
    reading = read(text("1.21-sample.json"))
    (only,) = reading.benchmarks
    primary = json.loads(reading.log.text)[0]["primaryMetric"]
    counts = [count for fork in primary["rawDataHistogram"] for bins in fork for _, count in bins]
    assert len(values(only)["wall_time"]) == sum(counts) == 146
    assert sum(values(only)["wall_time"]) / 146 == pytest.approx(primary["score"] * 1e3)
    names = ("min", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")
    assert list(shapes(only)) == ["wall_time", *(f"latency_{name}" for name in names)]
    assert shapes(only)["latency_p99.9"] == ("ns", "lower", 2)
    assert "order of their times" in only.notes[0]


def test_jmh_groups_in_mode_sample_keep_the_percentiles_of_each_method() -> None:
    """`put:p0.50` is a metric of its own beside the group's `p0.50`."""
    (only,) = read(text("1.37-sample-group.json")).benchmarks
    found = values(only)
    assert found["latency_p50"] == pytest.approx((8820.0,))
    assert found["put.latency_p50"] == pytest.approx((7432.0,))
    assert found["take.latency_max"] == pytest.approx((10208.0,))


def test_a_histogram_of_very_many_calls_is_thinned_evenly() -> None:
    """The quantiles stay; a note says how many calls there were."""
    bins = [[[[1.0, 50_000_000], [2.0, 40_000_000], [3.0, 0], [9.0, 10_000_000]]]]
    given = changed("1.37-sample-group.json", ["primaryMetric", "rawDataHistogram"], bins)
    (only,) = read(given).benchmarks
    taken = values(only)["wall_time"]
    assert len(taken) == MAX_SAMPLES
    assert [taken.count(value * 1e9) for value in (1.0, 2.0, 3.0, 9.0)] == [5000, 4000, 0, 1000]
    assert "10,000 quantiles stand for the 100,000,000 calls" in only.notes[1]


@pytest.mark.parametrize(
    ("unit", "name", "factor"),
    [
        ("ops/ns", "rate", 1e9),
        ("ops/min", "rate", 1 / 60),
        ("ms/op", "wall_time", 1e6),
        ("day/op", "wall_time", 8.64e13),
    ],
)
def test_jmh_units_are_those_of_java(unit: str, name: str, factor: float) -> None:
    """Every `TimeUnit`, above or below the line."""
    score = scored(unit)
    assert score
    assert score.name == name
    assert score.factor == pytest.approx(factor)


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("instructions:u", "#/op", ("instructions", "count", 1.0, "lower")),
        ("L1-dcache-load-misses", "#/op", ("L1-dcache-load-misses", "count", 1.0, "lower")),
        ("·gc.churn.G1_Eden_Space.norm", "B/op", None),
        ("·gc.alloc.rate.norm", "B/op", ("allocated_bytes", "bytes", 1.0, "lower")),
        ("IPC", "insns/clk", None),
        ("branches-taken", "#/op", None),
        ("·stack", "---", None),
        ("sort·p0.999999", "us/op", ("latency_p99.9999", "ns", 1e3, "lower")),
        ("other·p1.00", "us/op", ("other.latency_max", "ns", 1e3, "lower")),
    ],
)
def test_secondary_metrics_have_a_direction_or_none(name: str, unit: str, expected: Any) -> None:
    """What is known by definition is a metric; the rest is not."""
    assert secondary(name, "sort", unit) == expected


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["primaryMetric", "rawData", 1, 2], "NaN", "log: [0].primaryMetric.rawData[1][2]: a finite number"),
        (["primaryMetric", "rawData", 1, 2], -1.0, "[0].primaryMetric.rawData[1][2]: a finite number"),
        (["primaryMetric", "rawData", 0, 0], 1e308, "[0].primaryMetric.rawData[0][0]: a finite number"),
        (["primaryMetric", "rawData", 1], [1.0], "[0].primaryMetric.rawData[1]: 3 iterations was expected"),
        (["primaryMetric", "rawData", 1], ..., "rawData: 2, the number of forks, was expected, found 1"),
        (["primaryMetric", "rawData"], [[], []], "rawData: one sample or more"),
        (["primaryMetric", "rawData"], ..., "rawData: an array with one array for each fork"),
        (["primaryMetric", "scoreUnit"], "ops/us", "scoreUnit: a unit time/op of mode avgt was expected"),
        (["primaryMetric", "scoreUnit"], "fortnight/op", "found 'fortnight/op'"),
        (["primaryMetric", "scoreUnit"], "B/op", "found 'B/op'"),
        (["primaryMetric"], 3, "[0].primaryMetric: an object"),
        (["secondaryMetrics", "·gc.alloc.rate.norm", "rawData", 0, 0], -1, "norm.rawData[0][0]: a finite"),
        (["secondaryMetrics"], [1], "[0].secondaryMetrics: an object"),
        (["mode"], "Throughput", "[0].mode: one of thrpt, avgt, sample, ss"),
        (["benchmark"], "", "[0].benchmark: a text"),
        (["jmhVersion"], "1.20", "[1].jmhVersion: '1.20', as before, was expected, found '1.21'"),
    ],
)
def test_a_fault_of_jmh_is_named_by_its_path(path: list[Any], value: Any, message: str) -> None:
    """What was expected, what was found, and where; one version wrote the whole log."""
    assert message in refused(changed("1.21-forks.json", path, value))


@pytest.mark.parametrize(
    ("bins", "message"),
    [
        ([[[[1.0, 2], [1.0]]]], "rawDataHistogram[0][0][1]: a pair of time and number of calls"),
        ([[7]], "rawDataHistogram[0][0][0]: a pair"),
        ([[[[1.0, -2]]]], "rawDataHistogram[0][0][0][1]: a finite number"),
        ([[[["NaN", 2]]]], "rawDataHistogram[0][0][0][0]: a finite number"),
        ([[[[1.0, 0]]]], "rawDataHistogram: one call or more"),
        ([[]], "rawDataHistogram[0]: an array"),
        ([], "rawDataHistogram: an array"),
    ],
)
def test_a_fault_of_a_histogram_is_named_by_its_path(bins: Any, message: str) -> None:
    """Fork, iteration, bin."""
    assert message in refused(changed("1.37-sample-group.json", ["primaryMetric", "rawDataHistogram"], bins))


def test_a_secondary_metric_without_a_number_is_left_out() -> None:
    """JMH writes NaN and infinity as texts when there was nothing to count; the benchmark itself stands."""
    given = changed("1.21-forks.json", ["secondaryMetrics", "·gc.alloc.rate.norm", "score"], "NaN")
    measured = read(given).benchmarks[0]
    assert "allocated_bytes" not in values(measured)
    assert "·gc.alloc.rate.norm in B/op is left out: JMH has no number for it" in measured.notes
    (counters,) = read(text("1.37-counters.json")).benchmarks
    assert "hits in s/op is left out: JMH has no number for it" in counters.notes
    assert shapes(counters)["misses"] == ("ns", "lower", 1)


def test_a_second_metric_of_one_name_is_left_out() -> None:
    """Counters of the user's and the kernel's instructions are both `instructions`."""
    document = json.loads(text("1.21-forks.json"))
    given = copy.deepcopy(document[0]["secondaryMetrics"]["·gc.alloc.rate.norm"])
    given["scoreUnit"] = "#/op"
    document[0]["secondaryMetrics"] = {"instructions:u": given, "instructions:k": given}
    measured = read(json.dumps(document)).benchmarks[0]
    assert shapes(measured)["instructions"] == ("count", "lower", 6)
    assert measured.notes == ("instructions:k is left out: instructions is there already",)


def test_a_jmh_log_that_is_cut_off_is_read_when_that_is_allowed() -> None:
    """The whole benchmarks are there, and what is missing is said."""
    given = text("1.37-forks.json")[:-800]
    assert "cut off" in refused(given)
    reading = read(given, allow_partial=True)
    assert len(reading.benchmarks) == 1
    assert "cut off" in reading.incomplete[0]
    broken = changed("1.37-forks.json", ["mode"], "x")
    reading = read(broken, allow_partial=True)
    assert len(reading.benchmarks) == 1
    assert "[0].mode" in reading.incomplete[0]


@pytest.mark.parametrize("given", ["[]", "[3]", "{}", '[{"benchmark": "x", "mode": "avgt"}]', "x", '["a"'])
def test_other_documents_are_not_jmhs(given: str) -> None:
    """Nothing is raised, and an empty array is nobody's."""
    assert not Jmh().detects(Log("log", given))


def test_no_benchmark_and_no_objects_are_read_as_such() -> None:
    """An empty array has no benchmark; what is not an object is refused."""
    assert read("[]").benchmarks == []
    assert "log: [0]: an object was expected, found 3" in refused("[3]")
