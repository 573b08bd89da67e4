"""wrk and wrk2: the text that they print. Sizes are in steps of 1,024 (units.c of both)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchgov.adapters.blocks import (
    Block,
    Grammar,
    Keeper,
    blocks,
    errors,
    latency,
    named,
    percentile,
    rate,
    repeated,
    throughput,
)
from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.quantities import TIME, decimal, quantity
from benchgov.adapters.values import fault
from benchgov.report import Metric

BYTES: dict[str, float] = {"B": 1.0} | {
    f"{prefix}B": 1024.0**power for power, prefix in enumerate("KMGTP", 1)
}
"""What wrk means by its units of size."""

_START = re.compile(r"Running \d+[smh] test @ \S")
_SEEN = 64 * 1024

_ROWS = {
    "Running": re.compile(r"Running (\d+[smh]) test @ (\S+)"),
    "threads": re.compile(r"  (\d+) threads and (\d+) connections"),
    "heading": re.compile(r"  Thread Stats\s+Avg\s+Stdev\s+Max\s+\+/- Stdev"),
    "Latency": re.compile(r"    Latency\s+(\S+)\s+(\S+)\s+(\S+)\s+\S+%"),
    "Req/Sec": re.compile(r"    Req/Sec(?:\s+\S+){4}"),
    "distribution": re.compile(r"  Latency Distribution"),
    "percentile": re.compile(r"\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)%\s+(\S+)"),
    "requests": re.compile(r"  (\d+) requests in \S+, \S+ read"),
    "Socket errors": re.compile(r"  Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)"),
    "responses": re.compile(r"  Non-2xx or 3xx responses: (\d+)"),
    "Requests/sec": re.compile(r"Requests/sec:\s+(\S+)"),
    "Transfer/sec": re.compile(r"Transfer/sec:\s+(\S+)"),
}
_END = re.compile(r"Transfer/sec:")
_BROKEN = re.compile(r"unable to |invalid URL")
_WRK = Grammar(_START, _ROWS, _BROKEN, _END)
_WRK2 = Grammar(
    _START,
    {
        **_ROWS,
        "calibration": re.compile(r"  Thread calibration: .*"),
        "distribution": re.compile(
            r"  Latency Distribution \(HdrHistogram - (Recorded|Uncorrected) Latency.*\)"
        ),
        "spectrum": re.compile(
            r"  Detailed Percentile spectrum:|\s+Value\s+Percentile\s+TotalCount\s+1/\(1-Percentile\)"
            r"|\s+[\d.]+\s+[01]\.\d+\s+\d+\s+(?:[\d.]+|inf)|#\[.*\]|-+"
        ),
    },
    _BROKEN,
    _END,
)
_ONLY_WRK2 = re.compile(r"(?m)^  (?:Thread calibration: |Latency Distribution \(HdrHistogram)")


class Wrk:
    """wrk's text; several runs of one address in a log are the samples of one benchmark."""

    name = "wrk"
    reads = "text, with --latency or without"
    example = "wrk -d30s --latency http://localhost/ > wrk.txt"

    def detects(self, log: Log) -> bool:
        """It says what it runs, and nothing that only wrk2 says."""
        return _is_wrk(log) and not _ONLY_WRK2.search(log.text)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every address with its rate, throughput, latencies and errors."""
        return _read(self.name, log, _WRK, allow_partial)


class Wrk2:
    """wrk2's text. Its latencies are counted from when a request should have been sent."""

    name = "wrk2"
    reads = "text, with --latency or of a run of 10 s"
    example = "wrk2 -R2000 --latency http://localhost/ > wrk2.txt"

    def detects(self, log: Log) -> bool:
        """As wrk, and a calibration or a histogram that only wrk2 prints."""
        return _is_wrk(log) and _ONLY_WRK2.search(log.text) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every address with its rate, throughput, latencies and errors."""
        return _read(self.name, log, _WRK2, allow_partial)


def _is_wrk(log: Log) -> bool:
    return re.search(rf"(?m)^{_START.pattern}", log.text[:_SEEN]) is not None


def _read(tool: str, log: Log, grammar: Grammar, allow_partial: bool) -> Reading:
    keeper = Keeper(allow_partial)
    found = keeper.gather(blocks(log, grammar, keeper), _run)
    return Reading(log, tool, "", repeated(log, found, keeper), incomplete=tuple(keeper.incomplete))


def _run(block: Block) -> Iterator[Measured]:
    log = block.log
    _, running = block.one("Running")
    _, load = block.one("threads")
    line, requests = block.one("requests")
    answered = decimal(log, requests[1], line)
    if not answered:
        raise fault(log, line, "one answer or more", requests[0].strip())
    metrics, notes = _metrics(block)
    threads, connections = (int(decimal(log, number, block.line)) for number in load.groups())
    yield Measured(
        named(_target(running[2]), connections=connections, threads=threads),
        metrics,
        f"line {block.line}",
        parameters={"connections": connections, "threads": threads},
        notes=notes,
    )


def _target(address: str) -> str:
    """The path and query of an address: host and port say where, not what. Of what is none, all of it.

    Without the first slash, which an id cannot begin with; the path `/` is `root`.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    path = parts.path.lstrip("/") or "root"
    return f"{path}?{parts.query}" if parts.query else path


def _metrics(block: Block) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    log = block.log
    line, shown = block.one("Requests/sec")
    found = [rate(decimal(log, shown[1], line))]
    line, shown = block.one("Transfer/sec")
    found.append(throughput(quantity(log, shown[1], BYTES, line)))
    line, shown = block.one("Latency")
    found.append(latency("mean", quantity(log, shown[1], TIME, line)))
    found.extend(_percentiles(block))
    found.append(latency("max", quantity(log, shown[3], TIME, line)))
    failed, notes = _errors(block)
    return (*found, errors(failed)), notes


def _percentiles(block: Block) -> Iterator[Metric]:
    """Those of the first distribution: with --u_latency wrk2 prints a second, not corrected for waiting."""
    tables = [line for line, _ in block.all("distribution")]
    seen = set()
    for line, shown in block.all("percentile"):
        name = percentile(shown[1])
        if (len(tables) > 1 and line > tables[1]) or name == "max":
            continue
        if not tables or line < tables[0] or name in seen:
            raise fault(block.log, line, "each percentile once, below its heading,", shown[0].strip())
        seen.add(name)
        yield latency(name, quantity(block.log, shown[2], TIME, line))


def _errors(block: Block) -> tuple[float, tuple[str, ...]]:
    """(how many requests failed, what the tool says about them); it prints nothing when none did."""
    rows = [row for row in (block.maybe("Socket errors"), block.maybe("responses")) if row]
    failed = sum(decimal(block.log, number, line) for line, shown in rows for number in shown.groups())
    return failed, tuple(shown[0].strip() for _, shown in rows)
