"""Repeated runs → thresholds: the largest delta that was observed, plus a safety margin. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from benchgov.baselines.aggregate import aggregate
from benchgov.baselines.derived import (
    MIN_SESSIONS,
    Derivation,
    Derived,
    RunDelta,
    Session,
    delta_percent,
    threshold_percent,
)
from benchgov.baselines.generate import clean, one_plan
from benchgov.baselines.thresholds import floor
from benchgov.canonical import sha256_hex
from benchgov.config import Policy
from benchgov.errors import RefusedError
from benchgov.report import Metric, Report, Run

MAX_PERCENT = 10_000.0


def derive(reports: Sequence[Report], policy: Policy, margin_percent: float) -> Derivation:
    """The thresholds that `reports`, repeated runs of one plan, justify.

    For every family and metric: the largest worsening between two runs' aggregates of any benchmark, plus
    `margin_percent` of it, rounded up to half a percent, and never below the change that does not matter
    (`policy.statistics.min_effect`).

    Raises:
        RefusedError: fewer than three runs, runs of several plans, or a run that did not pass; one detail
            per breach, each with the rule's name.
    """
    if found := _breaches(reports):
        raise RefusedError("no thresholds can be derived from this", details=found)
    first = reports[0]
    digests = {sha256_hex(report.to_bytes()): report for report in reports}
    ordered = sorted(digests.items(), key=lambda item: (item[1].started_at_utc, item[0]))
    sessions = [report for _, report in ordered]
    left_out: list[str] = []
    deltas = sorted(_deltas(sessions, left_out), key=_order)
    return Derivation(
        schema_version=1,
        suite=first.config.suite,
        regime=first.config.regime,
        fingerprint=first.environment.fingerprint,
        facts=first.environment.facts,
        revision=first.config.revision,
        plan_sha256=first.replay.plan_sha256,
        margin_percent=margin_percent,
        sessions=tuple(
            Session(started_at_utc=report.started_at_utc, report_sha256=digest) for digest, report in ordered
        ),
        thresholds=_thresholds(deltas, policy, margin_percent),
        runs=tuple(deltas),
        left_out=tuple(sorted(left_out)),
    )


def _breaches(reports: Sequence[Report]) -> list[str]:
    found = [*one_plan(reports), *clean(reports)] if reports else []
    if len(reports) < MIN_SESSIONS:
        found.insert(0, f"rule minimum-sessions: at least {MIN_SESSIONS} repeated runs, found {len(reports)}")
    return found


def _deltas(sessions: Sequence[Report], left_out: list[str]) -> Iterator[RunDelta]:
    by_key = [{run.key: run for run in report.runs} for report in sessions]
    for key, run in by_key[0].items():
        for metric in run.metrics:
            values = tuple(_value(runs[key], metric) for runs in by_key)
            delta = delta_percent(values, metric.direction)
            if delta is None:
                left_out.append(f"{key} {metric.name}: it is 0 in a session, and no percentage can be taken")
                continue
            yield RunDelta(
                run=key,
                family=run.family,
                metric=metric.name,
                unit=metric.unit,
                direction=metric.direction,
                aggregate=metric.aggregate,
                values=values,
                delta_percent=delta,
            )


def _value(run: Run, metric: Metric) -> float:
    own = next(one for one in run.metrics if one.name == metric.name)
    return aggregate(own.samples, own.aggregate)


def _order(one: RunDelta) -> tuple[str, str, float, str]:
    return one.family, one.metric, -one.delta_percent, one.run


def _thresholds(
    deltas: Iterable[RunDelta], policy: Policy, margin_percent: float
) -> dict[str, dict[str, Derived]]:
    table: dict[str, dict[str, Derived]] = {}
    for (family, metric), group in groupby(deltas, key=lambda one: (one.family, one.metric)):
        largest = next(group)
        least = floor(policy.statistics, family, metric)
        percent = threshold_percent(largest.delta_percent, margin_percent, least)
        if percent > MAX_PERCENT:
            raise RefusedError(
                f"{largest.run} {metric} changed by {largest.delta_percent:,.0f} % between two runs",
                details=[f"rule usable-threshold: at most {MAX_PERCENT:,.0f} %, derived {percent:,.0f} %"],
            )
        table.setdefault(family, {})[metric] = Derived(
            observed_percent=largest.delta_percent,
            run=largest.run,
            floor_percent=least,
            threshold_percent=percent,
        )
    return table
