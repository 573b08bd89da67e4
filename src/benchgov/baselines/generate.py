"""Reports → baseline: check every rule, join the samples, condense them. Pure; the store writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchgov.baselines.aggregate import aggregate
from benchgov.baselines.derived import Derivation
from benchgov.baselines.model import Approval, Baseline, BaselineRun, Entry, Provenance
from benchgov.baselines.thresholds import banded_thresholds, resolve
from benchgov.canonical import blake3_hex, sha256_hex
from benchgov.config import MetricThresholds, Policy
from benchgov.errors import InputError, RefusedError
from benchgov.replay.section import BUILD_OUTSIDE_PLAN_FIELDS
from benchgov.report import Metric, Report, Run
from benchgov.suites.bands import ScaleRules
from benchgov.suites.part import MIN_RUNS, MIN_WARMUP


@dataclass(frozen=True)
class Draft:
    """A baseline that may be published, its raw reports (file name → content), and its derivation's bytes."""

    baseline: Baseline
    raw: Mapping[str, bytes]
    derivation: bytes | None = None


@dataclass(frozen=True)
class Origin:
    """Who makes a baseline, when and with which command."""

    command: str
    created_by: str
    now: datetime


@dataclass(frozen=True)
class Limits:
    """Where a baseline's thresholds come from: policy, the suite's families and bands, derived ones."""

    policy: Policy
    families: Mapping[str, MetricThresholds]
    derivation: Derivation | None = None
    scales: ScaleRules = field(default_factory=ScaleRules)

    def of(self, reports: Sequence[Report]) -> dict[str, MetricThresholds]:
        """family → metric → percent for everything that `reports` (of one plan) have."""
        pairs = [(run.family, metric.name) for run in reports[0].runs for metric in run.metrics]
        derived = self.derivation.limits() if self.derivation else None
        return resolve(pairs, self.policy, self.families, derived)


def draft(
    reports: Sequence[Report], limits: Limits, origin: Origin, approval: Approval | None = None
) -> Draft:
    """The baseline that `reports` (at least one, all of one plan) make; samples are joined, run by run.

    A dirty work tree is noted in the provenance, not refused.

    Raises:
        RefusedError: a rule is not kept; one detail per breach, each with the rule's name.
    """
    if found := breaches(reports):
        raise RefusedError(f"{reports[0].config.suite}: no baseline can be made of this", details=found)
    raw = {f"report-{number:03}.json": report.to_bytes() for number, report in enumerate(reports, 1)}
    first, policy, entries = reports[0], limits.policy, condense(reports)
    derivation = limits.derivation.to_bytes() if limits.derivation else None
    unnamed = Baseline(
        schema_version=1,
        baseline_id=f"{origin.now:%Y%m%dT%H%M%SZ}-00000000",
        suite=first.config.suite,
        suite_sha256=first.config.suite_sha256,
        regime=first.config.regime,
        fingerprint=first.environment.fingerprint,
        facts=first.environment.facts,
        authoritative=all(report.summary.authoritative for report in reports),
        created_at_utc=origin.now,
        provenance=Provenance(
            commit=first.config.revision,
            dirty=_dirty(reports),
            command=origin.command,
            created_by=origin.created_by,
        ),
        warmup=min(run.sampling.warmup for report in reports for run in report.runs),
        runs=min(_sampled(reports).values()),
        selection=first.config.selection,
        values=first.config.values,
        thresholds=limits.of(reports),
        default_threshold=policy.default_threshold,
        missing=policy.missing,
        raw={name: sha256_hex(data) for name, data in raw.items()},
        entries=entries,
        banded=banded_thresholds(entries, policy, limits.scales),
        derivation=blake3_hex(derivation) if derivation else None,
        approval=approval,
    )
    return Draft(unnamed.model_copy(update={"baseline_id": unnamed.content_id()}), raw, derivation)


def breaches(reports: Sequence[Report]) -> list[str]:
    """Every rule that `reports` do not keep in order to become a baseline, each with its name."""
    return [*one_plan(reports), *clean(reports), *_enough(reports)]


