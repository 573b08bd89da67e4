"""hey: the text of its summary, and the rows of `-o csv`. Both are seconds with four decimals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchgov.adapters.http_load import errors, latencies, latency, rate
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import fault
from benchgov.report import Metric
from benchgov.text import one_line

_NAME = "requests"
_NANOSECONDS = 1e9
_HEAD = 65_536
_HEADER = "response-time,DNS+dialup,DNS,"
_CLAIM = re.compile(r"(?m)^Summary:\s+Total:\t.*\s+Slowest:\t")

_STATISTICS = {"Slowest": "max", "Fastest": "min", "Average": "mean"}
_SUMMARY, _LATENCY, _STATUS, _ERRORS = (
    "Summary",
    "Latency distribution",
    "Status code distribution",
    "Error distribution",
)
_SECTION = re.compile(r"(\S.*):")
_LINES = {
    _SUMMARY: re.compile(r"(Total|Slowest|Fastest|Average|Requests/sec|Total data|Size/request):\s+(\S+).*"),
    _LATENCY: re.compile(r"(\d{1,2})%{1,2} in (\S+) secs"),  # 0.1.5 writes the sign twice
    _STATUS: re.compile(r"\[(\d{3})\]\s+(\d{1,15}) responses"),
    _ERRORS: re.compile(r"(\[)(\d{1,15})\]\s.*"),
}
"""Section → its lines, as (label, value). The histogram and the details are not read."""

_Refuse = Callable[[MalformedLogError], None]


class Hey:
    """hey's result: one benchmark, `requests`, since a log does not say of which address it is."""

    name = "hey"
    reads = "text of hey, or CSV of hey -o csv"
    example = "hey -n 2000 -c 10 http://127.0.0.1:8080/ > hey.txt"

    def detects(self, log: Log) -> bool:
        """The head of its summary, or of its CSV."""
        return log.text.startswith(_HEADER) or _CLAIM.search(log.text[:_HEAD]) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Rate, latencies and errors of the summary; of CSV the latency of every response."""
        incomplete: list[str] = []

        def refuse(error: MalformedLogError) -> None:
            if not allow_partial:
                raise error
            incomplete.append(one_line(str(error)))

        if not log.text.endswith("\n"):
            refuse(fault(log, log.text.count("\n") + 1, "a whole last line", log.text.rpartition("\n")[2]))
        read = _rows(log, refuse) if log.text.startswith(_HEADER) else _summary(log, refuse)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


@dataclass
class _Summary:
    """What the lines so far said."""

    section: str = ""
    seen: list[str] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    failed: float = 0.0
    line: int = 1

    def take(self, log: Log, line: int, text: str) -> None:
        """One line that is not blank; raises MalformedLogError when its section has no such lines."""
        if title := _SECTION.fullmatch(text.rstrip()):
            self._open(log, line, title[1])
        elif self.section in _LINES:
            found = _LINES[self.section].fullmatch(text.strip())
            if found is None:
                raise fault(log, line, f"a line of hey's section {self.section!r}", text)
            self._value(log, line, found[1], found[2])

    def _open(self, log: Log, line: int, title: str) -> None:
        if title in self.seen:
            raise fault(log, line, "one summary in a log", f"a second section {title}")
        self.section = title
        self.seen.append(title)
        if title == _SUMMARY:
            self.line = line

    def _value(self, log: Log, line: int, label: str, text: str) -> None:
        if self.section in {_STATUS, _ERRORS}:
            succeeded = self.section == _STATUS and label[0] in "23"
            self.failed += 0.0 if succeeded else decimal(log, text, line)
        elif label == "Requests/sec":
            self._add(rate(decimal(log, text, line)))
        elif self.section == _SUMMARY and label in _STATISTICS:
            self._add(latency(_STATISTICS[label], decimal(log, text, line) * _NANOSECONDS))
        elif self.section == _LATENCY and int(label):  # `0%` stands where there were too few requests
            self._add(latency(f"p{label}", decimal(log, text, line) * _NANOSECONDS))

    def _add(self, metric: Metric) -> None:
        self.metrics[metric.name] = metric


def _summary(log: Log, refuse: _Refuse) -> list[Measured]:
    found = _Summary()
    for line, text in enumerate(log.text.split("\n"), 1):
        if text.strip():
            try:
                found.take(log, line, text)
            except MalformedLogError as error:
                refuse(error)
    last = log.text.count("\n") + 1
    for name in ("rate", "latency_mean"):
        if name not in found.metrics:
            refuse(fault(log, last, f"hey's {name.replace('_', ' ')}"))
    if _STATUS not in found.seen:
        refuse(fault(log, last, f"the section {_STATUS!r}"))
    if not found.metrics:
        return []
    metrics = (*found.metrics.values(), *([errors(found.failed)] if _STATUS in found.seen else []))
    notes = ("hey's summary has no samples, only statistics of them",)
    return [Measured(_NAME, metrics, f"line {found.line}", notes=notes)]


def _rows(log: Log, refuse: _Refuse) -> list[Measured]:
    """One benchmark of all rows; none when there is only the header."""
    header, *rows = log.text.split("\n")
    columns = header.strip().split(",")
    times: list[float] = []
    failed = 0
    for line, row in enumerate(rows, 2):
        if row.strip():
            try:
                time, succeeded = _row(log, line, columns, row.strip().split(","))
            except MalformedLogError as error:
                refuse(error)
                continue
            times.append(time)
            failed += not succeeded
    if not times:
        return []
    metrics = (latencies(times), errors(failed))
    notes = ("hey's rows have responses only: requests without one are not counted",)
    return [Measured(_NAME, metrics, "line 2", notes=notes)]


def _row(log: Log, line: int, columns: Sequence[str], fields: Sequence[str]) -> tuple[float, bool]:
    """(latency in ns, whether the status is a success) of one response."""
    if len(fields) != len(columns):
        raise fault(log, line, f"{len(columns)} fields", ",".join(fields))
    given = dict(zip(columns, fields, strict=True))
    status = given.get("status-code", "")
    if not re.fullmatch(r"\d{3}", status):
        raise fault(log, line, "a status code", status or None)
    return decimal(log, given["response-time"], line) * _NANOSECONDS, status[0] in "23"
