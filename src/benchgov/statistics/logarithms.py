"""Samples as logarithms, so that a difference is a ratio; zeros, which have none, go below all others."""

from __future__ import annotations

import numpy as np

from benchgov.statistics.ranks import Array

DECIMALS = 12
"""Logarithms are rounded to this, so that no rank depends on the last bit of a machine's C library."""


def logarithms(before: Array, after: Array) -> tuple[Array, Array]:
    """Both sides (k, n) and (k, m) as logarithms; a zero counts as half of the smallest value of its row."""
    least = np.minimum(_least(before), _least(after))
    stand_in = np.log(np.where(np.isfinite(least), least, 2.0)) - np.log(2.0)  # half of it may be no double
    return _log(before, stand_in[:, None]), _log(after, stand_in[:, None])


def _least(values: Array) -> Array:
    """The smallest value above 0 of every row; infinite where there is none."""
    least: Array = np.min(np.where(values > 0, values, np.inf), axis=1)
    return least


def _log(values: Array, stand_in: Array) -> Array:
    logs: Array = np.where(values > 0, np.log(np.where(values > 0, values, 1.0)), stand_in)
    return logs.round(DECIMALS)
