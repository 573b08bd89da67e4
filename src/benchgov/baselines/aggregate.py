"""One number for many samples: the median, or the 95th percentile. One code for both sides."""

from __future__ import annotations

from collections.abc import Sequence

from benchgov.report import Aggregate

_QUANTILES: dict[Aggregate, float] = {"median": 0.5, "p95": 0.95}


def aggregate(samples: Sequence[float], how: Aggregate) -> float:
    """Condense `samples` (at least one, finite, not negative), in their own unit.

    Both aggregates are the sample quantile of Hyndman & Fan (1996), "Sample Quantiles in Statistical
    Packages", definition 7: linear interpolation at position (n − 1)·q, which is NumPy's and R's default.
    At q = 0.5 it is the usual median. With five runs, the fewest that a baseline has, p95 lies between the
    two slowest samples, so that one outlier weighs less than it would as the maximum.

    Raises:
        ValueError: there is no sample.
    """
    if not samples:
        raise ValueError("no samples to aggregate")
    ordered = sorted(samples)
    position = (len(ordered) - 1) * _QUANTILES[how]
    below = int(position)
    low = ordered[below]
    high = ordered[min(below + 1, len(ordered) - 1)]
    return low + (high - low) * (position - below)
