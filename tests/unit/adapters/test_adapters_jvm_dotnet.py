"""BenchmarkDotNet: the JSON of its exporters, and its faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.benchmarkdotnet import BenchmarkDotNet
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading

DATA = Path(__file__).resolve().parents[2] / "data" / "benchmarkdotnet"
FULL, COMPRESSED, BRIEF = "0.12.1-full.json", "0.13.12-full-compressed.json", "0.15.2-brief.json"


def text(name: str) -> str:
    """The sample called `name`."""
    return (DATA / name).read_text(encoding="utf-8")


def read(given: str, *, allow_partial: bool = False) -> Reading:
    """What the adapter reads of the text `given`."""
    return BenchmarkDotNet().read(Log("log", given), allow_partial)


def values(measured: Measured) -> dict[str, tuple[float, ...]]:
    """Metric → samples."""
    return {one.name: one.samples for one in measured.metrics}


def changed(path: list[Any], value: Any, name: str = FULL) -> str:
    """The sample `name` with `value` at `path`; `...` takes it away."""
    document = json.loads(text(name))
    inner = document
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


@pytest.mark.parametrize("name", [FULL, COMPRESSED, BRIEF])
def test_every_value_is_a_sample_in_nanoseconds(name: str) -> None:
    """Full, compressed and brief have all values; memory is a number an operation."""
    reading = read(text(name))
    document = json.loads(reading.log.text)
    assert reading.tool_version == name.split("-", maxsplit=1)[0]
    assert reading.incomplete == ()
    assert len(reading.benchmarks) == len(document["Benchmarks"])
    for measured, given in zip(reading.benchmarks, document["Benchmarks"], strict=True):
        assert measured.name.startswith(given["FullName"])
        time = measured.metrics[0]
        assert (time.name, time.unit, time.direction) == ("wall_time", "ns", "lower")
        assert time.samples == tuple(given["Statistics"]["OriginalValues"])
        memory = given["Memory"]["BytesAllocatedPerOperation"]
        expected = () if memory is None else (memory,)
        assert values(measured).get("allocated_bytes", ()) == expected


def test_what_diagnosers_found_has_the_direction_that_they_say() -> None:
    """Collections of each generation, lock contentions; what is no number is left out with a note."""
    first = read(text(COMPRESSED)).benchmarks[0]
    assert [(one.name, one.unit, one.direction) for one in first.metrics] == [
        ("wall_time", "ns", "lower"),
        ("allocated_bytes", "bytes", "lower"),
        ("Gen0Collects", "count", "lower"),
        ("Gen1Collects", "count", "lower"),
        ("Gen2Collects", "count", "lower"),
        ("Lock_Contentions", "count", "lower"),
    ]
    assert first.notes == ("BranchMispredictions is left out: BenchmarkDotNet has no number for it",)
    descriptor = ["Benchmarks", 0, "Metrics", 0, "Descriptor"]
    given = changed([*descriptor, "TheGreaterTheBetter"], True)
    assert read(given).benchmarks[0].metrics[2].direction == "higher"
    for key, value in (("TheGreaterTheBetter", None), ("Unit", ""), ("Unit", 3)):
        only = read(changed([*descriptor, key], value)).benchmarks[0]
        assert "Gen0Collects" not in values(only)
        assert "nothing says its unit or which way is better" in only.notes[0]


def test_parameters_group_warm_up_and_operations_are_kept() -> None:
    """From `Parameters`, namespace and type, and the measurements."""
    first = read(text(COMPRESSED)).benchmarks[0]
    assert first.parameters == {"N": 100, "Kind": "fast"}
    assert first.group == "Example.Sorting.SortBenchmarks"
    assert (first.warmup, first.iterations) == (3, 65536)
    brief = read(text(BRIEF)).benchmarks[0]
    assert (brief.group, brief.parameters, brief.warmup, brief.iterations) == ("Hashing", {}, 0, 1)


def test_a_benchmark_of_several_jobs_has_the_job_in_its_name() -> None:
    """One of a single job has its full name alone."""
    names = [one.name for one in read(text(COMPRESSED)).benchmarks]
    assert names[0] == (
        'Example.Sorting.SortBenchmarks.Sort(N: 100, Kind: "fast") '
        "[Job-KTMWQX(Runtime=.NET 6.0, IterationCount=5, WarmupCount=3)]"
    )
    assert len(set(names)) == 4
    assert read(text(FULL)).benchmarks[0].name == "Example.Text.Joining.Concat(Count: 10)"


@pytest.mark.parametrize(
    ("name", "system", "arch"),
    [(FULL, "windows", "X64"), (COMPRESSED, "linux", "X64"), (BRIEF, "darwin", "Arm64")],
)
def test_the_machine_is_what_can_be_held_against_this_one(name: str, system: str, arch: str) -> None:
    """System and architecture; the processor only under a name of its own, since it is shortened."""
    facts = read(text(name)).facts
    assert (facts["system"], facts["arch"]) == (system, arch)
    assert facts.keys() == {"system", "arch", "os_version", "processor", "runtime", "dotnet_sdk"}


def test_what_is_not_known_of_the_machine_is_not_said() -> None:
    """A 32-bit process says nothing of the machine, nor does an unknown system."""
    assert "arch" not in read(changed(["HostEnvironmentInfo", "Architecture"], "X86")).facts
    assert "system" not in read(changed(["HostEnvironmentInfo", "OsVersion"], "Plan 9")).facts
    assert read(changed(["HostEnvironmentInfo"], None)).facts == {}


def test_a_debug_build_and_a_debugger_are_noted() -> None:
    """The numbers stand; every benchmark says how it was built."""
    given = json.loads(text(FULL))
    given["HostEnvironmentInfo"] |= {"Configuration": "DEBUG", "HasAttachedDebugger": True}
    for measured in read(json.dumps(given)).benchmarks:
        assert measured.notes == ("measured in a DEBUG build", "measured with a debugger attached")


def test_without_values_the_median_is_the_one_sample() -> None:
    """As early versions wrote it."""
    only = read(changed(["Benchmarks", 0, "Statistics", "OriginalValues"], ...)).benchmarks[0]
    assert len(values(only)["wall_time"]) == 1
    assert only.notes == ("the log has no samples, only their median",)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["Statistics", "OriginalValues", 2], "", "Benchmarks[0].Statistics.OriginalValues[2]: a finite"),
        (["Statistics", "OriginalValues", 2], -1, "Benchmarks[0].Statistics.OriginalValues[2]: a finite"),
        (["Statistics", "OriginalValues"], [], "OriginalValues: an array of one sample or more"),
        (["Statistics", "N"], 9, "Statistics.N: 6, the number of values, was expected, found 9"),
        (["Statistics"], None, "Benchmarks[0].Statistics: an object was expected, but it is not there"),
        (["Memory", "BytesAllocatedPerOperation"], -4, "Memory.BytesAllocatedPerOperation: a finite number"),
        (["Memory"], 4, "Benchmarks[0].Memory: an object"),
        (["Metrics"], {"a": 1}, "Benchmarks[0].Metrics: an array"),
        (["Metrics", 1], 3, "Benchmarks[0].Metrics[1]: an object"),
        (["Metrics", 1, "Value"], -3, "Benchmarks[0].Metrics[1].Value: a finite number"),
        (["Metrics", 1, "Descriptor"], None, "Metrics[1].Descriptor: an object"),
        (["Metrics", 1, "Descriptor", "Id"], "", "Metrics[1].Descriptor.Id: a text"),
        (["FullName"], None, "Benchmarks[0].FullName: a text"),
    ],
)
def test_a_fault_is_named_by_its_path(path: list[Any], value: Any, message: str) -> None:
    """What was expected, what was found, and where."""
    assert message in refused(changed(["Benchmarks", 0, *path], value))


@pytest.mark.parametrize("display", [None, "Sort", "Sort: "])
def test_jobs_that_cannot_be_told_apart_are_refused(display: str | None) -> None:
    """Two benchmarks of one name need their jobs' names."""
    given = changed(["Benchmarks", 1, "DisplayInfo"], display, COMPRESSED)
    assert "Benchmarks[1].DisplayInfo: " in refused(given)


def test_a_benchmark_that_failed_is_left_out_when_that_is_allowed() -> None:
    """BenchmarkDotNet writes no statistics of it; a log that is cut off keeps what is whole."""
    failed = changed(["Benchmarks", 1, "Statistics"], None)
    assert "Benchmarks[1].Statistics" in refused(failed)
    assert "cut off" in refused(text(FULL)[:-900])
    for given in (failed, text(FULL)[:-900]):
        reading = read(given, allow_partial=True)
        assert len(reading.benchmarks) == 1
        assert len(reading.incomplete) == 1


def test_a_log_without_benchmarks_is_recognised() -> None:
    """It is this tool's, and has none; what is no array is refused."""
    given = changed(["Benchmarks"], [])
    assert BenchmarkDotNet().detects(Log("log", given))
    assert read(given).benchmarks == []
    assert "log: Benchmarks: an array" in refused(changed(["Benchmarks"], 3))
    assert not BenchmarkDotNet().detects(Log("log", '{"Benchmarks": []}'))
