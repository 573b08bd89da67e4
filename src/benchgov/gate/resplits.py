"""The same samples with other sides: drawn anew, scaled, or halves of what a baseline holds. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from benchgov.baselines.active import ActiveBaselines
from benchgov.baselines.aggregate import aggregate
from benchgov.baselines.model import Entry
from benchgov.gate.decide import Limit, Pair, Samples, Sessions
from benchgov.gate.pairing import EXACT_UNITS, limit_of
from benchgov.gate.policy import GatePolicy
from benchgov.measure.order import Lot, Side, blocks_between
from benchgov.report import Metric, Report, Run

MIN_HALF = 5
"""The raw samples of a baseline are split where either half of every session has so many."""


def relabelled(report: Report, number: int) -> Report:
    """`report` with the sides of all samples drawn anew within each block, alike for all metrics of a run."""
    lot = Lot(report.config.suite_sha256, report.replay.result_sha256, report.config.revision, str(number))
    return report.model_copy(update={"runs": tuple(_drawn(run, lot) for run in report.runs)})


def _drawn(run: Run, lot: Lot) -> Run:
    metrics = [metric for metric in run.metrics if metric.reference]
    sides = {
        pairs: [lot.order(run.key, *block) for block in blocks_between(0, pairs)]
        for pairs in {len(metric.samples) for metric in metrics}
    }
    drawn = {metric.name: _sorted(metric, sides[len(metric.samples)]) for metric in metrics}
    return run.model_copy(update={"metrics": tuple(drawn.get(one.name, one) for one in run.metrics)})


def _sorted(metric: Metric, sides: Sequence[Sequence[Side]]) -> Metric:
    here: list[float] = []
    there: list[float] = []
    start = 0
    for block in sides:
        end = start + len(block) // 2
        pooled = (*metric.samples[start:end], *metric.reference[start:end])
        for value, side in zip(pooled, block, strict=True):
            (here if side == "here" else there).append(value)
        start = end
    return metric.model_copy(update={"samples": tuple(here), "reference": tuple(there)})


def scaled(report: Report, factor: float) -> Report:
    """`report` with every metric of this side worse by `factor` (above 1)."""

    def worse(metric: Metric) -> Metric:
        by = factor if metric.direction == "lower" else 1 / factor
        return metric.model_copy(update={"samples": tuple(value * by for value in metric.samples)})

    runs = tuple(run.model_copy(update={"metrics": tuple(map(worse, run.metrics))}) for run in report.runs)
    return report.model_copy(update={"runs": runs})


def halved(baselines: ActiveBaselines, policy: GatePolicy, number: int) -> list[Pair]:
    """Every tested metric of the active baselines, each session split by lot into two halves."""
    found = []
    for key, active in baselines.runs.items():
        baseline = active.stored.baseline
        lot = Lot(baseline.suite_sha256, baseline.baseline_id, None, str(number))
        for entry in active.run.metrics:
            sessions = active.stored.sessions(key, entry.metric)
            if entry.aggregate == "median" and all(len(one) >= 2 * MIN_HALF for one in sessions):
                metric = Metric(name=entry.metric, unit=entry.unit, direction=entry.direction, samples=(0.0,))
                banded = baseline.banded.get(key, {})
                limit = limit_of(policy, baseline, active.run.family, metric, banded)
                before, after = _split(key, sessions, lot)
                if min(map(min, before)) > 0:
                    found.append(_pair(entry, before, after, limit))
    return found


def _split(key: str, sessions: Sessions, lot: Lot) -> tuple[Sessions, Sessions]:
    halves: dict[Side, list[tuple[float, ...]]] = {"here": [], "there": []}
    for at, session in enumerate(sessions):
        drawn = list(zip(session, lot.order(key, at, len(session) // 2), strict=False))
        for side, given in halves.items():
            given.append(tuple(value for value, which in drawn if which == side))
    return tuple(halves["there"]), tuple(halves["here"])


def _pair(entry: Entry, before: Sessions, after: Sessions, limit: Limit) -> Pair:
    def side(sessions: Sessions) -> Samples:
        joined = [value for session in sessions for value in session]
        return Samples(aggregate(joined, "median"), len(joined), lambda: sessions)

    return Pair(side(before), side(after), limit, exact=entry.unit in EXACT_UNITS)
