"""How costs grow with the problem size, held to the manifest's limits: the scale band gate. Pure.

docs/adr/0017-scale-bands.md gives the reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from benchgov.baselines.active import independent
from benchgov.config import Statistics
from benchgov.gate import sentences
from benchgov.gate.comparison import Comparison
from benchgov.gate.families import worst
from benchgov.gate.policy import GatePolicy
from benchgov.report import Gate, Growth, Metric, Report, Run, Verdict, run_key
from benchgov.suites.bands import MIN_SCALES, ScaleRules

if TYPE_CHECKING:
    from benchgov.statistics.growth import Fit

GREW = 0.1
"""An exponent that rose by this much makes every tenfold size cost a quarter more than it did."""

_EFFECTS: Mapping[str, Verdict] = {"over": "regression", "inconclusive": "inconclusive", "within": "pass"}
_DECIMALS = 6  # logarithms differ in the last bit between C libraries; the bytes must not
_SHOWN = 3

Before = Mapping[tuple[str, str], float]
"""(run key, metric) → the value of the baseline, or of the other revision."""


@dataclass
class _Series:
    """One metric of one variant, over the sizes that have samples."""

    run: Run
    metric: Metric
    limit: float | None
    samples: dict[float, tuple[float, ...]] = field(default_factory=dict)
    before: dict[float, float] = field(default_factory=dict)

    def fit(self) -> Fit | None:
        """Its exponent; None with too few sizes, or a sample of 0."""
        if len(self.samples) < MIN_SCALES or any(min(taken) <= 0 for taken in self.samples.values()):
            return None
        from benchgov.statistics.growth import fit  # NumPy, only where it is needed

        return fit([(scale, self._costs(taken)) for scale, taken in self.samples.items()])

    def exponent_before(self) -> float | None:
        """The exponent of the baseline's values."""
        if len(self.before) < MIN_SCALES:
            return None
        from benchgov.statistics.growth import exponent

        found = exponent([(scale, self._costs((value,))[0]) for scale, value in self.before.items()])
        return None if found is None else _rounded(found)

    def _costs(self, samples: Sequence[float]) -> tuple[float, ...]:
        """What is better when it is lower: the inverse of a throughput."""
        return tuple(samples) if self.metric.direction == "lower" else tuple(1 / one for one in samples)


def growth_of(
    report: Report, rules: ScaleRules, statistics: Statistics, before: Before | None = None
) -> tuple[Growth, ...]:
    """How each metric of each variant grows: whatever has valid samples of three sizes, or a limit.

    A limit is broken when an exact test says so, with Holm's control over all limits of the report.
    """
    listed = list(_series(report, rules, before or {}))
    fits = [series.fit() for series in listed]
    chances = [
        fit.p_above(series.limit) if fit and series.limit is not None else None
        for series, fit in zip(listed, fits, strict=True)
    ]
    broken = _broken(chances, statistics.alpha)
    return tuple(
        _growth(series, fit, chance, at in broken)
        for at, (series, fit, chance) in enumerate(zip(listed, fits, chances, strict=True))
        if fit or series.limit is not None
    )


def _series(report: Report, rules: ScaleRules, before: Before) -> Iterator[_Series]:
    found: dict[tuple[str, str, str, str], _Series] = {}
    for run in report.runs:
        if run.scale is None or not run.run_is_valid:
            continue
        for metric in run.metrics:
            at = (run.benchmark, run.variant, metric.name, metric.unit)
            if at not in found:
                found[at] = _Series(run, metric, rules.max_exponent(*at[:3]))
            found[at].samples[run.scale] = independent(metric, run.sampling.isolation)
            if value := before.get((run.key, metric.name)):
                found[at].before[run.scale] = value
    yield from found.values()


def _broken(chances: Sequence[float | None], alpha: float) -> set[int]:
    """Which limits are certainly broken."""
    tested = [(at, chance) for at, chance in enumerate(chances) if chance is not None]
    if not tested:
        return set()
    import numpy as np

    from benchgov.statistics.multiplicity import holm

    flags = holm(np.array([chance for _, chance in tested]), alpha).tolist()
    return {at for (at, _), flag in zip(tested, flags, strict=True) if flag}


GrowthVerdict = Literal["over", "inconclusive", "within", "not-limited"]


