"""Exact one-sided rank-sum tests, many benchmarks at a time, stratified by the blocks they were measured in.

Two groups that were measured in blocks, such as five and five runs in random order, are ranked within each
block; the sum of the blocks' U statistics has an exact null distribution, the convolution of theirs. With a
single block this is the Mann–Whitney test. Sources: Mann & Whitney (1947), "On a Test of Whether one of Two
Random Variables is Stochastically Larger than the Other"; van Elteren (1960), "On the Combination of
Independent Two-Sample Tests of Wilcoxon".

Ties are broken against what the test would prove. Breaking them by lot gives the distribution without ties
exactly, and the statistic used here is never more extreme than that, so a p-value is at most too large.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Blocks = tuple[tuple[int, int], ...]
"""How many samples of the first and of the second group each block holds, in order."""

EXACT_PRODUCT = 10_000
"""Up to so many pairs of one and one in a block its distribution is exact, and beyond it normal."""
CHUNK = 4_000_000
"""How many comparisons are held in memory at a time."""


def rank_sum_p(before: Array, after: Array, blocks: Blocks | None = None) -> tuple[Array, Array]:
    """(p that `after` is larger, p that it is smaller), one per row.

    `before` is (k, n), `after` is (k, m); a row is one benchmark. `blocks` add up to (n, m); by default all
    is one block.
    """
    shape = blocks or ((before.shape[1], after.shape[1]),)
    tail = upper_tail(shape)
    larger = np.zeros(len(before), dtype=np.int64)
    smaller = np.zeros(len(before), dtype=np.int64)
    for rows in chunks(len(before), before.shape[1] * after.shape[1]):
        for left, right in split(before[rows], after[rows], shape):
            larger[rows] += np.count_nonzero(right[:, None, :] > left[:, :, None], axis=(1, 2))
            smaller[rows] += np.count_nonzero(right[:, None, :] < left[:, :, None], axis=(1, 2))
    return tail[larger], tail[smaller]


def split(before: Array, after: Array, blocks: Blocks) -> Iterator[tuple[Array, Array]]:
    """The columns of both groups, block by block."""
    firsts = pairwise(accumulate((n for n, _ in blocks), initial=0))
    seconds = pairwise(accumulate((m for _, m in blocks), initial=0))
    for (start, end), (begin, stop) in zip(firsts, seconds, strict=True):
        yield before[:, start:end], after[:, begin:stop]


@lru_cache(maxsize=256)
def least_p(blocks: Blocks) -> float:
    """The smallest p that the test can give at all: 1 / C(n+m, n) of every block, multiplied."""
    return float(upper_tail(blocks)[-1])


def critical(blocks: Blocks, alpha: float) -> int | None:
    """The largest c with P(U ≤ c) ≤ `alpha`; None when even P(U = 0) is larger."""
    # The distribution is symmetric: P(U ≤ c) = P(U ≥ largest − c).
    count = int(np.count_nonzero(upper_tail(blocks) <= alpha))
    return count - 1 if count else None


def chunks(rows: int, width: int) -> list[slice]:
    """Slices of `rows`, each with at most `CHUNK` elements when a row has `width`."""
    step = max(1, CHUNK // max(width, 1))
    return [slice(start, start + step) for start in range(0, rows, step)]


@lru_cache(maxsize=256)
def upper_tail(blocks: Blocks) -> Array:
    """P(U ≥ u) for u = 0 … the number of pairs of one and one within the blocks."""
    chance = np.ones(1)
    for n, m in blocks:
        chance = np.convolve(chance, _distribution(n, m))
    tail = np.minimum(np.cumsum(chance[::-1])[::-1], 1.0)  # summed from the small end: no digits are lost
    tail[0] = 1.0
    tail.setflags(write=False)
    return tail


@lru_cache(maxsize=256)
def _distribution(n: int, m: int) -> Array:
    """P(U = u) for u = 0 … n·m, when all C(n+m, n) orders are equally likely."""
    if n * m > EXACT_PRODUCT:
        return _normal(n, m)
    # Of the largest of n+m values: it is of the first group with probability n/(n+m), and then above all m.
    row = [np.ones(1) for _ in range(m + 1)]
    for i in range(1, n + 1):
        previous, row = row, [np.ones(1)]
        for j in range(1, m + 1):
            chance = np.zeros(i * j + 1)
            chance[j:] = i / (i + j) * previous[j]
            chance[: i * (j - 1) + 1] += j / (i + j) * row[j - 1]
            row.append(chance)
    return row[m]


def _normal(n: int, m: int) -> Array:
    """The normal approximation, with continuity correction."""
    curve = NormalDist(n * m / 2, (n * m * (n + m + 1) / 12) ** 0.5)
    edges = np.array([curve.cdf(value - 0.5) for value in range(n * m + 2)])
    chance = np.diff(edges)
    return np.maximum((chance + chance[::-1]) / 2, 0.0)  # both tails alike, and as exact as the lower one
