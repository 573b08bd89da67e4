"""redis-benchmark: the CSV of `--csv`, the text, and the lines of `-q`; of Redis 5 and later."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from benchgov.adapters.blocks import (
    Block,
    Grammar,
    Keeper,
    blocks,
    latency,
    named,
    rate,
    repeated,
    whole_lines,
)
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import NUMBER, TIME, decimal
from benchgov.adapters.values import fault
from benchgov.report import Metric
from benchgov.text import one_line

_SEEN = 64 * 1024
_HEADER = '"test","rps"'
_CSV_ROW = re.compile(rf'"[^"]+","{NUMBER}"')
_QUIET = re.compile(rf"(\S.*): ({NUMBER}) requests per second(?:, p50=({NUMBER}) msec)?")
_TITLE = re.compile(r"====== (.+) ======")
_VALUES = re.compile(r"\s+" + r"\s+".join([r"([\d.]+|-?nan)"] * 6))
_BROKEN = re.compile(r"Could not connect to |Error from server|-?ERR ")

_COLUMNS = {
    "avg_latency_ms": "mean",
    "min_latency_ms": "min",
    "p50_latency_ms": "p50",
    "p95_latency_ms": "p95",
    "p99_latency_ms": "p99",
    "max_latency_ms": "max",
}
"""Column of `--csv` since Redis 6.2 → which latency it is. The text has them in the same order."""

_TEXT = Grammar(
    re.compile(rf"{_TITLE.pattern}$|{_QUIET.pattern}$"),
    {
        "title": _TITLE,
        "quiet": _QUIET,
        "requests": re.compile(r"  (\d+) requests completed in \S+ seconds"),
        "clients": re.compile(r"  (\d+) parallel clients"),
        "payload": re.compile(r"  (\d+) bytes payload"),
        "threads": re.compile(r"  threads: (\d+)"),
        "setting": re.compile(
            r"  (?:keep alive|host configuration|node \[\d+\] configuration|multi-thread|cluster mode).*"
        ),
        "distribution": re.compile(
            rf"Latency by percentile distribution:|Cumulative distribution of latencies:"
            rf"|{NUMBER}% <= {NUMBER} milliseconds(?: \(cumulative count \d+\))?"
        ),
        "old rate": re.compile(rf"({NUMBER}) requests per second"),
        "summary": re.compile(r"Summary:|  latency summary \(msec\):|\s+avg\s+min\s+p50\s+p95\s+p99\s+max"),
        "rate": re.compile(rf"  throughput summary: ({NUMBER}) requests per second"),
        "latencies": _VALUES,
    },
    _BROKEN,
    re.compile(rf"{_VALUES.pattern}$|{_QUIET.pattern}$|{NUMBER} requests per second$"),
)


class RedisBenchmark:
    """redis-benchmark's CSV or text; several runs of a test in a log are the samples of one benchmark."""

    name = "redis-benchmark"
    reads = "CSV of --csv, or text, plain or with -q"
    example = "redis-benchmark -t get,set --csv > redis.csv"

    def detects(self, log: Log) -> bool:
        """The header of its CSV; without one nothing but rows of a name and a rate; or a test's title."""
        if log.text.startswith('"'):
            return log.text.startswith(_HEADER) or _is_old_csv(log.text[:_SEEN])
        lines = [line.rstrip().rpartition("\r")[2] for line in log.text[:_SEEN].split("\n")]
        if any(_QUIET.fullmatch(line) for line in lines):
            return True
        return any(map(_TITLE.fullmatch, lines)) and any("requests completed in" in line for line in lines)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every test with its rate, and with its latencies where the log has them."""
        keeper = Keeper(allow_partial)
        if log.text.startswith('"'):
            found = list(_csv(log, keeper))
        else:
            found = keeper.gather(blocks(log, _TEXT, keeper), _run)
        return Reading(log, self.name, "", repeated(log, found, keeper), incomplete=tuple(keeper.incomplete))


def _is_old_csv(text: str) -> bool:
    whole = text.split("\n")[:-1]
    return bool(whole) and all(_CSV_ROW.fullmatch(line.rstrip()) for line in whole if line.strip())


def _csv(log: Log, keeper: Keeper) -> Iterator[Measured]:
    """A benchmark per row. A header may come again: that of the next run in the same log."""
    columns: Sequence[str] = ("test", "rps")
    for number, text in enumerate(whole_lines(log, keeper), 1):
        if text.startswith(_HEADER):
            columns = _fields(log, number, text, keeper) or columns
        elif text:
            try:
                yield _row(log, number, columns, _fields(log, number, text, keeper))
            except MalformedLogError as error:
                keeper.refuse(error)


def _fields(log: Log, number: int, text: str, keeper: Keeper) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        keeper.refuse(fault(log, number, f"a row of CSV ({error})", text))
        return []


def _row(log: Log, number: int, columns: Sequence[str], fields: Sequence[str]) -> Measured:
    if len(fields) != len(columns):
        raise fault(log, number, f"a row of {len(columns)} fields", ",".join(fields))
    given = dict(zip(columns, fields, strict=True))
    if len(given) != len(columns) or not given["test"].strip():
        raise fault(log, number, "each column once, and the name of a test", ",".join(fields))
    metrics = [_rate(log, given["rps"], number)]
    metrics += [
        latency(name, decimal(log, given[column], number) * TIME["ms"])
        for column, name in _COLUMNS.items()
        if column in given
    ]
    return Measured(one_line(given["test"]), tuple(metrics), f"line {number}")


def _rate(log: Log, text: str, number: int) -> Metric:
    value = decimal(log, text, number)
    if not value:
        raise fault(log, number, "more than 0 requests per second", text)
    return rate(value)


def _run(block: Block) -> Iterator[Measured]:
    if block.all("quiet"):
        yield _quiet(block)
        return
    if not block.value("requests"):
        line, shown = block.one("requests")
        raise fault(block.log, line, "one request or more", shown[0].strip())
    parameters = {name: int(block.value(name)) for name in ("clients", "payload")}
    if block.all("threads"):
        parameters["threads"] = int(block.value("threads"))
    metrics, notes = _metrics(block)
    yield Measured(
        named(block.one("title")[1][1], **parameters),
        metrics,
        f"line {block.line}",
        parameters=parameters,
        notes=notes,
    )


def _quiet(block: Block) -> Measured:
    line, shown = block.one("quiet")
    metrics = [_rate(block.log, shown[2], line)]
    if shown[3]:
        metrics.append(latency("p50", decimal(block.log, shown[3], line) * TIME["ms"]))
    return Measured(one_line(shown[1]), tuple(metrics), f"line {line}")


def _metrics(block: Block) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """(metrics, notes). Before 6.2 there is a distribution, from which no fixed percentile can be told."""
    if row := block.maybe("old rate"):
        note = "the log has no latencies but a distribution: redis-benchmark 6.2 and later print them"
        return (_rate(block.log, row[1][1], row[0]),), (note,)
    line, shown = block.one("rate")
    metrics = [_rate(block.log, shown[1], line)]
    line, shown = block.one("latencies")
    for name, text in zip(_COLUMNS.values(), shown.groups(), strict=True):
        metrics.append(latency(name, decimal(block.log, text, line) * TIME["ms"]))
    return tuple(metrics), ()
