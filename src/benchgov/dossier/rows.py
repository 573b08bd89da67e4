"""Report and comparison → rows, families and counts, in linear time but for sorting."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from benchgov.baselines.aggregate import aggregate
from benchgov.dossier.model import VERDICT_ORDER, Concern, Family, MetricTable, Row, RowVerdict
from benchgov.gate.comparison import Comparison, FamilyFinding, Finding
from benchgov.report import Metric, Report, Run, run_key

_METRIC_ORDER = ("wall_time", "cpu_time", "peak_memory", "instructions")
_NOT_FINE = frozenset(VERDICT_ORDER[: VERDICT_ORDER.index("inconclusive") + 1])
_RANK = {verdict: rank for rank, verdict in enumerate(VERDICT_ORDER)}

Key = tuple[str, str]
"""(run key, metric)."""

SampleSource = Callable[[str, str], Sequence[float]]
"""(run key, metric) → the raw samples behind the baseline's value; empty when they are not known."""


def unknown_samples(key: str, metric: str) -> Sequence[float]:  # noqa: ARG001 - the shape of a SampleSource
    """The source of one who has only the comparison."""
    return ()


def make_rows(report: Report, comparison: Comparison | None, source: SampleSource) -> tuple[Row, ...]:
    """One row per metric of every run, in report order; then the findings that no run stands behind."""
    findings = {_key(finding): finding for finding in (comparison.findings if comparison else ())}
    rows = [
        _row(run, metric, findings.pop((run.key, metric.name), None), source)
        for run in report.runs
        for metric in run.metrics
    ]
    return (*rows, *(_row_without_run(finding) for finding in findings.values()))


def _key(finding: Finding) -> Key:
    return run_key(finding.benchmark, finding.scale, finding.variant), finding.metric


def _row(run: Run, metric: Metric, finding: Finding | None, source: SampleSource) -> Row:
    compared = finding is not None and finding.baseline_value is not None
    current = finding.current_value if finding else None
    return Row(
        key=run.key,
        benchmark=run.benchmark,
        scale=run.scale,
        variant=run.variant,
        family=run.family,
        metric=metric.name,
        unit=metric.unit,
        direction=metric.direction,
        aggregate=metric.aggregate,
        verdict=_verdict(run, finding),
        samples=metric.samples,
        baseline_samples=metric.reference or (tuple(source(run.key, metric.name)) if compared else ()),
        value=aggregate(metric.samples, metric.aggregate) if current is None else current,
        quartiles=_quartiles(metric.samples),
        sentence=finding.sentence if finding else run.reason,
        baseline=finding.baseline_value if finding else None,
        change=finding.change_percent if finding else None,
        limit=finding.limit_percent if finding else None,
        detectable=finding.minimum_detectable_percent if finding else None,
        interval=finding.interval_percent if finding else None,
    )


def _verdict(run: Run, finding: Finding | None) -> RowVerdict:
    if run.overall == "fail":
        return "failed"
    if not run.run_is_valid:
        return "blocked"
    return finding.verdict if finding else "not-compared"


def _row_without_run(finding: Finding) -> Row:
    return Row(
        key=_key(finding)[0],
        benchmark=finding.benchmark,
        scale=finding.scale,
        variant=finding.variant,
        family=finding.family,
        metric=finding.metric,
        unit=finding.unit,
        direction=finding.direction,
        aggregate=finding.aggregate,
        verdict=finding.verdict,
        value=finding.current_value,
        sentence=finding.sentence,
        baseline=finding.baseline_value,
        change=finding.change_percent,
        limit=finding.limit_percent,
        detectable=finding.minimum_detectable_percent,
        interval=finding.interval_percent,
    )


def _quartiles(samples: Sequence[float]) -> tuple[float, float]:
    """The first and third quartile, by linear interpolation (Hyndman and Fan 1996, definition 7)."""
    if len(samples) == 1:
        return samples[0], samples[0]
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, high


def metric_names(rows: Iterable[Row]) -> tuple[str, ...]:
    """The metrics that occur: the harness's own first, then others in order of appearance."""
    seen = dict.fromkeys(row.metric for row in rows)
    return (*(name for name in _METRIC_ORDER if name in seen), *(n for n in seen if n not in _METRIC_ORDER))


def make_families(
    rows: Sequence[Row], comparison: Comparison | None, metrics: Sequence[str], report: Report
) -> tuple[Family, ...]:
    """Rows by family and metric, worst first; families in the comparison's order, then by appearance."""
    judged = {found.family: found for found in (comparison.families if comparison else ())}
    groups: dict[str, dict[str, list[Row]]] = {name: {} for name in judged}
    for name in (run.family for run in report.runs):
        groups.setdefault(name, {})
    for row in rows:
        groups.setdefault(row.family, {}).setdefault(row.metric, []).append(row)
    return tuple(_family(name, group, judged.get(name), metrics) for name, group in groups.items())


def _family(
    name: str, group: Mapping[str, list[Row]], judged: FamilyFinding | None, metrics: Sequence[str]
) -> Family:
    means = judged.geometric_mean_percent if judged else {}
    return Family(
        name=name,
        verdict=judged.verdict if judged else "not-compared",
        counts=count_verdicts(row for rows in group.values() for row in rows),
        tables=tuple(
            _table(metric, group[metric], means.get(metric)) for metric in metrics if metric in group
        ),
    )


def _table(metric: str, rows: list[Row], mean: float | None) -> MetricTable:
    limits = sorted({row.limit for row in rows if row.limit is not None})
    return MetricTable(metric, worst_first(rows), mean, tuple(limits))


def worst_first(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows by verdict, then by the size of the change, then as they came."""
    return tuple(sorted(rows, key=lambda row: (_RANK[row.verdict], -abs(row.change or 0.0))))


def make_concerns(rows: Iterable[Row]) -> tuple[Concern, ...]:
    """The runs with a finding that is not fine, worst first."""
    groups: dict[str, list[Row]] = {}
    for row in worst_first(rows):
        if row.verdict in _NOT_FINE:
            groups.setdefault(row.key, []).append(row)
    return tuple(Concern(key, tuple(group)) for key, group in groups.items())


def count_verdicts(rows: Iterable[Row]) -> dict[RowVerdict, int]:
    """How many rows have each verdict, worst first; verdicts that do not occur are left out."""
    counts = Counter(row.verdict for row in rows)
    return {verdict: counts[verdict] for verdict in VERDICT_ORDER if counts[verdict]}
