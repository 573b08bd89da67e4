"""k6 against what they wrote, and their faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.js_samples import (
    ADAPTERS,
    changed,
    document,
    names,
    read,
    read_text,
    refused,
    shapes,
    text_of,
    values,
)

from benchgov.adapters.interface import Log

LATENCY = ("ns", "lower")
ERRORS = ("count", "lower")

TRENDS = [
    "group_duration",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_duration",
    "http_req_receiving",
    "http_req_sending",
    "http_req_tls_handshaking",
    "http_req_waiting",
    "iteration_duration",
]
STATISTICS = ["max", "mean", "min", "p50", "p90", "p95", "p99", "p99.9"]
PASSED = "http_req_duration{expected_response:true}"


@pytest.mark.parametrize("version", ["0.49.0", "1.0.0"])
@pytest.mark.parametrize("form", ["export", "data"])
def test_k6_summaries_give_each_metric_its_own_direction(version: str, form: str) -> None:
    """Latencies in nanoseconds, rates, bytes a second, and errors; a benchmark for each of k6's metrics."""
    reading = read(f"k6/{version}-{form}.json")
    found = {one.name: one for one in reading.benchmarks}
    counts = ["checks", "data_received", "data_sent", "http_req_failed", "http_reqs", "iterations"]
    custom = ["my_waits"] if form == "data" else []
    assert names(reading) == sorted([*counts, *TRENDS, PASSED, *custom])
    for name in [*TRENDS, PASSED, *custom]:
        assert shapes(found[name]) == {f"latency_{one}": LATENCY for one in STATISTICS}
    assert shapes(found["http_reqs"]) == shapes(found["iterations"]) == {"rate": ("1/s", "higher")}
    assert shapes(found["data_sent"]) == {"throughput": ("bytes/s", "higher")}
    assert shapes(found["checks"]) == shapes(found["http_req_failed"]) == {"errors": ERRORS}
    assert found[PASSED].parameters == {"expected_response": "true"}
    assert reading.incomplete == ()


@pytest.mark.parametrize("form", ["export", "data"])
def test_k6_values_are_those_of_the_summary(form: str) -> None:
    """Milliseconds become nanoseconds; failures are the false checks, and the true `http_req_failed`."""
    name = f"k6/1.0.0-{form}.json"
    found = {one.name: values(one) for one in read(name).benchmarks}
    metrics = document(name)["metrics"]
    given = {key: metric.get("values", metric) for key, metric in metrics.items()}
    assert found["http_req_duration"]["latency_p99.9"] == (given["http_req_duration"]["p(99.9)"] * 1e6,)
    assert found["http_req_duration"]["latency_p50"] == (given["http_req_duration"]["med"] * 1e6,)
    assert found["http_reqs"]["rate"] == (given["http_reqs"]["rate"],)
    assert found["data_received"]["throughput"] == (given["data_received"]["rate"],)
    assert found["checks"]["errors"] == (8.0,) == (float(given["checks"]["fails"]),)
    assert found["http_req_failed"]["errors"] == (float(given["http_req_failed"]["passes"]),)


def test_k6_metrics_of_the_author_are_left_out_with_a_note() -> None:
    """Without `contains` nobody knows what is a time; with it a trend of times is read."""
    left_out = "{} is left out: its unit or its direction is not known"
    unknown = ["my_depth", "my_good", "my_seen", "my_sizes"]
    crossed = "k6's threshold 'avg<0.001' of my_waits did not hold"
    notes = read("k6/1.0.0-export.json").benchmarks[0].notes[1:]
    assert notes == (*(left_out.format(name) for name in (*unknown, "my_waits")), crossed)
    with_types = read("k6/1.0.0-data.json").benchmarks
    assert with_types[0].notes[1:] == tuple(left_out.format(name) for name in unknown)
    assert with_types[-1].notes[1:] == (crossed,)


@pytest.mark.parametrize("version", ["0.49.0", "1.0.0"])
def test_k6_points_keep_every_latency(version: str) -> None:
    """Each request is a sample; what needs the test's duration is left out."""
    name = f"k6/{version}-points.jsonl"
    reading = read(name)
    found = {one.name: one for one in reading.benchmarks}
    assert names(reading) == sorted(["checks", "http_req_failed", "my_waits", *TRENDS])
    lines = [json.loads(line) for line in text_of(name).splitlines()]
    points = [line for line in lines if line["type"] == "Point"]

    def given(metric: str) -> list[float]:
        return [point["data"]["value"] for point in points if point["metric"] == metric]

    assert values(found["http_req_waiting"]) == {
        "wall_time": tuple(value * 1e6 for value in given("http_req_waiting"))
    }
    assert shapes(found["http_req_waiting"]) == {"wall_time": LATENCY}
    assert values(found["checks"]) == {"errors": (float(given("checks").count(0)),)}
    assert values(found["http_req_failed"]) == {"errors": (float(sum(given("http_req_failed"))),)}
    assert "http_reqs is left out: k6's points do not say how long" in " ".join(found["checks"].notes)


