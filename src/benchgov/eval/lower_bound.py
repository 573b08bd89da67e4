"""`lower_bound_95`: the one-sided 95 % lower confidence bound of a mean score in [0, 1], and its method.

BCa (Efron 1987, "Better bootstrap confidence intervals") with 1,000 resamples and a tail that is narrower for
small samples, except where the bootstrap is known to cover too little: then Clopper–Pearson on the sum of the
scores. docs/lower-bound.md is the table of what it covers; docs/adr/0011-lower-bound.md has the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from benchgov.errors import InputError

if TYPE_CHECKING:
    from statistics import NormalDist

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 1_000
TAIL = 0.05
MIN_SCORES = 10
MIN_OFF_ENDPOINT = 5
TOLERANCE = 1e-12
"""Scores, and means of resamples, that differ by no more than this are equal: rounding decides nothing."""

SMALL_SAMPLE_POWER = 2.0
"""How far out the quantile lies for a small sample; 0.5 only undoes that resamples vary too little."""

MANY_SCORES = 200
"""From so many on, BCa needs no SciPy; Clopper–Pearson always does."""

_CACHED_SCORES = 512
_BLOCK_RESAMPLES = 50

Method = Literal["bca", "clopper-pearson"]


@dataclass(frozen=True)
class LowerBound:
    """The bound, never above the mean, and the method that gave it."""

    value: float
    method: Method


def lower_bound_95(scores: Sequence[float], seed: int) -> LowerBound:
    """The 95 % lower bound of the mean of `scores`; the same scores and seed give the same bound.

    Clopper–Pearson when all scores are equal, when there are fewer than 10, or fewer than 5 away from the
    more frequent of the endpoints 0 and 1. For pure 0/1 scores the smaller of BCa and Clopper–Pearson.
    BCa otherwise.

    Raises:
        InputError: no score, one outside [0, 1] or not a number, or a negative seed.
    """
    _check(scores, seed)
    mean = math.fsum(scores) / len(scores)
    if max(scores) - min(scores) <= TOLERANCE:
        return _exact(scores, mean)
    zeros, ones = scores.count(0), scores.count(1)
    binary = zeros + ones == len(scores)
    if not binary and (len(scores) < MIN_SCORES or len(scores) - max(zeros, ones) < MIN_OFF_ENDPOINT):
        return _exact(scores, mean)
    bootstrap = _bounded(_bca(scores, mean, seed), mean, "bca")
    return min(bootstrap, _exact(scores, mean), key=lambda bound: bound.value) if binary else bootstrap


def preload(count: int) -> None:
    """Load what the bound of so many scores needs: for who has nothing else to do until there are scores."""
    import numpy.random  # noqa: F401

    _normal()
    if count < MANY_SCORES:
        import scipy.special  # noqa: F401


def _check(scores: Sequence[float], seed: int) -> None:
    if not scores:
        raise InputError("there is no score, so there is no lower bound")
    outside = [score for score in scores if not 0 <= score <= 1]
    if outside:
        raise InputError(f"a score lies in [0, 1] (found {outside[0]!r})")
    if seed < 0:
        raise InputError(f"a seed is not negative (found {seed})")


def _bounded(value: float, mean: float, method: Method) -> LowerBound:
    return LowerBound(max(0.0, min(value, mean)), method)


def _exact(scores: Sequence[float], mean: float) -> LowerBound:
    return _bounded(_clopper_pearson(math.fsum(scores), len(scores)), mean, "clopper-pearson")


def _clopper_pearson(total: float, count: int) -> float:
    """The exact binomial bound, with the sum of the scores in the place of the number of successes."""
    from scipy.special import betaincinv

    return float(betaincinv(total, count - total + 1, TAIL)) if total > 0 else 0.0


def _bca(scores: Sequence[float], mean: float, seed: int) -> float:
    """The quantile of the resampled means that is corrected for bias (z0) and acceleration (a)."""
    import numpy as np

    values = np.array(scores, dtype=np.float64)
    means = np.sort(_resampled_means(values, seed))
    tail = _tail(len(values))
    below = np.searchsorted(means, mean - TOLERANCE, "left")
    not_above = np.searchsorted(means, mean + TOLERANCE, "right")
    share = (below + not_above) / (2 * RESAMPLES)  # a tie counts half
    bias = _normal().inv_cdf(min(max(share, 0.5 / RESAMPLES), 1 - 0.5 / RESAMPLES))
    shifted = bias + tail
    at = _normal().cdf(bias + shifted / (1 - _acceleration(values - mean) * shifted)) * (RESAMPLES - 1)
    low = min(int(at), RESAMPLES - 2)
    return float(means[low] + (at - low) * (means[low + 1] - means[low]))


@lru_cache(maxsize=64)
def _tail(count: int) -> float:
    """The normal deviate whose quantile is read: −t·(n / (n − 1))^2, with Student's t of the 5 % tail.

    Hesterberg (2015, "What teachers should know about the bootstrap") takes the power 0.5: a resample
    varies less than its sample does by that factor. It leaves ten Beta(8, 2) scores at 93 %; 2 is the
    smallest half that keeps the promised rows of docs/lower-bound.md at 95 %. It tends to the plain 5 %.
    """
    return _student(count - 1) * float((count / (count - 1)) ** SMALL_SAMPLE_POWER)


def _student(freedom: int) -> float:
    """The quantile of the 5 % tail of Student's t.

    For many degrees of freedom by its expansion around the normal quantile (Abramowitz & Stegun 26.7.5),
    which is exact to 1e-12 then, and needs no SciPy: that takes a quarter of a second to load.
    """
    if freedom + 1 < MANY_SCORES:
        from scipy.special import stdtrit

        return float(stdtrit(freedom, TAIL))
    z = _normal().inv_cdf(TAIL)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / freedom**power for power, term in enumerate(terms))


@lru_cache
def _normal() -> NormalDist:
    from statistics import NormalDist

    return NormalDist()


def _acceleration(deviations: Floats) -> float:
    """Σu³ / 6(Σu²)^1.5 with u = x − mean: the jackknife's influence values of a mean."""
    squares = deviations * deviations
    return float((squares @ deviations) / (6 * squares.sum() ** 1.5))


def _resampled_means(values: Floats, seed: int) -> Floats:
    """The means of the resamples; a matrix of weights is kept, since runs of one size and seed share it."""
    import numpy as np

    count = len(values)
    if count <= _CACHED_SCORES:
        return np.asarray(_weights(count, seed) @ values)
    source = np.random.PCG64(seed)
    blocks = RESAMPLES // _BLOCK_RESAMPLES
    return np.concatenate([_draw(source, _BLOCK_RESAMPLES, count) @ values for _ in range(blocks)])


@lru_cache(maxsize=16)
def _weights(count: int, seed: int) -> Floats:
    import numpy as np

    return _draw(np.random.PCG64(seed), RESAMPLES, count)


def _draw(source: np.random.PCG64, resamples: int, count: int) -> Floats:
    """How often each score is in each resample, divided by `count`: a row per resample.

    Indices come from the raw stream of PCG64 (its 53 high bits, scaled), which NumPy promises not to change;
    it makes no such promise for its distributions.
    """
    import numpy as np

    raw = source.random_raw(resamples * count).reshape(resamples, count)
    picked = ((raw >> np.uint64(11)) * (2.0**-53) * count).astype(np.int64)
    picked += np.arange(resamples)[:, np.newaxis] * count
    counts = np.bincount(picked.ravel(), minlength=resamples * count).reshape(resamples, count)
    return np.asarray(counts / count, dtype=np.float64)
