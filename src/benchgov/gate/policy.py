"""What a comparison is judged by: the rule's name, and the limits that a command line sets in the open."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from benchgov.baselines.model import Baseline
from benchgov.baselines.thresholds import floor, of_band, percent_of
from benchgov.config import MetricThresholds, Policy
from benchgov.errors import UsageError
from benchgov.gate.accepted import Accepted
from benchgov.report import Run
from benchgov.suggest import did_you_mean
from benchgov.suites.bands import ScaleRules
from benchgov.units import plain_percent

Overrides = Mapping[tuple[str, str], float]
"""(family, or "" for every family; metric) → percent."""

_MAX_PERCENT = 10_000.0


@dataclass(frozen=True)
class GatePolicy:
    """How to judge.

    The limits against a baseline are those that it was published with; nothing in the checked-out tree moves
    them. `overrides` and `missing` are what the command line says instead; the comparison's reason names
    them. The first that is there wins: flag for family and metric, flag for metric, the baseline's limit, its
    default. Where there is no baseline, because two revisions were measured in turn, the limits are those of
    `settings` and of the suite's `families` and `scales`, read from the base revision. So are the limits of
    growth and the slowdowns that are `accepted`, always.
    """

    mode: str = "auto"
    overrides: Overrides = field(default_factory=dict)
    missing: Literal["block", "allow"] | None = None
    settings: Policy = field(default_factory=Policy)
    families: Mapping[str, MetricThresholds] = field(default_factory=dict)
    scales: ScaleRules = field(default_factory=ScaleRules)
    accepted: Accepted = field(default_factory=Accepted)

    def rule(self, paired: bool) -> str:
        """The name of the rule that decides."""
        return self.mode if self.mode != "auto" else "statistical" if paired else "threshold"

    def limit(
        self, baseline: Baseline | None, family: str, metric: str, banded: Mapping[str, float] = {}
    ) -> float:
        """How many percent `metric` of `family` may get worse; `banded` has the limits of a scale band."""
        given = self.override(family, metric)
        if given is not None:
            return given
        if metric in banded:
            return banded[metric]
        if baseline is None:
            return percent_of((family, metric), self.settings, self.families)
        return baseline.thresholds.get(family, {}).get(metric, baseline.default_threshold)

    def banded(self, run: Run, family: str) -> MetricThresholds:
        """The limits of the band of `run`'s size, where no baseline has fixed them."""
        return of_band(self.scales, self.settings, (run.benchmark, run.scale), family)

    def floor(self, family: str, metric: str) -> float:
        """Below how many percent no worsening of `metric` matters to a statistical rule."""
        return floor(self.settings.statistics, family, metric)

    def blocks_missing(self, baseline: Baseline | None) -> bool:
        """Whether a benchmark that only the other side has blocks."""
        return (self.missing or (baseline or self.settings).missing) == "block"

    def override(self, family: str, metric: str) -> float | None:
        """The limit that the command line gives, if it does."""
        return self.overrides.get((family, metric), self.overrides.get(("", metric)))

    def notes(self) -> list[str]:
        """What the command line changed, in words, for the comparison's reason."""
        limits = [
            f"{family + ':' if family else ''}{metric} {plain_percent(percent)}"
            for (family, metric), percent in sorted(self.overrides.items())
        ]
        notes = [f"limits given on the command line: {', '.join(limits)}"] if limits else []
        return notes + ([f"missing benchmarks: {self.missing}, by the command line"] if self.missing else [])


def parse_overrides(texts: Iterable[str]) -> dict[tuple[str, str], float]:
    """`metric=percent` and `family:metric=percent` as overrides.

    Raises:
        UsageError: another shape, a percent that is not above 0 and at most 10,000, or the same metric twice.
    """
    overrides: dict[tuple[str, str], float] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        family, _, metric = name.rpartition(":")
        percent = _percent(number)
        if not (equals and metric and percent):
            raise UsageError(
                f"--threshold {text!r}: expected metric=percent or family:metric=percent, "
                f"with a percent above 0 and at most {_MAX_PERCENT:,.0f}"
            )
        if (family, metric) in overrides:
            raise UsageError(f"--threshold: {name} is given twice")
        overrides[family, metric] = percent
    return overrides


def _percent(text: str) -> float | None:
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 < number <= _MAX_PERCENT else None


def check_overrides(overrides: Overrides, baselines: Iterable[Baseline]) -> None:
    """Refuse a limit for a family or metric that no baseline has: a typing error must not go unnoticed.

    Raises:
        UsageError: names what is not known, and what it may have meant.
    """
    known = {(run.family, entry.metric) for one in baselines for run in one.entries for entry in run.metrics}
    families = {family for family, _ in known}
    for family, metric in overrides:
        if family and family not in families:
            raise UsageError(f"--threshold: no family {family!r}{did_you_mean(family, sorted(families))}")
        metrics = sorted({name for one, name in known if one == family or not family})
        if metric not in metrics:
            raise UsageError(f"--threshold: no metric {metric!r}{did_you_mean(metric, metrics)}")
