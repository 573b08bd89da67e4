"""Malformed logs of pyperf, asv, JUnit XML and the formats of no one tool: refused with their place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchgov.adapters.interface import Adapter, Log, MalformedLogError
from benchgov.adapters.registry import adapters, detect
from benchgov.adapters.stated import converted, metric_name

DATA = Path(__file__).resolve().parents[2] / "data"
KNOWN = adapters()
NOTHING = object()


def adapter(tool: str) -> Adapter:
    """The adapter of `tool`."""
    return KNOWN[tool]


def changed(name: str, *path: Any, to: Any) -> str:
    """The sample `name` with another value at `path`, or with nothing there."""
    document = copy.deepcopy(json.loads((DATA / name).read_text(encoding="utf-8")))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    if to is NOTHING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return json.dumps(document)


def refused(tool: str, text: str) -> str:
    """The message with which the adapter refuses `text`."""
    with pytest.raises(MalformedLogError) as caught:
        adapter(tool).read(Log("log", text), False)
    return str(caught.value)


RUN = ("benchmarks", 0, "runs", 1)


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        ((*RUN, "values", 1), -1.0, "log: benchmarks[0].runs[1].values[1]: a finite number that is not"),
        ((*RUN, "values", 1), float("nan"), "NaN"),
        ((*RUN, "values"), [], "benchmarks[0].runs[1].values: an array of one sample or more"),
        ((*RUN, "metadata", "mem_max_rss"), "much", "benchmarks[0].runs[1].metadata.mem_max_rss"),
        ((*RUN, "metadata"), 3, "benchmarks[0].runs[1].metadata: an object was expected, found 3"),
        ((*RUN, "metadata", "loops"), 0, "benchmarks[0].runs[1].metadata.loops: an integer of 1"),
        ((*RUN, "metadata", "unit"), "byte", "benchmarks[0].metadata.unit: one unit for all runs"),
        (("metadata", "unit"), "furlong", "benchmarks[0].metadata.unit: one of the units second, byte"),
        (("metadata", "unit"), None, "benchmarks[0].metadata.unit: one of the units"),
        (("metadata",), [], "metadata: an object was expected"),
        (("version",), "2.0", "version: '1.0' was expected, found '2.0'"),
        (("benchmarks", 1, "metadata", "name"), NOTHING, "benchmarks[1].metadata.name: a text"),
        (("benchmarks", 1, "runs"), {}, "benchmarks[1].runs: an array was expected, found an object"),
        (("benchmarks", 1, "runs"), [{}], "benchmarks[1].runs: a run with values was expected"),
        (("benchmarks", 1, "runs", 0), 7, "benchmarks[1].runs[0]: an object"),
        (("benchmarks",), 7, "benchmarks: an array"),
    ],
)
def test_a_fault_of_pyperf_is_named_by_its_path(path: tuple[Any, ...], to: Any, message: str) -> None:
    """What was expected, what was found, and where."""
    assert message in refused("pyperf", changed("pyperf/1.6.1.json", *path, to=to))


def test_a_cut_pyperf_log_keeps_no_number_whose_unit_is_lost() -> None:
    """The unit stands at the end: without it seconds would be a guess."""
    text = (DATA / "pyperf/2.10.0.json").read_text(encoding="utf-8")
    text = text[: text.rindex('"metadata"')]
    assert "cut off" in refused("pyperf", text)
    assert adapter("pyperf").detects(Log("log", text))
    reading = adapter("pyperf").read(Log("log", text), True)
    assert reading.benchmarks == []
    assert any("metadata.unit" in one for one in reading.incomplete)


def test_whole_benchmarks_of_pyperf_are_read_when_that_is_allowed() -> None:
    """The other is said to be missing."""
    text = changed("pyperf/2.10.0.json", "benchmarks", 0, "runs", to=None)
    reading = adapter("pyperf").read(Log("log", text), True)
    assert [one.name for one in reading.benchmarks] == ["join"]
    assert reading.incomplete == ("log: benchmarks[0].runs: an array was expected, but it is not there",)


def asv(results: Any, **top: Any) -> str:
    """A file of asv's format 1, or of 2 with `result_columns`."""
    document = {"commit_hash": "f" * 40, "env_name": "env", "params": {}, "requirements": {}, **top}
    return json.dumps({**document, "results": results})


