"""The core of a comparison, plain and as benchgov does it: aggregate both sides, hold the change to a limit.

A row is [direction, aggregate, limit in percent, baseline samples, current samples]; each side answers
[verdict, change in percent, rounded to 9 significant digits] per row, in order, so that outputs can be held
against each other.
"""

from __future__ import annotations

import math
import statistics
from typing import Any

from benchgov.baselines.aggregate import aggregate
from benchgov.config import Statistics
from benchgov.gate.decide import Limit, Pair, Samples, Terms
from benchgov.gate.threshold import decide

Rows = list[list[Any]]


def reference(rows: Rows) -> list[list[Any]]:
    """Plain: the `statistics` module and one comparison per row."""
    return [_plain(*row) for row in rows]


def _plain(direction: str, how: str, limit: float, before: list[float], now: list[float]) -> list[Any]:
    old, new = _condense(before, how), _condense(now, how)
    change = 0.0 if old == new else (new - old) / old * 100.0
    worse = change if direction == "lower" else -change
    slack = limit * (1 + 1e-9)
    verdict = "regression" if worse > slack else "improvement" if worse < -slack else "unchanged"
    return [verdict, _rounded(change)]


def _condense(samples: list[float], how: str) -> float:
    if how == "median":
        return statistics.median(samples)
    if len(samples) == 1:
        return samples[0]
    # "inclusive" is definition 7 of Hyndman and Fan; the 19th of 19 cuts is the 95th percentile
    return statistics.quantiles(samples, n=20, method="inclusive")[18]


def optimized(rows: Rows) -> list[list[Any]]:
    """As benchgov compares: its aggregates and its rule, over all pairs at once."""
    pairs = [
        Pair(
            Samples(aggregate(before, how), len(before), tuple),
            Samples(aggregate(now, how), len(now), tuple),
            Limit(limit, direction),
        )
        for direction, how, limit, before, now in rows
    ]
    return [[one.verdict, _rounded(one.change_percent)] for one in decide(pairs, Terms(Statistics()))]


def rows_for(scale: float) -> Rows:
    """`scale` rows of 20 against 20 samples, the same ones every time."""
    rows: Rows = []
    for index in range(int(scale)):
        before = [1000.0 + (index * 7919 + step * 104729) % 97 for step in range(20)]
        now = [value * (1 + (index % 41 - 20) / 100) for value in before]
        rows.append([("lower", "higher")[index % 2], ("median", "p95")[index % 3 == 0], 10.0, before, now])
    return rows


def _rounded(number: float) -> float:
    """To 9 significant digits, with rounding noise around 0 as 0."""
    return 0.0 if abs(number) < 1e-9 or not math.isfinite(number) else float(f"{number:.9g}")
