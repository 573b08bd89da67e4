"""How far a metric may get worse, as it is fixed in a baseline when that is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchgov.config import MetricThresholds, Policy
from benchgov.suites.bands import ScaleRules


def resolve(
    pairs: Iterable[tuple[str, str]], policy: Policy, families: Mapping[str, MetricThresholds]
) -> dict[str, MetricThresholds]:
    """family → metric → percent for every (family, metric) of `pairs`; `families` are those of the suite.

    The first that names it wins: `policy.families` (the repository's owners), the suite's family,
    `policy.thresholds`, `policy.default_threshold`.
    """
    table: dict[str, MetricThresholds] = {}
    for family, metric in sorted(set(pairs)):
        sources = (policy.families.get(family, {}), families.get(family, {}), policy.thresholds)
        percent = next((one[metric] for one in sources if metric in one), policy.default_threshold)
        table.setdefault(family, {})[metric] = percent
    return table


def banded_thresholds(
    scales: ScaleRules, policy: Policy, at: tuple[str, float | None], family: str
) -> MetricThresholds:
    """metric → percent that the band of `at` (benchmark, size) sets, but for what `policy.families` names."""
    named = policy.families.get(family, {})
    return {metric: percent for metric, percent in scales.thresholds(*at).items() if metric not in named}
