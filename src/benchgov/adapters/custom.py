"""customSmallerIsBetter and customBiggerIsBetter: the JSON that people write for github-action-benchmark.

An array of `{"name", "unit", "value"}`, with `range` and `extra` if they like. Both say the same, so that
content alone never tells which way is better: `--tool` must.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.stated import converted, metric_name
from benchgov.adapters.values import each, listing, mapping, number, word, words
from benchgov.report import Direction, Metric

_REQUIRED = {"name", "unit", "value"}
_KNOWN = _REQUIRED | {"range", "extra"}


class _Custom:
    """One array of numbers, all of which are better in one direction."""

    name: str
    reads: str
    example: str
    direction: Direction

    def detects(self, log: Log) -> bool:
        """An array whose first item has a name, a unit, a value, and nothing that the format has not."""
        first = log.listing[0] if log.listing else None
        return isinstance(first, dict) and first.keys() >= _REQUIRED and first.keys() <= _KNOWN

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every item as a benchmark of one sample."""
        items, incomplete = listing(log, allow_partial)
        read = each(items, lambda index, item: self._item(log, item, index), incomplete, allow_partial)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))

    def _item(self, log: Log, item: Any, index: int) -> Measured:
        place = f"[{index}]"
        given = mapping(log, item, place)
        stated = word(log, given.get("unit"), f"{place}.unit").strip()
        unit, factor = converted(stated)
        value = number(log, number(log, given.get("value"), f"{place}.value") * factor, f"{place}.value")
        name = metric_name(stated, self.direction)
        metric = Metric(name=name, unit=unit, direction=self.direction, samples=(value,))
        named = word(log, given.get("name"), f"{place}.name")
        return Measured(named, (metric,), place, notes=tuple(_notes(given)))


def _notes(given: Mapping[str, Any]) -> Iterator[str]:
    yield "the log has one value, and no samples"
    said = words(range=given.get("range"), extra=given.get("extra"))
    yield from (f"{name}: {text}" for name, text in said.items())


class CustomSmaller(_Custom):
    """customSmallerIsBetter."""

    name = "custom-smaller"
    reads = "JSON of customSmallerIsBetter; only when --tool says so"
    example = "benchgov import results.json --tool custom-smaller"
    direction: Direction = "lower"


class CustomBigger(_Custom):
    """customBiggerIsBetter."""

    name = "custom-bigger"
    reads = "JSON of customBiggerIsBetter; only when --tool says so"
    example = "benchgov import results.json --tool custom-bigger"
    direction: Direction = "higher"
