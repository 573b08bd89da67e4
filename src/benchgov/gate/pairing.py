"""Hold a report's runs against their baselines: which metrics can be compared, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import NamedTuple

from benchgov.baselines.active import ActiveBaselines, ActiveRun, independent
from benchgov.baselines.aggregate import aggregate
from benchgov.baselines.model import Baseline, BaselineRun, Entry
from benchgov.gate.comparison import FindingVerdict
from benchgov.gate.decide import Limit, Pair, Samples
from benchgov.gate.policy import GatePolicy
from benchgov.report import Metric, Report, Run, Source, Verdict


class Before(NamedTuple):
    """What a metric is held against: its value in `unit`, and how many samples are behind it."""

    value: float
    unit: str
    samples: int

    @classmethod
    def of(cls, entry: Entry) -> Before:
        """What a baseline has."""
        return cls(entry.value, entry.unit, entry.samples)


class Row(NamedTuple):
    """One metric of one run on either side, before it is judged.

    With a `pair` a rule decides. Without one, `verdict` and `effect` (on the whole comparison) are certain
    already, and `reason` is the sentence's last part.
    """

    run: Run | BaselineRun
    metric: Metric | Entry
    family: str
    before: Before | None = None
    current: float | None = None
    pair: Pair | None = None
    verdict: FindingVerdict = "not-comparable"
    effect: Verdict = "not-comparable"
    reason: str = ""

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.metric.name if isinstance(self.metric, Metric) else self.metric.metric

    @property
    def sample_count(self) -> int:
        """How many samples the report has of it."""
        return len(self.metric.samples) if isinstance(self.metric, Metric) else 0

    @property
    def source(self) -> Source | None:
        """Where the benchmark is written down, if the report has it."""
        return self.run.source if isinstance(self.run, Run) else None


EXACT_UNITS = frozenset({"count", "bytes"})
"""Units of what is counted: these may repeat without noise. A clock that repeats is only coarse."""


def rows(report: Report, baselines: ActiveBaselines, policy: GatePolicy) -> Iterator[Row]:
    """Every metric of both sides once: in report order, then what only the baseline has, in its order."""
    reported = set()
    for run in report.runs:
        reported.add(key := run.key)
        active = baselines.runs.get(key)
        if active is None:
            yield from (new_row(run, metric) for metric in run.metrics if run.run_is_valid)
        elif not run.run_is_valid:
            yield from (_invalid(run, active, entry) for entry in active.run.metrics)
        else:
            yield from _metrics(run, active, policy)
    for key, active in baselines.runs.items():
        if key not in reported:
            yield from (_missing(active, entry, policy) for entry in active.run.metrics)


def _metrics(run: Run, active: ActiveRun, policy: GatePolicy) -> Iterator[Row]:
    entries = {entry.metric: entry for entry in active.run.metrics}
    for metric in run.metrics:
        entry = entries.pop(metric.name, None)
        yield new_row(run, metric) if entry is None else _both(run, metric, active, entry, policy)
    yield from (_missing(active, entry, policy) for entry in entries.values())


def _both(run: Run, metric: Metric, active: ActiveRun, entry: Entry, policy: GatePolicy) -> Row:
    family = active.run.family  # the baseline's: a pull request cannot move a benchmark to a laxer family
    value = aggregate(metric.samples, metric.aggregate)
    reason = _obstacle(run, metric, active, entry, value)
    if reason:
        return Row(run, metric, family, before=Before.of(entry), current=value, reason=reason)
    key = run.key
    pair = Pair(
        Samples(entry.value, entry.samples, lambda: active.stored.sessions(key, entry.metric)),
        Samples(value, len(metric.samples), lambda: (independent(metric, run.sampling.isolation),)),
        limit_of(policy, active.stored.baseline, family, metric, active.stored.baseline.banded.get(key, {})),
        aggregate=metric.aggregate,
        exact=metric.unit in EXACT_UNITS,
    )
    return Row(run, metric, family, before=Before.of(entry), current=value, pair=pair)


def limit_of(
    policy: GatePolicy,
    baseline: Baseline | None,
    family: str,
    metric: Metric,
    banded: Mapping[str, float] = {},
) -> Limit:
    """What `metric` of `family` is held to; `banded` are the limits of the run's scale band."""
    percent = policy.limit(baseline, family, metric.name, banded)
    return Limit(percent, metric.direction, policy.floor(family, metric.name))


def _obstacle(run: Run, metric: Metric, active: ActiveRun, entry: Entry, value: float) -> str | None:
    """Why two values of one name do not measure the same thing, or give no ratio."""
    changes = (
        ("unit", entry.unit, metric.unit),
        ("direction", entry.direction, metric.direction),
        ("aggregate", entry.aggregate, metric.aggregate),
        ("isolation of the samples", active.run.isolation, run.sampling.isolation),
    )
    for what, before, now in changes:
        if before != now:
            return f"its {what} changed from {before!r} to {now!r}"
    return no_ratio(entry.value, value)


def no_ratio(before: float, after: float) -> str | None:
    """Why two values give no percentage, if they do not."""
    if before == 0.0:
        return None if after == 0.0 else "the baseline is 0, and no percentage can be taken of that"
    if not isfinite((after - before) / before * 100.0):
        return "the two values are too far apart for a percentage"
    return None


def new_row(run: Run, metric: Metric) -> Row:
    """A metric that only the report has."""
    value = aggregate(metric.samples, metric.aggregate)
    return Row(
        run,
        metric,
        run.family,
        current=value,
        verdict="new",
        effect="pass",
        reason="the baseline does not have it",
    )


def _invalid(run: Run, active: ActiveRun, entry: Entry) -> Row:
    reason = f"the run {what_failed(run.overall, run.reason)}"
    return Row(run, entry, active.run.family, before=Before.of(entry), effect="blocked", reason=reason)


def what_failed(overall: str, reason: str) -> str:
    """`could not be measured (exit code 3)`."""
    done = {"blocked": "could not be measured", "fail": "did the wrong thing"}.get(overall, "is not valid")
    return done + (f" ({reason})" if reason else "")


def _missing(active: ActiveRun, entry: Entry, policy: GatePolicy) -> Row:
    blocks = policy.blocks_missing(active.stored.baseline)
    reason = "only the baseline has it" + ("" if blocks else ", which the policy allows")
    return Row(
        active.run,
        entry,
        active.run.family,
        before=Before.of(entry),
        verdict="missing",
        effect="blocked" if blocks else "pass",
        reason=reason,
    )
