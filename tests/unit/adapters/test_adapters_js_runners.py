"""vitest and mitata against what they wrote, and their faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.js_samples import ADAPTERS, DATA, changed, document, names, read, read_text, refused, wall_time

from benchgov.adapters.interface import Log

# vitest

BEFORE_5 = [
    "bench/numbers.bench.js > sort",
    "bench/numbers.bench.js > fibonacci > of 18 > recursive",
    "bench/numbers.bench.js > fibonacci > of 18 > again",
    "bench/numbers.bench.js > fibonacci > of 22 > recursive",
    "bench/numbers.bench.js > fibonacci > of 22 > again",
]


@pytest.mark.parametrize(
    ("version", "centre", "key"),
    [("1.6.1", "mean", "mean"), ("3.2.7", "median", "median"), ("4.1.12", "median", "median")],
)
def test_vitest_before_5_gives_the_median_or_the_mean(version: str, centre: str, key: str) -> None:
    """Names have file, groups and benchmark; the file is the source; samples are never written."""
    name = f"vitest/{version}.json"
    reading = read(name)
    assert sorted(names(reading)) == sorted(BEFORE_5)
    groups = document(name)["files"][0]["groups"]
    given = [benchmark for group in groups for benchmark in group["benchmarks"]]
    for measured, one in zip(reading.benchmarks, given, strict=True):
        assert wall_time(measured) == (one[key] * 1e6,)
        assert measured.notes == (f"the log has no samples, only their {centre}",)
        assert measured.source == ("bench/numbers.bench.js", 1)
        assert measured.name == f"{measured.group} > {one['name']}"


def test_vitest_5_reads_the_statistics_of_each_test() -> None:
    """Every task that a test compares, by file, groups, test and task."""
    reading = read("vitest/5.1.1.json")
    assert sorted(names(reading)) == [
        "numbers.bench.js > fibonacci > of 18 > again",
        "numbers.bench.js > fibonacci > of 18 > recursive",
        "numbers.bench.js > fibonacci > of 22 > again",
        "numbers.bench.js > fibonacci > of 22 > recursive",
        "numbers.bench.js > sort > sort",
    ]
    first = document("vitest/5.1.1.json")["testResults"][0]["assertionResults"][0]["benchmarks"][0]["tasks"][
        0
    ]
    assert wall_time(reading.benchmarks[0]) == (first["latency"]["p50"] * 1e6,)
    assert reading.benchmarks[0].source is None


def test_vitest_5_keeps_samples_where_they_were_retained() -> None:
    """Tests that were skipped have none, and are no fault."""
    reading = read("vitest/5.1.1-samples.json")
    assert [len(wall_time(one)) for one in reading.benchmarks] == [8, 8]


def test_vitest_5_leaves_out_what_came_from_a_store() -> None:
    """`bench.from()` shows a result of an earlier run beside the new ones."""
    path = ["testResults", 0, "assertionResults", 0, "benchmarks", 0, "tasks", 0, "fromStore"]
    reading = read_text("vitest", changed("vitest/5.1.1.json", path, True))
    assert len(reading.benchmarks) == 4


@pytest.mark.parametrize(
    ("sample", "place"),
    [
        ("3.2.7-failure", "files[0].groups[0].benchmarks[1]"),
        ("5.1.1-failure", "testResults[0].assertionResults[1]"),
    ],
)
def test_vitest_benchmarks_that_threw_are_refused(sample: str, place: str) -> None:
    """By name and place; the others are read when that is allowed."""
    text = (DATA / f"vitest/{sample}.json").read_text(encoding="utf-8")
    message = f"log: {place}: a result of 'broken' was expected, but it is not there"
    assert refused("vitest", text).startswith(message)
    reading = read(f"vitest/{sample}.json", allow_partial=True)
    assert (len(reading.benchmarks), reading.incomplete) == (1, (message,))


TASK = ["testResults", 0, "assertionResults", 0, "benchmarks", 0, "tasks", 0]
OLDER = ["files", 0, "groups", 0, "benchmarks", 0]


@pytest.mark.parametrize(
    ("sample", "path", "value", "message"),
    [
        ("3.2.7", [*OLDER, "median"], -1, "files[0].groups[0].benchmarks[0].median: a finite number"),
        ("3.2.7", [*OLDER, "median"], None, "files[0].groups[0].benchmarks[0].median: a finite number"),
        ("3.2.7", [*OLDER, "name"], "", "files[0].groups[0].benchmarks[0].name: a text"),
        ("3.2.7", ["files", 0, "groups", 1, "fullName"], 3, "files[0].groups[1].fullName: a text"),
        ("3.2.7", ["files", 0, "groups", 1], 3, "files[0].groups[1]: an object was expected, found 3"),
        ("3.2.7", ["files", 0, "groups"], {}, "files[0].groups: an array was expected, found an object"),
        ("3.2.7", ["files"], None, "files: an array was expected, but it is not there"),
        ("5.1.1", [*TASK, "latency"], [], "tasks[0].latency: an object was expected, found an array of 0"),
        ("5.1.1", [*TASK, "latency", "p50"], "1", "tasks[0].latency.p50: a finite number"),
        ("5.1.1", ["testResults", 0, "name"], ..., "testResults[0].name: a text was expected"),
    ],
)
def test_a_fault_of_vitest_is_named_by_its_path(
    sample: str, path: list[Any], value: Any, message: str
) -> None:
    """What was expected, what was found, and where; the rest is read when that is allowed."""
    text = changed(f"vitest/{sample}.json", path, value)
    assert message in refused("vitest", text)
    if path != ["files"]:
        assert len(read_text("vitest", text, allow_partial=True).incomplete) == 1


def test_vitest_claims_its_log_without_benchmarks() -> None:
    """No file, or tests that have none; the results of other test runners are not its own."""
    ordinary = {"testResults": [{"name": "a.js", "assertionResults": [{"fullName": "a", "benchmarks": []}]}]}
    empties: tuple[object, ...] = ({"files": []}, ordinary)
    for empty in empties:
        assert ADAPTERS["vitest"].detects(Log("log", json.dumps(empty)))
        assert names(read_text("vitest", json.dumps(empty))) == []
    jest = {"testResults": [{"name": "a.js", "assertionResults": [{"fullName": "a"}, 3]}, {}, 4]}
    assert not ADAPTERS["vitest"].detects(Log("log", json.dumps(jest)))
    assert not ADAPTERS["vitest"].detects(Log("log", '{"files": [3]}'))


# mitata

LINUX = {
    "system": "linux",
    "arch": "x64",
    "cpu_model": "AMD EPYC",
    "runtime": "node",
    "runtime_version": "20.20.2",
}


def test_mitata_keeps_samples_arguments_and_memory() -> None:
    """A run for every argument; the group is part of the name; memory is a mean, and a note says so."""
    reading = read("mitata/1.0.34.json")
    assert names(reading) == ["fibonacci/fib(24)", "fibonacci/fib(28)", "sort"]
    assert reading.facts == LINUX
    given = document("mitata/1.0.34.json")["benchmarks"][0]["runs"][0]["stats"]
    first = reading.benchmarks[0]
    time, memory = first.metrics
    assert (time.name, time.unit, time.direction) == ("wall_time", "ns", "lower")
    assert time.samples == tuple(given["samples"])
    assert (memory.name, memory.unit, memory.direction) == ("allocated_bytes", "bytes", "lower")
    assert memory.samples == (given["heap"]["avg"],)
    assert (first.parameters, first.group, first.iterations) == ({"n": 24}, "fibonacci", 1)
    assert first.notes[1] == "mitata writes only the mean of allocated_bytes"
    assert reading.benchmarks[2].group == ""


def test_mitata_without_samples_gives_the_median() -> None:
    """`samples: false` leaves null in their place."""
    reading = read("mitata/1.0.34-without-samples.json")
    given = document("mitata/1.0.34-without-samples.json")["benchmarks"][0]["runs"][0]["stats"]
    assert reading.benchmarks[0].metrics[0].samples == (given["p50"],)
    assert reading.benchmarks[0].notes[0] == "the log has no samples, only their median"


def test_mitata_before_1_is_read() -> None:
    """One run a benchmark, groups by name, the runtime as one text."""
    reading = read("mitata/0.1.14.json")
    assert names(reading) == ["fibonacci/fib(28)", "fibonacci/fib(24)", "sort"]
    assert [one.group for one in reading.benchmarks] == ["fibonacci", "fibonacci", ""]
    for measured, given in zip(reading.benchmarks, document("mitata/0.1.14.json")["benchmarks"], strict=True):
        assert wall_time(measured) == tuple(given["stats"]["samples"])
    assert reading.facts == LINUX


def test_mitata_counters_and_batches() -> None:
    """What the hardware counted is a mean each; `ticks` says how often a sample ran the function."""
    made = document("mitata/1.0.34.json")
    stats = made["benchmarks"][1]["runs"][0]["stats"]
    stats["ticks"] = 4096 * len(stats["samples"])
    stats["gc"] = {"avg": 500.5}
    stats["counters"] = {
        "cycles": {"avg": 10},
        "instructions": {"avg": 20},
        "cache": {"avg": 9, "misses": {"avg": 3}},
    }
    measured = read_text("mitata", json.dumps(made)).benchmarks[2]
    values = {metric.name: (metric.unit, metric.direction, metric.samples) for metric in measured.metrics[2:]}
    assert values == {
        "gc_time": ("ns", "lower", (500.5,)),
        "cycles": ("count", "lower", (10.0,)),
        "instructions": ("count", "lower", (20.0,)),
        "cache_misses": ("count", "lower", (3.0,)),
    }
    assert measured.iterations == 4096


def test_mitata_names_have_the_arguments_that_the_benchmark_does_not_name() -> None:
    """Two runs of one benchmark are never called the same; a group without a name is none."""
    made = document("mitata/1.0.34.json")
    made["layout"] = [3]
    made["benchmarks"][0] |= {"alias": "fib", "group": "0"}
    made["benchmarks"][1]["group"] = 0
    for run in made["benchmarks"][0]["runs"]:
        run["name"] = "fib"
    made["benchmarks"][1]["runs"][0]["args"] = None
    assert names(read_text("mitata", json.dumps(made))) == ["fib (n=24)", "fib (n=28)", "sort"]


@pytest.mark.parametrize(
    ("target", "system", "arch"),
    [
        ("arm64-darwin", "darwin", "arm64"),
        ("x64-win32", "windows", "x64"),
        ("x86_64-unknown-linux-gnu", "linux", "x86_64"),
        (None, None, None),
    ],
)
def test_mitata_says_which_machine(target: str | None, system: str | None, arch: str | None) -> None:
    """Node's and Deno's words for the system and the architecture; none where mitata knew none."""
    facts = read_text("mitata", changed("mitata/1.0.34.json", ["context", "arch"], target)).facts
    assert (facts.get("system"), facts.get("arch")) == (system, arch)
    assert (
        "cpu_model" not in read_text("mitata", changed("mitata/1.0.34.json", ["context", "cpu"], None)).facts
    )
    assert "runtime" not in read_text("mitata", changed("mitata/0.1.14.json", ["runtime"], None)).facts


@pytest.mark.parametrize(
    ("sample", "path", "value", "message"),
    [
        (
            "1.0.34",
            [0, "runs", 0, "stats", "samples", 1],
            -1,
            "benchmarks[0].runs[0].stats.samples[1]: a fin",
        ),
        ("1.0.34", [0, "runs", 0, "stats", "samples"], [], "stats.samples: an array of one sample or more"),
        ("1.0.34", [0, "runs", 0, "stats", "heap", "avg"], -1, "benchmarks[0].runs[0].stats.heap.avg: a fin"),
        ("1.0.34", [0, "runs", 0, "stats"], ..., "benchmarks[0].runs[0].stats: an object was expected, but"),
        ("1.0.34", [0, "runs", 0, "name"], 3, "benchmarks[0].runs[0].name: a text"),
        ("1.0.34", [0, "runs", 0], 3, "benchmarks[0].runs[0]: an object"),
        ("1.0.34", [0, "runs"], {}, "benchmarks[0].runs: an array was expected, found an object"),
        ("1.0.34-without-samples", [0, "runs", 0, "stats", "p50"], None, "stats.p50: a finite number"),
        ("0.1.14", [0, "stats", "samples", 0], "1", "benchmarks[0].stats.samples[0]: a finite number"),
        ("0.1.14", [0], [], "benchmarks[0]: an object was expected, found an array of 0"),
    ],
)
def test_a_fault_of_mitata_is_named_by_its_path(
    sample: str, path: list[Any], value: Any, message: str
) -> None:
    """What was expected, what was found, and where; the rest is read when that is allowed."""
    text = changed(f"mitata/{sample}.json", ["benchmarks", *path], value)
    assert message in refused("mitata", text)
    assert len(read_text("mitata", text, allow_partial=True).incomplete) == 1


def test_mitata_benchmarks_that_threw_are_refused() -> None:
    """By name and place; the others are read when that is allowed."""
    text = (DATA / "mitata/1.0.34-failure.json").read_text(encoding="utf-8")
    assert "log: benchmarks[2].runs[0].error: a result of 'broken' was expected" in refused("mitata", text)
    assert len(read("mitata/1.0.34-failure.json", allow_partial=True).benchmarks) == 3
