"""How far a metric may get worse, as it is fixed in a baseline when that is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchgov.baselines.model import BaselineRun
from benchgov.config import MetricThresholds, Policy, Statistics
from benchgov.suites.bands import ScaleRules


def resolve(
    pairs: Iterable[tuple[str, str]],
    policy: Policy,
    families: Mapping[str, MetricThresholds],
    derived: Mapping[str, MetricThresholds] | None = None,
) -> dict[str, MetricThresholds]:
    """family → metric → percent for every (family, metric) of `pairs`, as `percent_of` says."""
    table: dict[str, MetricThresholds] = {}
    for family, metric in sorted(set(pairs)):
        table.setdefault(family, {})[metric] = percent_of((family, metric), policy, families, derived or {})
    return table


def percent_of(
    at: tuple[str, str],
    policy: Policy,
    families: Mapping[str, MetricThresholds],
    derived: Mapping[str, MetricThresholds] = {},
) -> float:
    """The percent of `at` (family, metric); `families` are those of the suite.

    The first that names it wins: `policy.families` (the repository's owners), what was `derived` from
    repeated runs, the suite's family, `policy.thresholds`, `policy.default_threshold`.
    """
    family, metric = at
    for named in (policy.families, derived, families):
        if family in named and metric in named[family]:
            return named[family][metric]
    return policy.thresholds.get(metric, policy.default_threshold)


def banded_thresholds(
    entries: Iterable[BaselineRun], policy: Policy, scales: ScaleRules
) -> dict[str, MetricThresholds]:
    """run key → metric → percent for the runs of `entries` whose band has limits."""
    table: dict[str, MetricThresholds] = {}
    for run in entries:
        banded = of_band(scales, policy, (run.benchmark, run.scale), run.family)
        measured = {one.metric: banded[one.metric] for one in run.metrics if one.metric in banded}
        if measured:
            table[run.key] = measured
    return table


def of_band(
    scales: ScaleRules, policy: Policy, at: tuple[str, float | None], family: str
) -> MetricThresholds:
    """metric → percent that the band of `at` (benchmark, size) sets, but for what `policy.families` names."""
    named = policy.families.get(family, {})
    return {metric: percent for metric, percent in scales.thresholds(*at).items() if metric not in named}


def floor(statistics: Statistics, family: str, metric: str) -> float:
    """Below how many percent no worsening of `metric` of `family` matters, however certain it is."""
    own = statistics.families.get(family, {})
    return own.get(metric, statistics.min_effect.get(metric, statistics.default_min_effect))
