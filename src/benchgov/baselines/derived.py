"""The derivation, schema v1: thresholds, the repeated runs that justify them, and the rule between both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from benchgov.config import MetricThresholds, Percent
from benchgov.report import Aggregate, Direction, Facts
from benchgov.wire import Blake3, Name, Sha256, Utc, Wire

MIN_SESSIONS = 3
"""The fewest repeated runs that thresholds are derived from: two give one difference, which says little."""

STEP_PERCENT = 0.5
"""Thresholds are rounded up to a multiple of this."""

_DECIMALS = 6
Delta = Annotated[float, Field(ge=0)]


def delta_percent(values: Sequence[float], direction: Direction) -> float | None:
    """The worsening from the best of `values` to the worst, in percent of the best.

    None when it is no number because a value is 0 and another is not, or they are too far apart.
    """
    low, high = min(values), max(values)
    if low == high:
        return 0.0
    best, worst = (low, high) if direction == "lower" else (high, low)
    delta = abs(worst - best) / best * 100.0 if best else math.inf
    return round(delta, _DECIMALS) if math.isfinite(delta) else None


def threshold_percent(observed: float, margin: float, floor: float) -> float:
    """`observed` plus `margin` percent of it, rounded up to half a percent, and not below `floor`."""
    return max(floor, rounded_up(observed * (1 + margin / 100)))


def rounded_up(percent: float) -> float:
    """`percent`, up to the next half; what is a half but for a binary fraction stays where it is."""
    return math.ceil(round(percent / STEP_PERCENT, _DECIMALS)) * STEP_PERCENT


class Session(Wire):
    """One of the repeated runs: when it began, and the SHA-256 of its report's canonical bytes."""

    started_at_utc: Utc
    report_sha256: Sha256


class RunDelta(Wire):
    """One metric of one run: its aggregate in every session, in `unit`, and the largest change between two.

    `delta_percent` is the worsening from the best session to the worst, in percent of the best.
    """

    run: str
    family: Name
    metric: Name
    unit: str
    direction: Direction
    aggregate: Aggregate
    values: Annotated[tuple[Delta, ...], Field(min_length=MIN_SESSIONS)]
    delta_percent: Delta

    @model_validator(mode="after")
    def _follows(self) -> RunDelta:
        if self.delta_percent != delta_percent(self.values, self.direction):
            raise ValueError(f"{self.run} {self.metric}: delta_percent does not follow from the values")
        return self


class Derived(Wire):
    """The threshold of one metric of one family, and what it follows from: `run` had the largest delta."""

    observed_percent: Delta
    run: str
    floor_percent: Percent
    threshold_percent: Percent


class Derivation(Wire):
    """Thresholds of a suite in one regime and environment. It holds no time of its own: the same runs give
    the same bytes, in whichever order they are named.

    `runs` are sorted by family, metric, falling delta; `left_out` says what could not be derived, and why.
    Every threshold follows from its runs by the rule of this module; one that was edited is not valid.
    """

    schema_version: Literal[1]
    suite: Name
    regime: Name
    fingerprint: Blake3
    facts: Facts
    revision: str | None
    plan_sha256: Sha256
    margin_percent: Percent
    sessions: Annotated[tuple[Session, ...], Field(min_length=MIN_SESSIONS)]
    thresholds: dict[Name, dict[Name, Derived]]
    runs: tuple[RunDelta, ...]
    left_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _justified(self) -> Derivation:
        largest: dict[tuple[str, str], float] = {}
        for run in self.runs:
            at = (run.family, run.metric)
            largest[at] = max(largest.get(at, 0.0), run.delta_percent)
        stated = {
            (family, metric): (one.observed_percent, one.threshold_percent, one.floor_percent)
            for family, metrics in self.thresholds.items()
            for metric, one in metrics.items()
        }
        if stated.keys() != largest.keys():
            raise ValueError("thresholds and runs are not about the same families and metrics")
        for at, (observed, percent, floor) in stated.items():
            if (observed, percent) != (largest[at], threshold_percent(observed, self.margin_percent, floor)):
                raise ValueError(f"the threshold of {'/'.join(at)} does not follow from the runs")
        return self

    def limits(self) -> dict[str, MetricThresholds]:
        """family → metric → percent."""
        return {
            family: {metric: one.threshold_percent for metric, one in metrics.items()}
            for family, metrics in self.thresholds.items()
        }