def _growth(series: _Series, fit: Fit | None, chance: float | None, broken: bool) -> Growth:
    before = series.exponent_before()
    interval = None if fit is None or fit.interval is None else fit.interval
    told: dict[str, object] = {
        "benchmark": series.run.benchmark,
        "variant": series.run.variant,
        "metric": series.metric.name,
        "scales": len(series.samples),
        "exponent": None if fit is None else _rounded(fit.exponent),
        "interval": interval and tuple(map(_rounded, interval)),
        "limit": series.limit,
        "p_value": None if chance is None else float(f"{chance:.9g}"),
        "before": before,
        "grew": bool(interval and before is not None and interval[0] > before + GREW),
        "source": series.run.source,
        "verdict": _verdict(series.limit, interval, broken),
        "sentence": "",
    }
    found = Growth.model_validate(told)
    return found.model_copy(update={"sentence": _sentence(found)})


def _verdict(limit: float | None, interval: tuple[float, float] | None, broken: bool) -> GrowthVerdict:
    if limit is None:
        return "not-limited"
    if broken:
        return "over"
    return "within" if interval and interval[1] <= limit else "inconclusive"


def _sentence(one: Growth) -> str:
    """`sort/fast wall_time grows as n^1.98 (95 % interval 1.95 to 2.01, 3 sizes), over its limit n^1.`"""
    name = f"{run_key(one.benchmark, None, one.variant)} {one.metric}"
    if one.exponent is None:
        why = "a sample is 0" if one.scales >= MIN_SCALES else f"fewer than {MIN_SCALES} sizes have samples"
        return sentences.join([f"{name}: no exponent for its limit of n^{one.limit:.3g}, since {why}."])
    shown = f"95 % interval {one.interval[0]:.2f} to {one.interval[1]:.2f}, " if one.interval else ""
    limit = "" if one.limit is None else f"n^{one.limit:.3g}"
    end = {
        "over": f", over its limit of {limit}",
        "within": f", within its limit of {limit}",
        "inconclusive": f"; too few samples or too much noise to tell against its limit of {limit}",
        "not-limited": "",
    }[one.verdict]
    was = f"; it was n^{one.before:.2f}" if one.grew else ""
    return sentences.join([f"{name} grows as n^{one.exponent:.2f} ({shown}{one.scales} sizes){end}{was}."])


def with_growth(comparison: Comparison, report: Report, policy: GatePolicy) -> Comparison:
    """`comparison` with how the report's costs grow; a broken limit is a regression, baseline or not."""
    before = {
        (run_key(one.benchmark, one.scale, one.variant), one.metric): one.baseline_value
        for one in comparison.findings
        if one.baseline_value is not None and one.scale is not None
    }
    found = growth_of(report, policy.scales, policy.settings.statistics, before)
    if not found:
        return comparison
    reason = sentences.join([comparison.reason, *_remarks(found)])
    verdict = worst(comparison.verdict, *(_EFFECTS.get(one.verdict, "pass") for one in found))
    return comparison.model_copy(update={"growth": found, "verdict": verdict, "reason": reason})


def _remarks(found: Sequence[Growth]) -> list[str]:
    counts = Counter[str](one.verdict for one in found)
    grew = [one for one in found if one.grew]
    remarks = []
    if counts["over"]:
        remarks.append(f"Growth over its limit: {_names([one for one in found if one.verdict == 'over'])}.")
    if counts["inconclusive"]:
        remarks.append(f"{counts['inconclusive']:,} limits of growth are inconclusive.")
    if grew:
        remarks.append(f"Grows faster than before: {_names(grew)}.")
    return remarks


def _names(found: Sequence[Growth]) -> str:
    names = [f"{one.benchmark}/{one.variant} {one.metric}" for one in found[:_SHOWN]]
    more = len(found) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def as_scale_gate(found: Sequence[Growth], comparison: Comparison | None = None) -> Gate:
    """The scale band gate of a report: growth limits, and the bands' verdicts where there is a comparison."""
    bands = comparison.scale_bands if comparison else ()
    limited = [one for one in found if one.verdict != "not-limited"]
    if not (limited or bands):
        reason = "no growth limit is given" if found else f"no benchmark has {MIN_SCALES} sizes with samples"
        return Gate(status="not-evaluated", reason=reason, growth=tuple(found))
    verdicts = [*(_EFFECTS[one.verdict] for one in limited), *(one.verdict for one in bands)]
    over = [one.sentence for one in limited if one.verdict == "over"]
    listed = [f"{len(limited):,} limits of growth", *_remarks(found)] if limited else []
    listed += [f"band {one.band}: {one.verdict}" for one in bands]
    return Gate(
        status=worst(*verdicts),
        reason=sentences.join(["; ".join(part.rstrip(".") for part in listed) + "."]),
        mode=comparison.mode if comparison else "",
        baselines=comparison.baselines if comparison else (),
        findings=dict(sorted(Counter(one.verdict for one in found).items())),
        regressions=tuple(over),
        growth=tuple(found),
    )


def _rounded(number: float) -> float:
    return round(number, _DECIMALS) + 0.0  # no negative zero