COLUMNS = ["result", "params", "version", "samples", "stats_number"]
V = "v"


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"m.time_x": [[-1.0], [], V]}, "log: results.m.time_x.result[0]: a finite number that is not"),
        ({"m.time_x": [["1"], [], V]}, "results.m.time_x.result[0]: a finite number"),
        ({"m.time_x": [[1.0], [], V, [[1.0, -2.0]]]}, "results.m.time_x.samples[0][1]: a finite number"),
        ({"m.time_x": [[1.0], [], V, [[]]]}, "results.m.time_x.samples[0]: an array of one sample"),
        ({"m.time_x": [[1.0], [], V, [[1.0]], [0.5]]}, "results.m.time_x.stats_number[0]: an integer of 1"),
        ({"m.time_x": [[1.0], [], V, [[1.0], [2.0]]]}, "results.m.time_x.samples: an array of 1"),
        ({"m.time_x": [[1.0], [["1", "2"]], V]}, "results.m.time_x.result: an array of 2 was expected"),
        ({"m.time_x": [[1.0], ["1"], V]}, "results.m.time_x.params: an array of arrays"),
        ({"m.time_x": [[1.0], 7, V]}, "results.m.time_x.params: an array of arrays"),
        ({"m.time_x": [None, [["1"] * 1000] * 3, V]}, "results.m.time_x.params: at most 1,000,000"),
        ({"m.time_x": [1.0, [], V]}, "results.m.time_x.result: an array was expected, found 1.0"),
        ({"m.time_x": [[1.0], [], V, None, None, 6]}, "results.m.time_x: an array of at most 5"),
        ({"m.time_x": 1.0}, "results.m.time_x: an array of at most 5"),
        ({"m.other": [[1.0], [], V]}, "results.m.other: a type that benchmarks.json or its name says"),
        ([], "results: an object was expected, found an array"),
        (None, "results: an object was expected, but it is not there"),
    ],
)
def test_a_fault_of_asv_is_named_by_its_benchmark(results: Any, message: str) -> None:
    """Numbers, lengths of columns, parameters, and benchmarks whose unit nobody says."""
    assert message in refused("asv", asv(results, result_columns=COLUMNS))


def test_other_faults_of_asv() -> None:
    """Columns that are none, infinity, a file that is cut off."""
    assert "result_columns: an array of texts" in refused("asv", asv({"m.time_x": []}, result_columns=[1]))
    assert "log:" in refused("asv", asv({"m.time_x": float("inf")}))
    text = (DATA / "asv/0.6.6.json").read_text(encoding="utf-8")
    text = text[: text.index('"sample.track_bytes"')]
    assert detect(Log("log", text), KNOWN).name == "asv"
    assert "cut off" in refused("asv", text)


def test_a_string_of_asv_that_never_ends_takes_no_longer_than_its_length() -> None:
    """A million quotes in it are not a million beginnings: this would take hours."""
    assert "log:1:" in refused("asv", '{"commit_hash": "' + '\\"' * 1_000_000)


def test_asv_takes_what_is_whole_when_that_is_allowed() -> None:
    """A benchmark that cannot be read is said to be missing; a row that is null failed."""
    text = asv(
        {"m.time_x": [[1.0], [], V], "m.other": [[1.0], [], V], "m.time_y": None}, result_columns=COLUMNS
    )
    reading = adapter("asv").read(Log("log", text), True)
    assert [one.name for one in reading.benchmarks] == ["m.time_x", "m.time_y"]
    assert reading.benchmarks[1].metrics == ()
    assert "results.m.other" in reading.incomplete[0]
    cut = Log("log", asv({"m.time_x": 1.0})[:-1])
    assert "cut off" in adapter("asv").read(cut, True).incomplete[0]


