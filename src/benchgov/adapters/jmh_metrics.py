"""What JMH's scores measure, by their units: metric, benchgov's unit, and which way is better."""

from __future__ import annotations

import re
from typing import NamedTuple

from benchgov.adapters.names import as_name
from benchgov.report import Direction

MODES = {
    "thrpt": ("rate", "ops/time"),
    "avgt": ("wall_time", "time/op"),
    "sample": ("wall_time", "time/op"),
    "ss": ("wall_time", "time/op"),
}
"""Mode → its metric, and the form of its unit."""

_TIME = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 6e10, "hr": 3.6e12, "day": 8.64e13}
"""What JMH calls Java's `TimeUnit`s → nanoseconds."""

_KNOWN = {"gc.alloc.rate.norm": "allocated_bytes"}
_FEW = re.compile(r"(?:.*-)?(?:instructions|cycles|branches|misses|faults|loads|stores)(?::.*)?")
"""Counters of the profiler `perfnorm`, of which each operation should need few."""

_PERCENTILE = re.compile(r"(?:([\w$]*)[\N{MIDDLE DOT}:])?p([01])\.(\d+)")


class Score(NamedTuple):
    """The metric's name, benchgov's unit, the factor from JMH's unit to it, and which way is better."""

    name: str
    unit: str
    factor: float
    direction: Direction


def scored(unit: str, name: str = "") -> Score | None:
    """What a score in `unit` is, called `name`, or by what it measures; None for other units.

    Operations per time are rates, and more of them is better; times and bytes per operation are not.
    """
    left, _, right = unit.partition("/")
    if left == "ops" and right in _TIME:
        return Score(name or "rate", "1/s", 1e9 / _TIME[right], "higher")
    if right == "op" and left in _TIME:
        return Score(name or "wall_time", "ns", _TIME[left], "lower")
    return Score(name or "allocated_bytes", "bytes", 1.0, "lower") if unit == "B/op" else None


def secondary(name: str, method: str, unit: str) -> Score | None:
    """What the secondary metric `name` of the benchmark called `method` is; None: its direction is unknown.

    Percentiles are those of mode `sample`, of the benchmark or, in a group, of one of its methods. Profilers'
    names began with a middle dot once. Collections, their times, allocation rates and churn follow the work
    that an iteration got done, and when the collector ran: none of their directions is better.
    """
    if percentile := _PERCENTILE.fullmatch(name):
        prefix = f"{percentile[1]}." if percentile[1] not in {None, "", method} else ""
        return scored(unit, as_name(prefix + _latency(percentile[2], percentile[3]), "latency"))
    plain = name.lstrip("\N{MIDDLE DOT}")
    if unit == "#/op" and _FEW.fullmatch(plain):
        written = "instructions" if plain.startswith("instructions") else as_name(plain, "events")
        return Score(written, "count", 1.0, "lower")
    if plain.startswith("gc.churn."):
        return None
    return scored(unit, as_name(_KNOWN.get(plain, plain), "unnamed"))


def _latency(whole: str, digits: str) -> str:
    """`p0.999` → `latency_p99.9`; the ends are minimum and maximum."""
    if whole == "1":
        return "latency_max"
    percent, rest = int(digits[:2].ljust(2, "0")), digits[2:].rstrip("0")
    if not percent and not rest:
        return "latency_min"
    return f"latency_p{percent}.{rest}" if rest else f"latency_p{percent}"
