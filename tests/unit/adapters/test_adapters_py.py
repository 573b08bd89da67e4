"""pyperf, asv, JUnit XML and the formats of no one tool, each against its samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.asv import Asv
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.registry import adapters, detect, named, read_all

DATA = Path(__file__).resolve().parents[2] / "data"
KNOWN = adapters()


def log_of(name: str) -> Log:
    """The sample `name`."""
    return Log(name, (DATA / name).read_text(encoding="utf-8"))


def read(name: str, tool: str | None = None) -> Reading:
    """What the adapter that claims the sample reads, or the one called `tool`."""
    log = log_of(name)
    adapter = named(tool, KNOWN) if tool else detect(log, KNOWN)
    return adapter.read(log, False)


def by_name(reading: Reading) -> dict[str, Measured]:
    """The benchmarks of a reading by name."""
    return {one.name: one for one in reading.benchmarks}


def shapes(measured: Measured) -> dict[str, tuple[str, str, tuple[float, ...]]]:
    """name → (unit, direction, samples)."""
    return {one.name: (one.unit, one.direction, one.samples) for one in measured.metrics}


@pytest.mark.parametrize("version", ["1.6.1", "2.10.0"])
def test_pyperf_keeps_the_values_of_every_process_and_its_memory(version: str) -> None:
    """In order, in nanoseconds; the process that calibrated the loops has none."""
    reading = read(f"pyperf/{version}.json")
    document = json.loads(reading.log.text)
    assert (reading.tool_version, list(by_name(reading))) == (version, ["sort", "join"])
    for measured, given in zip(reading.benchmarks, document["benchmarks"], strict=True):
        values = [value for run in given["runs"] for value in run.get("values", [])]
        unit, direction, samples = shapes(measured)["wall_time"]
        assert (unit, direction) == ("ns", "lower")
        assert samples == tuple(value * 1e9 for value in values)
        assert len(samples) == 9
        assert len(shapes(measured)["peak_memory"][2]) == 3
        assert measured.iterations == given["metadata"]["loops"]
        assert measured.warmup == 1


def test_pyperf_takes_memory_that_all_processes_share_from_the_benchmark() -> None:
    """pyperf writes once what is equal for all runs."""
    assert shapes(by_name(read("pyperf/2.10.0.json"))["join"])["peak_memory"] == (
        "bytes",
        "lower",
        (19582976.0,) * 3,
    )


@pytest.mark.parametrize(
    ("version", "values"),
    [("1.6.1", (7483392.0, 7655424.0, 7467008.0)), ("2.10.0", (12005376.0, 12058624.0, 12058624.0))],
)
def test_pyperf_values_in_bytes_are_peak_memory(version: str, values: tuple[float, ...]) -> None:
    """The unit is in the metadata; with --track-memory values are no times."""
    (only,) = read(f"pyperf/{version}-memory.json").benchmarks
    assert shapes(only) == {"peak_memory": ("bytes", "lower", values)}


def test_pyperf_timeit_counts_the_copies_of_its_statement() -> None:
    """A value is per copy already; an iteration is one."""
    (only,) = read("pyperf/2.10.0-timeit.json").benchmarks
    assert (only.name, only.iterations) == ("timeit", 256 * 4)


def test_pyperf_command_has_the_memory_of_the_command() -> None:
    """Not that of the process that started it."""
    (only,) = read("pyperf/2.10.0-command.json").benchmarks
    assert shapes(only)["peak_memory"][2] == (12779520.0, 12750848.0, 12779520.0)
    assert (only.warmup, len(shapes(only)["wall_time"][2])) == (0, 3)


def test_pyperf_says_which_machine() -> None:
    """Without the host's name."""
    facts = read("pyperf/2.10.0.json").facts
    assert facts == {
        "system": "Linux",
        "kernel": "6.18.44-fc-v657",
        "arch": "x86_64",
        "cpu_model": "AMD EPYC",
        "python": "3.11.7",
        "platform": "Linux-6.18.44-fc-v657-x86_64-with-glibc2.36",
        "cpu_count": "2",
        "cpu_config": "idle:haltpoll",
        "aslr": "Full randomization",
        "timer": "clock_gettime(CLOCK_MONOTONIC), resolution: 1.00 ns",
    }


