"""benchmark.js: a line for each benchmark, such as `fib(20) x 12,146 ops/sec ±0.32% (96 runs sampled)`.

What else a script prints (titles, `Fastest is …`) is passed over, unless it looks like a broken result.
"""

from __future__ import annotations

import re

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import NUMBER, decimal
from benchgov.adapters.values import fault, shown
from benchgov.report import Metric
from benchgov.text import clean, one_line

_HEAD = 65_536
_CLAIM = re.compile(r"\S x \S+ ops/sec (?:±|\+/-)")
_RESULT = re.compile(
    r"(?P<name>\S.*?) x (?P<rate>\S+) ops/sec (?:±|\+/-)(?P<margin>\S+)% \((?P<runs>\d+) runs? sampled\)"
)
# A benchmark that threw prints its name, a colon, a space and then, by version, nothing or the error.
_FAILED = re.compile(r"(?P<name>\S.*?): (?:\w*Error\b.*)?|\w*Error\b.*")
_MARGIN = re.compile(NUMBER)


class BenchmarkJs:
    """benchmark.js's lines. Each has one number, the mean rate: repeat the whole run for samples."""

    name = "benchmark-js"
    reads = "text of benchmark.js, a line per benchmark"
    example = "node bench.js > benchmark-js.txt"

    def detects(self, log: Log) -> bool:
        """A line with `x … ops/sec ±`."""
        return not log.looks_like_json and _CLAIM.search(log.text[:_HEAD]) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark by its name, with its operations a second."""
        found: list[Measured] = []
        incomplete: list[str] = []
        lines = log.text.split("\n")
        for line, text in enumerate(lines, 1):
            try:
                found += _measured(log, line, text, is_cut=line == len(lines))
            except MalformedLogError as error:
                if not allow_partial:
                    raise
                incomplete.append(one_line(str(error)))
        return Reading(log, self.name, "", found, incomplete=tuple(incomplete))


def _measured(log: Log, line: int, written: str, *, is_cut: bool) -> list[Measured]:
    """The benchmark on one line, when there is one; `is_cut` when the line has no end."""
    text = clean(written.rstrip("\r")).lstrip()
    if result := _RESULT.fullmatch(text.rstrip()):
        return [_result(log, line, result)]
    if "ops/sec" in text:
        raise fault(
            log, line, "a whole result, `name x number ops/sec ±number% (number runs sampled)`,", text
        )
    if failed := _FAILED.fullmatch(text):
        raise fault(log, line, f"a result of {shown(failed['name'] or 'the benchmark')}", text)
    if is_cut and text and not text.startswith("Fastest is "):
        raise fault(log, line, "a whole last line", text)
    return []


def _result(log: Log, line: int, result: re.Match[str]) -> Measured:
    rate = decimal(log, result["rate"], line)
    if not _MARGIN.fullmatch(result["margin"]):
        raise fault(log, line, "a margin of error that is a number", result["margin"])
    if not result["runs"].strip("0"):  # aborted before its first sample
        raise fault(log, line, f"one sample or more of {shown(result['name'])}", result["runs"])
    runs = f"{result['runs']} runs, ±{result['margin']} %"
    return Measured(
        one_line(result["name"]),
        (Metric(name="rate", unit="1/s", direction="higher", samples=(rate,)),),
        f"line {line}",
        notes=(f"the log has no samples, only the mean of {one_line(runs, 60)}",),
    )
