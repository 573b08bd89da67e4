"""vegeta and hey against what they wrote, and their faults."""

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

# vegeta


@pytest.mark.parametrize(
    ("version", "statistics"),
    [
        ("12.7.0", ["max", "mean", "p50", "p95", "p99"]),
        ("12.12.0", ["max", "mean", "min", "p50", "p90", "p95", "p99"]),
    ],
)
@pytest.mark.parametrize("form", ["json", "txt"])
def test_vegeta_reports_give_rate_latencies_and_errors(
    version: str, statistics: list[str], form: str
) -> None:
    """As JSON and as text: the rate is that of requests that succeeded."""
    (measured,) = read(f"vegeta/{version}-report.{form}").benchmarks
    assert measured.name == "requests"
    assert shapes(measured) == {
        **{f"latency_{one}": LATENCY for one in statistics},
        "rate": ("1/s", "higher"),
        "errors": ERRORS,
    }
    given = document(f"vegeta/{version}-report.json")
    found = {name: samples[0] for name, samples in values(measured).items()}
    assert found["latency_p99"] == pytest.approx(given["latencies"]["99th"], rel=1e-3)
    assert found["latency_mean"] == pytest.approx(given["latencies"]["mean"], rel=1e-3)
    assert found["rate"] == pytest.approx(given["throughput"], rel=1e-3)
    assert found["errors"] == 6.0


@pytest.mark.parametrize("version", ["12.7.0", "12.12.0"])
def test_vegeta_hits_keep_every_latency(version: str) -> None:
    """Each hit is a sample, of the attack that it names."""
    name = f"vegeta/{version}-hits.jsonl"
    (measured,) = read(name).benchmarks
    hits = [json.loads(line) for line in text_of(name).splitlines()]
    assert values(measured) == {
        "wall_time": tuple(float(hit["latency"]) for hit in hits),
        "errors": (float(sum(hit["code"] == 500 for hit in hits)),),
    }
    two = text_of(name) + text_of(name).replace('"attack":""', '"attack":"second"')
    reading = read_text("vegeta", two)
    assert names(reading) == ["requests", "second"]
    assert reading.benchmarks[1].place == "line 31"


@pytest.mark.parametrize("form", ["json", "jsonl", "txt"])
def test_vegeta_attacks_in_which_nothing_succeeded_are_refused(form: str) -> None:
    """How long it takes to be turned away is no measurement."""
    text = text_of(f"vegeta/12.12.0-down.{form}")
    assert "at least one request that succeeded was expected, found 0" in refused("vegeta", text)
    assert len(read_text("vegeta", text, allow_partial=True).incomplete) == 1


def test_vegeta_reads_gos_durations() -> None:
    """Minutes, seconds and less, in one text."""
    text = text_of("vegeta/12.12.0-report.txt").replace("1.682ms, 2.605ms", "0s, 1m2.5s")
    found = values(read_text("vegeta", text).benchmarks[0])
    assert (found["latency_min"], found["latency_mean"]) == ((0.0,), (62.5e9,))


def test_vegeta_reports_without_throughput_have_no_rate() -> None:
    """Its older versions wrote none."""
    text = changed("vegeta/12.7.0-report.json", ["throughput"], ...)
    assert "rate" not in values(read_text("vegeta", text).benchmarks[0])
    text = text_of("vegeta/12.7.0-report.txt").replace("rate, throughput]", "rate]").replace(", 81.74", "")
    assert ADAPTERS["vegeta"].detects(Log("log", text))
    assert "rate" not in values(read_text("vegeta", text).benchmarks[0])


