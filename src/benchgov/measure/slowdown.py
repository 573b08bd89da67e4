"""How long a busy wait makes a run some percent slower."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchgov.report import Report


def delays_of(rounds: Sequence[Report], percent: float) -> dict[str, int]:
    """Run key → ns per iteration that make its wall time `percent` longer, by the median over `rounds`.

    What a source's tool measures itself cannot be slowed down from outside, and has no entry.
    """
    times: dict[str, list[float]] = {}
    for report in rounds:
        for run in report.runs:
            for metric in run.metrics:
                if metric.name == "wall_time" and metric.unit == "ns":
                    times.setdefault(run.key, []).extend((*metric.samples, *metric.reference))
    return {key: round(median(values) * percent / 100) for key, values in times.items()}