def pyperf(metadata: dict[str, Any], *runs: dict[str, Any]) -> str:
    """A pyperf log of one benchmark."""
    return json.dumps({"benchmarks": [{"runs": list(runs)}], "metadata": metadata, "version": "1.0"})


@pytest.mark.parametrize(
    ("platform", "python", "facts"),
    [
        (
            "Linux-5.4.0-42-generic-x86_64-x86_64-with-glibc2.29",
            ("3.8.10 (64-bit)", "pypy"),
            {"system": "Linux", "kernel": "5.4.0-42-generic", "arch": "x86_64", "python": "pypy 3.8.10"},
        ),
        ("macOS-14.1-arm64-arm-64bit", ("3.12.1 (64-bit)", "cpython"), {"python": "3.12.1"}),
        ("Windows-10-10.0.19045-SP0", (" ", "cpython"), {}),
    ],
)
def test_pyperf_platforms(platform: str, python: tuple[str, str], facts: dict[str, str]) -> None:
    """Only what is certain is taken out of the platform's name."""
    metadata = {"name": "x", "platform": platform, "python_version": python[0]}
    text = pyperf({**metadata, "python_implementation": python[1]}, {"values": [1.0]})
    reading = KNOWN["pyperf"].read(Log("log", text), False)
    assert reading.facts == {**facts, "platform": platform}


def test_pyperf_without_a_unit_means_seconds_and_integers_have_no_direction() -> None:
    """Seconds are pyperf's own default; which way is better for a bare integer it does not say."""
    (seconds,) = KNOWN["pyperf"].read(Log("log", pyperf({"name": "x"}, {"values": [2]})), False).benchmarks
    assert shapes(seconds) == {"wall_time": ("ns", "lower", (2e9,))}
    text = pyperf({"name": "x", "unit": "integer"}, {"values": [2]})
    (integers,) = KNOWN["pyperf"].read(Log("log", text), False).benchmarks
    assert integers.metrics == ()
    assert "bare integer" in integers.notes[0]


def test_pyperf_memory_that_a_process_lacks_is_left_out() -> None:
    """A metric of some processes would not be that of the benchmark."""
    text = pyperf({"name": "x"}, {"values": [2], "metadata": {"mem_max_rss": 7}}, {"values": [3]})
    (one,) = KNOWN["pyperf"].read(Log("log", text), False).benchmarks
    assert set(shapes(one)) == {"wall_time"}


@pytest.mark.parametrize("version", ["0.6.6", "0.4.2"])
def test_asv_reads_both_formats_with_their_definitions(version: str) -> None:
    """Cases, parameters by name, samples, units; what was skipped is not there, what failed has no metric."""
    logs = [log_of(f"asv/{version}.json"), log_of(f"asv/{version}-benchmarks.json")]
    (reading,) = read_all([(log, detect(log, KNOWN)) for log in logs], False)
    found = by_name(reading)
    expected = {
        *(f"sample.Sorting.{name}({case})" for name in ("time_sort", "peakmem_sort")
          for case in ("10, up", "10, down", "1000, up")),
        *(f"sample.{name}" for name in ("time_broken", "time_join", "mem_list", "track_bytes")),
        "sample.track_ratio",
        *(["sample.timeraw_import"] if version == "0.6.6" else []),
    }  # fmt: skip
    assert set(found) == expected
    sort = found["sample.Sorting.time_sort(1000, up)"]
    assert (sort.group, sort.parameters) == ("sample.Sorting", {"size": 1000, "order": "up"})
    assert (sort.iterations, len(shapes(sort)["wall_time"][2])) == (100, 6)
    assert shapes(found["sample.mem_list"]) == {"object_size": ("bytes", "lower", (8056.0,))}
    assert shapes(found["sample.track_ratio"]) == {"tracked": ("ratio", "lower", (0.75,))}
    assert shapes(found["sample.track_bytes"]) == {"tracked": ("bytes", "lower", (1234.0,))}
    assert set(shapes(found["sample.Sorting.peakmem_sort(10, up)"])) == {"peak_memory"}
    assert found["sample.time_broken"].metrics == ()
    assert found["sample.time_broken"].notes == ("asv says that it failed",)
    assert reading.revision == ("5d96efb36a207630acafc19d0e4645d312114b2d", None)
    assert reading.facts.get("python_series") == {"0.4.2": "3.8", "0.6.6": None}[version]
    assert reading.log.text == logs[0].text


