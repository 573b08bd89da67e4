"""The derivation, schema v1: thresholds, and the repeated runs that justify them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchgov.config import MetricThresholds, Percent
from benchgov.report import Aggregate, Facts
from benchgov.wire import Blake3, Name, Sha256, Utc, Wire

MIN_SESSIONS = 3
"""The fewest repeated runs that thresholds are derived from: two give one difference, which says little."""

Delta = Annotated[float, Field(ge=0)]


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
    aggregate: Aggregate
    values: tuple[Delta, ...]
    delta_percent: Delta


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

    def limits(self) -> dict[str, MetricThresholds]:
        """family → metric → percent."""
        return {
            family: {metric: one.threshold_percent for metric, one in metrics.items()}
            for family, metrics in self.thresholds.items()
        }
