"""A source that two revisions execute in turn: every execution gives one sample of each of its benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchgov.adapters.names import rules_of
from benchgov.canonical import Json
from benchgov.measure.lanes import Rows, tested_metrics
from benchgov.measure.order import Side
from benchgov.measure.plan import Plan, PlannedSource
from benchgov.measure.source import Execution, Means, Place, execute
from benchgov.measure.source_runs import Context, runs_of
from benchgov.measure.source_series import logs_json, samples_json
from benchgov.report import Metric, Reference, Run


@dataclass(frozen=True)
class SourceSide:
    """A source in one revision: its plan there, its place, and what an execution is given."""

    planned: PlannedSource
    plan: Plan
    place: Place
    means: Means

    @classmethod
    def of(cls, planned: PlannedSource, plan: Plan, means: Means) -> SourceSide:
        """The side in the work tree of `plan`; a source that gives the tool's own samples gives medians."""
        source = planned.entry.source.model_copy(update={"samples": "process"})
        entry = planned.entry.model_copy(update={"source": source})
        place = Place(plan.suite.root, plan.suite.folder)
        return cls(replace(planned, entry=entry), plan, place, means)


class SourceLane:
    """One source in both revisions; `there` is None when only this one has it."""

    def __init__(self, here: SourceSide, there: SourceSide | None, warmup: int) -> None:
        self._sides: dict[Side, SourceSide] = {"here": here}
        if there is not None:
            self._sides["there"] = there
        self._executions: dict[Side, list[Execution]] = {"here": [], "there": []}
        self._warmup = warmup
        self.notes: list[str] = []
        self.order: list[str] = []

    @property
    def key(self) -> str:
        """The entry's id."""
        return self.planned.key

    @property
    def planned(self) -> PlannedSource:
        """The source of this revision."""
        return self._sides["here"].planned

    @property
    def alone(self) -> bool:
        """Whether only one side runs, or none."""
        return any(side not in self._sides or self._failed(side) for side in self._executions)

    def warm_up(self) -> None:
        """Execute both sides as often as a warm-up takes."""
        for _ in range(self._warmup):
            self.take("here")
            self.take("there")

    def take(self, side: Side) -> None:
        """Execute once; not again after an execution that failed, and not for nothing."""
        if side not in self._sides or self._failed(side) or self._failed("here"):
            return
        one = self._sides[side]
        timeout = one.planned.timeout_seconds
        self._executions[side].append(execute(one.planned.entry, one.place, one.means, timeout))

    def tested(self) -> Rows:
        """The samples of every metric of every benchmark that both revisions have."""
        theirs = {run.key: run for run in self._runs("there")}
        return tested_metrics(
            [
                pair
                for run in self._runs("here")
                if run.key in theirs
                for pair in _same_metrics(theirs[run.key], run)
            ]
        )

    def runs(self, fault: str) -> tuple[list[Run], list[str]]:
        """(this revision's runs, with their references; the keys of the other one's).

        `fault` is why nothing of the other revision can be measured, if so.
        """
        theirs = {run.key: run for run in self._runs("there")}
        if self._failed("there"):
            fault = self._executions["there"][-1].fault
        own = [self._joined(run, theirs.get(run.key), fault) for run in self._runs("here")]
        return own, [run.key for run in theirs.values()]

    def samples(self, run: Run) -> Json:
        """The raw samples of one of this revision's runs, those of the other one, and the order."""
        found = {metric.name: list(metric.reference) for metric in run.metrics if metric.reference}
        raw = samples_json(self.planned, run)
        assert isinstance(raw, dict)
        return {**raw, "reference": {"samples": found}, "order": list(self.order)}

    def logs(self) -> dict[str, Json]:
        """The logs of every execution of either side: file name → JSON."""
        theirs = logs_json(self.planned, self._executions["there"])
        return logs_json(self.planned, self._executions["here"]) | {
            f"other-{name}": value for name, value in theirs.items()
        }

    def _failed(self, side: Side) -> bool:
        return bool(self._executions[side] and self._executions[side][-1].fault)

    def _runs(self, side: Side) -> list[Run]:
        executions = self._executions[side]
        if not executions:
            return []
        one = self._sides[side]
        count = max(len(executions) - self._warmup, 0)
        planned = replace(one.planned, warmup=self._warmup, runs=count)
        families = rules_of(one.plan.suite.manifest.family_rules())
        selection = self._sides["here"].plan.selection
        return runs_of(executions, Context(planned, one.plan.suite.path, families, selection))

    def _joined(self, run: Run, other: Run | None, fault: str) -> Run:
        notes = (*run.notes, *self.notes)
        if other is None:
            reference = Reference(overall="blocked" if fault else "absent", family=run.family, reason=fault)
            return run.model_copy(update={"reference": reference, "notes": notes})
        reference = Reference(overall=other.overall, family=other.family, reason=other.reason)
        found = {own.name: before.samples for before, own in _same_metrics(other, run)}
        return run.model_copy(
            update={"reference": reference, "notes": notes, "metrics": with_reference(run.metrics, found)}
        )


def with_reference(metrics: Sequence[Metric], found: Mapping[str, Sequence[float]]) -> tuple[Metric, ...]:
    """`metrics` with the other revision's samples of those that it has as many of."""
    return tuple(
        metric.model_copy(update={"reference": tuple(found[metric.name])})
        if len(found.get(metric.name, ())) == len(metric.samples)
        else metric
        for metric in metrics
    )


def _same_metrics(other: Run, run: Run) -> list[tuple[Metric, Metric]]:
    """(other, this) metrics of one name, unit and direction."""
    theirs = {(metric.name, metric.unit, metric.direction): metric for metric in other.metrics}
    return [
        (theirs[own.name, own.unit, own.direction], own)
        for own in run.metrics
        if (own.name, own.unit, own.direction) in theirs
    ]
