"""How much of a change noise may make: effect floors, and the smallest change that a test could have seen.

All numbers here are worsenings as logarithms of ratios: 0.0953 is 10 % slower, or a tenth less throughput.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, median, stdev

from benchgov.gate.decide import Sessions
from benchgov.report import Direction
from benchgov.statistics.looks import screen

POWER = 0.95
"""The smallest detectable change is found with this probability."""
FLOOR_ERRORS = 3.3
"""No estimate within so many standard errors of 0 blocks: chance alone goes beyond that in 1 of 2,000."""
SESSION_CONFIDENCE = 0.99

_LARGEST = 600.0

_normal = NormalDist()


@lru_cache(maxsize=1024)
def as_log(percent: float, direction: Direction) -> float:
    """A worsening in percent of the baseline's value as a logarithm; infinite for all of a throughput."""
    if direction == "lower":
        return math.log1p(percent / 100.0)
    return -math.log1p(-percent / 100.0) if percent < 100.0 else math.inf


def as_percent(worsening: float, direction: Direction) -> float:
    """The inverse of `as_log`, up to 10^262 percent; what is more has no number to be told by."""
    worsening = min(worsening, _LARGEST)
    return (math.expm1(worsening) if direction == "lower" else -math.expm1(-worsening)) * 100.0


def session_floor(sessions: Sessions, limit: float) -> float:
    """By how much a new session may differ from those of the baseline, though nothing has changed.

    One session says nothing about that, and `limit` is taken. From several on it is the half-width of the
    99 % prediction interval for one more median: t · s · √(1 + 1/k), over the k sessions' medians as
    logarithms; `limit` at most.
    """
    if len(sessions) < 2:
        return limit
    medians = [math.log(middle) for session in sessions if (middle := median(session)) > 0]
    if len(medians) < 2:
        return limit
    from scipy.special import stdtrit  # not scipy.stats, which takes ten times as long to import

    quantile = float(stdtrit(len(medians) - 1, SESSION_CONFIDENCE))
    return min(limit, quantile * stdev(medians) * math.sqrt(1 + 1 / len(medians)))


def detectable(error: float, samples: int, looks: Sequence[int], level: float, floor: float) -> float | None:
    """The smallest worsening that is called a regression with 95 % power; None when none ever is.

    `error` is the standard error at `samples` samples, `level` the p that is needed at the last look. With
    several `looks` the change must pass the screen of each one before; errors there follow from √n.
    """
    if not math.isfinite(error):
        return None
    needed = [(screen(look), pairs) for look, pairs in enumerate(looks[:-1])]
    needed.append((level, looks[-1] if looks else samples))
    return max(floor, *(_errors(p) * error * math.sqrt(samples / count) for p, count in needed))


@lru_cache(maxsize=64)
def _errors(p: float) -> float:
    """How many standard errors a change must have for a test at level `p` to find it with `POWER`."""
    return _normal.inv_cdf(POWER) - _normal.inv_cdf(p)
