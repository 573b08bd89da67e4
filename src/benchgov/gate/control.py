"""Rounds of the same revision against itself → false-alarm rate, power and noise. Pure.

docs/adr/0016-paired-measurement.md says what each of the numbers can show, and what it cannot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

from benchgov.baselines.active import ActiveBaselines
from benchgov.canonical import sha256_hex
from benchgov.errors import BlockedError
from benchgov.gate.compare import RULES, compare
from benchgov.gate.comparison import Comparison, Finding
from benchgov.gate.control_result import Control, Noise, Rate
from benchgov.gate.decide import Terms
from benchgov.gate.paired import paired_rows
from benchgov.gate.policy import GatePolicy
from benchgov.gate.resplits import halved, relabelled, scaled
from benchgov.report import Metric, Report, run_key
from benchgov.statistics.proportions import clopper_pearson

SLOWED_METRIC = "wall_time"
"""The metric to which a slowdown is really added."""

Key = tuple[str, str]
"""(run key, metric)."""


@dataclass(frozen=True)
class Trials:
    """What was measured: the rounds without a change, and one with a slowdown, if any was injected."""

    rounds: Sequence[Report]
    slowed: Report | None = None
    slowdown_percent: float | None = None
    resplits: int = 500


def judge_control(trials: Trials, baselines: ActiveBaselines, policy: GatePolicy) -> Control:
    """What `trials` say of this machine under `policy`.

    It is outside the policy when the rate of false alarms is certainly above `alpha`: when the exact 95 %
    interval of any of the three rates lies above it. The same reports give the same bytes.

    Raises:
        BlockedError: a run could not be measured in a round, on either side, so that it says nothing.
    """
    for report in trials.rounds:
        _check_measured(report)
    first, last = trials.rounds[0], trials.rounds[-1]
    found = [compare(report, baselines, policy) for report in trials.rounds]
    slowed = compare(trials.slowed, baselines, policy) if trials.slowed else None
    alarms = rate(sum(one.verdict == "regression" for one in found), len(found))
    resplits = _resplits(trials, policy)
    stored = _baseline_resplits(trials.resplits, baselines, policy)
    alpha = policy.settings.statistics.alpha
    outside = [
        name
        for name, one in (("rounds", alarms), ("re-splits", resplits), ("re-splits of the baseline", stored))
        if one is not None and one.interval[0] > alpha
    ]
    against = first.config.against
    reports = [*trials.rounds, *([trials.slowed] if trials.slowed else [])]
    return Control(
        schema_version=1,
        suite=first.config.suite,
        regime=first.config.regime,
        revision=first.config.revision,
        dirty=first.config.dirty,
        environment=first.environment,
        authoritative=all(report.summary.authoritative for report in trials.rounds),
        started_at_utc=first.started_at_utc,
        finished_at_utc=max(report.finished_at_utc for report in (*reports, last)),
        looks=against.looks if against else (),
        alpha=alpha,
        verdict="outside" if outside else "inside",
        reason=_reason(alarms, alpha, outside),
        alarms=alarms,
        resplits=resplits,
        baseline_resplits=stored,
        slowdown_percent=trials.slowdown_percent,
        power=_power(slowed),
        power_scaled=_power_scaled(trials, baselines, policy),
        noise=tuple(_noise(trials.rounds, found, slowed)),
        reports=tuple(sha256_hex(report.to_bytes()) for report in reports),
    )


def _check_measured(report: Report) -> None:
    for run in report.runs:
        other = run.reference
        if not run.run_is_valid or (other is not None and other.overall != "pass"):
            reason = run.reason or (other.reason if other else "")
            raise BlockedError(f"{run.key} could not be measured: {reason}", where="control")


def rate(events: int, trials: int) -> Rate:
    """`events` of `trials` with their exact interval."""
    return Rate(
        events=events,
        trials=trials,
        rate=events / trials if trials else 0.0,
        interval=clopper_pearson(events, trials),
    )


def _reason(alarms: Rate, alpha: float, outside: Sequence[str]) -> str:
    told = f"{alarms.events} of {alarms.trials} rounds without a change raised an alarm"
    high = f"the rate is at most {alarms.interval[1]:.1%} (95 % interval), the policy's {alpha:.1%}"
    if outside:
        return f"{told}; certainly more than the policy's {alpha:.1%}: {', '.join(outside)}."
    return f"{told}: {high}."


def _resplits(trials: Trials, policy: GatePolicy) -> Rate:
    alarms = sum(
        _alarms(relabelled(trials.rounds[number % len(trials.rounds)], number), policy)
        for number in range(trials.resplits)
    )
    return rate(alarms, trials.resplits)


def _alarms(report: Report, policy: GatePolicy) -> bool:
    against = report.config.against
    terms = Terms(policy.settings.statistics, against.looks if against else ())
    pairs = [row.pair for row in paired_rows(report, policy) if row.pair is not None]
    decided = RULES[policy.rule(paired=True)](pairs, terms)
    return any(one.verdict == "regression" for one in decided)


def _baseline_resplits(count: int, baselines: ActiveBaselines, policy: GatePolicy) -> Rate | None:
    """The raw samples of the active baselines against themselves, by the rule for samples of two sessions."""
    terms = Terms(policy.settings.statistics)
    splits = [halved(baselines, policy, number) for number in range(count)]
    if not any(splits):
        return None
    decided = [RULES["statistical"](pairs, terms) for pairs in splits]
    return rate(sum(any(one.verdict == "regression" for one in found) for found in decided), count)


def _power(slowed: Comparison | None) -> Rate | None:
    if slowed is None:
        return None
    hit = [one for one in slowed.findings if one.metric == SLOWED_METRIC and one.change_percent is not None]
    return rate(sum(one.verdict == "regression" for one in hit), len(hit))


def _power_scaled(trials: Trials, baselines: ActiveBaselines, policy: GatePolicy) -> Rate | None:
    if trials.slowdown_percent is None:
        return None
    factor = 1 + trials.slowdown_percent / 100
    judged = [
        one
        for report in trials.rounds
        for one in compare(scaled(report, factor), baselines, policy).findings
        if one.change_percent is not None
    ]
    return rate(sum(one.verdict == "regression" for one in judged), len(judged))


def _noise(
    rounds: Sequence[Report], found: Sequence[Comparison], slowed: Comparison | None
) -> Iterator[Noise]:
    spreads: dict[Key, list[float]] = defaultdict(list)
    for report in rounds:
        for run in report.runs:
            for metric in run.metrics:
                spreads[run.key, metric.name].append(_variation(metric))
    findings: dict[Key, list[Finding]] = defaultdict(list)
    for comparison in found:
        for one in comparison.findings:
            findings[_key(one)].append(one)
    slow = {_key(one): one.verdict == "regression" for one in slowed.findings} if slowed else {}
    for key, spread in spreads.items():
        for one in findings[key][:1]:
            seen = [other.minimum_detectable_percent for other in findings[key]]
            known = [value for value in seen if value is not None]
            yield Noise(
                benchmark=one.benchmark,
                scale=one.scale,
                variant=one.variant,
                metric=one.metric,
                cv_percent=round(median(spread), 6),
                minimum_detectable_percent=median(known) if 2 * len(known) > len(seen) else None,
                false_alarms=sum(other.verdict == "regression" for other in findings[key]),
                slowdown_found=slow.get(key) if one.metric == SLOWED_METRIC else None,
            )


def _key(one: Finding) -> Key:
    return run_key(one.benchmark, one.scale, one.variant), one.metric


def _variation(metric: Metric) -> float:
    """Standard deviation in percent of the mean, of both sides together: they are the same code."""
    values = (*metric.samples, *metric.reference)
    middle = mean(values)
    return 100 * stdev(values) / middle if middle and len(values) > 1 else 0.0
