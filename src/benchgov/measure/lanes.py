"""Runs that two revisions take in turn: how one sample of either is taken, and when a run has enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from benchgov.measure.bench import Bench, Entry
from benchgov.measure.order import Budget, Lot, Side, blocks_between, marks
from benchgov.measure.plan import Planned, PlannedRun
from benchgov.measure.progress import Progress
from benchgov.measure.sampling import Series
from benchgov.report import Metric
from benchgov.statistics.looks import needs_more
from benchgov.suites.manifest import METRIC_UNITS

Rows = tuple[list[Sequence[float]], list[Sequence[float]]]
"""Samples of the other revision and of this one: a row per metric, all equally long."""


class Lane(Protocol):
    """One thing that both revisions run in turn."""

    notes: list[str]
    order: list[str]

    @property
    def key(self) -> str:
        """Its name, from which the order is drawn."""

    @property
    def planned(self) -> Planned:
        """What it runs here."""

    @property
    def alone(self) -> bool:
        """Whether only one side runs, or none."""

    def take(self, side: Side) -> None:
        """Take one sample of `side`; what cannot be measured takes no more."""

    def tested(self) -> Rows:
        """The samples that are tested for a change."""


def measure_looks(
    lanes: Sequence[Lane], looks: Sequence[int], lot: Lot, budget: Budget, progress: Progress
) -> None:
    """Measure all of `lanes` up to the first look, and those that look suspicious up to the next one.

    Lanes take their blocks in turn, so that a slow phase of the machine is spread over all of them. The first
    look is always taken; after that `budget` may end it.
    """
    going, done = list(lanes), 0
    for number, pairs in enumerate(looks, 1):
        for lane in going:
            progress.looking(lane.planned, number, len(looks), pairs)
        for block, size in blocks_between(done, pairs):
            for lane in going:
                order = lot.order(lane.key, block, size)
                lane.order.append(marks(order))
                for side in order:
                    lane.take(side)
        done = pairs
        going = [lane for lane in going if _suspicious(lane, looks)]
        if going and budget.is_over():
            for lane in going:
                lane.notes.append(
                    f"stopped after {pairs} pairs, undecided: the time budget of {budget.minutes:g} minutes "
                    "was over"
                )
            return


def _suspicious(lane: Lane, looks: Sequence[int]) -> bool:
    if lane.alone:
        return False
    before, after = lane.tested()
    return bool(before) and needs_more(before, after, looks)


def is_tested(unit: str, aggregate: str, before: Sequence[float], after: Sequence[float]) -> bool:
    """Whether the rule tests these samples; a worst case has a limit, and constant counts are certain."""
    counted = unit in {"bytes", "count"}
    constant = min(before) == max(before) and min(after) == max(after)
    return aggregate == "median" and not (counted and constant)


class FreshProcesses:
    """Takes every sample of a callable from a measuring process of its own, so that none shares a layout.

    Forks of one process share where everything lies in memory, which alone can make one side some percent
    faster. With isolation `shared` the process is warmed up before its one sample.
    """

    def __init__(self, bench: Bench, entry: Entry) -> None:
        self._bench, self._entry = bench, entry

    def sample(self, iterations: int, timeout: float) -> dict[str, Any]:
        """One sample; as `Session.sample`."""
        sampling = self._entry.planned.sampling
        with self._bench.session(self._entry) as session:
            session.prepared(timeout)
            for _ in range(sampling.warmup if sampling.isolation == "shared" else 0):
                session.sample(iterations, timeout)
            return session.sample(iterations, timeout)


class RunLane:
    """One variant of one benchmark at one scale, in both revisions; `there` is None when only this has it."""

    def __init__(self, here: tuple[Bench, Entry], there: tuple[Bench, Entry] | None) -> None:
        self._sides: dict[Side, tuple[Bench, Entry]] = {"here": here}
        if there is not None:
            self._sides["there"] = there
        self.notes: list[str] = []
        self.order: list[str] = []

    @property
    def key(self) -> str:
        """`benchmark[@scale]/variant`."""
        return self.here.planned.key

    @property
    def planned(self) -> PlannedRun:
        """The run of this revision."""
        return self.here.planned

    @property
    def here(self) -> Entry:
        """This revision's run."""
        return self._sides["here"][1]

    @property
    def there(self) -> Entry | None:
        """The other revision's run."""
        return self._sides["there"][1] if "there" in self._sides else None

    @property
    def alone(self) -> bool:
        """Whether only one side runs, or none."""
        return any(entry is None or entry.seen is not None for entry in (self.here, self.there))

    def warm_up(self) -> None:
        """Warm up both sides; calibrated, they take equally many iterations, as a sample has its own cost."""
        entries = [entry for _, entry in self._sides.values()]
        for entry in entries:
            entry.series = Series(entry.planned.sampling)
            entry.guarded(Series.warm_up)
        calibrated = [entry for entry in entries if entry.planned.sampling.iterations is None]
        if len(calibrated) == len(entries) and not self.alone:
            most = max(entry.series.iterations for entry in entries if entry.series)
            for entry in entries:
                assert entry.series is not None
                entry.series.iterations = most

    def take(self, side: Side) -> None:
        """Take one sample; a command is a process of its own anyway."""
        if side not in self._sides or self.here.seen is not None:
            return
        bench, entry = self._sides[side]
        is_command = entry.planned.variant.callable is None
        entry.guarded(Series.add, None if is_command else FreshProcesses(bench, entry))

    def tested(self) -> Rows:
        """The samples of all metrics that the rule tests."""
        mine, theirs = self.here.series, self.there.series if self.there else None
        before: list[Sequence[float]] = []
        after: list[Sequence[float]] = []
        for metric in self.planned.benchmark.metrics if mine and theirs else ():
            assert mine is not None
            assert theirs is not None
            left, right = theirs.values.get(metric.name, []), mine.values.get(metric.name, [])
            unit = METRIC_UNITS[metric.name][0]
            if left and len(left) == len(right) and is_tested(unit, metric.aggregate, left, right):
                before.append(left)
                after.append(right)
        return before, after


def tested_metrics(pairs: Sequence[tuple[Metric, Metric]]) -> Rows:
    """The samples of (other, this) metrics that the rule tests."""
    kept = [
        (other, own)
        for other, own in pairs
        if len(other.samples) == len(own.samples)
        and is_tested(own.unit, own.aggregate, other.samples, own.samples)
    ]
    return [other.samples for other, _ in kept], [own.samples for _, own in kept]
