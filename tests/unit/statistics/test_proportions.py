"""Exact intervals of a rate."""

from __future__ import annotations

import pytest

from benchgov.statistics.proportions import clopper_pearson


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),  # 1 − 0.025^(1/10)
        (10, 10, 0.6915, 1.0),
        (1, 10, 0.0025, 0.4450),
        (5, 20, 0.0866, 0.4910),
        (0, 0, 0.0, 1.0),
    ],
)
def test_known_intervals(events: int, trials: int, low: float, high: float) -> None:
    """Those of published tables; nothing is known without trials."""
    assert clopper_pearson(events, trials) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_holds_the_rate_and_narrows() -> None:
    """More trials at the same rate say more."""
    few, many = clopper_pearson(2, 20), clopper_pearson(20, 200)
    assert few[0] < many[0] < 0.1 < many[1] < few[1]
