"""Many tests at once: Holm's procedure for what blocks, Benjamini–Hochberg's for what informs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchgov.statistics.ranks import Array


def holm(p: Array, alpha: float) -> NDArray[np.bool_]:
    """Which of the hypotheses with p-values `p` are rejected, so that the chance of one wrong is `alpha`.

    Source: Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    order = np.argsort(p, kind="stable")
    fits = p[order] <= alpha / np.arange(len(p), 0, -1)
    return _back(order, np.logical_and.accumulate(fits))


def benjamini_hochberg(p: Array, rate: float) -> NDArray[np.bool_]:
    """Which are rejected, so that at most the share `rate` of them is wrong on average.

    Source: Benjamini & Hochberg (1995), "Controlling the False Discovery Rate".
    """
    order = np.argsort(p, kind="stable")
    fits = p[order] <= rate * np.arange(1, len(p) + 1) / max(len(p), 1)
    last = np.flatnonzero(fits)
    return _back(order, np.arange(len(p)) <= (last[-1] if len(last) else -1))


def _back(order: NDArray[np.int64], sorted_flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    flags = np.empty(len(order), dtype=np.bool_)
    flags[order] = sorted_flags
    return flags