def test_asv_units_that_contradict_its_types_are_refused() -> None:
    """A time is in seconds, whatever else benchmarks.json says."""
    name = "asv/0.6.6-benchmarks.json"
    results = Log("results", asv({"sample.time_join": 1.0, "sample.track_ratio": 1.0}))
    for benchmark, unit, message in (
        (
            "sample.time_join",
            "hours",
            "results.sample.time_join: the unit seconds was expected, found 'hours'",
        ),
        ("sample.track_ratio", "", "unit of sample.track_ratio: a text was expected"),
    ):
        definitions = Log("benchmarks.json", changed(name, benchmark, "unit", to=unit))
        asv_adapter: Any = adapter("asv")
        with pytest.raises(MalformedLogError) as caught:
            asv_adapter.read_tree([definitions, results], False)
        assert message in str(caught.value)


CASE = '<testcase classname="c" name="n" time="0.5"/>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"<testsuite>\n{CASE}\n", "log:3: not whole XML"),
        (f"warning\n<testsuite>{CASE}</testsuite>", "log:1: not whole XML"),
        (f"<testsuite>{CASE}</testsuite>\nDone.", "log:2: not whole XML"),
        ('<testsuite>\n<testcase name="n" time="NaN"/></testsuite>', "log:2: a finite number that is not"),
        ('<testsuite>\n<testcase name="n" time="-0.1"/></testsuite>', "log:2: a finite number"),
        ('<testsuite>\n<testcase name="n" time="1e999"/></testsuite>', "log:2: a finite number"),
        ('<testsuite>\n<testcase name="n" time=""/></testsuite>', "log:2: a finite number"),
        ('<testsuite>\n\n<testcase time="1"/></testsuite>', "log:3: a text was expected"),
        ("<report/>", "log:1: <testsuites> or <testsuite> was expected, found '<report>'"),
        ("<!DOCTYPE x><testsuite/>", "log:1: no document type"),
    ],
)
def test_a_fault_of_junit_is_named_by_its_line(text: str, message: str) -> None:
    """Cut off, between other output, no number, no name."""
    assert message in refused("junit", text)


def test_a_junit_log_keeps_its_whole_cases_when_that_is_allowed() -> None:
    """A case that was not closed is left out, and so is one that is no case."""
    text = '<testsuites><testsuite name="s">\n' + CASE + '\n<testcase name="m" time="1"><system-out>half'
    reading = adapter("junit").read(Log("log", text), True)
    assert [one.name for one in reading.benchmarks] == ["c::n"]
    assert "log:3: not whole XML" in reading.incomplete[0]
    text = f'<testsuite>{CASE}<testcase name="m" time="x"/></testsuite>'
    reading = adapter("junit").read(Log("log", text), True)
    assert [one.name for one in reading.benchmarks] == ["c::n"]
    assert "a finite number" in reading.incomplete[0]
    with pytest.raises(MalformedLogError, match="not whole XML"):
        adapter("junit").read(Log("log", "nothing"), True)
    reading = adapter("junit").read(Log("log", f"<testsuite>{CASE}"), True)
    assert len(reading.benchmarks) == 1


def test_junit_cases_that_did_not_run_or_have_no_time() -> None:
    """GoogleTest says `notrun` in an attribute; without a time there is no sample; a retry is noted."""
    text = """<testsuites><testsuite name="s">
        <testcase name="left out" status="notrun" time="0"/>
        <testcase name="untimed"/>
        <testcase name="flaky" time="1,234.5"><flakyFailure message="x"/></testcase>
        <testcase name="silent" time="1"><failure/></testcase>
        <properties><property name="os.name" value="Mac OS X"/></properties>
    </testsuite></testsuites>"""
    reading = adapter("junit").read(Log("log", text), False)
    found = {one.name: one for one in reading.benchmarks}
    assert list(found) == ["untimed", "flaky", "silent"]
    assert found["untimed"].notes == ("the log does not say how long it took",)
    assert found["flaky"].metrics[0].samples == (1234.5e9,)
    assert found["flaky"].notes == ("it failed at first, and passed when it was run again",)
    assert found["silent"].notes == ("failure: nothing more is said",)
    assert reading.facts == {"system": "darwin"}


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        ((1, "value"), -1, "log: [1].value: a finite number that is not negative was expected, found -1"),
        ((1, "value"), "1", "[1].value: a finite number"),
        ((1, "value"), 1e305, "[1].value: a finite number"),
        ((1, "unit"), "", "[1].unit: a text"),
        ((1, "name"), NOTHING, "[1].name: a text was expected, but it is not there"),
        ((1,), "x", "[1]: an object was expected, found 'x'"),
    ],
)
def test_a_fault_of_a_custom_format_is_named_by_its_path(
    path: tuple[Any, ...], to: Any, message: str
) -> None:
    """What was expected, what was found, and where."""
    text = changed("custom-smaller/1-times.json", *path, to=to)
    assert message in refused("custom-smaller", text)
    assert len(adapter("custom-smaller").read(Log("log", text), True).benchmarks) == 3


