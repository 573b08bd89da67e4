"""sysbench 1: the text of `sysbench TEST run`. What it prints does not say the name of the test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from benchgov.adapters.blocks import (
    Block,
    Grammar,
    Keeper,
    blocks,
    errors,
    latency,
    metric,
    named,
    percentile,
    rate,
    repeated,
    throughput,
)
from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.quantities import NUMBER, SIZE, TIME, decimal, quantity, scale
from benchgov.adapters.values import fault
from benchgov.report import Metric

_SEEN = 64 * 1024
_VERSION = re.compile(r"(?m)^sysbench (\d\S*)(?: \(using \S+ LuaJIT .*\)|:\s+multi-threaded .*)")

_OPTIONS = {
    "threads": re.compile(r"Number of threads: (\d+)"),
    "prime": re.compile(r"Prime numbers limit: (\d+)"),
    "block": re.compile(r"(?:  block size: |Block size )(\S+)"),
    "size": re.compile(r"(\S+) total file size"),
    "operation": re.compile(r"  operation: (\w+)"),
    "scope": re.compile(r"  scope: (\w+)"),
    "mode": re.compile(r"Doing (.+) test"),
    "started": re.compile(r"Threads started!"),
}
_RESULTS = {
    "interval": re.compile(r"\[ \d+s \] .*"),
    "histogram": re.compile(r"Latency histogram .*|\s+value  -+ distribution -+ count|\s+[\d.]+ \|[* ]+\d+"),
    "heading": re.compile(
        r"CPU speed:|File operations:|Throughput:|SQL statistics:|    queries performed:"
        r"|General statistics:|Latency \(ms\):|Threads fairness:"
    ),
    "events per second": re.compile(rf"    events per second:\s+({NUMBER})"),
    "Total operations": re.compile(rf"Total operations: \d+ \(\s*({NUMBER}) per second\)"),
    "transferred": re.compile(rf"\S+ MiB transferred \(({NUMBER}) (\w+)/sec\)"),
    "operations": re.compile(rf"    (read|write|fsync)s/s:\s+({NUMBER})"),
    "moved": re.compile(rf"    (read|written), (\w+)/s:\s+({NUMBER})"),
    "IOPS": re.compile(r"\s+(read|write|fsync):\s+IOPS=(\S+)(?: (\S+) (\w+)/s \(\S+ MB/s\))?"),
    "queries performed": re.compile(r"        (?:read|write|other|total):\s+\d+"),
    "transactions": re.compile(rf"    transactions:\s+\d+\s+\(({NUMBER}) per sec\.\)"),
    "queries": re.compile(rf"    queries:\s+\d+\s+\(({NUMBER}) per sec\.\)"),
    "ignored errors": re.compile(r"    ignored errors:\s+(\d+)\s+\(.*\)"),
    "reconnects": re.compile(r"    reconnects:\s+(\d+)\s+\(.*\)"),
    "events/s": re.compile(rf"    events/s \(eps\):\s+({NUMBER})"),
    "total time": re.compile(r"    (?:total time|time elapsed):\s+(\S+)"),
    "events": re.compile(r"    total number of events:\s+(\d+)"),
    "latency": re.compile(rf"         (min|avg|max):\s+({NUMBER})"),
    "percentile": re.compile(rf"         ([0-9]{{1,3}})(?:st|nd|rd|th) percentile:\s+({NUMBER})"),
    "no percentile": re.compile(r"         percentile stats:\s+disabled"),
    "sum": re.compile(rf"         sum:\s+({NUMBER})"),
    "fairness": re.compile(r"    (?:events|execution time) \(avg/stddev\):\s+.*"),
}
_GRAMMAR = Grammar(
    _VERSION,
    {**_OPTIONS, **_RESULTS, "other": re.compile(r".*")},
    re.compile(r"(?:FATAL|ALERT): "),
)

_PARAMETERS = {
    "cpu": ("prime",),
    "memory": ("block", "operation", "scope"),
    "fileio": ("mode", "block", "size"),
}
"""What each test that can be told is named by, beside the threads."""


class Sysbench:
    """sysbench's text; several runs of one test in a log are the samples of one benchmark."""

    name = "sysbench"
    reads = "text of sysbench 1, any test"
    example = "sysbench cpu --threads=2 run > sysbench.txt"

    def detects(self, log: Log) -> bool:
        """It begins with its version."""
        return _VERSION.search(log.text[:_SEEN]) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every run with its rates and latencies."""
        keeper = Keeper(allow_partial)
        found = keeper.gather(blocks(log, _GRAMMAR, keeper), _run)
        version = _VERSION.search(log.text)
        said = version[1] if version else ""
        return Reading(
            log, self.name, said, repeated(log, found, keeper), incomplete=tuple(keeper.incomplete)
        )


def _run(block: Block) -> Iterator[Measured]:
    started, _ = block.one("started")
    for line, shown in block.all("other"):
        if line > started:
            raise fault(block.log, line, "a line of sysbench's results, with no other between,", shown[0])
    test, found = _test(block)
    threads = int(block.value("threads"))
    block.value("sum")  # the last of the latencies: a report without it was cut off
    latencies, notes = _latencies(block)
    if test == "unnamed":
        notes.append("the log does not say which test this is: --rename 'unnamed=NAME' does")
    parameters = {name: block.one(name)[1][1] for name in _PARAMETERS.get(test, ())}
    yield Measured(
        named(test, **parameters, threads=threads),
        (*found, *latencies),
        f"line {block.line}",
        parameters={"threads": threads} | ({"prime": int(block.value("prime"))} if test == "cpu" else {}),
        notes=tuple(notes),
    )


def _test(block: Block) -> tuple[str, Sequence[Metric]]:
    """(the test, its rates): known by what it measures."""
    if block.all("events") and not block.value("events"):
        line, shown = block.one("events")
        raise fault(block.log, line, "one event or more", shown[0].strip())
    if block.all("events per second"):
        return "cpu", [rate(block.value("events per second"))]
    if block.all("Total operations"):
        return "memory", _memory(block)
    if block.all("operations") or block.all("IOPS"):
        return "fileio", _fileio(block)
    if block.all("transactions"):
        return "sql", _sql(block)
    return "unnamed", [_events_rate(block)]


def _events_rate(block: Block) -> Metric:
    if block.all("events/s"):
        return rate(block.value("events/s"))
    line, shown = block.one("total time")
    seconds = quantity(block.log, shown[1], TIME, line) / 1e9
    if seconds < 1e-9:
        raise fault(block.log, line, "a time above 0", shown[1])
    return rate(block.value("events") / seconds)


def _memory(block: Block) -> list[Metric]:
    found = [rate(block.value("Total operations"))]
    for line, shown in block.all("transferred"):
        found.append(throughput(_bytes(block, shown[1], shown[2], line)))
    return found


def _fileio(block: Block) -> list[Metric]:
    """Rates of reads, writes and fsyncs, and what was moved; what a mode does not do is 0, and left out."""
    found = []
    for line, shown in (*block.all("operations"), *block.all("IOPS")):
        found.append((f"{shown[1]}_rate", "1/s", decimal(block.log, shown[2], line)))
    for line, shown in block.all("moved"):
        kind = "read" if shown[1] == "read" else "write"
        found.append((f"{kind}_throughput", "bytes/s", _bytes(block, shown[3], shown[2], line)))
    for line, shown in block.all("IOPS"):
        if shown[3]:
            found.append((f"{shown[1]}_throughput", "bytes/s", _bytes(block, shown[3], shown[4], line)))
    return [metric(name, unit, "higher", value) for name, unit, value in found if value]


def _bytes(block: Block, text: str, unit: str, line: int) -> float:
    return decimal(block.log, text, line) * scale(block.log, unit, SIZE, line)


def _sql(block: Block) -> list[Metric]:
    return [
        rate(block.value("transactions")),
        metric("query_rate", "1/s", "higher", block.value("queries")),
        errors(block.value("ignored errors") + block.value("reconnects")),
    ]


def _latencies(block: Block) -> tuple[list[Metric], list[str]]:
    """(latencies, notes). sysbench prints hundredths of a millisecond: a shorter one reads 0.00."""
    found = [
        latency(_statistic(shown[1]), decimal(block.log, shown[2], line) * TIME["ms"])
        for line, shown in block.all("latency")
    ]
    found += [
        latency(percentile(shown[1]), decimal(block.log, shown[2], line) * TIME["ms"])
        for line, shown in block.all("percentile")
    ]
    names = [one.name for one in found]
    if not {"latency_min", "latency_mean", "latency_max"} <= set(names) or len(set(names)) < len(names):
        raise fault(block.log, block.last, "each of the latencies min, avg and max, once,", ", ".join(names))
    short = any(not one.samples[0] for one in found)
    return found, ["a latency of 0 is one below the 0.01 ms that sysbench prints"] if short else []


def _statistic(name: str) -> str:
    return "mean" if name == "avg" else name
