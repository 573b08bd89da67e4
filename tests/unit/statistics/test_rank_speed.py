"""How fast the tests are: ratios of processor time on the same samples in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.stats import mannwhitneyu

from benchgov.statistics.ranks import rank_sum_p

ROWS = 400


def best(work: Callable[[], object]) -> float:
    """The least processor time of three turns."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def test_testing_all_at_once_is_at_least_twenty_times_as_fast_as_one_by_one() -> None:
    """20 against 20 samples, exact. (Measured: some hundred times; `bench/core` has three sizes.)"""
    before, after = np.random.default_rng(5).normal(size=(2, ROWS, 20))
    rank_sum_p(before, after)  # the null distribution is computed once, and kept
    ours = best(lambda: rank_sum_p(before, after))
    theirs = best(
        lambda: [
            mannwhitneyu(right, left, alternative="greater", method="exact")
            for left, right in zip(before, after, strict=True)
        ]
    )
    assert theirs >= 20 * ours


def test_time_grows_with_the_number_of_benchmarks_and_no_faster() -> None:
    """Eight times as many take at most twenty times as long, with a wide margin for a busy machine."""
    before, after = np.random.default_rng(5).normal(size=(2, 16_000, 20))
    few = best(lambda: rank_sum_p(before[:2_000], after[:2_000]))
    assert best(lambda: rank_sum_p(before, after)) <= 20 * few