def test_vegeta_reports_without_a_request_are_no_benchmark() -> None:
    """They are claimed, and have nothing."""
    text = changed("vegeta/12.12.0-report.json", ["requests"], 0)
    assert ADAPTERS["vegeta"].detects(Log("log", text))
    assert names(read_text("vegeta", text)) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["latencies", "99th"], -1, "log: latencies.99th: a finite number that is not negative"),
        (["latencies"], [], "log: latencies: an object was expected"),
        (["throughput"], "much", "log: throughput: a finite number"),
        (["status_codes"], None, "log: status_codes: an object was expected, but it is not there"),
        (["status_codes", "500"], -6, "log: status_codes.500: a finite number"),
        (["requests"], None, "log: requests: a finite number"),
    ],
)
def test_a_fault_of_vegetas_json_is_named_by_its_path(path: list[Any], value: Any, message: str) -> None:
    """What was expected, what was found, and where."""
    text = changed("vegeta/12.12.0-report.json", path, value)
    assert message in refused("vegeta", text)
    reading = read_text("vegeta", text, allow_partial=True)
    assert (names(reading), len(reading.incomplete)) == ([], 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Error Set:", "", "the line 'Error Set:' at the end of the report was expected"),
        ("Success ", "npm warn old\nSuccess ", "log:6: a line of vegeta's report was expected, found 'npm"),
        ("2.605ms", "NaN", "log:3: a duration such as 1m2.5s was expected, found 'NaN'"),
        ("2.605ms", "-2.605ms", "log:3: a duration such as 1m2.5s"),
        ("2.605ms", "1..2ms", "log:3: a number and its unit"),
        ("2.605ms, ", "", "log:3: 7 values was expected"),
        ("Latencies  ", "Latency    ", "log:3: a line of vegeta's report"),
        ("82.03", "many", "log:1: a finite number"),
        ("500:6", "500:", "log:7: a finite number"),
        ("Duration ", "Requests ", "log:2: one report in a log was expected, found 'a second line Requests'"),
    ],
)
def test_a_fault_of_vegetas_text_is_named_by_its_line(old: str, new: str, message: str) -> None:
    """Cut off, interleaved, no number; what is whole is read when that is allowed."""
    text = text_of("vegeta/12.12.0-report.txt")
    assert old in text
    text = text.replace(old, new, 1) if old != "Error Set:" else text[: text.index(old)]
    assert message in refused("vegeta", text)
    reading = read_text("vegeta", text, allow_partial=True)
    assert reading.incomplete
    assert len(reading.benchmarks) == 1


def test_vegetas_text_with_nothing_but_its_first_label_has_nothing() -> None:
    """Each line that is missing is named."""
    reading = read_text("vegeta", "Requests  [total, rate] x\n", allow_partial=True)
    assert (names(reading), len(reading.incomplete)) == ([], 5)


HIT = '{"attack":"","seq":0,"code":200,"timestamp":"2026-01-01T00:00:00Z","latency":5,"error":""}\n'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (HIT[:60], "log:2: a hit of vegeta, whole and on one line, was expected"),
        ("attacking…\n", "log:2: a hit of vegeta"),
        (HIT.replace(":5", ":-5"), "log:2: a finite number that is not negative was expected, found -5"),
        (HIT.replace("200", '"200"'), "log:2: a hit whose attack is a text and whose code an integer"),
        ("3\n", "log: line 2: an object was expected, found 3"),
    ],
)
def test_a_fault_of_vegetas_hits_is_named_by_its_line(line: str, message: str) -> None:
    """Cut off, interleaved, or no hit; the rest is read when that is allowed."""
    assert message in refused("vegeta", HIT + line)
    reading = read_text("vegeta", HIT + line, allow_partial=True)
    assert (values(reading.benchmarks[0])["wall_time"], len(reading.incomplete)) == ((5.0,), 1)


# hey


@pytest.mark.parametrize("version", ["0.1.4", "0.1.5"])
def test_heys_text_gives_rate_latencies_and_errors(version: str) -> None:
    """Seconds become nanoseconds; a response of 400 and more is an error."""
    (measured,) = read(f"hey/{version}.txt").benchmarks
    assert measured.name == "requests"
    statistics = ["max", "min", "mean", "p10", "p25", "p50", "p75", "p90", "p95", "p99"]
    assert shapes(measured) == {
        **{f"latency_{one}": LATENCY for one in statistics},
        "rate": ("1/s", "higher"),
        "errors": ERRORS,
    }
    assert values(measured)["errors"] == (60.0,)
    if version == "0.1.5":
        assert values(measured)["rate"] == (894.2427,)
        assert values(measured)["latency_p99"] == pytest.approx((5e6,))
        assert values(measured)["latency_mean"] == pytest.approx((3.3e6,))


