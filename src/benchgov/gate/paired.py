"""Rows of a paired measurement: every run against what the other revision did in turn with it."""

from __future__ import annotations

from collections.abc import Iterator

from benchgov.baselines.aggregate import aggregate
from benchgov.gate.decide import Pair, Samples
from benchgov.gate.pairing import EXACT_UNITS, Before, Row, limit_of, new_row, no_ratio, what_failed
from benchgov.gate.policy import GatePolicy
from benchgov.report import Metric, Reference, Report, Run

_ABSENT = Reference(overall="absent", family="unknown")


def paired_rows(report: Report, policy: GatePolicy) -> Iterator[Row]:
    """Every metric of every run once, in report order.

    What the other revision has and this one has not is in no run; `missing_runs` names it.
    """
    for run in report.runs:
        other = run.reference or _ABSENT
        if other.overall == "absent":
            yield from (new_row(run, metric) for metric in run.metrics if run.run_is_valid)
        elif run.run_is_valid:
            yield from (_row(run, metric, other, policy) for metric in run.metrics)


def missing_runs(report: Report) -> list[str]:
    """The keys of runs that only the other revision has, and of those that are not valid only here."""
    against = report.config.against
    if not against:
        return []
    valid = {run.key for run in report.runs if run.run_is_valid}
    failed_there = {run.key for run in report.runs if run.reference and run.reference.overall != "pass"}
    known = valid | failed_there
    return [key for key in against.runs if key not in known]


def _row(run: Run, metric: Metric, other: Reference, policy: GatePolicy) -> Row:
    value = aggregate(metric.samples, metric.aggregate)
    reason: str | None
    if not metric.reference:
        done = what_failed(other.overall, other.reason) if other.overall != "pass" else "has no samples of it"
        reason = f"the other revision {done}"
        return Row(run, metric, other.family, current=value, reason=reason)
    before = Before(aggregate(metric.reference, metric.aggregate), metric.unit, len(metric.reference))
    if reason := no_ratio(before.value, value):
        return Row(run, metric, other.family, before=before, current=value, reason=reason)
    pair = Pair(
        Samples(before.value, before.samples, lambda: (metric.reference,)),
        Samples(value, len(metric.samples), lambda: (metric.samples,)),
        limit_of(policy, None, other.family, metric, policy.banded(run, other.family)),
        aggregate=metric.aggregate,
        paired=True,
        exact=metric.unit in EXACT_UNITS,
    )
    return Row(run, metric, other.family, before=before, current=value, pair=pair)
