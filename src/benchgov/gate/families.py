"""Findings → verdicts: of each family and scale band, and of the whole."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from benchgov.gate.comparison import BandFinding, FamilyFinding, Finding
from benchgov.report import Verdict
from benchgov.suites.bands import ScaleRules

ORDER: tuple[Verdict, ...] = ("regression", "blocked", "not-comparable", "inconclusive", "pass")
"""The first that occurs is the verdict of the whole.

A regression that was really measured comes first: one missing benchmark must not hide it behind "blocked",
or a pull request could leave a benchmark out to turn red into grey. What could not be judged comes before
"pass", so that silence is never a pass.
"""

COMPARED = ("regression", "accepted", "improvement", "unchanged", "inconclusive")
_DECIMALS = 6  # exp and log differ in the last bit between C libraries; the bytes must not


class Judged(NamedTuple):
    """A finding, and what it does to the verdict."""

    finding: Finding
    effect: Verdict


def verdict_of(judged: Iterable[Judged]) -> Verdict:
    """The worst effect by `ORDER`; `not-comparable` instead of a pass when nothing was compared."""
    effects: set[Verdict] = set()
    compared = False
    for one in judged:
        effects.add(one.effect)
        compared = compared or one.finding.verdict in COMPARED
    found = worst(*effects)
    return "not-comparable" if found == "pass" and not compared else found


def worst(*verdicts: Verdict) -> Verdict:
    """The first of `ORDER` that is among `verdicts`; `pass` of none."""
    return next((verdict for verdict in ORDER if verdict in verdicts), "pass")


def families(judged: Sequence[Judged]) -> tuple[FamilyFinding, ...]:
    """One summary per family, in order of first appearance."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.finding.family].append(one)
    return tuple(FamilyFinding(family=family, **_group(members)) for family, members in groups.items())


def scale_bands(judged: Sequence[Judged], rules: ScaleRules) -> tuple[BandFinding, ...]:
    """One summary per scale band, the smallest sizes first; what has no size is in none."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    scaled = [one for one in judged if one.finding.scale is not None]
    for one in sorted(scaled, key=lambda one: one.finding.scale or 0.0):
        groups[rules.band(one.finding.benchmark, one.finding.scale or 0.0)].append(one)
    return tuple(BandFinding(band=band, **_group(members)) for band, members in groups.items())


def _group(members: Sequence[Judged]) -> dict[str, Any]:
    return {
        "verdict": verdict_of(members),
        "findings": dict(sorted(Counter(one.finding.verdict for one in members).items())),
        "geometric_mean_percent": _geometric_means(members),
    }


def _geometric_means(judged: Iterable[Judged]) -> dict[str, float]:
    """metric → geometric mean of current / baseline, as a change in percent; pairs with a 0 are left out."""
    logarithms: dict[str, list[float]] = defaultdict(list)
    for one in judged:
        finding = one.finding
        if finding.verdict in COMPARED and finding.current_value and finding.baseline_value:
            ratio = math.log(finding.current_value) - math.log(finding.baseline_value)
            logarithms[finding.metric].append(ratio)
    return {
        metric: round(math.expm1(math.fsum(values) / len(values)) * 100.0, _DECIMALS)
        for metric, values in sorted(logarithms.items())
    }
