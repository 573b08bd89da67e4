"""Bencher Metric Format: `{benchmark: {measure: {"value", "lower_value", "upper_value"}}}`.

Units are those of Bencher's built-in measures; the unit of a measure of one's own is known to Bencher alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.values import each, fault, mapping, number, shown
from benchgov.report import Direction, Metric
from benchgov.text import one_line

_MEASURES: dict[str, tuple[str, str, float, Direction]] = {
    "latency": ("wall_time", "ns", 1.0, "lower"),
    "throughput": ("rate", "1/s", 1.0, "higher"),
    "build-time": ("build_time", "ns", 1e9, "lower"),
    "file-size": ("file_size", "bytes", 1.0, "lower"),
    "allocated": ("allocated_bytes", "bytes", 1.0, "lower"),
    "instructions": ("instructions", "count", 1.0, "lower"),
    "estimated-cycles": ("estimated_cycles", "count", 1.0, "lower"),
    "total-bytes": ("allocated_bytes", "bytes", 1.0, "lower"),
    "total-blocks": ("allocations", "count", 1.0, "lower"),
    "at-t-gmax-bytes": ("peak_memory", "bytes", 1.0, "lower"),
}
"""Bencher's built-in measures by slug, of which it is certain which way is better."""

_VALUES = {"value", "lower_value", "upper_value"}


class Bencher:
    """Bencher Metric Format. Each measure of a benchmark is a metric of one sample."""

    name = "bencher"
    reads = "JSON in Bencher Metric Format"
    example = "benchgov import bmf.json"

    def detects(self, log: Log) -> bool:
        """An object of objects of objects, the first of which has a `value` and only what is Bencher's."""
        measures = next(iter(log.mapping.values()), None)
        first = next(iter(measures.values()), None) if isinstance(measures, dict) else None
        return isinstance(first, dict) and "value" in first and first.keys() <= _VALUES

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark, with the measures that Bencher defines."""
        incomplete: list[str] = []
        try:
            top = mapping(log, log.document, "document")
        except MalformedLogError as error:
            if not allow_partial:
                raise
            top, incomplete = dict(log.mapping), [one_line(str(error))]
        read = each(top.items(), lambda _, item: _benchmark(log, item[0], item[1]), incomplete, allow_partial)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


def _benchmark(log: Log, name: str, item: Any) -> Measured:
    place = one_line(name, 80)
    if not name.strip():
        raise fault(log, "document", "a benchmark's name", name)
    metrics: dict[str, Metric] = {}
    notes = ["the log has one value of each measure, and no samples"]
    for measure, given in mapping(log, item, place).items():
        here = f"{place}.{one_line(measure, 40)}"
        values = mapping(log, given, here)
        value = number(log, values.get("value"), f"{here}.value")
        slug = "-".join(measure.lower().split())  # `Build Time`, its name, is as good as its slug
        if slug not in _MEASURES:
            notes.append(f"{one_line(measure, 40)} is left out: its unit and direction are not in the log")
            continue
        metric = _metric(log, slug, value, here)
        if metrics.setdefault(metric.name, metric) is not metric:
            raise fault(log, here, "each metric once", metric.name)
        notes += _bounds(log, measure, values, here)
    return Measured(name, tuple(metrics.values()), place, notes=tuple(notes))


def _metric(log: Log, slug: str, value: float, place: str) -> Metric:
    name, unit, factor, direction = _MEASURES[slug]
    scaled = number(log, value * factor, f"{place}.value")
    return Metric(name=name, unit=unit, direction=direction, samples=(scaled,))


def _bounds(log: Log, measure: str, values: Mapping[str, Any], place: str) -> list[str]:
    """The bounds as a note: they are of an interval, and no samples. A lower one may be below zero."""
    bounds = [values.get(key) for key in ("lower_value", "upper_value")]
    for bound in bounds:
        if bound is not None and type(bound) not in {int, float}:
            raise fault(log, place, "bounds that are numbers", bound)
    if bounds == [None, None]:
        return []
    low, high = ("?" if bound is None else shown(bound) for bound in bounds)
    return [f"{one_line(measure, 40)} lies between {low} and {high}, in Bencher's unit"]
