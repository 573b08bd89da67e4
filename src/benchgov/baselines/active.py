"""What a gate is given of the store: the baselines that apply, run by run, and raw samples on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from benchgov.baselines.model import Baseline, BaselineRun
from benchgov.report import Report

SamplesByMetric = Mapping[tuple[str, str], tuple[float, ...]]


@dataclass(frozen=True)
class Stored:
    """A verified baseline, and how to read its raw reports. These are read once, when asked for."""

    baseline: Baseline
    read_raw: Callable[[], Sequence[Report]]

    @cached_property
    def _samples(self) -> SamplesByMetric:
        gathered: dict[tuple[str, str], tuple[float, ...]] = {}
        for report in self.read_raw():
            for run in report.runs:
                for metric in run.metrics:
                    at = (run.key, metric.name)
                    gathered[at] = gathered.get(at, ()) + metric.samples
        return gathered

    def samples(self, key: str, metric: str) -> tuple[float, ...]:
        """The raw samples behind one entry, in the order in which they were taken.

        Raises:
            TamperError: a raw report is not what was published.
            KeyError: the baseline has no such entry.
        """
        return self._samples[key, metric]


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
