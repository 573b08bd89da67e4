"""Nyrkiö's JSON: results of a test at a commit, one or an array of them, each with metrics that have names.

Nyrkiö knows a test by the name under which its results are uploaded, which is not always in them: then it is
the log's path without its ending, as in Nyrkiö's own action.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.names import as_name
from benchgov.adapters.stated import converted, is_rate, time_factor
from benchgov.adapters.values import each, fault, listing, mapping, number, word, words
from benchgov.report import Direction, Metric
from benchgov.text import one_line

_BETTER: dict[Any, Direction] = {"lower_is_better": "lower", "higher_is_better": "higher"}
_LATENCY = re.compile(r"p\d{1,3}(?:\.\d+)?|mean|median|min|max")
_TIMES = {"time", "wall_time", "duration"}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Nyrkio:
    """Nyrkiö's JSON. Results of one test at one commit are the samples of one benchmark."""

    name = "nyrkio"
    reads = "JSON of results with timestamp, metrics and attributes"
    example = "benchgov import nyrkio.json"

    def detects(self, log: Log) -> bool:
        """An object, or an array of them, with an array `metrics` and an object `attributes`."""
        first = log.listing[0] if log.listing else log.mapping
        if not isinstance(first, dict) or not isinstance(first.get("metrics"), list):
            return False
        return isinstance(first.get("attributes"), dict)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every test, with the metrics whose direction is known."""
        items, incomplete = ([log.mapping], []) if _is_one(log) else listing(log, allow_partial)
        read = each(items, lambda index, item: _result(log, item, index), incomplete, allow_partial)
        return Reading(
            log,
            self.name,
            "",
            _joined(log, read),
            revision=_revision(log, items),
            incomplete=tuple(incomplete),
        )


def _is_one(log: Log) -> bool:
    """Whether the log is one result alone, and whole."""
    return log.text.lstrip()[:1] == "{" and isinstance(log.document, dict)


def _result(log: Log, item: Any, index: int) -> Measured:
    place = f"[{index}]"
    given = mapping(log, item, place)
    metrics = given.get("metrics")
    if not isinstance(metrics, list):
        raise fault(log, f"{place}.metrics", "an array", metrics)
    attributes = mapping(log, given.get("attributes"), f"{place}.attributes")
    test = attributes.get("test_name")
    name = log.where.removesuffix(".json") if test is None else test
    notes = _extra(given.get("extra_info"))
    name = word(log, name, f"{place}.attributes.test_name")
    if given.get("passed") is False:
        return Measured(name, (), place, notes=("the log says that the test did not pass", *notes))
    return _measured(log, name, metrics, place, notes)


def _measured(log: Log, name: str, items: Sequence[Any], place: str, notes: Sequence[str]) -> Measured:
    metrics: dict[str, Metric] = {}
    left_out = []
    for index, item in enumerate(items):
        here = f"{place}.metrics[{index}]"
        metric = _metric(log, mapping(log, item, here), here)
        if isinstance(metric, str):
            left_out.append(metric)
        elif metrics.setdefault(metric.name, metric) is not metric:
            raise fault(log, here, "each metric once", metric.name)
    return Measured(name, tuple(metrics.values()), place, notes=(*left_out, *notes))


def _metric(log: Log, given: Mapping[str, Any], place: str) -> Metric | str:
    """The metric; or that it is left out, since the log does not say which way is better."""
    name = word(log, given.get("name"), f"{place}.name").strip()
    stated = word(log, given.get("unit"), f"{place}.unit").strip()
    direction = _direction(log, given, name, stated, place)
    if direction is None:
        return f"{one_line(name, 60)} is left out: the log does not say which way is better"
    unit, factor = converted(stated)
    value = number(log, number(log, given.get("value"), f"{place}.value") * factor, f"{place}.value")
    ours = _our_name(name) if unit == "ns" and direction == "lower" else name
    return Metric(name=as_name(ours, "value"), unit=unit, direction=direction, samples=(value,))


def _direction(log: Log, given: Mapping[str, Any], name: str, unit: str, place: str) -> Direction | None:
    """What the log says, or what follows from the metric: a percentile of times, a time, a rate."""
    said = given.get("direction")
    if said is None:
        if time_factor(unit) is not None and _our_name(name) != name:
            return "lower"
        return "higher" if is_rate(unit) else None
    if not isinstance(said, str) or said not in _BETTER:
        raise fault(log, f"{place}.direction", "lower_is_better or higher_is_better", said)
    return _BETTER[said]


def _our_name(name: str) -> str:
    """benchgov's name for a statistic of times, or for a time: `latency_p99` of `p99`."""
    if _LATENCY.fullmatch(name):
        return f"latency_{'p50' if name == 'median' else name}"
    return "wall_time" if name in _TIMES else name


def _extra(extra: Any) -> tuple[str, ...]:
    """`extra_info` as notes."""
    plain = extra if isinstance(extra, dict) else {}
    plain = {key: value for key, value in plain.items() if isinstance(value, str | int | float)}
    return tuple(f"{one_line(key, 60)}: {text}" for key, text in words(**plain).items())


def _joined(log: Log, read: Sequence[Measured]) -> list[Measured]:
    """Results of one test as one benchmark; raises MalformedLogError when their metrics do not agree."""
    found: dict[str, Measured] = {}
    for one in read:
        first = found.setdefault(one.name, one)
        if first is not one:
            found[one.name] = _with_samples(log, first, one)
    return list(found.values())


def _with_samples(log: Log, first: Measured, more: Measured) -> Measured:
    shapes = [
        [(metric.name, metric.unit, metric.direction) for metric in one.metrics] for one in (first, more)
    ]
    if shapes[0] != shapes[1]:
        raise MalformedLogError(
            f"{one_line(more.name, 80)!r} has other metrics or units here than at {first.place}",
            where=log.at(more.place),
        )
    metrics = tuple(
        one.model_copy(update={"samples": one.samples + other.samples})
        for one, other in zip(first.metrics, more.metrics, strict=True)
    )
    return first._replace(metrics=metrics, notes=tuple(dict.fromkeys(first.notes + more.notes)))


def _revision(log: Log, items: Sequence[Any]) -> tuple[str, bool | None] | None:
    """The one commit of all results; raises MalformedLogError when the log is a history."""
    commits: dict[str, int] = {}
    for index, item in enumerate(items):
        attributes = item.get("attributes") if isinstance(item, dict) else None
        commit = attributes.get("git_commit") if isinstance(attributes, dict) else None
        if isinstance(commit, str) and _COMMIT.fullmatch(commit):
            commits.setdefault(commit, index)
    if len(commits) > 1:
        second = list(commits.values())[1]
        raise fault(log, f"[{second}].attributes.git_commit", "one commit for all results", list(commits)[1])
    return (next(iter(commits)), None) if commits else None
