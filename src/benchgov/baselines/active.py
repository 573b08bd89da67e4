"""What a gate is given of the store: the baselines that apply, run by run, and raw samples on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from statistics import median

from benchgov.baselines.model import Baseline, BaselineRun
from benchgov.baselines.raw import RawMetric, RawReport, RawRun
from benchgov.report import Metric, Report, Run

SessionsByMetric = Mapping[tuple[str, str], tuple[tuple[float, ...], ...]]


@dataclass(frozen=True)
class Stored:
    """A verified baseline, and how to read its raw reports. Their samples are read once, when asked for.

    `read_samples` reads nothing else of them; by default all of them is read.
    """

    baseline: Baseline
    read_raw: Callable[[], Sequence[Report]]
    read_samples: Callable[[], Sequence[RawReport]] | None = None

    @cached_property
    def _raw(self) -> Sequence[Report | RawReport]:
        return (self.read_samples or self.read_raw)()

    @cached_property
    def _samples(self) -> SessionsByMetric:
        return _by_metric(self._raw, lambda _, metric: metric.samples)

    @cached_property
    def _sessions(self) -> SessionsByMetric:
        return _by_metric(self._raw, lambda run, metric: independent(metric, run.sampling.isolation))

    def samples(self, key: str, metric: str) -> tuple[float, ...]:
        """The raw samples behind one entry, in the order in which they were taken.

        Raises:
            TamperError: a raw report is not what was published.
            KeyError: the baseline has no such entry.
        """
        return tuple(sample for session in self._samples[key, metric] for sample in session)

    def sessions(self, key: str, metric: str) -> tuple[tuple[float, ...], ...]:
        """The independent samples behind one entry, one tuple per raw report; raises as `samples` does."""
        return self._sessions[key, metric]


def _by_metric(
    reports: Sequence[Report | RawReport],
    take: Callable[[Run | RawRun, Metric | RawMetric], tuple[float, ...]],
) -> SessionsByMetric:
    gathered: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for report in reports:
        for run in report.runs:
            key = run.key
            for metric in run.metrics:
                gathered.setdefault((key, metric.name), []).append(take(run, metric))
    return {at: tuple(sessions) for at, sessions in gathered.items()}


def independent(metric: Metric | RawMetric, isolation: str) -> tuple[float, ...]:
    """One sample per process: what one process repeats is not independent, and its median stands for it.

    Ten iterations of one process against ten of another give 31 % false alarms in a rank test at 5 %; one
    median per process gives what it promises.
    """
    if metric.processes:
        ends = list(accumulate(metric.processes, initial=0))
        return tuple(median(metric.samples[start:end]) for start, end in pairwise(ends))
    return metric.samples if isolation == "process" else (median(metric.samples),)


@dataclass(frozen=True)
class ActiveRun:
    """One run's baseline, and the stored baseline that it is part of."""

    run: BaselineRun
    stored: Stored


@dataclass(frozen=True)
class ActiveBaselines:
    """The baselines that apply to one regime and environment.

    `runs` are in baseline order by run key. When nothing applies, `nearest` is the active baseline of the
    same regime whose environment differs least, and `regimes` are those that do have baselines.
    """

    runs: Mapping[str, ActiveRun] = field(default_factory=dict)
    baselines: tuple[Stored, ...] = ()
    nearest: Baseline | None = None
    regimes: tuple[str, ...] = ()

    @classmethod
    def of(cls, *stored: Stored) -> ActiveBaselines:
        """`stored`, the later ones over the earlier ones, run by run."""
        runs = {run.key: ActiveRun(run, one) for one in stored for run in one.baseline.entries}
        return cls(runs, stored)
