"""The rule `threshold`: the aggregate may get worse by a fixed percent, and no more."""

from __future__ import annotations

from collections.abc import Sequence

from benchgov.gate.decide import (
    Decision,
    DecisionVerdict,
    Pair,
    Terms,
    change_percent,
    worsening_percent,
)

_ROUNDING = 1e-9
"""Relative slack at the limit: 1.1 against 1.0 is 10 %, although binary fractions make it a little more."""


def decide(pairs: Sequence[Pair], _: Terms) -> list[Decision]:
    """Judge every pair on its own: worse by more than the limit, better by more than it, or neither."""
    return [by_limit(pair) for pair in pairs]


def by_limit(pair: Pair) -> Decision:
    """The decision on one pair by its aggregates alone."""
    change = change_percent(pair)
    worsening = worsening_percent(change, pair.limit.direction)
    limit = pair.limit.percent * (1 + _ROUNDING)
    verdict: DecisionVerdict = (
        "regression" if worsening > limit else "improvement" if worsening < -limit else "unchanged"
    )
    return Decision(
        verdict, change, minimum_detectable_percent=pair.limit.percent, floor_percent=pair.limit.percent
    )
