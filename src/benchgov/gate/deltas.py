"""A recorded run in the shape of the `report` contract: benchmarks with times, deltas and a status. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from benchgov.baselines.active import ActiveBaselines
from benchgov.baselines.standing import Standing
from benchgov.gate.comparison import Comparison, Finding
from benchgov.report import Report, Run, run_key
from benchgov.wire import Utc, Wire

_MB = 1_000_000.0
_NS_PER_MS = 1_000_000.0


class ScenarioDelta(Wire):
    """One run of a report: median wall time and peak memory, and their changes against the baseline.

    `peak_memory_mb` counts in 10^6 bytes. What was not measured, or has no baseline, is None.
    """

    scenario_id: str
    status: Standing
    runtime_ms: float | None = None
    runtime_delta_percent: float | None = None
    peak_memory_mb: float | None = None
    memory_delta_percent: float | None = None
    baseline_id: str | None = None
    artifacts: dict[str, str] = {}
    notes: str = ""


class Deltas(Wire):
    """What `report --deltas --format json` prints."""

    run_id: str
    generated_at: Utc
    scenarios: tuple[ScenarioDelta, ...]
    summary: dict[str, int]


@dataclass(frozen=True)
class RunFiles:
    """The id of a recorded run, and its files: what each is → its path."""

    run_id: str
    artifacts: Mapping[str, str]


def deltas(
    files: RunFiles, report: Report, baselines: ActiveBaselines, comparison: Comparison, now: datetime
) -> Deltas:
    """Every run of `report` with its deltas, then what only the baselines have.

    `comparison` is that of `report` with `baselines`.
    """
    findings: dict[str, list[Finding]] = {}
    for one in comparison.findings:
        findings.setdefault(run_key(one.benchmark, one.scale, one.variant), []).append(one)
    rows = []
    for run in report.runs:
        active = baselines.runs.get(run.key)
        name = active.stored.baseline.baseline_id if active else None
        rows.append(_row(run, findings.pop(run.key, []), name, files))
    rows += [_missing(key, found, baselines) for key, found in findings.items()]
    counts = Counter(row.status for row in rows)
    summary = {
        "regressions": counts["regression"],
        "blocked": counts["blocked"],
        "provisional": counts["provisional"],
    }
    return Deltas(run_id=files.run_id, generated_at=now, scenarios=tuple(rows), summary=summary)


def _row(run: Run, findings: Sequence[Finding], baseline_id: str | None, files: RunFiles) -> ScenarioDelta:
    by_metric = {one.metric: one for one in findings}
    return ScenarioDelta(
        scenario_id=run.key,
        status=status(run, findings),
        runtime_ms=_median(run, "wall_time", _NS_PER_MS),
        runtime_delta_percent=_change(by_metric.get("wall_time")),
        peak_memory_mb=_median(run, "peak_memory", _MB),
        memory_delta_percent=_change(by_metric.get("peak_memory")),
        baseline_id=baseline_id,
        artifacts=dict(files.artifacts),
        notes="; ".join(filter(None, (run.reason, *run.notes))),
    )


def _missing(key: str, findings: Sequence[Finding], baselines: ActiveBaselines) -> ScenarioDelta:
    active = baselines.runs.get(key)
    name = active.stored.baseline.baseline_id if active else None
    return ScenarioDelta(scenario_id=key, status="blocked", baseline_id=name, notes=findings[0].sentence)


def status(run: Run, findings: Sequence[Finding]) -> Standing:
    """The status of one run: a wrong result counts as a regression, and what no baseline confirms is
    provisional.
    """
    verdicts = {one.verdict for one in findings}
    if run.overall == "fail" or "regression" in verdicts:
        return "regression"
    if not run.run_is_valid:
        return "blocked"
    return "pass" if verdicts and verdicts <= {"unchanged", "improvement"} else "provisional"


def _median(run: Run, metric: str, per_unit: float) -> float | None:
    """The median of a metric that is in the unit that the name of its column promises."""
    unit = {"wall_time": "ns", "peak_memory": "bytes"}[metric]
    found = next((one for one in run.metrics if one.name == metric and one.unit == unit), None)
    return median(found.samples) / per_unit if found else None


def _change(one: Finding | None) -> float | None:
    return one.change_percent if one else None
