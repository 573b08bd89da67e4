"""The lower bound written plainly: one loop per resample, the textbook's formulas, nothing kept or shared.

The same seed gives the same resamples as `benchgov.eval.lower_bound`, and so the same value to 12 digits.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from scipy.stats import beta, t

RESAMPLES = 1_000


def lower_bound_95(scores: list[float], seed: int) -> tuple[float, str]:
    """(bound, method) of the mean of scores in [0, 1]."""
    count, mean = len(scores), math.fsum(scores) / len(scores)
    exact = min(clopper_pearson(scores), mean)
    off_endpoint = count - max(scores.count(0), scores.count(1))
    if max(scores) - min(scores) <= 1e-12:
        return exact, "clopper-pearson"
    if all(score in (0, 1) for score in scores):
        bootstrap = min(bca(scores, seed), mean)
        return (bootstrap, "bca") if bootstrap <= exact else (exact, "clopper-pearson")
    if count < 10 or off_endpoint < 5:
        return exact, "clopper-pearson"
    return min(bca(scores, seed), mean), "bca"


def clopper_pearson(scores: list[float]) -> float:
    total = math.fsum(scores)
    return float(beta.ppf(0.05, total, len(scores) - total + 1)) if total > 0 else 0.0


def bca(scores: list[float], seed: int) -> float:
    normal = NormalDist()
    mean = math.fsum(scores) / len(scores)
    means = sorted(resampled_means(scores, seed))
    below = sum(1 for value in means if value < mean - 1e-12)
    tied = sum(1 for value in means if abs(value - mean) <= 1e-12)
    share = (below + tied / 2) / RESAMPLES
    bias = normal.inv_cdf(min(max(share, 0.5 / RESAMPLES), 1 - 0.5 / RESAMPLES))
    deviations = [score - mean for score in scores]
    cubes = math.fsum(u**3 for u in deviations)
    squares = math.fsum(u**2 for u in deviations)
    acceleration = cubes / (6 * squares**1.5)
    count = len(scores)
    shifted = bias + float(t.ppf(0.05, count - 1)) * (count / (count - 1)) ** 2
    at = normal.cdf(bias + shifted / (1 - acceleration * shifted)) * (RESAMPLES - 1)
    low = min(int(at), RESAMPLES - 2)
    return means[low] + (at - low) * (means[low + 1] - means[low])


def resampled_means(scores: list[float], seed: int) -> list[float]:
    source, count = np.random.PCG64(seed), len(scores)
    means = []
    for _ in range(RESAMPLES):
        picked = [scores[int((source.random_raw() >> 11) * 2.0**-53 * count)] for _ in range(count)]
        means.append(math.fsum(picked) / count)
    return means