@pytest.mark.parametrize("version", ["0.1.4", "0.1.5"])
def test_heys_rows_keep_every_latency(version: str) -> None:
    """Each response is a sample."""
    (measured,) = read(f"hey/{version}.csv").benchmarks
    rows = [line.split(",") for line in text_of(f"hey/{version}.csv").splitlines()[1:]]
    assert values(measured) == {
        "wall_time": tuple(float(row[0]) * 1e9 for row in rows),
        "errors": (12.0,),
    }
    assert len(rows) == 60


def test_hey_without_an_answer_is_refused_or_has_nothing() -> None:
    """The average of nothing is NaN; rows there are none."""
    text = text_of("hey/0.1.5-down.txt")
    assert refused("hey", text).startswith("log:6: a finite number that is not negative was expected, found")
    reading = read("hey/0.1.5-down.csv")
    assert names(reading) == []
    assert values(read("hey/0.1.5-down.txt", allow_partial=True).benchmarks[0])["errors"] == (6.0,)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Status code distribution:", ..., "the section 'Status code distribution' was expected"),
        ("[500]\t60 respo", ..., "log:44: a whole last line was expected, found ' [500]\\t60 '"),
        ("  Average:", "npm warn old\n  Average:", "log:6: a line of hey's section 'Summary'"),
        (
            "Details (",
            "Summary:\nDetails (",
            "one summary in a log was expected, found 'a second section Sum",
        ),
        ("894.2427", "-1", "log:7: a finite number that is not negative was expected, found '-1'"),
        ("  Requests/sec:\t894.2427\n", "", "hey's rate was expected, but it is not there"),
        ("99%% in 0.0050 secs", "99%% in 5 ms", "log:33: a line of hey's section 'Latency distribution'"),
        (
            "[200]\t240 responses",
            "[200]\tmany responses",
            "a line of hey's section 'Status code distribution'",
        ),
    ],
)
def test_a_fault_of_heys_text_is_named_by_its_line(old: str, new: Any, message: str) -> None:
    """Cut off, interleaved, twice, no number or no known unit; the rest is read when that is allowed."""
    text = text_of("hey/0.1.5.txt")
    assert old in text
    text = (
        text[: text.index(old) + (len(old) - 5 if old[0] == "[" else 0)]
        if new is ...
        else text.replace(old, new)
    )
    assert message in refused("hey", text)
    reading = read_text("hey", text, allow_partial=True)
    assert reading.incomplete
    assert len(reading.benchmarks) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0.1,0.2,0.3\n", "log:2: 8 fields was expected, found '0.1,0.2,0.3'"),
        ("0.1,0,0,0,0,0,200,0", "log:2: a whole last line was expected"),
        ("NaN,0,0,0,0,0,200,0\n", "log:2: a finite number"),
        ("-0.1,0,0,0,0,0,200,0\n", "log:2: a finite number"),
        ("0.1,0,0,0,0,0,,0\n", "log:2: a status code was expected, but it is not there"),
        ("0.1,0,0,0,0,0,2e2,0\n", "log:2: a status code was expected, found '2e2'"),
    ],
)
def test_a_fault_of_heys_rows_is_named_by_its_line(row: str, message: str) -> None:
    """Cut off or no number; the rest is read when that is allowed."""
    header = text_of("hey/0.1.5-down.csv")
    assert message in refused("hey", header + row)
    text = header + "0.5,0,0,0,0,0,200,0\n" + row
    reading = read_text("hey", text, allow_partial=True)
    assert values(reading.benchmarks[0])["wall_time"][0] == 0.5e9
    assert len(reading.incomplete) == 1


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "{}", '{"metrics": {}}', "Requests: 3", "Summary:\n  Total: 3"]
)
@pytest.mark.parametrize("tool", ["k6", "vegeta", "hey"])
def test_what_is_no_log_of_a_load_tool_is_not_claimed(tool: str, text: str) -> None:
    """Other JSON, other text."""
    assert not ADAPTERS[tool].detects(Log("log", text))


def test_a_hey_summary_without_a_number_has_nothing() -> None:
    """Each thing that is missing is named."""
    reading = read_text("hey", "Summary:\n  Total:\t1 secs\n", allow_partial=True)
    assert (names(reading), len(reading.incomplete)) == ([], 3)
