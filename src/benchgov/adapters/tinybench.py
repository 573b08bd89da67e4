"""tinybench, versions 2 to 6. It writes no file of its own: two arrays that scripts make of a run are read.

`JSON.stringify(bench.tasks)`, or in version 6 `bench.tasks.map(({name, result}) => ({name, result}))`, has
statistics in milliseconds, flat in version 2 and below `latency` since version 3, with the samples where they
were retained. `JSON.stringify(bench.table())` has the rows of the printed table, which name their unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import each, fault, listing, mapping, number, samples, shown, word, words
from benchgov.report import Metric

NANOSECONDS = 1e6
"""tinybench's times are milliseconds."""

_CENTRES = {"p50": "median", "median": "median", "mean": "mean"}
_TABLE_NAMES = ("Task name", "Task Name")
_TABLE_CENTRES = {
    "Latency med (ns)": "median",
    "Latency median (ns)": "median",
    "Latency avg (ns)": "mean",
    "Latency average (ns)": "mean",
    "Average Time (ns)": "mean",
}
_LOOKED_AT = 16


class Tinybench:
    """tinybench's tasks or table. The time of an operation is read; its rate is the same number again."""

    name = "tinybench"
    reads = "JSON of bench.tasks (name, result) or bench.table()"
    example = "node bench.mjs > tinybench.json"

    def detects(self, log: Log) -> bool:
        """An array in whose first items there is a task with tinybench's result, or a row of its table."""
        return any(_is_task(item) or _is_row(item) for item in log.listing[:_LOOKED_AT])

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every task by its name, with every sample that was retained, else the median or mean."""
        items, incomplete = listing(log, allow_partial)
        read = each(items, lambda index, item: _measured(log, item, f"[{index}]"), incomplete, allow_partial)
        return Reading(log, self.name, "", read, _facts(items), incomplete=tuple(incomplete))


def statistics_time(log: Log, given: Mapping[str, Any], place: str) -> tuple[Metric, tuple[str, ...]]:
    """(wall_time, notes) of a statistics object of tinybench: its samples, or its median, or its mean.

    Raises:
        MalformedLogError: there is none of them, or not as many samples as it says.
    """
    if given.get("samples"):
        values = samples(log, given["samples"], NANOSECONDS, f"{place}.samples")
        stated = given.get("samplesCount", given.get("sampleCount", len(values)))
        if stated != len(values):
            raise fault(log, f"{place}.samplesCount", f"{len(values)}, the number of samples,", stated)
        return _wall_time(values), ("tinybench sorts its samples: their order is not that of the runs",)
    centre = next((name for name in _CENTRES if name in given), "mean")
    value = number(log, given.get(centre), f"{place}.{centre}") * NANOSECONDS
    return _wall_time((number(log, value, f"{place}.{centre}"),)), (_only(_CENTRES[centre]),)


def _wall_time(values: Sequence[float]) -> Metric:
    return Metric(name="wall_time", unit="ns", direction="lower", samples=tuple(values))


def _only(centre: str) -> str:
    return f"the log has no samples, only their {centre}"


def _is_task(item: Any) -> bool:
    result = item.get("result") if isinstance(item, dict) and "name" in item else None
    return isinstance(result, dict) and ({"rme", "hz"} <= result.keys() or _is_newer(result))


def _is_newer(result: Mapping[str, Any]) -> bool:
    return isinstance(result.get("latency"), dict) or {"state", "runtime"} <= result.keys()


def _is_row(item: Any) -> bool:
    return isinstance(item, dict) and _row_name(item) is not None


def _row_name(row: Mapping[str, Any]) -> str | None:
    return next((name for name in _TABLE_NAMES if name in row), None)


def _measured(log: Log, item: Any, place: str) -> Measured:
    given = mapping(log, item, place)
    return _of_row(log, given, place) if _is_row(given) else _of_task(log, given, place)


def _of_task(log: Log, given: Mapping[str, Any], place: str) -> Measured:
    name = word(log, given.get("name"), f"{place}.name")
    inside = f"{place}.result"
    result = mapping(log, given.get("result"), inside)
    _refuse_unfinished(log, result, inside)
    flat = "latency" not in result
    statistics = result if flat else mapping(log, result["latency"], f"{inside}.latency")
    metric, notes = statistics_time(log, statistics, inside if flat else f"{inside}.latency")
    return Measured(name, (metric,), place, group=_group(given.get("bench")), notes=notes)


def _refuse_unfinished(log: Log, result: Mapping[str, Any], place: str) -> None:
    """A task that threw or was stopped has an `error` or is `aborted` (2 to 5), or says it in `state` (6)."""
    if result.get("state", "completed") != "completed":
        raise fault(log, f"{place}.state", "a task that was completed", result["state"])
    for sign in ("error", "aborted"):
        if result.get(sign) not in (None, False):
            raise fault(log, f"{place}.{sign}", "a task that was completed", result[sign])


def _group(bench: Any) -> str:
    """The name of the task's Bench, which versions 3 to 5 write beside it."""
    name = bench.get("name") if isinstance(bench, dict) else None
    return name if isinstance(name, str) else ""


def _of_row(log: Log, row: Mapping[str, Any], place: str) -> Measured:
    label = _row_name(row) or _TABLE_NAMES[0]
    name = word(log, row.get(label), f"{place}.{label}")
    if "Error" in row:
        raise fault(log, f"{place}.Error", f"a result of {shown(name)}", row["Error"])
    column = next((column for column in _TABLE_CENTRES if column in row), None)
    if column is None:
        raise fault(log, place, f"one of the columns {', '.join(_TABLE_CENTRES)}")
    at = f"{place}.{column}"
    value = row[column]
    if isinstance(value, str):  # `29741 ± 0.72%`
        value = decimal(log, value.partition("±")[0], at)
    return Measured(
        name, (_wall_time((number(log, value, at),)),), place, notes=(_only(_TABLE_CENTRES[column]),)
    )


def _facts(items: Sequence[Any]) -> dict[str, str]:
    """The JavaScript runtime, which the results name since version 3."""
    for item in items:
        result = item.get("result") if isinstance(item, dict) else None
        if isinstance(result, dict) and "runtime" in result:
            return words(runtime=result["runtime"], runtime_version=result.get("runtimeVersion"))
    return {}
