"""The growth exponent: what it estimates, how often its interval is right, and what it says of curves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import theilslopes

from benchgov.statistics.growth import MAX_SAMPLES, Level, exponent, fit

SIZES = (10.0, 100.0, 1000.0)


def levels(power: float, count: int = 5, cv: float = 0.02, seed: int = 1) -> list[Level]:
    """Samples at three sizes of a cost that grows by n^power."""
    random = np.random.default_rng(seed)
    return [(size, (size**power * random.lognormal(0, cv, size=count)).tolist()) for size in SIZES]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(power: float) -> None:
    """Within the interval, which is narrow where the noise is small."""
    found = fit(levels(power))
    assert found.interval is not None
    low, high = found.interval
    assert low <= power <= high
    assert found.exponent == pytest.approx(power, abs=0.02)
    assert high - low < 0.05


def test_the_estimate_is_the_one_that_scipy_has() -> None:
    """Theil and Sen's slope, over pairs of different sizes."""
    given = levels(1.3, cv=0.2)
    x = [np.log(size) for size, taken in given for _ in taken]
    y = [np.log(one) for _, taken in given for one in taken]
    assert fit(given).exponent == pytest.approx(float(theilslopes(y, x).slope), abs=1e-8)


def test_the_p_value_is_the_share_of_all_orders() -> None:
    """Two samples at each of three sizes: counted over all 90 ways of sharing six values out."""
    given: list[Level] = [(1.0, (1.0, 2.5)), (2.0, (2.0, 4.0)), (4.0, (3.0, 5.0))]
    values = [one for _, taken in given for one in taken]

    def above(order: tuple[float, ...]) -> int:
        groups = (order[:2], order[2:4], order[4:])
        return sum(b > a for low, high in itertools.combinations(groups, 2) for a in low for b in high)

    orders = {
        tuple(map(tuple, (sorted(order[:2]), sorted(order[2:4]), sorted(order[4:])))): above(order)
        for order in itertools.permutations(values)
    }
    seen = above(tuple(values))
    share = sum(count >= seen for count in orders.values()) / len(orders)
    assert len(orders) == 90
    assert fit(given).p_above(0.0) == pytest.approx(share, rel=1e-12)


def test_the_interval_holds_the_exponent_as_often_as_it_promises() -> None:
    """At least 95 % of 400 simulated measurements; the test at the true exponent errs in 1 % at most."""
    found = [fit(levels(1.0, cv=0.1, seed=seed)) for seed in range(400)]
    inside = sum(one.interval is not None and one.interval[0] <= 1 <= one.interval[1] for one in found)
    assert inside >= 0.93 * 400
    assert sum(one.p_above(1.0) <= 0.01 for one in found) <= 0.025 * 400


def test_one_outlier_moves_nothing() -> None:
    """A sample a hundred times as slow: the estimate stays."""
    given = levels(1.0)
    spoilt = [(size, [taken[0] * 100, *taken[1:]]) for size, taken in given]
    assert fit(spoilt).exponent == pytest.approx(1.0, abs=0.05)


def test_the_interval_of_a_curve_holds_its_steepest_and_its_flattest_part() -> None:
    """Nothing at first, then quadratic: neither is certain, and both are shown."""
    bent: list[Level] = [(10.0, [1.0, 1.01, 1.02] * 2), (100.0, [1.0, 1.01, 1.03] * 2)]
    found = fit([*bent, (1000.0, [100.0, 101.0, 103.0] * 2)])
    assert found.interval is not None
    assert found.interval[0] < 0.1
    assert found.interval[1] > 1.9
    assert found.p_above(1.2) > 0.05


def test_one_sample_a_size_gives_no_interval_at_three_sizes_and_one_at_five() -> None:
    """Three values are in order by chance once in six times, five once in 120."""
    assert fit([(size, [size]) for size in SIZES]).interval is None
    assert fit([(2.0**step, [2.0**step]) for step in range(5)]).interval == pytest.approx((1.0, 1.0))


def test_many_samples_are_thinned() -> None:
    """A thousand samples a size, or a thousand sizes, cost what 120 samples do."""
    found = fit(levels(1.0, count=1000))
    assert len(found.slopes) == 3 * (MAX_SAMPLES // 3) ** 2
    assert found.exponent == pytest.approx(1.0, abs=0.01)
    many = fit([(float(size), [size * 2.0] * 20) for size in range(1, 1001)])
    assert len(many.slopes) == MAX_SAMPLES * (MAX_SAMPLES - 1) / 2
    assert many.exponent == pytest.approx(1.0)


def test_what_gives_no_slope_is_refused() -> None:
    """One size, no samples, a sample of 0."""
    for bad in ([(1.0, [1.0])], [(1.0, [1.0]), (2.0, [])], [(1.0, [0.0]), (2.0, [1.0])]):
        with pytest.raises(ValueError, match="at least two sizes"):
            fit(bad)
    assert exponent([(1.0, 1.0)]) is None
    assert exponent([(1.0, 1.0), (10.0, 100.0)]) == pytest.approx(2.0)
