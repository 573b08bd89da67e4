"""Samples as logarithms, so that a difference is a ratio; zeros, which have none, go below all others."""

from __future__ import annotations

import numpy as np

from benchgov.statistics.ranks import Array

DECIMALS = 12
"""Logarithms are rounded to this, so that no rank depends on the last bit of a machine's C library."""


def logarithms(before: Array, after: Array) -> tuple[Array, Array]:
    """Both sides (k, n) and (k, m) as logarithms; a zero counts as half of the smallest value of its row."""
    least = np.minimum(_least(before), _least(after))
    stand_in = np.where(np.isfinite(least), least / 2, 1.0)[:, None]
    return _log(before, stand_in), _log(after, stand_in)


def _least(values: Array) -> Array:
    """The smallest value above 0 of every row; infinite where there is none."""
    least: Array = np.min(np.where(values > 0, values, np.inf), axis=1)
    return least


def _log(values: Array, stand_in: Array) -> Array:
    positive: Array = np.where(values > 0, values, stand_in)
    logs: Array = np.log(positive)
    return logs.round(DECIMALS)
