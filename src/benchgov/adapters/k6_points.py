"""k6's points: the lines of `--out json`, each a metric's definition or one value of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchgov.adapters.http_load import errors, latencies
from benchgov.adapters.interface import Log, MalformedLogError, Measured
from benchgov.adapters.k6_metrics import FAILURES, NANOSECONDS, left_out, meaning, with_notes
from benchgov.adapters.values import fault, mapping, number, word
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Metric
from benchgov.text import one_line

_FIRST = re.compile(r'\s*\{"type":"Metric","data":\{"name":"')
_HEAD = 4096


@dataclass
class _Series:
    """One metric: where its definition stands, and its values in order."""

    line: int
    type: str
    contains: str
    values: list[float] = field(default_factory=list)


def is_points(log: Log) -> bool:
    """Whether the first line defines a metric, as every log of `--out json` begins."""
    return _FIRST.match(log.text[:_HEAD]) is not None


def read_points(log: Log, allow_partial: bool, incomplete: list[str]) -> list[Measured]:
    """Every metric whose meaning is known, in the order of names.

    Raises:
        MalformedLogError: a line is no point of k6 (unless `allow_partial`: then `incomplete` names it).
    """
    found: dict[str, _Series] = {}
    for line, text in enumerate(log.text.split("\n"), 1):
        if text.strip():
            try:
                _take(log, line, text, found)
            except MalformedLogError as error:
                if not allow_partial:
                    raise
                incomplete.append(one_line(str(error)))
    return with_notes([_measured(name, series) for name, series in sorted(found.items())])


def _take(log: Log, line: int, text: str, found: dict[str, _Series]) -> None:
    given = _object(log, line, text)
    name = word(log, given.get("metric"), line)
    data = given.get("data")
    if not isinstance(data, dict):
        raise fault(log, line, "an object `data`", data)
    if given.get("type") == "Metric":
        found.setdefault(name, _Series(line, str(data.get("type")), str(data.get("contains"))))
    elif given.get("type") != "Point":
        raise fault(log, line, "a line of type Metric or Point", given.get("type"))
    elif name not in found:
        raise fault(log, line, "a definition of the metric before its points", name)
    elif meaning(name, found[name].type, found[name].contains):
        found[name].values.append(number(log, data.get("value"), line))


def _object(log: Log, line: int, text: str) -> dict[str, Any]:
    try:
        value = parse_json(text, f"{log.where}:{line}")
    except InputError as error:
        raise fault(log, line, "a point of k6, whole and on one line,", text) from error
    return mapping(log, value, f"line {line}")


def _measured(name: str, series: _Series) -> Measured:
    metrics = tuple(_metrics(name, series))
    known = meaning(name, series.type, series.contains)
    notes = () if known else left_out(name)
    if known in {"rate", "throughput"}:
        notes = (f"{name} is left out: k6's points do not say how long the test lasted",)
    return Measured(name, metrics, f"line {series.line}", notes=notes)


def _metrics(name: str, series: _Series) -> Iterator[Metric]:
    if not series.values:
        return
    match meaning(name, series.type, series.contains):
        case "latency":
            yield latencies([value * NANOSECONDS for value in series.values])
        case "errors":
            yield errors(sum(_failed(name, value) for value in series.values))


def _failed(name: str, value: float) -> float:
    """How many failures a point stands for: of `checks` a false, of the others what they count."""
    return float(not value) if FAILURES.get(name) == "fails" else value
