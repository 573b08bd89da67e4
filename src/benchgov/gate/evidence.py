"""What the samples of many pairs say, before anybody judges it: p-values, estimates, intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchgov.gate.decide import Pair
from benchgov.statistics.estimates import shift
from benchgov.statistics.logarithms import logarithms
from benchgov.statistics.looks import blocks_of, least_p_of, look_of, share
from benchgov.statistics.ranks import Array, Blocks, least_p, rank_sum_p

Sides = tuple[tuple[float, ...], tuple[float, ...]]
"""The independent samples of the baseline and of the current side."""


class Evidence(NamedTuple):
    """What the samples of one pair say. `change` and its 95 % interval `low` … `high` are logarithms of
    after / before; `error` is their standard error; `looks` are those that were planned, if any."""

    pair: Pair
    worse_p: float
    better_p: float
    change: float
    low: float
    high: float
    error: float
    counts: tuple[int, int]
    looks: tuple[int, ...] = ()

    @property
    def worsening(self) -> float:
        """The estimate as seen by the metric: above 0 is worse."""
        return self.change if self.pair.limit.direction == "lower" else -self.change

    @property
    def least_p(self) -> float:
        """The smallest p-value that the test can give, at its last look."""
        if self.pair.paired:
            return least_p_of(self.looks, self.counts[0])
        return least_p((self.counts,))

    @property
    def at_the_end(self) -> bool:
        """Whether this is the last of several looks."""
        return bool(self.looks) and self.counts[0] >= self.looks[-1]


def gather(pairs: Mapping[int, Pair], samples: Mapping[int, Sides], looks: Sequence[int]) -> list[Evidence]:
    """The evidence of every pair, in order; pairs with equally many samples are computed together."""
    shapes: dict[tuple[bool, int, int], list[int]] = defaultdict(list)
    for at, (before, after) in samples.items():
        shapes[pairs[at].paired, len(before), len(after)].append(at)
    found: dict[int, Evidence] = {}
    for (paired, *counts), members in shapes.items():
        # Fewer pairs than the first look wants are no look: nothing says that more would have followed.
        planned = tuple(looks) if paired and len(looks) > 1 and counts[0] >= looks[0] else ()
        left = np.array([samples[at][0] for at in members], dtype=np.float64)
        right = np.array([samples[at][1] for at in members], dtype=np.float64)
        rows = _numbers(left, right, blocks_of(counts[0]) if paired else None, _share(counts[0], planned))
        for at, numbers in zip(members, rows, strict=True):
            found[at] = _evidence(pairs[at], numbers, (counts[0], counts[1]), planned)
    return [found[at] for at in samples]


def _share(pairs: int, looks: Sequence[int]) -> float:
    return share(look_of(pairs, looks), len(looks)) if looks else 1.0


def _numbers(before: Array, after: Array, blocks: Blocks | None, part: float) -> list[list[float]]:
    """Per row: p larger, p smaller (of α they have `part`), the estimate, its interval's ends, its error."""
    larger, smaller = rank_sum_p(before, after, blocks)
    found = shift(*logarithms(before, after), blocks)
    chances = (np.minimum(larger / part, 1.0), np.minimum(smaller / part, 1.0))
    rows: list[list[float]] = np.stack(
        (*chances, found.value, found.low, found.high, found.error), axis=1
    ).tolist()
    return rows


def _evidence(
    pair: Pair, numbers: Sequence[float], counts: tuple[int, int], looks: tuple[int, ...]
) -> Evidence:
    larger, smaller, change, low, high, error = numbers
    worse, better = (larger, smaller) if pair.limit.direction == "lower" else (smaller, larger)
    return Evidence(pair, worse, better, change, low, high, error, counts, looks)