def test_asv_samples_are_those_of_the_file_in_nanoseconds() -> None:
    """All, in their order."""
    found = by_name(read("asv/0.6.6.json"))
    document = json.loads(log_of("asv/0.6.6.json").text)
    given = document["results"]["sample.time_join"][document["result_columns"].index("samples")][0]
    assert shapes(found["sample.time_join"]) == {
        "wall_time": ("ns", "lower", tuple(value * 1e9 for value in given))
    }


def test_asv_results_alone_have_the_units_of_their_types() -> None:
    """A name tells its type and so its unit; a tracked value's unit is in the other file only."""
    found = by_name(read("asv/0.6.6.json"))
    assert shapes(found["sample.timeraw_import"])["wall_time"][0] == "ns"
    assert found["sample.Sorting.time_sort(10, up)"].parameters == {"param1": 10, "param2": "up"}
    assert found["sample.track_ratio"].metrics == ()
    assert "benchmarks.json, which was not given" in found["sample.track_ratio"].notes[0]


def test_asv_says_which_machine() -> None:
    """Without its name; a Python that is a path is not taken for a version."""
    assert read("asv/0.6.6.json").facts == {
        "system": "Linux",
        "kernel": "6.18.44-fc-v657",
        "arch": "x86_64",
        "cpu_model": "AMD EPYC",
    }


def asv(results: dict[str, Any], **top: Any) -> Log:
    """A file of asv's format 1."""
    document = {"commit_hash": "f" * 40, "env_name": "env", "params": {}, "requirements": {}, **top}
    return Log("asv.json", json.dumps({**document, "results": results}))


def test_asv_without_samples_gives_its_median_and_says_so() -> None:
    """The oldest files have no more."""
    old = {"m.time_x": {"result": 2.0, "stats": {"number": 7}}, "m.time_y": 3.0}
    params = {"os": "Ubuntu 22.04", "cpu": "c"}
    reading = Asv().read(asv(old, params=params, requirements={"numpy": "1.26"}), False)
    assert [shapes(one)["wall_time"][2] for one in reading.benchmarks] == [(2e9,), (3e9,)]
    assert [one.iterations for one in reading.benchmarks] == [7, 1]
    assert "--record-samples" in reading.benchmarks[0].notes[0]
    assert reading.facts == {"os": "Ubuntu 22.04", "cpu_model": "c", "requires numpy": "1.26"}


def test_asv_environments_are_not_mixed() -> None:
    """Two Pythons are two things, and not samples of one."""
    logs = [asv({"m.time_x": 1.0}, env_name=name) for name in ("py3.11", "py3.12")]
    with pytest.raises(
        MalformedLogError, match=r"measured in environment 'py3.12', but asv.json in 'py3.11'"
    ):
        Asv().read_tree(logs, False)


def test_asv_definitions_alone_have_no_benchmark() -> None:
    """They are asv's, and no result."""
    assert read("asv/0.6.6-benchmarks.json").benchmarks == ()


def test_nan_in_asv_names_stays() -> None:
    """Only NaN as a value is none of JSON's."""
    log = Log("log", asv({'m.time_NaN("NaN")': [1.0]}).text.replace("[1.0]", "NaN"))
    assert Asv().read(log, False).benchmarks == []
    assert [one.name for one in Asv().read(asv({'m.time_NaN("NaN")': 1.0}), False).benchmarks] == [
        'm.time_NaN("NaN")'
    ]