def one_plan(reports: Sequence[Report]) -> Iterator[str]:
    """The breaches of rule `one-plan`: what sets a report apart from the first."""
    first = reports[0]
    shapes = _shape(first)
    for number, report in enumerate(reports[1:], 2):
        for what, left, right in (
            ("suite", first.config.suite, report.config.suite),
            ("regime", first.config.regime, report.config.regime),
            ("environment fingerprint", first.environment.fingerprint, report.environment.fingerprint),
            ("revision", first.config.revision, report.config.revision),
        ):
            if left != right:
                yield f"rule one-plan: report {number} has another {what}: {right}, the first has {left}"
        if _asked(report) != _asked(first):
            yield f"rule one-plan: report {number} was measured with another configuration than the first"
        if _shape(report) != shapes:
            yield f"rule one-plan: report {number} has other runs or metrics than the first"
        if report in reports[: number - 1]:
            yield f"rule one-plan: report {number} is there twice"


def _asked(report: Report) -> dict[str, object]:
    """The config, without what has a line of its own; and without what a build prints, which differs."""
    exclude = {"suite": True, "regime": True, "revision": True, "dirty": True}
    return report.config.model_dump(exclude={**exclude, "build": set(BUILD_OUTSIDE_PLAN_FIELDS)})


def _shape(report: Report) -> dict[str, object]:
    return {
        run.key: (
            run.family,
            run.sampling.isolation,
            [(metric.name, metric.unit, metric.direction, metric.aggregate) for metric in run.metrics],
        )
        for run in report.runs
    }


def clean(reports: Sequence[Report]) -> Iterator[str]:
    """The breaches of the rules `pinned-environment` and `all-pass`."""
    for report in reports:
        if report.environment.gate == "drift":
            names = ", ".join(drift.name for drift in report.environment.drift)
            yield f"rule pinned-environment: the environment has drifted ({names or 'see verify-env'})"
        for run in report.runs:
            if not (run.ok and run.run_is_valid):
                reason = f": {run.reason}" if run.reason else ""
                yield f"rule all-pass: {run.key} is {'not valid' if run.ok else run.overall}{reason}"


def _enough(reports: Sequence[Report]) -> Iterator[str]:
    for report in reports:
        for run in report.runs:
            # Other tools warm up in their own ways, and few say how (docs/adr/0013-imported-results.md).
            if run.sampling.isolation != "imported" and run.sampling.warmup < MIN_WARMUP:
                yield f"rule minimum-warmup: at least {MIN_WARMUP}, {run.key} had {run.sampling.warmup}"
    for key, count in _sampled(reports).items():
        if count < MIN_RUNS:
            yield f"rule minimum-runs: at least {MIN_RUNS}, {key} had {count}"


def _sampled(reports: Sequence[Report]) -> dict[str, int]:
    """Measured runs by run key, over all reports: the fewest samples of any metric that is not a count.

    Counts (instructions) are exempt: they repeat exactly, so the harness takes few of them.
    """
    counts: dict[str, int] = {}
    for report in reports:
        for run in report.runs:
            counts[run.key] = counts.get(run.key, 0) + _runs_of(run)
    return counts


def _runs_of(run: Run) -> int:
    sampled = [len(metric.samples) for metric in run.metrics if metric.unit != "count"]
    if run.sampling.isolation == "imported":  # a tool may give one mean beside the samples of its main metric
        return min(run.sampling.runs, max(sampled, default=run.sampling.runs))
    return min([run.sampling.runs, *sampled])


def condense(reports: Sequence[Report]) -> tuple[BaselineRun, ...]:
    """The entries that `reports` make: one per run of the first, every metric condensed over all of them.

    Raises:
        InputError: the reports do not have the same runs and metrics.
    """
    if any(_shape(report) != _shape(reports[0]) for report in reports[1:]):
        raise InputError("the reports do not have the same runs and metrics")
    joined = [{run.key: {one.name: one for one in run.metrics} for run in report.runs} for report in reports]
    return tuple(
        BaselineRun(
            benchmark=run.benchmark,
            scale=run.scale,
            variant=run.variant,
            family=run.family,
            isolation=run.sampling.isolation,
            metrics=tuple(_entry([report[run.key][one.name] for report in joined]) for one in run.metrics),
        )
        for run in reports[0].runs
        if run.sampling.isolation != "functional"  # no measurement, and never long enough to be one
    )


def _entry(metrics: Sequence[Metric]) -> Entry:
    first = metrics[0]
    samples = [sample for metric in metrics for sample in metric.samples]
    return Entry(
        metric=first.name,
        unit=first.unit,
        direction=first.direction,
        aggregate=first.aggregate,
        value=aggregate(samples, first.aggregate),
        samples=len(samples),
    )


def _dirty(reports: Sequence[Report]) -> bool | None:
    states = [report.config.dirty for report in reports]
    return True if True in states else None if None in states else False
