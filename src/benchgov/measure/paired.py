"""Measure a plan in turn with another revision: blocks in random order, and more pairs where it matters.

docs/adr/0016-paired-measurement.md gives the reasons.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from benchgov.adapters.registry import adapters
from benchgov.canonical import Json
from benchgov.errors import InputError
from benchgov.measure.assemble import Measurement, build_report, build_run, demote
from benchgov.measure.bench import Bench, Entry, Tree
from benchgov.measure.build import Fault, build
from benchgov.measure.lanes import RunLane, measure_looks
from benchgov.measure.order import Budget, Lot
from benchgov.measure.other import Other
from benchgov.measure.plan import Plan, PlannedRun
from benchgov.measure.progress import Progress
from benchgov.measure.runner import blocked, raw_name
from benchgov.measure.scratch import scratch_folder
from benchgov.measure.source import Means
from benchgov.measure.source_lane import SourceLane, SourceSide, with_reference
from benchgov.report import Environment, Reference, Run
from benchgov.rim import Clock
from benchgov.suites.parameters import with_config


@dataclass(frozen=True)
class Pairing:
    """How two revisions are measured in turn.

    `revision` is this one: its commit, and whether tracked files differ from it. `looks` are numbers of
    pairs; after `max_minutes` no further look is begun. `delays` slow runs of this revision down (`Tree`).
    """

    revision: tuple[str | None, bool | None]
    other: Other
    looks: tuple[int, ...]
    max_minutes: float | None = None
    delays: Mapping[str, int] = field(default_factory=dict)


def measure_paired(
    plan: Plan,
    pairing: Pairing,
    *,
    environment: Environment,
    regime: str,
    now: Clock,
    environ: Mapping[str, str],
    progress: Progress,
) -> Measurement:
    """Measure everything that is planned here in turn with what the other revision has of it.

    What goes wrong on either side is in the report, and the rest still runs; only what goes wrong here makes
    a run invalid.

    Raises:
        InputError: a selection by family to which nothing belongs that the sources gave.
    """
    started = now()
    environ = with_config(environ, plan.values)
    elsewhere = pairing.other.revision.root
    tree = Tree.of(plan.suite, environ, None if elsewhere == plan.suite.root else elsewhere)
    tree = replace(tree, delays=pairing.delays)
    built = build(tree)
    if isinstance(built, Fault):
        return blocked(
            plan, built, environment=environment, regime=regime, revision=pairing.revision, now=now
        )
    plan = replace(plan, built=built)
    work = _Paired(plan, pairing, tree, Budget(now, pairing.max_minutes), progress)
    for group in plan.groups():
        work.measure_group(group)
    means = Means(tree.python, environ, environment.facts, adapters() if plan.sources else {})
    work.measure_sources(means)
    moments = (started, now())
    return work.measurement(environment, regime, moments)


class _Paired:
    """What is known of a paired measurement while it goes on."""

    def __init__(
        self,
        plan: Plan,
        pairing: Pairing,
        tree: Tree,
        budget: Budget,
        progress: Progress,
    ) -> None:
        self._plan, self._pairing, self._budget, self._progress = plan, pairing, budget, progress
        self._other = pairing.other
        self._here = Bench(tree, progress)
        self._there = Bench(self._other.tree) if self._other.tree else None
        theirs = self._other.plan.suite.sha256 if self._other.plan else ""
        self._lot = Lot(plan.suite.sha256, theirs, pairing.revision[0], self._other.revision.commit)
        self._runs: list[Run] = []
        self._samples: list[Json] = []
        self._logs: dict[str, Json] = {}
        self._known = self._other.runs(plan)
        self._mismatched: dict[str, str] = {}

    def measure_group(self, group: tuple[PlannedRun, ...]) -> None:
        """All variants of one benchmark at one scale; each goes on for itself when it looks suspicious."""
        with contextlib.ExitStack() as stack:
            own = self._here.open(group, stack.enter_context(scratch_folder()), stack)
            theirs = {entry.planned.variant_name: entry for entry in self._opened(group[0], stack)}
            lanes = [self._lane(entry, theirs.get(entry.planned.variant_name)) for entry in own]
            sound = [lane for lane in lanes if lane.here.seen is None]
            for lane in sound:
                lane.warm_up()
            measure_looks(sound, self._pairing.looks, self._lot, self._budget, self._progress)
            for lane in sound:
                self._count(lane)
        for lane in lanes:
            self._keep(lane)

    def measure_sources(self, means: Means) -> None:
        """Every source, one after the other."""
        for number, planned in enumerate(self._plan.sources, 1):
            self._progress.begin(planned)
            lane = SourceLane(
                SourceSide.of(planned, self._plan, means),
                self._source_side(planned.key, means),
                self._plan.sampling.warmup if planned.warmup == 0 else planned.warmup,
            )
            lane.warm_up()
            measure_looks([lane], self._pairing.looks, self._lot, self._budget, self._progress)
            runs, known = lane.runs(self._other.fault.reason if self._other.fault else "")
            self._progress.found(len(runs))
            for run in runs:
                self._progress.done(run)
                self._samples.append(lane.samples(run))
            self._runs += runs
            self._known += known
            self._logs |= {f"source-{number:03}-{name}": value for name, value in lane.logs().items()}

    def measurement(
        self,
        environment: Environment,
        regime: str,
        moments: tuple[datetime, datetime],
    ) -> Measurement:
        """The report, and the raw samples of both sides."""
        if not self._runs:
            raise InputError(f"no benchmark of the sources belongs to {', '.join(self._plan.selection)}")
        bad = self._mismatched
        runs = [demote(run, bad[run.benchmark]) if run.benchmark in bad else run for run in self._runs]
        report = build_report(
            self._plan,
            runs,
            environment=environment,
            regime=regime,
            revision=self._pairing.revision,
            moments=moments,
            against=self._other.against(self._pairing.looks, tuple(dict.fromkeys(self._known))),
        )
        raw = {
            raw_name(number, run.key): {"run": run.key, **values}
            for number, (run, values) in enumerate(zip(runs, self._samples, strict=True), 1)
            if run.run_is_valid
        }
        return Measurement(report, raw | self._logs)

    def _opened(self, like: PlannedRun, stack: contextlib.ExitStack) -> list[Entry]:
        group = self._other.group(like)
        if self._there is None or not group:
            return []
        return self._there.open(group, stack.enter_context(scratch_folder()), stack)

    def _lane(self, own: Entry, other: Entry | None) -> RunLane:
        both = None if other is None or self._there is None else (self._there, other)
        return RunLane((self._here, own), both)

    def _count(self, lane: RunLane) -> None:
        self._here.count(lane.here)
        if lane.there is not None and self._there is not None:
            self._there.count(lane.there)

    def _source_side(self, key: str, means: Means) -> SourceSide | None:
        planned = self._other.source(key)
        if planned is None or self._other.plan is None or self._other.tree is None:
            return None
        tree = self._other.tree
        theirs = Means(tree.python, tree.environ, means.here, means.known)
        return SourceSide.of(planned, self._other.plan, theirs)

    def _keep(self, lane: RunLane) -> None:
        seen = self._here.observed(lane.here)
        run = build_run(lane.here.planned, seen, self._plan.suite.path)
        if seen.layers["parity"] == "fail":
            self._mismatched.setdefault(run.benchmark, seen.reason)
        reference = self._reference(lane)
        series = lane.there.series if lane.there else None
        found = dict(series.values) if series and reference.overall == "pass" else {}
        run = run.model_copy(
            update={
                "reference": reference,
                "notes": (*run.notes, *lane.notes, *_differences(lane)),
                "metrics": with_reference(run.metrics, found),
                # Whatever the manifest says, every sample had a process of its own.
                "sampling": run.sampling.model_copy(update={"isolation": "process"}),
            }
        )
        self._progress.done(run)
        self._runs.append(run)
        own = seen.raw if isinstance(seen.raw, dict) else {}
        theirs = series.to_json() if series else None
        self._samples.append({**own, "reference": theirs, "order": list(lane.order)})

    def _reference(self, lane: RunLane) -> Reference:
        """What became of the run in the other revision."""
        family = lane.planned.benchmark.family
        if lane.there is None or self._there is None:
            if self._other.fault:
                return Reference(overall="blocked", family=family, reason=self._other.fault.reason)
            return Reference(overall="absent", family=family)
        family = lane.there.planned.benchmark.family
        if lane.there.seen is None:
            return Reference(overall="pass", family=family)
        run = build_run(lane.there.planned, self._there.observed(lane.there), self._plan.suite.path)
        return Reference(overall=run.overall, family=family, reason=run.reason)


def _differences(lane: RunLane) -> Iterator[str]:
    """What else changed between the revisions: a note, because a change of behaviour is no cost."""
    if lane.there is None or lane.here.outcome is None or lane.there.outcome is None:
        return
    here, there = lane.here.outcome, lane.there.outcome
    if here.input_digest != there.input_digest:
        yield "its input is not the same in the other revision"
    if here.output_digest != there.output_digest:
        yield "its output is not the same in the other revision"
