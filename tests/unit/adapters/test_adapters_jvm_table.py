"""JMH's table: rows as the real tool printed them, and rows that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.jmh import Jmh

DATA = Path(__file__).resolve().parents[2] / "data" / "jmh"
TABLE = (DATA / "1.37-table.txt").read_text(encoding="utf-8")
CONSOLE = (DATA / "1.21-console.txt").read_text(encoding="utf-8")
SAMPLE = (DATA / "1.37-table-sample.txt").read_text(encoding="utf-8")


def read(given: str, *, allow_partial: bool = False) -> Reading:
    """What the adapter reads of the text `given`."""
    return Jmh().read(Log("log", given), allow_partial)


def values(measured: Measured) -> dict[str, tuple[str, str, tuple[float, ...]]]:
    """Metric → (unit, direction, samples)."""
    return {one.name: (one.unit, one.direction, one.samples) for one in measured.metrics}


def test_the_table_has_an_average_of_each_mode() -> None:
    """Operations a microsecond are a rate, microseconds an operation a time; a note says what they are."""
    reading = read(TABLE)
    name = "SortBench.sort (order=quick, size={})"
    assert [(one.name, values(one)) for one in reading.benchmarks] == [
        (f"{name.format(10)} thrpt", {"rate": ("1/s", "higher", (5465000.0,))}),
        (f"{name.format(1000)} thrpt", {"rate": ("1/s", "higher", (12000.0,))}),
        (f"{name.format(10)} avgt", {"wall_time": ("ns", "lower", (1780.0,))}),
        (f"{name.format(1000)} avgt", {"wall_time": ("ns", "lower", (176050.0,))}),
    ]
    first = reading.benchmarks[0]
    assert (first.parameters, first.group) == ({"order": "quick", "size": 10}, "SortBench")
    assert first.place == "line 2"
    assert first.notes == ("the log has no samples, only their average; -rf json has them",)


def test_the_table_is_found_in_what_jmh_prints() -> None:
    """With version, virtual machine and the rows of profilers; parameters that do not apply are none."""
    reading = read(CONSOLE)
    assert reading.tool_version == "1.21"
    assert reading.facts["vm"] == "OpenJDK 64-Bit Server VM"
    queue, sort = reading.benchmarks
    assert (queue.name, queue.parameters) == ("QueueBench.queue", {})
    assert values(sort) == {
        "wall_time": ("ns", "lower", (335.0,)),
        "allocated_bytes": ("bytes", "lower", (56.018,)),
    }
    assert "·gc.count in counts is left out: nothing says which way is better" in sort.notes


def test_a_score_that_is_rounded_away_is_no_number() -> None:
    """`≈ 10⁻⁶` and Infinity are no numbers, and `≈ 0` is one."""
    queue = read(CONSOLE).benchmarks[0]
    assert "wall_time" not in values(queue)
    assert queue.notes[0] == "JMH prints 10⁻⁶ s/op alone; a shorter -tu has digits"
    assert "hits in s/op is left out: JMH prints no number for it" in queue.notes
    assert "misses in s/op is left out: JMH prints no number for it" in queue.notes
    zero = read(TABLE.replace("5.465 ±  91.649", "≈ 0")).benchmarks[0]
    assert values(zero)["rate"][2] == (0.0,)


def test_the_table_has_the_percentiles_of_mode_sample() -> None:
    """Each is a metric of the benchmark."""
    (only,) = read(SAMPLE).benchmarks
    found = values(only)
    assert found["wall_time"][2] == pytest.approx((7963.0,))
    assert found["latency_p99.9"] == ("ns", "lower", (4341760.0,))
    assert len(found) == 9


def test_two_rows_of_one_metric_are_noted() -> None:
    """The first stands."""
    row = "SortBench.sort:p0.50      quick      10  sample          9.000           us/op\n"
    (only,) = read(SAMPLE + row).benchmarks
    assert values(only)["latency_p50"][2] == pytest.approx((682.0,))
    assert only.notes[1] == "p0.50 in us/op is left out: latency_p50 is there already"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("5.465", "5,465", "log:2: a score with a point and three digits was expected, found '5,465'"),
        ("5.465", "NaN", "log:2: a score with a point and three digits"),
        ("   5.465", "  -5.465", "log:2: a score with a point and three digits"),
        ("ops/us", "us/op", "log:2: a unit ops/time of mode thrpt was expected, found 'us/op'"),
        ("us/op", "parsecs", "log:4: a unit time/op of mode avgt was expected, found 'parsecs'"),
        ("quick      10  thrpt", "10  thrpt", "log:2: the parameters order, size was expected, found '10'"),
        ("SortBench.sort", "SortBench.sort:p0.50", "log:2: the row of SortBench.sort before those of its"),
        ("SortBench.sort", "noise\nSortBench.sort", "log:2: a row of JMH's table, or a blank line"),
        ("   1000   avgt", "     10   avgt", "log:5: SortBench.sort once, as on line 4,"),
        ("    1.780 ±  24.276   us/op", "    1.780 ±  24.2", "log:4: a row of JMH's table"),
    ],
)
def test_rows_that_are_none_are_refused(before: str, after: str, message: str) -> None:
    """With their line; the others are read when that is allowed."""
    given = TABLE.replace(before, after, 1)
    with pytest.raises(MalformedLogError) as caught:
        read(given)
    assert message in str(caught.value)
    reading = read(given, allow_partial=True)
    assert len(reading.benchmarks) >= 3
    assert message in reading.incomplete[0]


def test_a_table_without_parameters_or_rows() -> None:
    """The heading alone is recognised, and has no benchmark; after a blank line anything may follow."""
    heading = "Benchmark   Mode  Cnt  Score   Error  Units\n"
    assert Jmh().detects(Log("log", heading))
    assert read(heading).benchmarks == []
    (only,) = read(f"{heading}A.b         avgt    3  1.000 ± 0.100  ns/op\n\nany text\n").benchmarks
    assert (only.name, only.parameters) == ("A.b", {})
    with pytest.raises(MalformedLogError, match="log:2: the parameters of none"):
        read(f"{heading}A.b     10  avgt    3  1.000 ± 0.100  ns/op\n")
    assert not Jmh().detects(Log("log", "Benchmark Mode\n"))
