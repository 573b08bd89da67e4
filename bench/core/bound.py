"""The lower bound of a mean score, plain and as benchgov does it; apart, because SciPy is slow to import."""

from __future__ import annotations

from typing import Any

import numpy  # noqa: F401 - imported by the product on first use
import reference_bound
import scipy.stats  # noqa: F401 - imported by the product on first use

from benchgov.eval.lower_bound import lower_bound_95


def reference(scores: list[float]) -> list[Any]:
    """One loop per resample."""
    value, method = reference_bound.lower_bound_95(scores, 7)
    return [float(f"{value:.9g}"), method]


def optimized(scores: list[float]) -> list[Any]:
    """One matrix of resamples for all samples of a size."""
    bound = lower_bound_95(scores, seed=7)
    return [float(f"{bound.value:.9g}"), bound.method]
