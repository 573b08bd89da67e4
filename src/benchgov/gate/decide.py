"""The seam between pairing and judging: what a decision rule is given, and what it answers.

A rule sees all pairs of a comparison at once, because a statistical one controls the error over all of them.
A new rule is one module with one function, and one line in `gate.compare.RULES` under the name that
`policy.mode` calls it by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from benchgov.config import Statistics
from benchgov.report import Aggregate, Direction

DecisionVerdict = Literal["regression", "improvement", "unchanged", "inconclusive"]


Sessions = tuple[tuple[float, ...], ...]
"""Samples by session: one report's each. Within one, every sample comes from a process of its own."""


@dataclass(frozen=True, slots=True)
class Samples:
    """One side of a pair: its aggregate, how many raw samples are behind it, and how to get at them."""

    value: float
    count: int
    sessions: Callable[[], Sessions]


class Limit(NamedTuple):
    """What a metric is held to: which direction is better, and two percents of the baseline's value.

    It may get worse by `percent` at most where a rule judges the aggregates alone. A rule that can tell
    changes from noise takes `floor_percent`, below which no change matters, however certain it is.
    """

    percent: float
    direction: Direction
    floor_percent: float = 0.0


class Pair(NamedTuple):
    """Both sides of one metric of one run; the baseline's value is above 0, or both are 0.

    `paired` says that both sides were measured in turn: the first sample of one belongs to the first of the
    other, and so on. `exact` that the metric is a count of things, which may repeat without any noise.
    """

    baseline: Samples
    current: Samples
    limit: Limit
    aggregate: Aggregate = "median"
    paired: bool = False
    exact: bool = False


class Decision(NamedTuple):
    """What a rule says of one pair; percents are of the baseline's value, above 0 when the number grew.

    `change_percent` is the rule's own estimate. `minimum_detectable_percent` is the smallest worsening that
    would have been called a regression; None when none could have been. `floor_percent` is the worsening
    from which on the rule blocks. `samples` are the independent ones that it had of both sides, and
    `remark` is why it is inconclusive.
    """

    verdict: DecisionVerdict
    change_percent: float
    minimum_detectable_percent: float | None = None
    interval_percent: tuple[float, float] | None = None
    p_value: float | None = None
    floor_percent: float | None = None
    samples: tuple[int, int] | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all pairs: the policy's statistics, and the looks of a paired measurement."""

    statistics: Statistics
    looks: tuple[int, ...] = ()


Rule = Callable[[Sequence[Pair], Terms], Sequence[Decision]]
"""All pairs of one comparison → one decision each, in the same order. Pure: no clock, no chance."""


def change_percent(pair: Pair) -> float:
    """The change of the aggregate, in percent of the baseline's; 0 when both are 0."""
    before, after = pair.baseline.value, pair.current.value
    return 0.0 if before == after else (after - before) / before * 100.0


def worsening_percent(change: float, direction: Direction) -> float:
    """`change` (percent) as seen by the metric: above 0 is worse."""
    return change if direction == "lower" else -change