JUNIT = {
    "9.2.0-pytest": {
        "test_sample::test_sort[10]": (1e6,),
        "test_sample::test_sort[1000]": (0.0,),
        "test_sample.TestJoin::test_words": (2e6,),
        "test_sample::test_wrong": (),
        "test_sample::test_error": (),
    },
    "3.2.5-surefire": {
        "example.SampleTest::joins": (31e6,),
        "example.SampleTest::sorts(int)[1]": (32e6,),
        "example.SampleTest::sorts(int)[2]": (2e6,),
        "example.SampleTest::isWrong": (),
    },
    "2.12.4-surefire": {"example.OldTest::joins": (1104e6,), "example.OldTest::hasAnError": ()},
    "1.13.0-gotestsum": {
        "example.org/sample::TestWrong": (),
        "example.org/sample::TestAdd/small_numbers": (1e7, 1e7, 1e7),
        "example.org/sample::TestAdd": (1e7, 1e7, 1e7),
    },
    "16.0.0-jest": {
        "sum adds": (4e6,),
        "sum adds slowly": (13e6,),
        "sum is wrong": (),
        "joins": (1e6,),
    },
    "16.0.0-jest-templates": {
        "sum::adds": (2e6,),
        "sum::adds slowly": (13e6,),
        "sum::is wrong": (),
        "joins": (0.0,),
    },
}  # fmt: skip
JUNIT["9.2.0-pytest-xunit1"] = JUNIT["9.2.0-pytest"]


@pytest.mark.parametrize("name", sorted(JUNIT))
def test_junit_dialects_give_the_time_of_every_case_that_passed(name: str) -> None:
    """What failed has no time, what was skipped is not there; repeats are samples."""
    reading = read(f"junit/{name}.xml")
    assert list(by_name(reading)) == list(JUNIT[name])
    for one in reading.benchmarks:
        taken = [sample for metric in one.metrics for sample in metric.samples]
        assert taken == pytest.approx(list(JUNIT[name][one.name]))
        assert set(shapes(one)) <= {"wall_time"}
        assert all((metric.unit, metric.direction) == ("ns", "lower") for metric in one.metrics)


def test_junit_cases_that_failed_say_why() -> None:
    """The message of the failure or the error, or the first line of its text."""
    found = by_name(read("junit/9.2.0-pytest.xml"))
    assert found["test_sample::test_wrong"].notes == ("failure: assert 1 == 2",)
    assert found["test_sample::test_error"].notes[0].startswith("error: failed on setup")
    jest = by_name(read("junit/16.0.0-jest.xml"))["sum is wrong"]
    assert jest.notes[0].startswith("failure: Error: expect(received)")


def test_junit_groups_and_sources() -> None:
    """The class is the group, or the suite where there is none; a file is the source."""
    assert (
        by_name(read("junit/3.2.5-surefire.xml"))["example.SampleTest::joins"].group == "example.SampleTest"
    )
    assert by_name(read("junit/16.0.0-jest.xml"))["sum adds"].group == "sum"
    source = by_name(read("junit/9.2.0-pytest-xunit1.xml"))["test_sample.TestJoin::test_words"].source
    assert source == ("test_sample.py", 1)


def test_junit_says_which_machine() -> None:
    """From the properties of Java's tools and of gotestsum."""
    java = {"system": "linux", "kernel": "6.18.44-fc-v657", "arch": "amd64", "java": "17.0.15"}
    assert read("junit/2.12.4-surefire.xml").facts == java
    assert read("junit/1.13.0-gotestsum.xml").facts == {"system": "linux", "arch": "amd64", "go": "go1.26.8"}
    assert read("junit/16.0.0-jest.xml").facts == {}


def test_custom_formats_take_their_direction_from_the_tool() -> None:
    """A time is wall_time where less is better; a rate and a throughput are where more is."""
    found = by_name(read("custom-smaller/1-times.json", "custom-smaller"))
    assert shapes(found["parse a small document"]) == {"wall_time": ("ns", "lower", (12.75e6,))}
    assert shapes(found["parse a large document"]) == {"wall_time": ("ns", "lower", (1.5e9,))}
    assert shapes(found["lookup"]) == {"wall_time": ("ns", "lower", (41.0,))}
    assert shapes(found["resident set"]) == {"value": ("bytes", "lower", (48.5 * 2**20,))}
    assert found["parse a small document"].notes[1:] == ("range: ± 0.31", "extra: 30 runs")
    found = by_name(read("custom-bigger/1-rates.json", "custom-bigger"))
    assert shapes(found["insert"]) == {"rate": ("1/s", "higher", (48211.5,))}
    assert shapes(found["select"]) == {"rate": ("1/s", "higher", (90125.0,))}
    assert shapes(found["copy"]) == {"throughput": ("bytes/s", "higher", (812.5e6,))}


