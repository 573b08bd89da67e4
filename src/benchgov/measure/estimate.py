"""How long a paired measurement will take, by what an earlier report of the suite took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchgov.measure.plan import Plan
from benchgov.report import Report

NEW_PROCESS_SECONDS = 0.1
"""About what a new Python process costs: each sample of a pair has one, a sample of a plain run a fork."""


@dataclass(frozen=True)
class Estimate:
    """Seconds for the first look of everything, and for all looks of everything."""

    least: float
    most: float


def estimate(plan: Plan, report: Report, looks: Sequence[int]) -> Estimate | None:
    """What measuring `plan` in pairs takes when a sample takes as long as those of `report` on average.

    None when the report is of another suite, or has no samples to learn from.
    """
    if report.config.suite != plan.suite.manifest.suite:
        return None
    paired = report.config.against is not None
    sides = 2 if paired else 1
    taken = sides * sum(run.sampling.warmup + run.sampling.runs for run in report.runs if run.metrics)
    if not taken:
        return None
    elapsed = (report.finished_at_utc - report.started_at_utc).total_seconds()
    seconds = elapsed / taken + (0.0 if paired else NEW_PROCESS_SECONDS)

    def total(pairs: int) -> float:
        warmups = sum(run.sampling.warmup for run in plan.runs) + sum(one.warmup for one in plan.sources)
        return 2 * (plan.steps * pairs + warmups) * seconds

    return Estimate(total(looks[0]), total(looks[-1]))
