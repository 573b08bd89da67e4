"""BenchmarkTools.jl: the JSON of `BenchmarkTools.save`. Groups in groups, with trials at their ends.

A value is written as `[type, {field: value}]`; times are nanoseconds an evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.values import count, each, fault, listing, mapping, number, samples, words
from benchgov.report import Metric

_VERSIONS = {"Julia", "BenchmarkTools"}
_RESULTS = {"Trial", "TrialEstimate"}


class _Value(NamedTuple):
    """One saved value: its keys from the outermost group, where it stands, and what was written."""

    keys: tuple[str, ...]
    place: str
    written: Any


class BenchmarkTools:
    """BenchmarkTools.jl's JSON. A benchmark's name is its keys, from the outermost group, with slashes."""

    name = "benchmarktools"
    reads = "JSON of BenchmarkTools.save"
    example = 'julia bench.jl # BenchmarkTools.save("x.json", run(suite))'

    def detects(self, log: Log) -> bool:
        """An array that begins with the versions of Julia and BenchmarkTools."""
        first = log.listing[0] if log.listing else None
        return isinstance(first, dict) and first.keys() >= _VERSIONS

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every trial with its samples, and every estimate; parameters and judgements are no results."""
        document, incomplete = listing(log, allow_partial)
        versions = mapping(log, document[0] if document else None, "[0]")
        values = document[1] if len(document) > 1 else [] if incomplete else None
        if not isinstance(values, list):
            raise fault(log, "[1]", "an array of what was saved", values)
        found = list(_results(log, values))
        read = each(found, lambda _, value: _benchmark(log, value), incomplete, allow_partial)
        version = _version(versions.get("BenchmarkTools"))
        facts = words(julia=versions.get("Julia"))
        return Reading(log, self.name, version, read, facts, incomplete=tuple(incomplete))


def _version(given: Any) -> str:
    """A text, or the fields of a `VersionNumber`."""
    if isinstance(given, dict):
        given = ".".join(str(given.get(part)) for part in ("major", "minor", "patch"))
    return words(version=given).get("version", "")


def _results(log: Log, values: list[Any]) -> Iterator[_Value]:
    """The trials and estimates, in their order. A stack instead of recursion: a log may nest as it likes."""
    several = len(values) > 1
    top = [
        _Value((f"value {index}",) if several else (), f"[1][{index - 1}]", value)
        for index, value in enumerate(values, 1)
    ]
    stack = top[::-1]
    while stack:
        value = stack.pop()
        kind, fields = _typed(log, value)
        if kind == "BenchmarkGroup":
            stack.extend(reversed(list(_members(log, value, fields))))
        elif kind in _RESULTS:
            yield value


def _typed(log: Log, value: _Value) -> tuple[str, Mapping[str, Any]]:
    """(type without its module, which early versions wrote, fields)."""
    written = value.written
    if isinstance(written, list) and len(written) == 2 and isinstance(written[0], str):
        return written[0].removeprefix("BenchmarkTools."), mapping(log, written[1], f"{value.place}[1]")
    raise fault(log, value.place, "a type of BenchmarkTools and its fields", written)


def _members(log: Log, group: _Value, fields: Mapping[str, Any]) -> Iterator[_Value]:
    place = f"{group.place}[1].data"
    for key, written in mapping(log, fields.get("data"), place).items():
        yield _Value((*group.keys, key), f"{place}.{key}", written)


def _benchmark(log: Log, value: _Value) -> Measured:
    kind, fields = _typed(log, value)
    at = f"{value.place}[1]"
    metrics = list((_trial if kind == "Trial" else _estimate)(log, fields, at))
    for field, name, unit in (("memory", "allocated_bytes", "bytes"), ("allocs", "allocations", "count")):
        metrics.append(_metric(name, unit, (number(log, fields.get(field), f"{at}.{field}"),)))
    return Measured(
        "/".join(value.keys) or "trial",
        tuple(metrics),
        at,
        group="/".join(value.keys[:-1]),
        iterations=_evaluations(log, fields, at),
        notes=() if kind == "Trial" else ("an estimate: the log has no samples of it",),
    )


def _trial(log: Log, fields: Mapping[str, Any], place: str) -> Iterator[Metric]:
    times = samples(log, fields.get("times"), 1, f"{place}.times")
    yield _metric("wall_time", "ns", times)
    collected = samples(log, fields.get("gctimes"), 1, f"{place}.gctimes")
    if len(collected) != len(times):
        raise fault(log, f"{place}.gctimes", f"an array of {len(times)}, like times,", list(collected))
    yield _metric("gc_time", "ns", collected)


def _estimate(log: Log, fields: Mapping[str, Any], place: str) -> Iterator[Metric]:
    for field, name in (("time", "wall_time"), ("gctime", "gc_time")):
        yield _metric(name, "ns", (number(log, fields.get(field), f"{place}.{field}"),))


def _metric(name: str, unit: str, values: tuple[float, ...]) -> Metric:
    return Metric(name=name, unit=unit, direction="lower", samples=values)


def _evaluations(log: Log, fields: Mapping[str, Any], place: str) -> int:
    """Evaluations of a sample, which the parameters say."""
    written = fields.get("params")
    if not isinstance(written, list) or len(written) != 2:
        return 1
    params = mapping(log, written[1], f"{place}.params[1]")
    return count(log, params.get("evals", 1), f"{place}.params[1].evals")