FIRST = (0, "metrics", 0)


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        ((*FIRST, "value"), -1, "log: [0].metrics[0].value: a finite number"),
        ((*FIRST, "value"), None, "[0].metrics[0].value: a finite number"),
        ((*FIRST, "unit"), NOTHING, "[0].metrics[0].unit: a text"),
        ((*FIRST, "name"), 3, "[0].metrics[0].name: a text"),
        ((*FIRST, "name"), "heap", "[0].metrics[3]: each metric once was expected, found 'heap'"),
        ((*FIRST, "direction"), "up", "[0].metrics[0].direction: lower_is_better or higher_is_better"),
        ((*FIRST, "direction"), [], "[0].metrics[0].direction: lower_is_better or higher_is_better"),
        (FIRST, 3, "[0].metrics[0]: an object"),
        ((0, "metrics"), {}, "[0].metrics: an array"),
        ((0, "attributes"), None, "[0].attributes: an object"),
        ((0, "attributes", "test_name"), "", "[0].attributes.test_name: a text"),
        (
            (1, "metrics", 1, "unit"),
            "points",
            "log: [1]: 'insert' has other metrics or units here than at [0]",
        ),
        ((2, "attributes", "git_commit"), "e" * 40, "[2].attributes.git_commit: one commit for all results"),
        ((2,), 3, "[2]: an object"),
    ],
)
def test_a_fault_of_nyrkio_is_named_by_its_path(path: tuple[Any, ...], to: Any, message: str) -> None:
    """Numbers, names, directions, contradictory repeats, and a history of several commits."""
    assert message in refused("nyrkio", changed("nyrkio/1-array.json", *path, to=to))


def test_nyrkio_times_have_names_of_ours() -> None:
    """A time is wall_time, a median the 50th percentile; a time of which more is better keeps its name."""
    metrics = [
        {"name": "median", "unit": "ms", "value": 1},
        {"name": "duration", "unit": "s", "value": 1},
        {"name": "mean", "unit": "s", "value": 1, "direction": "higher_is_better"},
        {"name": "a b/c", "unit": "points", "value": 1, "direction": "lower_is_better"},
    ]
    text = json.dumps({"metrics": metrics, "attributes": {}, "timestamp": 1})
    reading = adapter("nyrkio").read(Log("folder/test.json", text), False)
    (only,) = reading.benchmarks
    assert only.name == "folder/test"
    assert [(one.name, one.unit, one.direction) for one in only.metrics] == [
        ("latency_p50", "ns", "lower"),
        ("wall_time", "ns", "lower"),
        ("mean", "ns", "higher"),
        ("a_b_c", "points", "lower"),
    ]
    assert reading.revision is None


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        (("parse::small", "latency", "value"), -1, "log: parse::small.latency.value: a finite number"),
        (("parse::small", "latency", "value"), NOTHING, "parse::small.latency.value: a finite number"),
        (("cargo build", "build-time", "value"), 1e305, "cargo build.build-time.value: a finite number"),
        (("parse::small", "latency", "upper_value"), "x", "parse::small.latency: bounds that are numbers"),
        (("parse::small", "Latency"), {"value": 1}, "parse::small.Latency: each metric once"),
        (("parse::small", "latency"), 3, "parse::small.latency: an object was expected, found 3"),
        (("parse::small",), [], "parse::small: an object was expected, found an array"),
        ((" ",), {}, "document: a benchmark's name"),
    ],
)
def test_a_fault_of_bencher_is_named_by_its_path(path: tuple[Any, ...], to: Any, message: str) -> None:
    """What was expected, what was found, and where; the other benchmarks can still be read."""
    text = changed("bencher/1-built-in.json", *path, to=to)
    assert message in refused("bencher", text)
    reading = adapter("bencher").read(Log("log", text), True)
    assert len(reading.benchmarks) >= 3
    assert message in reading.incomplete[0]


