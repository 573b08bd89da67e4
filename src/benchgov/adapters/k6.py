"""k6: the summary as JSON, of `--summary-export`, or as `handleSummary` is given it.

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
from benchgov.adapters.values import each, fault, mapping, number, shown
from benchgov.report import Metric
from benchgov.text import one_line

_NANOSECONDS = 1e6
_TIMES = re.compile(
    r"http_req_\w+|iteration_duration|group_duration|grpc_req_duration|ws_connecting|ws_session_duration|ws_ping"
    r"|browser_http_req_duration|browser_web_vital_(?:fcp|fid|inp|lcp|ttfb)"
)
"""k6's own trends of time; of others only `contains` tells whether they are one."""

_RATES = {"http_reqs", "iterations", "ws_sessions", "ws_msgs_sent", "ws_msgs_received"}
_BYTES = {"data_sent", "data_received", "browser_data_sent", "browser_data_received"}
_FAILURES = {"checks": "fails", "http_req_failed": "passes", "browser_http_req_failed": "passes"}
"""k6's own rates → the field that counts failures; a request that failed is a `true` of `http_req_failed`."""

_SETTINGS = {"vus", "vus_max"}
_STATISTICS = {"avg": "mean", "min": "min", "med": "p50", "max": "max"}
_PERCENTILE = re.compile(r"p\((\d{1,3}(?:\.\d{1,9})?)\)")
_TYPES = {"trend", "counter", "rate", "gauge"}


@dataclass(frozen=True)
class _Given:
    """One of k6's metrics; `place` is where its `values` are."""

    name: str
    place: str
    type: str
    contains: str
    values: Mapping[str, Any]

    @property
    def base(self) -> str:
        """The name without the tags of a sub-metric."""
        return self.name.partition("{")[0]


class K6:
    """k6's summary. A log does not say which script it is of: import those of one at a time, or rename."""

    name = "k6"
    reads = "JSON of --summary-export, or of handleSummary's data"
    example = "k6 run --summary-export=k6.json script.js"

    def detects(self, log: Log) -> bool:
        """An object with `metrics` and `root_group`."""
        return {"metrics", "root_group"} <= log.mapping.keys() and isinstance(log.mapping["metrics"], dict)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every metric whose meaning is known, in the order of names, since k6's own is by chance."""
        incomplete: list[str] = []
        metrics = sorted(_metrics(log, allow_partial, incomplete).items())
        left_out: list[str] = []
        found = each(metrics, lambda _, item: _measured(log, *item), incomplete, allow_partial)
        read = []
        for one in found:
            if one.metrics:
                read.append(one)
            else:
                left_out += one.notes
        if read and left_out:
            read[0] = read[0]._replace(notes=(*read[0].notes, *left_out))
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
    if not found and given.base not in _SETTINGS:
        notes = (f"{one_line(name, 80)} is left out: its unit or its direction is not known", *notes)
    if found:
        notes = ("k6's summary has no samples, only statistics of them", *notes)
    return Measured(name, found, place, parameters=_tags(name), notes=notes)


def _given(log: Log, name: str, item: dict[str, Any], place: str) -> _Given:
    if "values" not in item:
        return _Given(name, place, _type_of(log, item, place), _contents(name), item)
    kind = item.get("type")
    if kind not in _TYPES:
        raise fault(log, f"{place}.type", f"one of {', '.join(sorted(_TYPES))}", kind)
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


def _contents(name: str) -> str:
    base = name.partition("{")[0]
    if base in _BYTES:
        return "data"
    return "time" if _TIMES.fullmatch(base) else "default"


def _known(log: Log, given: _Given) -> Iterator[Metric]:
    """The metrics whose unit and direction are certain."""
    if given.type == "trend" and given.contains == "time":
        yield from _latencies(log, given)
    elif given.type == "counter" and given.base in _BYTES:
        yield throughput(_value(log, given, "rate"))
    elif given.type == "counter" and given.base in _RATES:
        yield rate(_value(log, given, "rate"))
    elif given.type == "rate" and given.base in _FAILURES:
        yield errors(_value(log, given, _FAILURES[given.base]))
    elif given.type == "counter" and given.base == "dropped_iterations":
        yield errors(_value(log, given, "count"))


def _latencies(log: Log, given: _Given) -> Iterator[Metric]:
    """A metric for each statistic; `p(50)` is the median again where both were asked for."""
    seen = set()
    for field in sorted(given.values):
        percentile = _PERCENTILE.fullmatch(field)
        statistic = f"p{percentile[1]}" if percentile else _STATISTICS.get(field)
        if statistic and statistic not in seen:
            seen.add(statistic)
            value = _value(log, given, field) * _NANOSECONDS
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
