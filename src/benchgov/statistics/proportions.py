"""What counts say of a rate: exact intervals.

Source: Clopper & Pearson (1934), "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
Binomial".
"""

from __future__ import annotations

DECIMALS = 9
"""Bounds are rounded to this, so that no byte depends on the last bit of a machine's libraries."""


def clopper_pearson(events: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a rate that gave `events` in `trials`; (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    from scipy.special import betaincinv  # not scipy.stats, which takes ten times as long to import

    tail = (1 - confidence) / 2
    low = float(betaincinv(events, trials - events + 1, tail)) if events else 0.0
    high = float(betaincinv(events + 1, trials - events, 1 - tail)) if events < trials else 1.0
    return round(low, DECIMALS), round(high, DECIMALS)
