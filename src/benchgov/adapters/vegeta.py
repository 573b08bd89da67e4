"""vegeta: the report as JSON (`-type=json`) or text, and the hits that `encode -to json` writes, one a line.

Times are nanoseconds, in text Go's durations. The rate is what vegeta calls throughput, the requests a second
that succeeded: what it calls rate is how quickly it was told to send.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchgov.adapters.http_load import errors, latencies, latency, rate
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import TIME, decimal, quantity
from benchgov.adapters.values import fault, mapping, number
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Metric
from benchgov.text import one_line

_NAME = "requests"
_NO_SAMPLES = "vegeta's report has no samples, only statistics of them; vegeta encode -to json keeps them"
_HEAD = 65_536
_TEXT = re.compile(r"(?m)^Requests +\[total, rate(?:, throughput)?\] ")
_HIT = re.compile(r'\s*\{"attack":"(?:[^"\\]|\\.)*","seq":\d+,"code":\d+,"timestamp":"')
_LINE = re.compile(r"([A-Z][A-Za-z ]*?) +\[([a-z0-9,: ]+)\](?: +(.*?))?\s*")
_LABELS = {"Requests", "Duration", "Latencies", "Bytes In", "Bytes Out", "Success", "Status Codes"}
_END = "Error Set:"
_STATISTIC = re.compile(r"(mean|min|max)|(\d{1,2}(?:\.\d{1,6})?)(?:th)?")
_PART = re.compile(r"[\d.]+(?:h|ms|m|s|µs|us|ns)")

_Refuse = Callable[[MalformedLogError], None]


class Vegeta:
    """vegeta's result: one benchmark, by the attack's name where hits have one, else `requests`."""

    name = "vegeta"
    reads = "JSON or text of vegeta report, JSON of vegeta encode"
    example = "vegeta encode -to json results.bin > vegeta.jsonl"

    def detects(self, log: Log) -> bool:
        """A first line that is a hit, an object with vegeta's `latencies`, or the first line of its text."""
        if not log.looks_like_json:
            return _TEXT.search(log.text[:_HEAD]) is not None
        return _HIT.match(log.text[:_HEAD]) is not None or _is_report(log.mapping)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Rate, latencies and errors; of hits the latency of every one."""
        incomplete: list[str] = []

        def refuse(error: MalformedLogError) -> None:
            if not allow_partial:
                raise error
            incomplete.append(one_line(str(error)))

        if not log.looks_like_json:
            read = _text(log, refuse)
        elif _HIT.match(log.text[:_HEAD]):
            read = _hits(log, refuse)
        else:
            read = _report(log, refuse)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


def _is_report(top: Mapping[str, Any]) -> bool:
    return {"latencies", "requests", "success"} <= top.keys() and isinstance(top["latencies"], dict)


def _report(log: Log, refuse: _Refuse) -> list[Measured]:
    """The benchmark of a JSON report. One that is broken is a single line, of which no part can be read."""
    try:
        top = mapping(log, log.document, "document")
        metrics = _metrics(log, top) if number(log, top.get("requests"), "requests") else ()
    except MalformedLogError as error:
        refuse(error)
        return []
    return [Measured(_NAME, metrics, "latencies", notes=(_NO_SAMPLES,))] if metrics else []


def _metrics(log: Log, top: Mapping[str, Any]) -> tuple[Metric, ...]:
    _refuse_failure(log, number(log, top.get("success"), "success"), "success")
    rates = [rate(number(log, top["throughput"], "throughput"))] if "throughput" in top else []
    codes = mapping(log, top.get("status_codes"), "status_codes")
    counts = {code: number(log, count, f"status_codes.{one_line(code, 40)}") for code, count in codes.items()}
    failed = sum(count for code, count in counts.items() if not _succeeded(code))
    return (*_statistics(log, mapping(log, top.get("latencies"), "latencies")), *rates, errors(failed))


def _statistics(log: Log, given: Mapping[str, Any]) -> Iterator[Metric]:
    for name, value in given.items():
        if statistic := _statistic(name):
            yield latency(statistic, number(log, value, f"latencies.{one_line(name, 40)}"))


def _statistic(name: str) -> str | None:
    """`99th` of JSON and `99` of text as `p99`; `total` is none."""
    found = _STATISTIC.fullmatch(name)
    return None if found is None else found[1] or f"p{found[2]}"


def _succeeded(code: str | int) -> bool:
    """Whether vegeta counts a status as a success; 0 stands for no answer."""
    return str(code)[:1] in {"2", "3"} and len(str(code)) == 3


def _refuse_failure(log: Log, succeeded: float, place: str | int) -> None:
    """How long it took to fail is no measurement."""
    if not succeeded:
        raise fault(log, place, "at least one request that succeeded", 0)


@dataclass
class _Attack:
    """The hits of one attack, in order."""

    line: int
    latencies: list[float] = field(default_factory=list)
    failed: int = 0


def _hits(log: Log, refuse: _Refuse) -> list[Measured]:
    attacks: dict[str, _Attack] = {}
    for line, text in enumerate(log.text.split("\n"), 1):
        if text.strip():
            try:
                name, time, succeeded = _hit(log, line, text)
            except MalformedLogError as error:
                refuse(error)
                continue
            attack = attacks.setdefault(name, _Attack(line))
            attack.latencies.append(time)
            attack.failed += not succeeded
    read = []
    for name, attack in attacks.items():
        try:
            _refuse_failure(log, len(attack.latencies) - attack.failed, attack.line)
        except MalformedLogError as error:
            refuse(error)
            continue
        metrics = (latencies(attack.latencies), errors(attack.failed))
        read.append(Measured(name if name.strip() else _NAME, metrics, f"line {attack.line}"))
    return read


def _hit(log: Log, line: int, text: str) -> tuple[str, float, bool]:
    """(attack, latency in ns, whether it succeeded) of one line."""
    try:
        hit = parse_json(text, f"{log.where}:{line}")
    except InputError as error:
        raise fault(log, line, "a hit of vegeta, whole and on one line,", text) from error
    given = mapping(log, hit, f"line {line}")
    name, code = given.get("attack"), given.get("code")
    if not isinstance(name, str) or type(code) is not int:
        raise fault(log, line, "a hit whose attack is a text and whose code an integer", given)
    return name, number(log, given.get("latency"), line), _succeeded(code) and not given.get("error")


def _text(log: Log, refuse: _Refuse) -> list[Measured]:
    rows: dict[str, tuple[int, dict[str, str]]] = {}
    last = log.text.count("\n") + 1
    for line, text in enumerate(log.text.split("\n"), 1):
        if text.startswith(_END):
            break
        found = _LINE.fullmatch(text)
        try:
            if found and found[1] in _LABELS:
                _take(log, line, found, rows)
            elif rows and text.strip():
                raise fault(log, line, "a line of vegeta's report", text)
        except MalformedLogError as error:
            refuse(error)
    else:
        refuse(fault(log, last, f"the line {_END!r} at the end of the report"))
    return _rows(log, rows, refuse)


def _take(log: Log, line: int, found: re.Match[str], rows: dict[str, tuple[int, dict[str, str]]]) -> None:
    label, names, values = found[1], found[2].split(", "), found[3] or ""
    if label in rows:
        raise fault(log, line, "one report in a log", f"a second line {label}")
    if label == "Status Codes":  # `200:24  500:6`
        pairs = [pair.partition(":")[::2] for pair in values.split()]
    else:
        pairs = list(zip(names, values.split(", "), strict=False))
        if len(values.split(", ")) != len(names):
            raise fault(log, line, f"{len(names)} values", values)
    rows[label] = line, dict(pairs)


def _rows(log: Log, rows: Mapping[str, tuple[int, dict[str, str]]], refuse: _Refuse) -> list[Measured]:
    """The benchmark of a text report; what is missing of one is refused, or left out."""
    metrics: list[Metric] = []
    for label, read in (("Latencies", _latencies), ("Requests", _rate), ("Status Codes", _errors)):
        try:
            if label not in rows:
                raise fault(log, log.text.count("\n") + 1, f"the line {label!r}")
            metrics += read(log, *rows[label])
        except MalformedLogError as error:
            refuse(error)
    first = rows["Requests"][0] if "Requests" in rows else 1
    return [Measured(_NAME, tuple(metrics), f"line {first}", notes=(_NO_SAMPLES,))] if metrics else []


def _latencies(log: Log, line: int, row: Mapping[str, str]) -> Iterator[Metric]:
    for name, text in row.items():
        if statistic := _statistic(name):
            yield latency(statistic, _duration(log, text, line))


def _duration(log: Log, text: str, line: int) -> float:
    """Go's duration `1m2.5s` in nanoseconds."""
    parts = _PART.findall(text)
    if not parts or "".join(parts) != text:
        raise fault(log, line, "a duration such as 1m2.5s", text)
    return number(log, sum(quantity(log, part, TIME, line) for part in parts), line)


def _rate(log: Log, line: int, row: Mapping[str, str]) -> Iterator[Metric]:
    if "throughput" in row:
        yield rate(decimal(log, row["throughput"], line))


def _errors(log: Log, line: int, row: Mapping[str, str]) -> Iterator[Metric]:
    counts = {code: decimal(log, count, line) for code, count in row.items()}
    _refuse_failure(log, sum(count for code, count in counts.items() if _succeeded(code)), line)
    yield errors(sum(count for code, count in counts.items() if not _succeeded(code)))
