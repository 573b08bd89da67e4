"""Text reports of load tools: blocks of known lines, one block per run. Repeated runs are samples.

A load tool prints a report of a dozen lines. Whoever repeats it appends the reports to one log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchgov.adapters.interface import Log, MalformedLogError, Measured
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import fault, joined
from benchgov.report import Direction, Metric
from benchgov.text import one_line

Row = tuple[int, re.Match[str]]
"""(line in the log, what its pattern found in it)."""


@dataclass(frozen=True)
class Grammar:
    """The lines that one tool's report is made of.

    A report begins at a line that `start` matches, and ends with one that `end` matches, or at the next
    start. `rows` are the whole lines inside, by name; other lines may not stand there, but before the first
    report and after `end`. `between` is what the tool prints before a report: it ends the one before, too. A
    line anywhere that `broken` matches says that the tool failed.
    """

    start: re.Pattern[str]
    rows: Mapping[str, re.Pattern[str]]
    broken: re.Pattern[str]
    end: re.Pattern[str] | None = None
    between: re.Pattern[str] | None = None


@dataclass
class Block:
    """One report: its rows by name, in order."""

    log: Log
    line: int
    last: int = 0
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def all(self, name: str) -> Sequence[Row]:
        """Every row called `name`, or none."""
        return self.rows.get(name, ())

    def maybe(self, name: str) -> Row | None:
        """The row called `name`, or None; raises MalformedLogError when it is there twice."""
        found = self.all(name)
        if len(found) > 1:
            raise fault(self.log, found[1][0], f"one line of {name!r} per run", found[1][1][0].strip())
        return found[0] if found else None

    def one(self, name: str) -> Row:
        """The row called `name`; raises MalformedLogError when it is not there, or twice."""
        found = self.maybe(name)
        if found is None:
            raise fault(self.log, self.last, f"a line of {name!r} in the report that begins at {self.line}")
        return found

    def value(self, name: str) -> float:
        """The number that the row called `name` has first."""
        line, shown = self.one(name)
        return decimal(self.log, shown[1], line)

    def between(self, first: int, last: int) -> Block:
        """The rows in the lines from `first` up to and without `last`."""
        inside = {name: [row for row in rows if first <= row[0] < last] for name, rows in self.rows.items()}
        return Block(self.log, first, min(self.last, last - 1), inside)


class Keeper:
    """What becomes of a fault: it is raised, or with `allow_partial` noted."""

    def __init__(self, allow_partial: bool) -> None:
        self._allow_partial = allow_partial
        self.incomplete: list[str] = []

    def refuse(self, error: MalformedLogError) -> None:
        """Raises `error`, unless partial logs are allowed."""
        if not self._allow_partial:
            raise error
        self.incomplete.append(one_line(str(error)))

    def gather(self, items: Iterable[Block], read: Callable[[Block], Iterable[Measured]]) -> list[Measured]:
        """What `read` finds in every item; a malformed one is refused as a whole."""
        found: list[Measured] = []
        for item in items:
            try:
                found.extend(list(read(item)))
            except MalformedLogError as error:
                self.refuse(error)
        return found


def whole_lines(log: Log, keeper: Keeper) -> list[str]:
    """The lines of `log` without white space at their end; a last one that is cut off is refused.

    Of a line that was written over, as progress is on a terminal, only what was written last.
    """
    *whole, rest = log.text.split("\n")
    if rest.strip():
        keeper.refuse(fault(log, len(whole) + 1, "a whole last line", rest))
    return [line.rstrip().rpartition("\r")[2] for line in whole]


def blocks(log: Log, grammar: Grammar, keeper: Keeper) -> list[Block]:
    """Every report in `log`. One with a line that is not its tool's is refused."""
    found: list[Block] = []
    current: Block | None = None
    for number, text in enumerate(whole_lines(log, keeper), 1):
        if grammar.start.match(text):
            current = Block(log, number)
            found.append(current)
        elif grammar.between and grammar.between.match(text):
            current = None
        try:
            _take(log, current, number, text, grammar)
        except MalformedLogError as error:
            keeper.refuse(error)
            found = [block for block in found if block is not current]
            current = None
        if grammar.end and grammar.end.match(text):
            current = None
    return found


def _take(log: Log, block: Block | None, number: int, text: str, grammar: Grammar) -> None:
    if grammar.broken.match(text):
        raise fault(log, number, "a run that ended well", text)
    if block is None or not text:
        return
    block.last = number
    for name, pattern in grammar.rows.items():
        if match := pattern.fullmatch(text):
            block.rows.setdefault(name, []).append((number, match))
            return
    raise fault(log, number, "a line of the tool's report, with no other output between,", text)


def repeated(log: Log, found: Sequence[Measured], keeper: Keeper) -> list[Measured]:
    """Each benchmark once, with the samples of all runs of its name.

    One that has other metrics or units than in its first run is refused.
    """
    by_name: dict[str, Measured] = {}
    for one in found:
        first = by_name.setdefault(one.name, one)
        if first is one:
            continue
        if _shape(one) != _shape(first):
            wanted = f"the metrics of {first.place} ({', '.join(_shape(first))})"
            keeper.refuse(fault(log, one.place, wanted, ", ".join(_shape(one))))
            continue
        by_name[one.name] = first._replace(
            metrics=tuple(map(joined, zip(first.metrics, one.metrics, strict=True))),
            notes=tuple(dict.fromkeys((*first.notes, *one.notes))),
        )
    return list(by_name.values())


def _shape(one: Measured) -> list[str]:
    return [f"{metric.name} in {metric.unit}" for metric in one.metrics]


def metric(name: str, unit: str, direction: Direction, value: float) -> Metric:
    """A metric with one sample: what a load tool says of one run."""
    return Metric(name=name, unit=unit, direction=direction, samples=(value,))


def latency(statistic: str, nanoseconds: float) -> Metric:
    """`latency_mean`, `latency_p99`: how long answers took."""
    return metric(f"latency_{statistic}", "ns", "lower", nanoseconds)


def rate(value: float) -> Metric:
    """Requests, transactions or events per second."""
    return metric("rate", "1/s", "higher", value)


def throughput(value: float) -> Metric:
    """Bytes per second."""
    return metric("throughput", "bytes/s", "higher", value)


def errors(value: float) -> Metric:
    """How many requests failed."""
    return metric("errors", "count", "lower", value)


def percentile(text: str) -> str:
    """`99.900` as the name of its statistic, `p99.9`; that of 0 is `min`, that of 100 is `max`."""
    plain = (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
    return {"0": "min", "100": "max"}.get(plain, f"p{plain}")


def named(what: str, **parameters: object) -> str:
    """`what (clients=2, threads=1)`: the load and what it was run with."""
    return f"{what} ({', '.join(f'{key}={value}' for key, value in parameters.items())})"
