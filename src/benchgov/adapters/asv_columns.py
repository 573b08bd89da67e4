"""asv's results of one benchmark, by column: format 2 has rows of `result_columns`, format 1 has objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchgov.adapters.interface import Log
from benchgov.adapters.values import fault
from benchgov.text import one_line

SKIPPED = "NaN"
"""What stands for NaN, asv's word for a result that a benchmark does not want."""

# A string that never ends is taken whole too: else each quote in it would be tried as a beginning.
_STRING_OR_NAN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|\bNaN\b', re.DOTALL)


def without_nan(text: str) -> str:
    """`text` with each NaN as a JSON string; what is inside strings stays."""
    return _STRING_OR_NAN.sub(lambda found: f'"{SKIPPED}"' if found[0] == "NaN" else found[0], text)


@dataclass(frozen=True)
class Columns:
    """`result` and everything in `more` have an entry for each combination of `params`, or are None."""

    result: list[Any] | None
    params: Any
    more: Mapping[str, list[Any] | None]

    def at(self, column: str, index: int) -> Any:
        """The entry of `column` at `index`, or None."""
        entries = self.more.get(column)
        return entries[index] if entries is not None else None


def columns(log: Log, top: Mapping[str, Any], name: str, item: Any) -> Columns:
    """The results `item` of the benchmark called `name`; raises MalformedLogError."""
    place = f"results.{one_line(name, 80)}"
    given = _row(log, top, item, place) if "result_columns" in top else _object(item)
    result = given.get("result")
    if result is not None and not isinstance(result, list):
        raise fault(log, f"{place}.result", "an array", result)
    more = {column: given.get(key) for column, key in (("samples", "samples"), ("number", "stats_number"))}
    for column, entries in more.items():
        if entries is not None and not (isinstance(entries, list) and len(entries) == len(result or [])):
            raise fault(log, f"{place}.{column}", f"an array of {len(result or [])}", entries)
    return Columns(result, given.get("params") or [], more)


def _row(log: Log, top: Mapping[str, Any], item: Any, place: str) -> dict[str, Any]:
    """A row may be shorter than the columns: what is missing at its end is null."""
    names = top["result_columns"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise fault(log, "result_columns", "an array of texts", names)
    if item is None:
        return {}
    if not isinstance(item, list) or len(item) > len(names):
        raise fault(log, place, f"an array of at most {len(names)}, like result_columns,", item)
    return dict(zip(names, item, strict=False))


def _object(item: Any) -> dict[str, Any]:
    """Format 1: an object, or the result alone; what has no parameters may be no array."""
    given = dict(item) if isinstance(item, dict) else {"result": item}
    if isinstance(stats := given.get("stats"), dict):
        given["stats"] = stats = [stats]
    if not isinstance(given.get("result"), list) and given.get("result") is not None:
        given["result"] = [given["result"]]
    if isinstance(stats, list):
        given["stats_number"] = [one.get("number") if isinstance(one, dict) else None for one in stats]
    return given
