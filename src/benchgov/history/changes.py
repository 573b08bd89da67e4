"""Where a series changed its level, by Apache Otava: E-divisive means, then a t-test for each change.

W. Fleming et al., "Hunter: Using Change Point Detection to Hunt for Performance Regressions" (ICPE 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from math import inf, isfinite
from typing import Any, NamedTuple

from benchgov.errors import BlockedError

MIN_POINTS = 6
"""The fewest points in which a change is looked for: with fewer no step passes the test but by chance."""

_LARGEST_GROWTH = 1e12
"""A level that is larger than this many times the one before it came from nothing: no percent says that."""

DEFAULT_P_VALUE = 0.001
DEFAULT_MAGNITUDE_PERCENT = 2.0


class Step(NamedTuple):
    """A change of level: the point `at` is the first of the new one. `percent` above 0: the number grew.

    `before` and `after` are the means of the levels, `points_before` and `points_after` how many points
    each has, and `p_value` that of the t-test between them. `percent` is None after a level of (nearly) 0.
    """

    at: int
    before: float
    after: float
    percent: float | None
    p_value: float
    points_before: int
    points_after: int


Finder = Callable[[Sequence[float]], list[Step]]


def otava_finder(p_value: float = DEFAULT_P_VALUE, min_percent: float = DEFAULT_MAGNITUDE_PERCENT) -> Finder:
    """What finds steps of at least `min_percent` with a p-value of at most `p_value`.

    Raises:
        BlockedError: apache-otava is not installed.
    """
    compute = _compute_change_points()

    def find(values: Sequence[float]) -> list[Step]:
        if len(values) < MIN_POINTS:
            return []
        # Shares of the largest value: no sum of them overflows, and the test does not mind the scale.
        unit = max(values) or 1.0
        # A list: of an array Otava would look at the whole in each of its windows.
        shares = [float(value / unit) for value in values]
        found, _ = compute(shares, max_pvalue=p_value, min_magnitude=min_percent / 100)
        return _steps([one for one in found if isfinite(one.stats.pvalue)], len(values), unit)

    return find


def _compute_change_points() -> Callable[..., Any]:
    try:
        compute: Callable[..., Any] = import_module("otava.analysis").compute_change_points
    except ImportError as error:
        raise BlockedError(
            f"apache-otava, which finds the changes, cannot be imported: {error}",
            remedy="pip install 'benchgov[history]'; or, beside what is installed already, "
            "pip install --no-deps apache-otava (only its command line needs more).",
        ) from error
    return compute


def _steps(found: Sequence[Any], count: int, unit: float) -> list[Step]:
    edges = [0, *(int(one.index) for one in found), count]
    return [_step(one.stats, edges[number : number + 3], unit) for number, one in enumerate(found)]


def _step(stats: Any, edges: Sequence[int], unit: float) -> Step:
    before, after = float(stats.mean_before()), float(stats.mean_after())
    growth = after / before if before else inf
    start, at, end = edges
    return Step(
        at=at,
        before=before * unit,
        after=after * unit,
        percent=(growth - 1) * 100 if growth < _LARGEST_GROWTH else None,
        p_value=float(stats.pvalue),
        points_before=at - start,
        points_after=end - at,
    )
