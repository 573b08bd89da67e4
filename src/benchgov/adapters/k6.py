"""k6: the summary as JSON, of `--summary-export`, or as `handleSummary` is given it. Points: `k6_points`.

Each of k6's metrics is a benchmark. The second form says of each its type and what it contains. In the first,
types are known by their fields, and only k6's own metrics have a unit that is known. Times are milliseconds,
whatever `summaryTimeUnit` is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchgov.adapters.http_load import errors, latency, rate, throughput
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.k6_metrics import (
    FAILURES,
    NANOSECONDS,
    base_name,
    contents,
    left_out,
    meaning,
    with_notes,
)
from benchgov.adapters.k6_points import is_points, read_points
from benchgov.adapters.values import each, fault, mapping, number, shown
from benchgov.report import Metric
from benchgov.text import one_line

_STATISTICS = {"avg": "mean", "min": "min", "med": "p50", "max": "max"}
_PERCENTILE = re.compile(r"p\((\d{1,3}(?:\.\d{1,9})?)\)")
_TYPES = ("counter", "gauge", "rate", "trend")


@dataclass(frozen=True)
class _Given:
    """One of k6's metrics; `place` is where its `values` are."""

    name: str
    place: str
    type: str
    contains: str
    values: Mapping[str, Any]


class K6:
    """k6's results. A log does not say which script it is of: import those of one at a time, or rename."""

    name = "k6"
    reads = "JSON of --summary-export, handleSummary or --out json"
    example = "k6 run --summary-export=k6.json script.js"

    def detects(self, log: Log) -> bool:
        """An object with `metrics` and `root_group`, or a first line that defines a metric."""
        if is_points(log):
            return True
        top = log.mapping
        return {"metrics", "root_group"} <= top.keys() and isinstance(top["metrics"], dict)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every metric whose meaning is known, in the order of names, since k6's own is by chance."""
        incomplete: list[str] = []
        if is_points(log):
            read = read_points(log, allow_partial, incomplete)
        else:
            metrics = sorted(_metrics(log, allow_partial, incomplete).items())
            found = each(metrics, lambda _, item: _measured(log, *item), incomplete, allow_partial)
            read = with_notes(found)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


def _metrics(log: Log, allow_partial: bool, incomplete: list[str]) -> dict[str, Any]:
    document: Any
    try:
        document = log.document
    except MalformedLogError as error:
        if not allow_partial:
            raise
        incomplete.append(one_line(str(error)))
        document = dict(log.mapping)
    return mapping(log, mapping(log, document, "document").get("metrics"), "metrics")


def _measured(log: Log, name: str, item: Any) -> Measured:
    """The benchmark that one metric is; without metrics, and with a note, when nobody knows its direction."""
    place = f"metrics.{one_line(name, 80)}"
    given = _given(log, name, mapping(log, item, place), place)
    notes = tuple(_crossed(item.get("thresholds"), given))
    found = tuple(_known(log, given))
    first = ("k6's summary has no samples, only statistics of them",) if found else left_out(name)
    return Measured(name, found, place, parameters=_tags(name), notes=(*first, *notes))


def _given(log: Log, name: str, item: dict[str, Any], place: str) -> _Given:
    if "values" not in item:
        return _Given(name, place, _type_of(log, item, place), contents(name), item)
    kind = item.get("type")
    if kind not in _TYPES:
        raise fault(log, f"{place}.type", f"one of {', '.join(_TYPES)}", kind)
    inside = f"{place}.values"
    return _Given(name, inside, kind, str(item.get("contains")), mapping(log, item["values"], inside))


def _type_of(log: Log, item: Mapping[str, Any], place: str) -> str:
    """The type of a metric whose fields alone are written."""
    fields = item.keys() - {"thresholds"}
    if fields >= {"passes", "fails"}:
        return "rate"
    if fields == {"count", "rate"}:
        return "counter"
    if "value" in fields:
        return "gauge"
    if any(name in _STATISTICS or _PERCENTILE.fullmatch(name) for name in fields):
        return "trend"
    raise fault(log, place, "a trend, a counter, a rate or a gauge of k6", item)


def _known(log: Log, given: _Given) -> Iterator[Metric]:
    """The metrics whose unit and direction are certain."""
    match meaning(given.name, given.type, given.contains):
        case "latency":
            yield from _latencies(log, given)
        case "throughput":
            yield throughput(_value(log, given, "rate"))
        case "rate":
            yield rate(_value(log, given, "rate"))
        case "errors":
            yield errors(_value(log, given, FAILURES.get(base_name(given.name), "count")))


def _latencies(log: Log, given: _Given) -> Iterator[Metric]:
    """A metric for each statistic; `p(50)` is the median again where both were asked for."""
    seen = set()
    for field in sorted(given.values):
        percentile = _PERCENTILE.fullmatch(field)
        statistic = f"p{percentile[1]}" if percentile else _STATISTICS.get(field)
        if statistic and statistic not in seen:
            seen.add(statistic)
            value = _value(log, given, field) * NANOSECONDS
            yield latency(statistic, number(log, value, f"{given.place}.{field}"))


def _value(log: Log, given: _Given, field: str) -> float:
    return number(log, given.values.get(field), f"{given.place}.{field}")


def _tags(name: str) -> dict[str, str]:
    """`{expected_response:true}` of a sub-metric's name."""
    _, _, tags = name.rstrip("}").partition("{")
    pairs = (tag.partition(":") for tag in tags.split(","))
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def _crossed(thresholds: Any, given: _Given) -> Iterator[str]:
    """Thresholds that did not hold: `{"ok": false}`, and in `--summary-export` `true` for "was crossed"."""
    if not isinstance(thresholds, dict):
        return
    for condition, state in thresholds.items():
        if state is True or (isinstance(state, dict) and state.get("ok") is False):
            yield f"k6's threshold {shown(condition)} of {one_line(given.name, 80)} did not hold"
