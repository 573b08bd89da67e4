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

import math
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Blocks = tuple[tuple[int, int], ...]
"""How many samples of the first and of the second group each block holds, in order."""

EXACT_PRODUCT, EXACT_WIDTH = 10_000, 25_000
"""Up to so many pairs of one and one in a block, and in all of them, the distribution is exact."""
MAX_TABLE = 100_000
"""Beyond so many pairs of one and one the distribution has no table, and no pair is looked at alone."""
CHUNK = 4_000_000
"""How many comparisons are held in memory at a time."""


def rank_sum_p(before: Array, after: Array, blocks: Blocks | None = None) -> tuple[Array, Array]:
    """(p that `after` is larger, p that it is smaller), one per row.

    `before` is (k, n), `after` is (k, m); a row is one benchmark. `blocks` add up to (n, m); by default all
    is one block.
    """
    shape = blocks or ((before.shape[1], after.shape[1]),)
    larger = np.zeros(len(before), dtype=np.int64)
    smaller = np.zeros(len(before), dtype=np.int64)
    for rows in chunks(len(before), before.shape[1] * after.shape[1]):
        for left, right in split(before[rows], after[rows], shape):
            above, below = _counts(left, right)
            larger[rows] += above
            smaller[rows] += below
    if _width(shape) > MAX_TABLE:
        return _normal_tail(shape, larger), _normal_tail(shape, smaller)
    tail = upper_tail(shape)
    return tail[larger], tail[smaller]


def _counts(left: Array, right: Array) -> tuple[Counts, Counts]:
    """Per row: how many pairs of one and one have the larger value on the right, and how many on the left."""
    if left.shape[1] * right.shape[1] <= MAX_TABLE:
        pairs = right[:, None, :], left[:, :, None]
        return np.count_nonzero(np.greater(*pairs), axis=(1, 2)), np.count_nonzero(
            np.less(*pairs), axis=(1, 2)
        )
    ordered = np.sort(left, axis=1)
    below = [
        np.searchsorted(row, values, side="left").sum() for row, values in zip(ordered, right, strict=True)
    ]
    upto = [
        np.searchsorted(row, values, side="right").sum() for row, values in zip(ordered, right, strict=True)
    ]
    return np.array(below), left.shape[1] * right.shape[1] - np.array(upto)


def split(before: Array, after: Array, blocks: Blocks) -> Iterator[tuple[Array, Array]]:
    """The columns of both groups, block by block."""
    firsts = pairwise(accumulate((n for n, _ in blocks), initial=0))
    seconds = pairwise(accumulate((m for _, m in blocks), initial=0))
    for (start, end), (begin, stop) in zip(firsts, seconds, strict=True):
        yield before[:, start:end], after[:, begin:stop]


@lru_cache(maxsize=256)
def least_p(blocks: Blocks) -> float:
    """The smallest p that the test can give at all: 1 / C(n+m, n) of every block, multiplied."""
    width = _width(blocks)
    if width > MAX_TABLE:
        return float(_normal_tail(blocks, np.array([width]))[0])
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
    if max(n * m for n, m in blocks) > EXACT_PRODUCT or _width(blocks) > EXACT_WIDTH:
        tail = _normal_tail(blocks, np.arange(_width(blocks) + 1))
    else:
        chance = np.ones(1)
        for n, m in blocks:
            chance = np.convolve(chance, _distribution(n, m))
        tail = np.minimum(np.cumsum(chance[::-1])[::-1], 1.0)  # summed from the small end: no digits are lost
    tail[0] = 1.0
    tail.setflags(write=False)
    return tail


def _width(blocks: Blocks) -> int:
    return sum(n * m for n, m in blocks)


def _normal_tail(blocks: Blocks, counts: Counts) -> Array:
    """P(U ≥ u) for every u of `counts`, by the normal approximation with continuity correction."""
    spread = math.sqrt(2 * sum(n * m * (n + m + 1) / 12 for n, m in blocks))
    middle = _width(blocks) / 2 + 0.5
    # never 0, which no p-value is
    return np.array([max(math.erfc((u - middle) / spread) / 2, sys.float_info.min) for u in counts.tolist()])


@lru_cache(maxsize=256)
def _distribution(n: int, m: int) -> Array:
    """P(U = u) for u = 0 … n·m, when all C(n+m, n) orders are equally likely."""
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
