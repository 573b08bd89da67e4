"""Rank tests of many benchmarks: a SciPy call for each, and all at once; apart: SciPy is slow to import."""

from __future__ import annotations

import numpy as np
from scipy.stats import mannwhitneyu

from benchgov.statistics.ranks import rank_sum_p


def samples(scale: float) -> list[list[list[float]]]:
    """Both sides of `scale` benchmarks, 20 samples each, without ties."""
    random = np.random.default_rng(int(scale))
    before, after = random.lognormal(0, 0.02, size=(2, int(scale), 20))
    return [before.tolist(), after.tolist()]


def reference(groups: list[list[list[float]]]) -> list[float]:
    """Exact one-sided p-values, one call per benchmark."""
    before, after = groups
    found = (
        mannwhitneyu(right, left, alternative="greater", method="exact").pvalue
        for left, right in zip(before, after, strict=True)
    )
    return [float(f"{p:.9g}") for p in found]


def optimized(groups: list[list[list[float]]]) -> list[float]:
    """The same, for all benchmarks at once (and for the other side too)."""
    larger, _smaller = rank_sum_p(np.array(groups[0]), np.array(groups[1]))
    return [float(f"{p:.9g}") for p in larger.tolist()]
