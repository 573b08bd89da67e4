"""Each adapter against what its real tool wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.registry import adapters, detect

DATA = Path(__file__).resolve().parents[2] / "data"
SAMPLES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.name[0].isdigit())
SAME_FORMAT = {"custom-smaller", "custom-bigger"}
"""Formats that differ only in what their numbers mean: nothing in a log tells them apart."""


def read(name: str, *, allow_partial: bool = False) -> Reading:
    """What the adapter that claims the sample `name` reads."""
    log = Log(name, (DATA / name).read_text(encoding="utf-8"))
    return detect(log, adapters()).read(log, allow_partial)


def named(reading: Reading) -> dict[str, Measured]:
    """The benchmarks of a reading by name."""
    return {one.name: one for one in reading.benchmarks}


def metrics(measured: Measured) -> dict[str, tuple[str, str, int]]:
    """name → (unit, direction, number of samples)."""
    return {one.name: (one.unit, one.direction, len(one.samples)) for one in measured.metrics}


def test_there_are_samples_of_every_tool() -> None:
    """Each built-in adapter has a folder with a README and at least two samples."""
    for tool in adapters():
        assert (DATA / tool / "README.md").is_file()
        assert sum(path.parent.name == tool for path in SAMPLES) >= 2


@pytest.mark.parametrize(
    "path",
    [path for path in SAMPLES if path.parent.name not in SAME_FORMAT],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_each_sample_is_claimed_by_its_tool_alone(path: Path) -> None:
    """Detection looks at content: exactly the adapter of the sample's folder claims it."""
    log = Log("unnamed", path.read_text(encoding="utf-8"))
    assert [name for name, one in adapters().items() if one.detects(log)] == [path.parent.name]
    assert detect(log, adapters()).name == path.parent.name


@pytest.mark.parametrize("version", ["5.2.3", "3.4.1"])
def test_pytest_benchmark_keeps_every_round_in_nanoseconds(version: str) -> None:
    """Samples, group, parameters, iterations, extra information, source and version are those of the log."""
    reading = read(f"pytest-benchmark/{version}.json")
    document = json.loads(reading.log.text)
    assert reading.tool_version == version
    assert reading.incomplete == ()
    assert reading.revision is None
    assert list(named(reading)) == [one["fullname"] for one in document["benchmarks"]]
    for measured, given in zip(reading.benchmarks, document["benchmarks"], strict=True):
        (metric,) = measured.metrics
        assert (metric.name, metric.unit, metric.direction) == ("wall_time", "ns", "lower")
        assert metric.samples == tuple(value * 1e9 for value in given["stats"]["data"])
        assert measured.iterations == given["stats"]["iterations"]
        assert measured.group == (given["group"] or "")
        assert measured.source == ("test_sample.py", 1)
    found = named(reading)
    assert found["test_sample.py::test_sort[1000]"].parameters == {"size": 1000}
    assert found["test_sample.py::test_join[a b/c]"].notes == ("characters: 5",)
    assert found["test_sample.py::test_join[a b/c]"].iterations == 100


def test_pytest_benchmark_says_which_machine() -> None:
    """System, kernel, architecture, CPU and Python are kept under the names of our own facts."""
    assert read("pytest-benchmark/5.2.3.json").facts == {
        "system": "Linux",
        "kernel": "6.1.0",
        "arch": "x86_64",
        "cpu_model": "AMD EPYC",
        "python": "3.11.7",
    }


def test_pytest_benchmark_without_data_gives_its_median_and_says_so() -> None:
    """Where no samples were saved, the median is the one sample."""
    reading = read("pytest-benchmark/5.2.3-without-data.json")
    document = json.loads(reading.log.text)
    for measured, given in zip(reading.benchmarks, document["benchmarks"], strict=True):
        assert measured.metrics[0].samples == (given["stats"]["median"] * 1e9,)
        assert "no samples" in measured.notes[0]


def test_hyperfine_gives_times_cpu_time_and_parameters() -> None:
    """1.15 has times and mean CPU times; a parameter tells two results of one command apart."""
    reading = read("hyperfine/1.15.0.json")
    document = json.loads(reading.log.text)
    assert list(named(reading)) == ["sleep 0.001 (n=1)", "true (n=1)", "sleep 0.002 (n=2)", "true (n=2)"]
    first, given = reading.benchmarks[0], document["results"][0]
    assert metrics(first) == {"wall_time": ("ns", "lower", 6), "cpu_time": ("ns", "lower", 1)}
    assert first.metrics[0].samples == tuple(value * 1e9 for value in given["times"])
    assert first.metrics[1].samples == ((given["user"] + given["system"]) * 1e9,)
    assert first.parameters == {"n": "1"}


def test_hyperfine_gives_the_memory_of_each_run_since_it_writes_it() -> None:
    """1.20 has peak memory, a sample per run."""
    first = read("hyperfine/1.20.0.json").benchmarks[0]
    assert first.name == "sleep a little (n=1)"
    assert metrics(first)["peak_memory"] == ("bytes", "lower", 6)
    assert first.metrics[2].samples == (2842624.0,) * 6


def test_hyperfine_says_which_runs_failed() -> None:
    """With --ignore-failure a command may fail and still be measured: a note says it."""
    (only,) = read("hyperfine/1.20.0-failures.json").benchmarks
    assert "5 of 5 runs did not exit with 0, the first with 1" in only.notes


@pytest.mark.parametrize(("name", "repeats"), [("1.26-text.txt", 6), ("1.26-events.txt", 5)])
def test_go_takes_repeats_as_samples_by_package(name: str, repeats: int) -> None:
    """Plain and as events: time, memory, allocations and throughput, each with unit and direction."""
    reading = read(f"go/{name}")
    found = named(reading)
    assert set(found) == {
        "example.org/sample/Sort/size=10",
        "example.org/sample/Sort/size=1000",
        "example.org/sample/Join",
        "example.org/sample/Named/utf-8",
        "example.org/sample/other/Sort",
    }
    assert metrics(found["example.org/sample/Sort/size=10"]) == {
        "wall_time": ("ns", "lower", repeats),
        "throughput": ("bytes/s", "higher", repeats),
        "allocated_bytes": ("bytes", "lower", repeats),
        "allocations": ("count", "lower", repeats),
    }
    assert found["example.org/sample/Join"].parameters == {"gomaxprocs": 2}
    assert "words/op is left out" in found["example.org/sample/Join"].notes[0]
    assert reading.facts == {"system": "linux", "arch": "amd64", "cpu_model": "AMD EPYC"}


def test_go_text_has_the_values_of_its_lines() -> None:
    """Nanoseconds as they are, megabytes (10^6) a second as bytes."""
    first = named(read("go/1.26-text.txt"))["example.org/sample/Sort/size=10"]
    values = {metric.name: metric.samples for metric in first.metrics}
    assert values["wall_time"] == (252.3, 136.2, 137.7, 134.3, 123.4, 191.8)
    assert values["throughput"][0] == pytest.approx(317.07e6)
    assert first.iterations == 2000
    assert first.place == "line 5"


def test_go_keeps_gomaxprocs_in_names_only_where_it_tells_benchmarks_apart() -> None:
    """With -cpu 1,2 there are two benchmarks of each name."""
    names = [one.name.removeprefix("example.org/sample/") for one in read("go/1.26-cpu.txt").benchmarks]
    assert names == ["Sort/size=10", "Sort/size=10-2", "Sort/size=1000", "Sort/size=1000-2"]
