"""Where a series changed its level: Apache Otava proposes the places, a corrected t-test confirms each.

W. Fleming et al., "Hunter: Using Change Point Detection to Hunt for Performance Regressions" (ICPE 2023);
what is done otherwise here, and why: docs/adr/0020-history.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from math import inf, isnan
from typing import Any, NamedTuple

from benchgov.errors import BlockedError

MIN_POINTS = 6
"""The fewest points in which a change is looked for: with fewer no step passes the test but by chance."""

WINDOWS = (50, 25)
"""Otava's windows, in points. In one alone it stops at the first place that does not pass, and overlooks what
goes up and comes back: in simulations half of such steps with 50, against one in a hundred with both."""

DEFAULT_P_VALUE = 0.001
DEFAULT_MAGNITUDE_PERCENT = 2.0

_RELAXED = 10.0
"""A place is proposed with a p-value up to this many times the one asked for, as in Otava."""

_LARGEST_GROWTH = 1e12
"""A level that is larger than this many times the one before it came from nothing: no percent says that."""


class Step(NamedTuple):
    """A change of level: the point `at` is the first of the new one. `percent` above 0: the number grew.

    `before` and `after` are the means of the levels, `points_before` and `points_after` how many points
    each has. `p_value` is that of the t-test between them times the number of places where the step could
    have been (Bonferroni), as the best place was picked. `percent` is None after a level of (nearly) 0.
    """

    at: int
    before: float
    after: float
    percent: float | None
    p_value: float
    points_before: int
    points_after: int

    @property
    def magnitude(self) -> float:
        """The size of the change in percent, up or down."""
        return inf if self.percent is None else abs(self.percent)


Finder = Callable[[Sequence[float]], list[Step]]


def otava_finder(p_value: float = DEFAULT_P_VALUE, min_percent: float = DEFAULT_MAGNITUDE_PERCENT) -> Finder:
    """What finds the steps of at least `min_percent` with a corrected p-value of at most `p_value`.

    Raises:
        BlockedError: apache-otava is not installed.
    """
    split, tester = _otava()
    compare = tester(p_value).compare

    def find(values: Sequence[float]) -> list[Step]:
        # The means of two levels are as near to each other as the least and the largest value, or nearer.
        if len(values) < MIN_POINTS or max(values) <= min(values) * (1 + min_percent / 100):
            return []
        # Shares of the largest value: no sum of them overflows, and the test does not mind the scale.
        unit = max(values) or 1.0
        # A list: of an array Otava would look at the whole in each of its windows.
        shares = [float(value / unit) for value in values]
        places = {
            int(place.index)
            for window in WINDOWS
            for place in split(shares, window, min(1.0, p_value * _RELAXED))
        }

        def step(start: int, at: int, end: int) -> Step:
            return _step(compare(shares[start:at], shares[at:end]), (start, at, end), unit)

        return _confirmed(step, sorted(places), len(shares), (p_value, min_percent))

    return find


def _otava() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What proposes places, and what tests them. Imported when it is needed, as it is an extra."""
    try:
        analysis = import_module("otava.analysis")
        return analysis.split, analysis.TTestSignificanceTester
    except (ImportError, AttributeError) as error:
        raise BlockedError(
            f"apache-otava, which finds the changes, cannot be used: {error}",
            remedy="pip install 'benchgov[history]'; or, beside what is installed already, "
            "pip install --no-deps 'apache-otava>=0.8' (only its command line needs more).",
        ) from error


def _step(stats: Any, edges: tuple[int, int, int], unit: float) -> Step:
    start, at, end = edges
    before, after = float(stats.mean_1), float(stats.mean_2)
    growth = after / before if before else inf
    p_value = float(stats.pvalue)
    return Step(
        at=at,
        before=before * unit,
        after=after * unit,
        percent=(growth - 1) * 100 if growth < _LARGEST_GROWTH else None,
        # Two equal levels without any spread have none.
        p_value=1.0 if isnan(p_value) else min(1.0, p_value * (end - start - 1)),
        points_before=at - start,
        points_after=end - at,
    )


def _confirmed(
    step: Callable[[int, int, int], Step], places: Iterable[int], count: int, rule: tuple[float, float]
) -> list[Step]:
    """Drop the weakest place until all pass; its neighbours' levels are joined, and tested again."""
    p_value, min_percent = rule
    edges = [0, *places, count]
    steps = [step(*edges[number : number + 3]) for number in range(len(edges) - 2)]
    while steps:
        weakest = max(range(len(steps)), key=lambda number: steps[number].p_value)
        if steps[weakest].p_value <= p_value:
            weakest = min(range(len(steps)), key=lambda number: steps[number].magnitude)
            if steps[weakest].magnitude >= min_percent:
                break
        del steps[weakest], edges[weakest + 1]
        for number in range(max(0, weakest - 1), min(len(steps), weakest + 1)):
            steps[number] = step(*edges[number : number + 3])
    return steps
