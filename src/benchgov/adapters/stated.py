"""Units that people write into formats of no one tool, and the metrics they stand for.

The direction is stated beside them, or follows from what is measured; a unit that is not known here is kept
as it is written, and no number of it is converted.
"""

from __future__ import annotations

from benchgov.adapters.quantities import SIZE, TIME
from benchgov.report import Direction
from benchgov.text import one_line

_WORDS = {
    "nanosecond": 1.0,
    "microsecond": 1e3,
    "millisecond": 1e6,
    "second": 1e9,
    "sec": 1e9,
    "minute": 6e10,
}
_TIMES: dict[str, float] = {
    **{
        unit: factor for unit, factor in TIME.items() if unit not in {"m", "h"}
    },  # m may be metres or millions
    **_WORDS,
    **{f"{word}s": factor for word, factor in _WORDS.items()},
}
_OPERATIONS = ("op", "ops", "operations", "iter", "iterations", "req", "requests", "items", "queries")
_RATES = {"tps", "qps", "rps", *(f"{what}/{per}" for what in _OPERATIONS for per in ("s", "sec", "second"))}
_MAX_UNIT = 32


def time_factor(unit: str) -> float | None:
    """Nanoseconds in `unit`, which may be of one operation: `ms`, `seconds`, `ns/iter`, `ns/op`."""
    return _TIMES.get(unit.removesuffix("/iter").removesuffix("/op"))


def is_rate(unit: str) -> bool:
    """Whether `unit` is one of operations, iterations, requests or items in a second."""
    return unit in _RATES


def converted(unit: str) -> tuple[str, float]:
    """(benchgov's unit, factor): nanoseconds, bytes, bytes a second, or 1/s; else `unit` itself and 1."""
    if (factor := time_factor(unit)) is not None:
        return "ns", factor
    size, per, second = unit.partition("/")
    scale = {**SIZE, "byte": 1.0, "bytes": 1.0}.get(size)
    if scale is not None and not per:
        return "bytes", scale
    if scale is not None and second in {"s", "sec", "second"}:
        return "bytes/s", scale
    return ("1/s" if is_rate(unit) else one_line(unit, _MAX_UNIT)), 1.0


def metric_name(unit: str, direction: Direction) -> str:
    """The metric of a number that has a unit and no name: `value` where nothing better is certain."""
    known = {("ns", "lower"): "wall_time", ("bytes/s", "higher"): "throughput", ("1/s", "higher"): "rate"}
    return known.get((converted(unit)[0], direction), "value")
