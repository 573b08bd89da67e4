"""Hodges–Lehmann estimates of a change, with distribution-free intervals, many benchmarks at a time.

Source: Hodges & Lehmann (1963), "Estimates of Location Based on Rank Tests"; the interval inverts the exact
rank-sum test (Hollander, Wolfe & Chicken, "Nonparametric Statistical Methods", section 4.3), within blocks
as the test does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from statistics import NormalDist

import numpy as np

from benchgov.statistics.ranks import Array, Blocks, chunks, critical, split, upper_tail

CONFIDENCE = 0.95
ERROR_CONFIDENCE = 0.8
"""The standard error is taken from a narrower interval, which a few outliers do not stretch."""
MAX_SIDE = 200
"""From larger groups this many evenly spaced order statistics are taken: pairs grow with the square."""


@dataclass(frozen=True)
class Estimates:
    """One shift per row, in the samples' own unit: `value`, its 95 % interval `low` … `high`, and `error`.

    With too few samples for an interval its ends are infinite. `error` is the standard error that the 80 %
    interval's width implies in a normal distribution; infinite when there is none.
    """

    value: Array
    low: Array
    high: Array
    error: Array


def shift(before: Array, after: Array, blocks: Blocks | None = None) -> Estimates:
    """How far `after` (k, m) lies above `before` (k, n): the median difference of one and one of a block."""
    if blocks is None:
        before, after = _thinned(before), _thinned(after)
        blocks = ((before.shape[1], after.shape[1]),)
    width = sum(n * m for n, m in blocks)
    middle = ((width - 1) // 2, width // 2)
    outer, inner = _ends(blocks, CONFIDENCE), _ends(blocks, ERROR_CONFIDENCE)
    value, error = np.empty(len(before)), np.full(len(before), inf)
    low, high = np.full(len(before), -inf), np.full(len(before), inf)
    for rows in chunks(len(before), width):
        ordered = np.partition(
            _differences(before[rows], after[rows], blocks), sorted({*middle, *outer, *inner}), axis=1
        )
        value[rows] = (ordered[:, middle[0]] + ordered[:, middle[1]]) / 2
        if outer:
            low[rows], high[rows] = ordered[:, outer[0]], ordered[:, outer[1]]
        if inner:
            error[rows] = (ordered[:, inner[1]] - ordered[:, inner[0]]) / (2 * _quantile(blocks, inner[0]))
    return Estimates(value, low, high, error)


def _differences(before: Array, after: Array, blocks: Blocks) -> Array:
    parts = [
        (right[:, None, :] - left[:, :, None]).reshape(len(left), -1)
        for left, right in split(before, after, blocks)
    ]
    return np.concatenate(parts, axis=1)


def _ends(blocks: Blocks, confidence: float) -> tuple[int, ...]:
    """The places of the interval's ends among the sorted differences; nothing when there is no interval."""
    width = sum(n * m for n, m in blocks)
    first = critical(blocks, (1 - confidence) / 2)
    return () if first is None else (first, width - 1 - first)


def _quantile(blocks: Blocks, first: int) -> float:
    """How many standard errors the interval that begins at place `first` really reaches to either side."""
    tail = upper_tail(blocks)
    return -NormalDist().inv_cdf(float(tail[len(tail) - 1 - first]))


def _thinned(values: Array) -> Array:
    count = values.shape[1]
    if count <= MAX_SIDE:
        return values
    places = np.linspace(0, count - 1, MAX_SIDE).round().astype(np.int64)
    return np.sort(values, axis=1)[:, places]
