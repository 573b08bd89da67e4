"""Exact rank tests and estimates, against SciPy, against counting, and against what they promise."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from benchgov.statistics.estimates import shift
from benchgov.statistics.logarithms import logarithms
from benchgov.statistics.looks import blocks_of, least_p_of, look_of, needs_more, screen, share
from benchgov.statistics.multiplicity import benjamini_hochberg, holm
from benchgov.statistics.ranks import Array, critical, least_p, rank_sum_p, upper_tail


def groups(rows: int, n: int, m: int, shift_by: float = 0.0) -> tuple[Array, Array]:
    """Normal samples, the same every time; the second group lies `shift_by` higher."""
    random = np.random.default_rng(20)
    return random.normal(size=(rows, n)), random.normal(size=(rows, m)) + shift_by


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (7, 9), (20, 20)])
def test_one_block_is_the_mann_whitney_test(n: int, m: int) -> None:
    """Both one-sided p-values are SciPy's exact ones."""
    before, after = groups(50, n, m, 0.5)
    larger, smaller = rank_sum_p(before, after)
    for row in range(50):
        for mine, side in ((larger, "greater"), (smaller, "less")):
            theirs = mannwhitneyu(after[row], before[row], alternative=side, method="exact").pvalue
            assert mine[row] == pytest.approx(theirs, rel=1e-12)


def test_blocks_are_ranked_apart() -> None:
    """P is the share of all orders within two blocks that give at least this statistic."""
    before = np.array([[1.0, 4.0, 100.0, 103.0]])
    after = np.array([[2.0, 5.0, 101.0, 104.0, 105.0]])
    blocks = ((2, 2), (2, 3))

    def orders(n: int, m: int) -> list[int]:
        every = range(n + m)
        return [
            sum(high > low for low in first for high in set(every) - set(first))
            for first in combinations(every, n)
        ]

    found = 3 + 5
    totals = [sum(pair) for pair in product(orders(2, 2), orders(2, 3))]
    wanted = sum(total >= found for total in totals) / len(totals)
    assert rank_sum_p(before, after, blocks)[0][0] == pytest.approx(wanted, rel=1e-12)
    assert least_p(blocks) == pytest.approx(1 / (6 * 10), rel=1e-12)


def test_ties_count_against_a_change() -> None:
    """Equal samples prove nothing, ten thousand ties neither, and no tie makes a p-value smaller."""
    same = np.full((1, 10), 7.0)
    assert [p[0] for p in rank_sum_p(same, same)] == [1.0, 1.0]
    many = np.full((1, 10_000), 7.0)
    assert [p[0] for p in rank_sum_p(many, many)] == [1.0, 1.0]
    before, after = groups(200, 8, 8, 1.0)
    fine, _ = rank_sum_p(before, after)
    coarse, _ = rank_sum_p(before.round(), after.round())
    broken, _ = rank_sum_p(before.round() + before * 1e-9, after.round() + after * 1e-9)
    assert np.all(coarse >= broken)
    assert np.all((fine > 0) & (fine <= 1))


def test_large_groups_take_the_normal_approximation() -> None:
    """Beyond 10,000 pairs of one and one it is within 2 % of SciPy's, and the tail stays one."""
    before, after = groups(20, 120, 110, 0.2)
    larger, _ = rank_sum_p(before, after)
    for row in range(20):
        theirs = mannwhitneyu(after[row], before[row], alternative="greater", method="asymptotic").pvalue
        assert larger[row] == pytest.approx(theirs, rel=0.02)
    tail = upper_tail(((120, 110),))
    assert tail[0] == pytest.approx(1.0)
    assert np.all(np.diff(tail) <= 0)


def test_the_false_alarm_rate_is_what_was_asked_for() -> None:
    """Without a change the share of 20,000 with p ≤ 5 % is the largest attainable p below that."""
    before, after = groups(20_000, 20, 20)
    for blocks in (((20, 20),), blocks_of(20)):
        tail = upper_tail(blocks)
        attainable = float(tail[tail <= 0.05].max())
        for p in rank_sum_p(before, after, blocks):
            assert float(np.mean(p <= 0.05)) == pytest.approx(attainable, abs=4 * 0.0016)