def test_custom_units_that_are_not_known_stay_as_they_are_written() -> None:
    """The number is not converted; a time of which more is better is no wall_time."""
    found = by_name(read("custom-bigger/1-other-units.json", "custom-bigger"))
    assert shapes(found["F1"]) == {"value": ("score", "higher", (0.93,))}
    assert shapes(found["time between failures"]) == {"value": ("hours", "higher", (320.0,))}
    assert shapes(found["battery"]) == {"value": ("ns", "higher", (5400e9,))}
    found = by_name(read("custom-smaller/1-other-units.json", "custom-smaller"))
    assert shapes(found["CPU"]) == {"value": ("Percent", "lower", (37.25,))}


@pytest.mark.parametrize("tool", ["custom-smaller", "custom-bigger"])
def test_what_two_formats_share_is_claimed_by_both(tool: str) -> None:
    """Content cannot tell which way is better, so both are named, and --tool is asked for."""
    for path in sorted((DATA / tool).glob("[0-9]*")):
        log = log_of(f"{tool}/{path.name}")
        claims = [name for name, one in KNOWN.items() if one.detects(log)]
        assert claims == ["custom-smaller", "custom-bigger"]
        with pytest.raises(
            MalformedLogError, match="it could be of custom-smaller or custom-bigger"
        ) as caught:
            detect(log, KNOWN)
        assert caught.value.remedy == "Say which with --tool."


def test_nyrkio_joins_results_of_one_test() -> None:
    """Two results of a test at one commit are two samples; one that did not pass has none."""
    reading = read("nyrkio/1-array.json")
    found = by_name(reading)
    assert shapes(found["insert"]) == {
        "tps": ("1/s", "higher", (3348.5, 3301.0)),
        "latency_p90": ("ns", "lower", (125e3, 131e3)),
        "latency_p99": ("ns", "lower", (280.5e3, 291e3)),
        "heap": ("bytes", "lower", (12 * 2.0**20, 12.5 * 2**20)),
    }
    assert found["insert"].notes == ("client_threads: 8", "engine: mmap")
    assert found["delete"].metrics == ()
    assert found["delete"].notes == ("the log says that the test did not pass",)
    assert reading.revision == ("0123456789abcdef0123456789abcdef01234567", None)


def test_nyrkio_without_directions_keeps_what_is_certain() -> None:
    """A percentile of times and a rate have one direction, points none. The log's path names the test."""
    (only,) = read("nyrkio/1-one.json").benchmarks
    assert only.name == "nyrkio/1-one"
    assert shapes(only) == {
        "latency_p50": ("ns", "lower", (56e3,)),
        "requests": ("1/s", "higher", (910.0,)),
    }
    assert only.notes == ("score is left out: the log does not say which way is better",)


def test_bencher_measures_have_the_units_that_bencher_defines() -> None:
    """By slug and by name; bounds are notes, and a measure of one's own is left out."""
    found = by_name(read("bencher/1-built-in.json"))
    assert shapes(found["parse::small"]) == {
        "wall_time": ("ns", "lower", (88.25,)),
        "rate": ("1/s", "higher", (11331444.75,)),
    }
    assert "latency lies between 87.5 and 89.0, in Bencher's unit" in found["parse::small"].notes
    assert "latency lies between -12.5 and ?, in Bencher's unit" in found["parse::large"].notes
    assert shapes(found["cargo build"]) == {"build_time": ("ns", "lower", (42.5e9,))}
    assert shapes(found["target/release/tool"]) == {"file_size": ("bytes", "lower", (4194304.0,))}
    assert "Compile Warnings is left out" in found["target/release/tool"].notes[1]
    assert set(shapes(by_name(read("bencher/1-counters.json"))["sort 1000"])) == {
        "instructions",
        "estimated_cycles",
        "allocated_bytes",
        "allocations",
        "peak_memory",
    }