def test_a_cut_bencher_log_keeps_its_whole_benchmarks() -> None:
    """When that is allowed."""
    text = (DATA / "bencher/1-built-in.json").read_text(encoding="utf-8")
    text = text[: text.index('"Compile Warnings"')]
    assert "cut off" in refused("bencher", text)
    reading = adapter("bencher").read(Log("log", text), True)
    assert [one.name for one in reading.benchmarks] == ["parse::small", "parse::large", "cargo build"]
    assert "cut off" in reading.incomplete[0]


@pytest.mark.parametrize(
    ("unit", "ours"),
    [
        ("ns/iter", ("ns", 1.0)),
        ("ms/op", ("ns", 1e6)),
        ("µs", ("ns", 1e3)),
        ("minutes", ("ns", 6e10)),
        ("m", ("m", 1.0)),
        ("bytes", ("bytes", 1.0)),
        ("MiB/s", ("bytes/s", 2.0**20)),
        ("KB", ("KB", 1.0)),
        ("B/op", ("B/op", 1.0)),
        ("iter/sec", ("1/s", 1.0)),
        ("x" * 40, ("x" * 31 + "…", 1.0)),
    ],
)
def test_only_units_that_are_known_are_converted(unit: str, ours: tuple[str, float]) -> None:
    """`m` may be metres, and `KB` 1,000 or 1,024 bytes."""
    assert converted(unit) == ours
    assert metric_name("frames", "lower") == "value"


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        ("pyperf", '{"benchmarks": [], "version": "1.0"}'),
        ("asv", asv({})),
        ("asv", asv({}, result_columns=COLUMNS)),
        ("junit", '<?xml version="1.0"?><testsuites name="pytest tests"></testsuites>'),
        ("junit", '<testsuite tests="1"><testcase name="x" time="1"><skipped/></testcase></testsuite>'),
        ("nyrkio", '{"metrics": [], "attributes": {}}'),
    ],
)
def test_a_log_with_nothing_in_it_is_still_its_tools(tool: str, text: str) -> None:
    """It is claimed by content, and has nothing that can be judged."""
    log = Log("log", text)
    assert [name for name, one in KNOWN.items() if one.detects(log)] == [tool]
    assert not any(one.metrics for one in adapter(tool).read(log, False).benchmarks)


@pytest.mark.parametrize(
    "text",
    [
        '{"benchmarks": 3}',
        '{"benchmarks": [3]}',
        '{"benchmarks": [{"runs": [], "name": "x"}]}',
        '{"results": {}}',
        '{"a": {}}',
        '{"a": {"b": 3}}',
        '{"a": {"b": {"value": 1, "more": 2}}}',
        '[{"name": "x", "value": 1}]',
        '[{"name": "x", "unit": "s", "value": 1, "metrics": []}]',
        '[{"metrics": []}]',
        '{"metrics": {}, "attributes": {}}',
        "[3]",
        "[]",
        "{}",
        "<report/>",
    ],
)
def test_what_looks_alike_is_nobodys(text: str) -> None:
    """A member with the right name is not enough."""
    log = Log("log", text)
    tools = ("pyperf", "asv", "junit", "custom-smaller", "custom-bigger", "nyrkio", "bencher")
    assert [tool for tool in tools if adapter(tool).detects(log)] == []
