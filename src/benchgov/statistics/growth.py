"""How a cost grows with the size: the exponent of a power law, with a distribution-free interval.

The exponent is the median slope of log cost over log size, over all pairs of samples of different sizes; the
interval and the test count how many of these slopes lie on either side. Sources: Theil (1950), "A
Rank-Invariant Method of Linear and Polynomial Regression Analysis"; Sen (1968), "Estimates of the Regression
Coefficient Based on Kendall's Tau", which allows several samples at one size. How many slopes exceed the true
one then has the distribution of Jonckheere's statistic (Terpstra 1952, Jonckheere 1954), which is that of
independent Mann–Whitney statistics, each of one size against all smaller ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations

import numpy as np
from numpy.typing import NDArray

from benchgov.statistics.estimates import CONFIDENCE
from benchgov.statistics.logarithms import DECIMALS
from benchgov.statistics.ranks import Array, Blocks, critical, upper_tail

MAX_SAMPLES = 120
"""Of more samples, over all sizes, evenly spaced ones are taken: slopes grow with the square."""

Level = tuple[float, Sequence[float]]
"""A size, and the independent samples taken at it, all above 0."""


@dataclass(frozen=True)
class Fit:
    """A fitted exponent, and its 95 % interval; None where there are too few samples for one.

    The interval covers curvature too: where the cost grows by n^0.8 at first and n^1.2 later, it holds both.
    """

    exponent: float
    interval: tuple[float, float] | None
    slopes: Array
    blocks: Blocks

    def p_above(self, limit: float) -> float:
        """The p-value of the exact one-sided test that the exponent is above `limit`."""
        return float(upper_tail(self.blocks)[np.count_nonzero(self.slopes > limit)])


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """The median slope through (size, cost); None with fewer than two sizes, or a cost of 0."""
    levels = [(size, (cost,)) for size, cost in points]
    return fit(levels).exponent if _fits(levels) else None


def fit(levels: Sequence[Level]) -> Fit:
    """The exponent of samples at two sizes or more.

    Raises:
        ValueError: there are fewer sizes, a size without samples, or one that is not above 0.
    """
    if not _fits(levels):
        raise ValueError("at least two sizes, each with samples above 0")
    ordered = _spaced(sorted(dict(levels).items()), MAX_SAMPLES)
    each = MAX_SAMPLES // len(ordered)
    logs = [(float(np.log(size)), _logs(samples, each)) for size, samples in ordered]
    slopes = np.concatenate([_slopes(low, high) for low, high in combinations(logs, 2)])
    slopes.sort()
    counts = [len(taken) for _, taken in logs]
    blocks = tuple(zip(accumulate(counts[:-1]), counts[1:], strict=True))
    middle = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2
    return Fit(float(middle), _interval(slopes, blocks), slopes, blocks)


def _fits(levels: Sequence[Level]) -> bool:
    enough = len({size for size, _ in levels}) >= 2
    return enough and all(len(samples) and min(samples) > 0 for _, samples in levels)


def _logs(samples: Sequence[float], most: int) -> Array:
    logs: Array = np.sort(np.log(np.asarray(samples, dtype=np.float64)).round(DECIMALS))
    return logs[_places(len(logs), most)]


def _spaced(levels: list[Level], most: int) -> list[Level]:
    return [levels[at] for at in _places(len(levels), most)]


def _places(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` places among `count`, evenly spaced."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)


def _slopes(low: tuple[float, Array], high: tuple[float, Array]) -> Array:
    (near, smaller), (far, larger) = low, high
    slopes: Array = ((larger[None, :] - smaller[:, None]) / (far - near)).ravel().round(DECIMALS - 3)
    return slopes


def _interval(slopes: Array, blocks: Blocks) -> tuple[float, float] | None:
    first = critical(blocks, (1 - CONFIDENCE) / 2)
    return None if first is None else (float(slopes[first]), float(slopes[len(slopes) - 1 - first]))
