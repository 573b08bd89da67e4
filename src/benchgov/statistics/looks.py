"""How a paired measurement goes on: in blocks, with a few looks, and only for what looks suspicious. Pure.

A block is five runs of each revision in random order. Within a block any drift of the machine is shared out
by lot, so that under no change every order is equally likely, which is all that the test needs.

After the k-th of K looks a benchmark goes on while either one-sided p is at most `screen(k)`: whatever is
called a change has been looked at to the end. Looking several times is paid for: the k-th look is given the
share `share(k)` of α, and p / share of the last one is a valid p-value however the looks were stopped, since
P(p / share ≤ x) ≤ P(some look has p ≤ x · share) ≤ x (Bonferroni over the looks).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchgov.statistics.ranks import Array, Blocks, least_p, rank_sum_p

PAIRS_PER_BLOCK = 5
FIRST_SCREEN = 0.05
LAST_SHARE = 0.8


def blocks_of(pairs: int) -> Blocks:
    """The blocks that `pairs` pairs were measured in; the last may be smaller."""
    whole, rest = divmod(pairs, PAIRS_PER_BLOCK)
    return ((PAIRS_PER_BLOCK, PAIRS_PER_BLOCK),) * whole + (((rest, rest),) if rest else ())


def screen(look: int) -> float:
    """At most this p makes a benchmark suspicious at the `look`-th look, from 0: 5 %, then a tenth."""
    return FIRST_SCREEN / 10.0**look


def share(look: int, looks: int) -> float:
    """The part of α that the `look`-th of `looks` looks is given, from 0: four fifths for the last one."""
    if looks <= 1:
        return 1.0
    return LAST_SHARE if look == looks - 1 else (1 - LAST_SHARE) / (looks - 1)


def look_of(pairs: int, looks: Sequence[int]) -> int:
    """Which look has `pairs` pairs: the first that needs as many, or the last."""
    return next((at for at, needed in enumerate(looks) if pairs <= needed), len(looks) - 1)


def needs_more(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], looks: Sequence[int]
) -> bool:
    """Whether a benchmark whose metrics have these samples goes on to the next of `looks`.

    One row per metric, all of one length; the i-th samples of both sides are of the same block.
    """
    left, right = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    return bool(np.any(suspicious(left, right, looks)))


def suspicious(before: Array, after: Array, looks: Sequence[int]) -> NDArray[np.bool_]:
    """Which rows of (k, n) samples of each side go on to the next of `looks`; none after the last."""
    pairs = before.shape[1]
    look = look_of(pairs, looks)
    if look == len(looks) - 1:
        return np.zeros(len(before), dtype=np.bool_)
    larger, smaller = rank_sum_p(before, after, blocks_of(pairs))
    passed: NDArray[np.bool_] = np.minimum(larger, smaller) <= screen(look)
    return passed


def least_p_of(looks: Sequence[int], pairs: int) -> float:
    """The smallest p-value that a measurement with `looks` can end with, or one of `pairs` pairs."""
    last = looks[-1] if looks else pairs
    return min(1.0, least_p(blocks_of(last)) / share(len(looks) - 1, len(looks)))