def test_drift_between_blocks_costs_nothing() -> None:
    """A machine that gets 50 % slower from block to block changes no p-value."""
    before, after = groups(100, 20, 20, 1.0)
    drift = np.repeat(np.arange(4) * 50.0, 5)
    apart = rank_sum_p(before + drift, after + drift, blocks_of(20))[0]
    assert np.array_equal(apart, rank_sum_p(before, after, blocks_of(20))[0])


def test_estimates_are_hodges_and_lehmanns() -> None:
    """The median of all differences, and an interval that holds the truth in 95 of 100 cases."""
    before, after = groups(4000, 10, 12, 0.7)
    found = shift(before, after)
    everyone = (after[0][None, :] - before[0][:, None]).ravel()
    assert found.value[0] == pytest.approx(np.median(everyone))
    covered = np.mean((found.low <= 0.7) & (found.high >= 0.7))
    assert 0.94 <= covered <= 0.975
    assert float(np.median(found.error)) == pytest.approx((1 / 10 + 1 / 12) ** 0.5, rel=0.1)


def test_too_few_samples_have_no_interval() -> None:
    """Two against two: an estimate, and ends that say that nothing is known."""
    found = shift(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    assert (found.value[0], found.low[0], found.high[0], found.error[0]) == (2.0, -np.inf, np.inf, np.inf)
    assert critical(((2, 2),), 0.025) is None


def test_large_groups_are_estimated_from_order_statistics() -> None:
    """A thousand against a thousand: within a hundredth of the median of all differences."""
    before, after = groups(1, 1000, 1000, 3.0)
    exact = np.median(after[0][None, :] - before[0][:, None])
    assert shift(before, after).value[0] == pytest.approx(exact, abs=0.01)


def test_holm_and_benjamini_hochberg_by_hand() -> None:
    """Holm stops at the first that does not fit, the other procedure looks for the last that does."""
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert holm(p, 0.05).tolist() == [True, False, False, True]
    assert benjamini_hochberg(p, 0.05).tolist() == [True, True, True, True]
    assert benjamini_hochberg(np.array([0.03, 0.06, 0.5]), 0.05).tolist() == [False, False, False]
    assert holm(np.array([]), 0.05).tolist() == benjamini_hochberg(np.array([]), 0.05).tolist() == []


def test_looks_share_alpha_and_screens_get_stricter() -> None:
    """The shares add up to 1; a look beyond the plan is the last one."""
    looks = (10, 20, 40)
    assert sum(share(look, 3) for look in range(3)) == pytest.approx(1.0)
    assert share(0, 1) == 1.0
    assert [screen(look) for look in range(2)] == [0.05, 0.005]
    assert [look_of(pairs, looks) for pairs in (5, 10, 11, 40, 99)] == [0, 0, 1, 2, 2]
    assert blocks_of(12) == ((5, 5), (5, 5), (2, 2))
    assert least_p_of((), 10) == pytest.approx(1 / 252**2)
    assert least_p_of(looks, 10) == pytest.approx(1 / 252**8 / 0.8)


def test_only_what_looks_suspicious_gets_more_pairs() -> None:
    """A change in any metric, for the better too, goes on; no change stops; the last look always stops."""
    before, after = groups(2, 10, 10)
    still = [before[0].tolist(), np.sort(before[1]).tolist()]
    assert not needs_more(still, still, (10, 20))
    for changed in (after[0] + 5, after[0] - 5):
        assert needs_more(still, [still[0], changed.tolist()], (10, 20))
        assert not needs_more(still, [still[0], changed.tolist()], (10,))


def test_zeros_have_a_place_below_everything() -> None:
    """A zero counts as half of the row's smallest value; a row of zeros is all alike."""
    left, right = logarithms(np.array([[0.0, 4.0], [0.0, 0.0]]), np.array([[2.0, 4.0], [0.0, 0.0]]))
    assert left[0].tolist() == pytest.approx([0.0, np.log(4)])
    assert right[0].tolist() == pytest.approx([np.log(2), np.log(4)])
    assert np.array_equal(left[1], right[1])
