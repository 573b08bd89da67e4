"""Execute a source as often as its plan says; stop at the first failure; keep every log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchgov.adapters.names import rules_of
from benchgov.canonical import Json
from benchgov.measure.plan import Plan, PlannedSource
from benchgov.measure.progress import Progress
from benchgov.measure.source import Execution, Means, Place, execute
from benchgov.measure.source_runs import Context, runs_of
from benchgov.report import Run


@dataclass(frozen=True)
class SourceRuns:
    """The runs of a source, the raw samples of each, and the logs of each execution: file name → JSON."""

    runs: list[Run]
    samples: list[Json]
    logs: Mapping[str, Json]


def measure_source(
    planned: PlannedSource, plan: Plan, place: Place, means: Means, progress: Progress
) -> SourceRuns:
    """Warm-ups and measured executions of one source, one after the other; what goes wrong is in the runs."""
    progress.begin(planned)
    executions: list[Execution] = []
    for number in range(1, planned.executions + 1):
        progress.executing(planned, number, planned.executions)
        executions.append(execute(planned.entry, place, means, planned.timeout_seconds))
        if executions[-1].fault:
            break
    families = rules_of(plan.suite.manifest.family_rules())
    runs = runs_of(executions, Context(planned, plan.suite.path, families, plan.selection))
    progress.found(len(runs))
    for run in runs:
        progress.done(run)
    logs = logs_json(planned, executions)
    return SourceRuns(runs, [samples_json(planned, run) for run in runs], logs)


def samples_json(planned: PlannedSource, run: Run) -> Json:
    """The raw samples of one of the source's runs, as a file of its own."""
    return {
        "source": planned.key,
        "isolation": run.sampling.isolation,
        "warmup": run.sampling.warmup,
        "iterations": run.sampling.iterations,
        "samples": {metric.name: list(metric.samples) for metric in run.metrics},
    }


def logs_json(planned: PlannedSource, executions: Sequence[Execution]) -> dict[str, Json]:
    """The logs of every execution: file name → JSON."""
    return {
        f"{planned.key}-execution-{number:03}.json": _logged(planned, number, execution)
        for number, execution in enumerate(executions, 1)
    }


def _logged(planned: PlannedSource, number: int, execution: Execution) -> Json:
    """One execution as a file of the run's folder: every log whole, with its digest."""
    return {
        "source": planned.key,
        "execution": number,
        "warmup": number <= planned.warmup,
        "fault": execution.fault,
        "stderr_tail": execution.tail,
        "tools": [
            {"name": one.tool, "version": one.tool_version, "log": one.log.where, "machine": dict(one.facts)}
            for one in execution.readings
        ],
        "logs": [{"log": log.where, "sha256": log.sha256, "text": log.text} for log in execution.logs],
    }