def test_k6_metrics_that_are_lost_or_asked_for_twice() -> None:
    """Iterations that could not start are errors; a median asked for twice is one; users are no result."""
    metrics: dict[str, Any] = {
        "dropped_iterations": {"count": 3, "rate": 1.5},
        "iteration_duration": {"med": 2, "p(50)": 2, "p(x)": 1},
        "vus": {"value": 1, "min": 1, "max": 1},
    }
    text = json.dumps({"root_group": {}, "metrics": metrics})
    lost, duration = read_text("k6", text).benchmarks
    assert values(lost) == {"errors": (3.0,)}
    assert values(duration) == {"latency_p50": (2e6,)}
    assert len(lost.notes) == 1


@pytest.mark.parametrize(
    ("sample", "path", "value", "message"),
    [
        ("export", ["http_reqs", "rate"], -1, "metrics.http_reqs.rate: a finite number that is not neg"),
        ("export", ["http_req_duration", "p(95)"], "5ms", "metrics.http_req_duration.p(95): a finite number"),
        ("export", ["http_req_duration", "avg"], 1e303, "metrics.http_req_duration.avg: a finite number"),
        ("export", ["http_req_duration"], [], "metrics.http_req_duration: an object was expected"),
        ("export", ["http_req_duration"], {"x": 1}, "metrics.http_req_duration: a trend, a counter, a rate"),
        ("data", ["checks", "values", "fails"], None, "metrics.checks.values.fails: a finite number"),
        ("data", ["checks", "values"], 3, "metrics.checks.values: an object was expected, found 3"),
        ("data", ["checks", "type"], "sum", "metrics.checks.type: one of counter, gauge, rate, trend"),
        ("data", ["checks", "type"], [], "metrics.checks.type: one of counter, gauge, rate, trend"),
    ],
)
def test_a_fault_of_k6_is_named_by_its_path(sample: str, path: list[Any], value: Any, message: str) -> None:
    """What was expected, what was found, and where; the rest is read when that is allowed."""
    text = changed(f"k6/1.0.0-{sample}.json", ["metrics", *path], value)
    assert f"log: {message}" in refused("k6", text)
    reading = read_text("k6", text, allow_partial=True)
    assert len(reading.incomplete) == 1
    assert len(reading.benchmarks) > 10


def test_a_k6_summary_that_is_cut_off_or_empty() -> None:
    """Its metrics are one object: in part there is nothing to read. Without any it has no benchmark."""
    text = text_of("k6/1.0.0-data.json")
    assert "log:" in refused("k6", text[: len(text) // 2])
    assert "metrics: an object was expected" in refused("k6", '{"metrics": [], "root_group": {}}')
    assert "metrics: an object was expected" in refused("k6", '{"root_group": {}}')
    assert not ADAPTERS["k6"].detects(Log("log", '{"metrics": [], "root_group": {}}'))
    empty = '{"metrics": {}, "root_group": {}}'
    assert ADAPTERS["k6"].detects(Log("log", empty))
    assert names(read_text("k6", empty)) == []
    broken = '{"root_group": {}, "metrics": {"vus": {"value": 1}}, "x": tru'
    assert len(read_text("k6", broken, allow_partial=True).incomplete) == 1


DEFINED = '{"type":"Metric","data":{"name":"a","type":"trend","contains":"time"},"metric":"a"}\n'
POINT = '{"metric":"a","type":"Point","data":{"value":2}}\n'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (POINT[:20], "log:3: a point of k6, whole and on one line, was expected"),
        ("warning: slow\n", "log:3: a point of k6, whole and on one line,"),
        (POINT.replace("2", "-2"), "log:3: a finite number that is not negative was expected, found -2"),
        (POINT.replace("2", "NaN"), "log:3: a point of k6"),
        (POINT.replace('"a"', '"b"'), "log:3: a definition of the metric before its points was expected"),
        (POINT.replace("Point", "Sum"), "log:3: a line of type Metric or Point was expected, found 'Sum'"),
        (POINT.replace('{"value":2}', "3"), "log:3: an object `data` was expected, found 3"),
        ("[1]\n", "log: line 3: an object was expected"),
        ("{}\n", "log:3: a text was expected"),
    ],
)
def test_a_fault_of_k6_points_is_named_by_its_line(line: str, message: str) -> None:
    """Cut off, interleaved, or no point; the rest is read when that is allowed."""
    text = DEFINED + POINT + line
    assert message in refused("k6", text)
    reading = read_text("k6", text, allow_partial=True)
    assert (values(reading.benchmarks[0]), len(reading.incomplete)) == ({"wall_time": (2e6,)}, 1)


def test_k6_points_without_a_point_are_no_benchmark() -> None:
    """A test that ended before its first request."""
    assert ADAPTERS["k6"].detects(Log("log", DEFINED))
    assert names(read_text("k6", DEFINED)) == []
