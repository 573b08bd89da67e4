"""Is a baseline clean against itself: what `compare --sanity` checks in both modes, and its report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchgov.baselines.active import ActiveBaselines, Stored
from benchgov.baselines.model import Baseline
from benchgov.config import Policy
from benchgov.gate.compare import RULES, compare
from benchgov.gate.comparison import Comparison, Finding
from benchgov.gate.policy import GatePolicy
from benchgov.report import Metric, Report, Run
from benchgov.units import plain_percent, signed_percent

_SAME_PERCENT = 1e-6
_HARMLESS = {"unchanged", "inconclusive"}


@dataclass(frozen=True)
class Checked:
    """One baseline: its comparison with itself by mode, and those of its raw reports, each on its own."""

    baseline: Baseline
    by_mode: dict[str, Comparison]
    sessions: tuple[Comparison, ...]

    @property
    def clean(self) -> bool:
        """Whether it is the same as itself in every mode."""
        return all(is_clean(one) for one in self.by_mode.values())


def check(stored: Stored, policy: Policy) -> Checked:
    """Hold the baseline's own samples against it in every mode, with the limits that it carries.

    Raises:
        TamperError: a raw report is not what was published.
    """
    reports = list(stored.read_raw())
    alone, own = ActiveBaselines.of(stored), joined(reports)
    sessions = reports if len(reports) > 1 else []
    return Checked(
        stored.baseline,
        {
            mode: compare(own, alone, GatePolicy(mode, settings=policy))
            for mode in sorted(RULES, reverse=True)
        },
        tuple(compare(report, alone, GatePolicy("threshold", settings=policy)) for report in sessions),
    )


def is_clean(comparison: Comparison) -> bool:
    """No change anywhere, and nothing missing; "inconclusive" is clean, where the samples are too few."""
    return bool(comparison.findings) and all(map(_unchanged, comparison.findings))


def _unchanged(one: Finding) -> bool:
    change = one.change_percent
    return one.verdict in _HARMLESS and change is not None and abs(change) <= _SAME_PERCENT


def joined(reports: Sequence[Report]) -> Report:
    """The reports of one baseline as one report: the samples of every metric one after another."""
    others = [{run.key: run for run in report.runs} for report in reports]
    runs = tuple(_joined_run([runs[run.key] for runs in others]) for run in reports[0].runs)
    return reports[0].model_copy(update={"runs": runs})


def _joined_run(runs: Sequence[Run]) -> Run:
    by_name = [{metric.name: metric for metric in run.metrics} for run in runs]
    isolation = runs[0].sampling.isolation
    metrics = tuple(_joined_metric([metrics[name] for metrics in by_name], isolation) for name in by_name[0])
    return runs[0].model_copy(update={"metrics": metrics})


def _joined_metric(metrics: Sequence[Metric], isolation: str) -> Metric:
    samples = tuple(sample for metric in metrics for sample in metric.samples)
    processes: tuple[int, ...] = ()
    if isolation != "process" or any(metric.processes for metric in metrics):
        processes = tuple(size for metric in metrics for size in _processes(metric, isolation))
    return metrics[0].model_copy(update={"samples": samples, "processes": processes, "reference": ()})


def _processes(metric: Metric, isolation: str) -> tuple[int, ...]:
    """How many consecutive samples each process gave: without a word, one each, or one gave all."""
    alone = (1,) * len(metric.samples) if isolation == "process" else (len(metric.samples),)
    return metric.processes or alone


def sanity_page(regime: str, checked: Sequence[Checked]) -> str:
    """The report as plain text: what was compared, what was found, the verdict. Same baselines, same text."""
    lines = [
        "CI comparison report: every active baseline against itself",
        "Written by `benchgov compare --sanity`; do not edit.",
        "",
        f"regime: {regime}",
    ]
    for one in sorted(checked, key=lambda item: (item.baseline.suite, item.baseline.baseline_id)):
        lines += ["", *_lines(one)]
    return (
        "\n".join([*lines, "", f"verdict: {'clean' if all(one.clean for one in checked) else 'NOT CLEAN'}"])
        + "\n"
    )


def _lines(one: Checked) -> Iterator[str]:
    made, facts = one.baseline, one.baseline.facts
    metrics = sum(len(run.metrics) for run in made.entries)
    yield f"suite {made.suite}: baseline {made.baseline_id}"
    yield f"  environment: {facts.cpu_model} x {facts.cpu_count}, {facts.os}, {facts.arch}"
    yield f"  fingerprint: {made.fingerprint}"
    yield f"  thresholds: {f'derived, {made.derivation}' if made.derivation else 'by policy'}"
    yield f"  compared: {len(made.entries):,} runs, {metrics:,} metrics, {len(made.raw):,} raw reports"
    yield "  checksums: as published"
    for mode, comparison in one.by_mode.items():
        yield f"  {mode}: {'clean' if is_clean(comparison) else 'NOT CLEAN'} ({_counts(comparison)})"
        for finding in comparison.findings:
            if not _unchanged(finding):
                yield f"    {finding.sentence}"
    if one.sessions:
        yield _sessions(one.sessions)


def _counts(comparison: Comparison) -> str:
    counts = Counter[str](finding.verdict for finding in comparison.findings)
    return ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items())) or comparison.reason


def _sessions(comparisons: Sequence[Comparison]) -> str:
    """A remark, not a check: a limit that its own sessions break is narrower than the noise."""
    over = [one for report in comparisons for one in report.findings if one.verdict == "regression"]
    if not over:
        return f"  sessions: all {len(comparisons)} raw reports are within the limits"
    worst = max(over, key=lambda one: (abs(one.change_percent or 0.0), one.benchmark, one.metric))
    return (
        f"  sessions: {len(over):,} metrics of the raw reports are over their own limits, the most "
        f"{worst.benchmark} {worst.metric}: {signed_percent(worst.change_percent or 0.0)} at a limit of "
        f"{plain_percent(worst.threshold_percent or 0.0)}; derive the thresholds"
    )
