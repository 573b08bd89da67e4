"""The seam between pairing and judging: what a decision rule is given, and what it answers.

A rule sees all pairs of a comparison at once, because a statistical one controls the error over all of them.
A new rule is one module with one function, and one line in `gate.compare.RULES` under the name that
`policy.mode` calls it by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchgov.report import Direction

DecisionVerdict = Literal["regression", "improvement", "unchanged", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Samples:
    """One side of a pair: its aggregate, how many raw samples are behind it, and how to get at them."""

    value: float
    count: int
    raw: Callable[[], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Limit:
    """How many percent of the baseline's value a metric may get worse, and which direction is better."""

    percent: float
    direction: Direction


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of one metric of one run; the baseline's value is above 0, or both are 0."""

    baseline: Samples
    current: Samples
    limit: Limit


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule says of one pair; percents are of the baseline's value, above 0 when the number grew.

    `minimum_detectable_percent` is the smallest worsening that would have been called a regression.
    """

    verdict: DecisionVerdict
    change_percent: float
    minimum_detectable_percent: float | None = None
    interval_percent: tuple[float, float] | None = None
    p_value: float | None = None


Rule = Callable[[Sequence[Pair]], Sequence[Decision]]
"""All pairs of one comparison → one decision each, in the same order. Pure: seeds come from the samples."""


def change_percent(pair: Pair) -> float:
    """The change of the aggregate, in percent of the baseline's; 0 when both are 0."""
    before, after = pair.baseline.value, pair.current.value
    return 0.0 if before == after else (after - before) / before * 100.0


def worsening_percent(change: float, direction: Direction) -> float:
    """`change` (percent) as seen by the metric: above 0 is worse."""
    return change if direction == "lower" else -change
