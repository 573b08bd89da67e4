"""Executions of a source → runs: one sample of each execution, or the tool's own samples. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchgov.adapters.assemble import features, no_metric, signature
from benchgov.adapters.names import Rule, family_of
from benchgov.adapters.results import Result, Shape, listed, shape_of
from benchgov.measure.plan import PlannedSource
from benchgov.measure.source import Execution
from benchgov.report import Metric, Run, Sampling, Source
from benchgov.suites.select import fits, names
from benchgov.suites.source import FROM_GROUP

Key = tuple[str, str]
"""(tool, id) of a benchmark."""


@dataclass(frozen=True)
class Context:
    """What runs of one source have in common: its plan, the manifest's path, family rules, the selection."""

    planned: PlannedSource
    manifest: str
    families: Sequence[Rule]
    selection: Sequence[str]


def runs_of(executions: Sequence[Execution], context: Context) -> list[Run]:
    """The runs of `executions`: all that were planned, or those up to one that failed.

    With a failure everything that is known of the source is blocked, because none of it has all its samples.
    Without one, a benchmark is blocked by itself when an execution lacks it or has other units. A selection
    by family may leave nothing; one by id that does is blocked.
    """
    found: dict[Key, list[Result | None]] = {}
    for number, execution in enumerate(executions):
        for one in execution.results:
            found.setdefault((one.tool, one.id), [None] * len(executions))[number] = one
    failed = executions[-1] if executions[-1].fault else None
    why = f"{_ordinal(len(executions), context.planned)}: {failed.fault}" if failed else ""
    runs = list(_selected(found, executions, context, why))
    if failed:
        runs = [run.model_copy(update={"stderr_tail": failed.tail}) for run in runs]
    if not found:
        why = why or "no execution gave a benchmark"
        return [unmeasured(context.planned, why, context.manifest, failed.tail if failed else "")]
    missed = [pattern for pattern in context.selection if names(context.planned.entry, pattern)]
    if missed and not runs:
        reason = f"none of its {len(found)} benchmarks fits {', '.join(missed)}"
        return [unmeasured(context.planned, reason, context.manifest)]
    return runs


def unmeasured(planned: PlannedSource, reason: str, manifest: str, tail: str = "") -> Run:
    """The run that stands for a source of which no benchmark is known."""
    return Run(
        benchmark=planned.entry.id,
        variant=planned.entry.source.tool,
        family=planned.entry.family,
        signature=planned.entry.id,
        protocol=planned.protocol,
        protocol_sha256=planned.protocol_sha256,
        source=Source(path=manifest, line=planned.line),
        overall="blocked",
        ok=False,
        run_is_valid=False,
        layers={"execution": "blocked"},
        reason=reason,
        stderr_tail=tail,
        sampling=Sampling(isolation=planned.isolation, warmup=0, runs=0, iterations=1),
    )


def _selected(
    found: Mapping[Key, Sequence[Result | None]],
    executions: Sequence[Execution],
    context: Context,
    why: str,
) -> Iterator[Run]:
    entry = context.planned.entry
    notes = tuple(dict.fromkeys(note for execution in executions for note in execution.notes))
    if any(execution.processes_left for execution in executions):
        notes += ("it left processes running, which were ended",)
    for given in found.values():
        first = next(one for one in given if one is not None)
        family = _family(first, context)
        if fits(entry, first.id, family, context.selection):
            yield _run(given, family, context, (why or _difference(given, context.planned), notes))


def _family(one: Result, context: Context) -> str:
    """That of the first `match` that fits, else the entry's own; or the tool's group, else the tool."""
    own = context.planned.entry.family
    group = one.first.group if own == FROM_GROUP else ""
    return family_of(one.first.name, group, one.tool if own == FROM_GROUP else own, context.families)


def _run(
    given: Sequence[Result | None], family: str, context: Context, said: tuple[str, tuple[str, ...]]
) -> Run:
    planned = context.planned
    reason, notes = said
    there = [one for one in given if one is not None]
    notes = (*dict.fromkeys(note for one in there for note in one.notes), *notes)
    recorded = [one.metrics() for one in there[planned.warmup :]] if not reason else []
    metrics = _condensed(recorded) if planned.isolation == "process" else (recorded or [()])[0]
    if not reason and not metrics:
        reason = no_metric(notes)
    first = there[0].first
    verdict: Literal["pass", "blocked"] = "blocked" if reason else "pass"
    return Run(
        benchmark=there[0].id,
        variant=there[0].tool,
        family=family,
        signature=signature(first),
        protocol=planned.protocol,
        protocol_sha256=planned.protocol_sha256,
        source=Source(path=context.manifest, line=planned.line),
        features=features(first.parameters),
        overall=verdict,
        ok=not reason,
        run_is_valid=not reason,
        layers={"execution": verdict},
        reason=reason,
        notes=notes,
        sampling=_sampling(planned, there, recorded),
        metrics=metrics,
    )


def _difference(given: Sequence[Result | None], planned: PlannedSource) -> str:
    """Why the executions' values of one benchmark are not samples of one thing; empty when they are."""
    known: tuple[int, Shape] | None = None
    for number, one in enumerate(given, 1):
        if one is None:
            return f"{_ordinal(number, planned)} does not have it, and others do"
        shape = shape_of(one.metrics())
        known = known or (number, shape)
        if shape != known[1]:
            return (
                f"{_ordinal(number, planned)} has {listed(shape)}, "
                f"and {_ordinal(known[0], planned)} {listed(known[1])}"
            )
    return ""


def _ordinal(number: int, planned: PlannedSource) -> str:
    warm_up = ", a warm-up" if number <= planned.warmup else ""
    return f"execution {number} of {planned.executions}{warm_up}"


def _condensed(recorded: Sequence[Sequence[Metric]]) -> tuple[Metric, ...]:
    """One sample of each execution: the median of what the tool took in it, which is not independent."""
    by_name = [{metric.name: metric.samples for metric in metrics} for metrics in recorded]
    return tuple(
        metric.model_copy(
            update={"samples": tuple(float(median(one[metric.name])) for one in by_name), "processes": ()}
        )
        for metric in (recorded[0] if recorded else ())
    )


def _sampling(
    planned: PlannedSource, there: Sequence[Result], recorded: Sequence[Sequence[Metric]]
) -> Sampling:
    """`iterations` are the tool's samples in one execution; of samples that are the tool's, what it says."""
    counts = [max((len(metric.samples) for metric in metrics), default=0) for metrics in recorded]
    if planned.isolation == "process":
        return Sampling(
            isolation="process",
            warmup=planned.warmup if recorded else 0,
            runs=len(recorded),
            iterations=max(1, min(counts, default=1)),
        )
    measured = [measured for one in there for _, measured in one.given]
    return Sampling(
        isolation="imported",
        warmup=min(one.warmup for one in measured),
        runs=max(counts, default=0),
        iterations=min(one.iterations for one in measured),
    )
