"""What the scores of all cases come to: mean, deviation, lower bound, costs, and what blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchgov.eval.lower_bound import TOLERANCE, lower_bound_95
from benchgov.eval.models import ISOLATION_LEVELS, BenchScore, IsolationClass

BINARY_MIN_CASES = 50
BINARY_SHARE = 0.8
"""From so many cases on, of which more than this share score exactly 0 or 1, the rubric passes or fails."""

_Z95 = 1.6448536269514722
"""The 95 % quantile of the normal distribution: the bound is one-sided."""

PerCase = Sequence[tuple[str, BenchScore]]


@dataclass(frozen=True)
class Aggregate:
    """The numbers of a report that follow from its scores. Without a score all of them are 0."""

    mean_score: float
    score_stddev: float
    lower_bound_95: float
    lower_bound_method: str
    passed_count: int
    total_cost_usd: float
    block_severity_failure_modes: tuple[str, ...]
    isolation_class: IsolationClass


def aggregate(per_case: PerCase, seed: int, isolation: IsolationClass) -> Aggregate:
    """The aggregate of scores in the order of their case ids; the same scores and seed give the same.

    `isolation` is the run's level; the aggregate has the weakest of it and of those of the scores.
    """
    scores = [score for _, score in per_case]
    values = [score.score for score in scores]
    bound, method = _bound(scores, seed) if scores else (0.0, "clopper-pearson")
    return Aggregate(
        mean_score=_mean(values),
        score_stddev=_stddev(values),
        lower_bound_95=bound,
        lower_bound_method=method,
        passed_count=sum(score.passed for score in scores),
        total_cost_usd=math.fsum(score.cost_usd for score in scores),
        block_severity_failure_modes=tuple(sorted({code for score in scores for code in score.blocking})),
        isolation_class=weakest([isolation, *(score.isolation_class for score in scores)]),
    )


def weakest(levels: Sequence[IsolationClass]) -> IsolationClass:
    """The level of isolation that a whole can claim."""
    return min(levels, key=ISOLATION_LEVELS.index)


def is_binary(scores: Sequence[BenchScore]) -> bool:
    """Whether there are cases enough, and nearly all of them score exactly 0 or 1."""
    endpoints = sum(score.score in (0.0, 1.0) for score in scores)
    return len(scores) >= BINARY_MIN_CASES and endpoints > BINARY_SHARE * len(scores)


def _bound(scores: Sequence[BenchScore], seed: int) -> tuple[float, str]:
    """The lower bound and its method: for a rubric that passes or fails, Wilson's for the share that passed.

    It is never above the mean score, as the bound of a mean score must be.
    """
    values = [score.score for score in scores]
    if is_binary(scores):
        share = wilson(sum(score.passed for score in scores), len(scores))
        return min(share, _mean(values)), "wilson"
    found = lower_bound_95(values, seed)
    return found.value, found.method


def wilson(passed: int, count: int) -> float:
    """Wilson's one-sided 95 % lower bound of a share (Wilson 1927)."""
    share, square = passed / count, _Z95 * _Z95
    centre = share + square / (2 * count)
    spread = _Z95 * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, (centre - spread) / (1 + square / count))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _stddev(values: Sequence[float]) -> float:
    """The sample's standard deviation; rounding makes none of scores that are equal."""
    if len(values) < 2 or max(values) - min(values) <= TOLERANCE:
        return 0.0
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
