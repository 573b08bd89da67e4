"""benchgov's rule as the product runs it, and the rules of others, written from their published descriptions.

A rule is given one pull request's measurement, (benchmarks, 40) samples of both sides, takes as many of them
as it needs, and answers which benchmarks it calls slower, and how many pairs it took of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from benchgov.baselines.aggregate import aggregate
from benchgov.config import Statistics
from benchgov.gate.decide import Decision, Limit, Pair, Samples, Terms
from benchgov.gate.statistical import decide
from benchgov.statistics.looks import suspicious
from benchgov.statistics.multiplicity import benjamini_hochberg
from benchgov.statistics.ranks import Array, chunks, rank_sum_p

Flags = NDArray[np.bool_]
RESAMPLES = 1000
LIMIT = Limit(percent=10.0, direction="lower", floor_percent=2.0)


@dataclass(frozen=True)
class Outcome:
    """Per benchmark: called slower, pairs taken; and the product's own answers, where it is the product."""

    slower: Flags
    pairs: NDArray[np.int64]
    decisions: Sequence[Decision] = ()


Rule = Callable[[Array, Array, np.random.Generator], Outcome]


def ours(looks: tuple[int, ...] = Statistics().looks) -> Rule:
    """The product: looks and screens of a paired measurement, and then `gate.statistical`."""

    def rule(before: Array, after: Array, _: np.random.Generator) -> Outcome:
        pairs = pairs_taken(before, after, looks)
        given = [_pair(before[row, :taken], after[row, :taken]) for row, taken in enumerate(pairs)]
        decisions = decide(given, Terms(Statistics(), looks))
        return Outcome(np.array([one.verdict == "regression" for one in decisions]), pairs, decisions)

    return rule


def pairs_taken(before: Array, after: Array, looks: Sequence[int]) -> NDArray[np.int64]:
    """After how many pairs an adaptive measurement leaves every benchmark."""
    taken = np.full(len(before), looks[0], dtype=np.int64)
    active = np.arange(len(before))
    for pairs, following in pairwise(looks):
        active = active[suspicious(before[active, :pairs], after[active, :pairs], looks)]
        taken[active] = following
    return taken


def _pair(before: Array, after: Array) -> Pair:
    left, right = tuple(before.tolist()), tuple(after.tolist())
    return Pair(
        Samples(aggregate(left, "median"), len(left), lambda: (left,)),
        Samples(aggregate(right, "median"), len(right), lambda: (right,)),
        LIMIT,
        paired=True,
    )


def _fixed(pairs: int, judge: Callable[[Array, Array, np.random.Generator], Flags]) -> Rule:
    def rule(before: Array, after: Array, chance: np.random.Generator) -> Outcome:
        slower = judge(before[:, :pairs], after[:, :pairs], chance)
        return Outcome(slower, np.full(len(before), pairs, dtype=np.int64))

    return rule


def ratio_of_means(pairs: int, factor: float) -> Rule:
    """One ratio for everything (github-action-benchmark: `alert-threshold`, 200 % by default)."""
    return _fixed(pairs, lambda before, after, _: after.mean(axis=1) >= factor * before.mean(axis=1))


def median_over(pairs: int, percent: float) -> Rule:
    """The median may grow by so many percent."""
    return _fixed(pairs, lambda before, after, _: _growth(before, after) > percent / 100)


def mann_whitney(pairs: int, floor_percent: float = 0.0) -> Rule:
    """Two-sided Mann–Whitney, p < .05 (benchstat); with a floor, the median grew by that too."""

    def judge(before: Array, after: Array, _: np.random.Generator) -> Flags:
        larger, _smaller = rank_sum_p(before, after)
        return (2 * larger < 0.05) & (_growth(before, after) > floor_percent / 100)

    return _fixed(pairs, judge)


def bootstrap_interval(pairs: int) -> Rule:
    """The 95 % percentile interval of the difference of means lies above 0."""
    return _fixed(pairs, lambda before, after, chance: 2 * _bootstrap_share(before, after, chance) < 0.05)


def bootstrap_fdr(pairs: int, floor_percent: float, least: int = 1) -> Rule:
    """One-sided bootstrap p-values, Benjamini–Hochberg at 5 % over them all, and a floor on the median.

    p = (count + `least`) / (resamples + `least`): with 1 as usual, and with 0 a p-value of 0 may come out,
    which lets a thousand resamples speak among thousands of benchmarks.
    """

    def judge(before: Array, after: Array, chance: np.random.Generator) -> Flags:
        count = _bootstrap_share(before, after, chance) * RESAMPLES
        found = benjamini_hochberg((count + least) / (RESAMPLES + least), 0.05)
        slower: Flags = found & (_growth(before, after) >= floor_percent / 100)
        return slower

    return _fixed(pairs, judge)


def t_above(pairs: int, least: float, floor_percent: float) -> Rule:
    """Welch's t over two windows above `least`, and the mean grown by the floor (Perfherder: 7, and 2 %)."""

    def judge(before: Array, after: Array, _: np.random.Generator) -> Flags:
        growth = after.mean(axis=1) / before.mean(axis=1) - 1
        slower: Flags = (_welch(before, after)[0] > least) & (growth >= floor_percent / 100)
        return slower

    return _fixed(pairs, judge)


def welch(pairs: int) -> Rule:
    """Welch's two-sided t-test, p < .05."""

    def judge(before: Array, after: Array, _: np.random.Generator) -> Flags:
        t, freedom = _welch(before, after)
        slower: Flags = 2 * stdtr(freedom, -t) < 0.05
        return slower

    return _fixed(pairs, judge)


def prediction_interval(pairs: int, boundary: float = 0.99) -> Rule:
    """One new value above what the earlier ones predict, by Student's t (Bencher's t-test threshold)."""

    def judge(before: Array, after: Array, _: np.random.Generator) -> Flags:
        quantile = float(stdtrit(pairs - 1, boundary))
        edge = before.mean(axis=1) + quantile * before.std(axis=1, ddof=1) * (1 + 1 / pairs) ** 0.5
        slower: Flags = after[:, 0] > edge
        return slower

    return _fixed(pairs, judge)


def quartiles(pairs: int) -> Rule:
    """One new value above the third quartile and three interquartile ranges of earlier ones (rustc-perf)."""

    def judge(before: Array, after: Array, _: np.random.Generator) -> Flags:
        low, high = np.quantile(before, [0.25, 0.75], axis=1)
        slower: Flags = after[:, 0] > high + 3 * (high - low)
        return slower

    return _fixed(pairs, judge)


def _growth(before: Array, after: Array) -> Array:
    growth: Array = np.median(after, axis=1) / np.median(before, axis=1) - 1
    return growth


def _welch(before: Array, after: Array) -> tuple[Array, Array]:
    """(t, degrees of freedom) of every row; above 0 when `after` is larger."""
    n = before.shape[1]
    left, right = before.var(axis=1, ddof=1) / n, after.var(axis=1, ddof=1) / n
    t = (after.mean(axis=1) - before.mean(axis=1)) / np.sqrt(left + right)
    return t, (left + right) ** 2 / ((left**2 + right**2) / (n - 1))


def _bootstrap_share(before: Array, after: Array, chance: np.random.Generator) -> Array:
    """The share of resampled differences of means at or below 0; all rows share the resamples."""
    n = before.shape[1]
    left, right = (chance.multinomial(n, np.full(n, 1 / n), size=RESAMPLES) / n for _ in range(2))
    share = np.empty(len(before))
    for rows in chunks(len(before), 4 * RESAMPLES):
        share[rows] = (left @ before[rows].T >= right @ after[rows].T).mean(axis=0)
    return share
