"""What `baseline generate` starts from: given reports or a measurement, and the suite's own thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchgov.cli.common import Project
    from benchgov.config import MetricThresholds
    from benchgov.report import Report
    from benchgov.suites.bands import ScaleRules


def given_reports(suite: str, files: Sequence[Path]) -> list[Report]:
    """The reports in `files`, all of `suite`; raises RefusedError."""
    from benchgov.errors import RefusedError
    from benchgov.gate.question import load_report

    reports = [load_report(file)[0] for file in files]
    for file, report in zip(files, reports, strict=True):
        if report.config.suite != suite:
            raise RefusedError(f"this report is of suite {report.config.suite!r}", where=str(file))
    return reports


def measured(project: Project, suite: str, warmup: int, runs: int) -> Report:
    """Measure the whole suite here and now; an environment that has drifted is refused before that."""
    from benchgov.cli.measured import progress
    from benchgov.environment import check
    from benchgov.errors import RefusedError
    from benchgov.git import revision
    from benchgov.measure.plan import SamplingFlags, plan_suite
    from benchgov.measure.runner import measure
    from benchgov.suites.load import load_suite
    from benchgov.suites.part import MIN_RUNS, MIN_WARMUP

    breaches = (
        [f"rule minimum-warmup: at least {MIN_WARMUP}, asked for {warmup}"] if warmup < MIN_WARMUP else []
    )
    breaches += [f"rule minimum-runs: at least {MIN_RUNS}, asked for {runs}"] if runs < MIN_RUNS else []
    rim = project.rim
    environment = check(project.settings.environment, run=rim.run, environ=rim.environ, folder=project.root)
    breaches += [
        f"rule pinned-environment: {one.name}: wanted {one.wanted}, found {one.found}"
        for one in environment.drift
    ]
    if breaches:
        raise RefusedError(f"{suite}: no baseline can be made of this", details=breaches)
    plan = plan_suite(
        load_suite(project.suite_dir(suite), project.root), sampling=SamplingFlags(warmup, runs)
    )
    with progress(rim, plan.steps) as shown:
        return measure(
            plan,
            environment=environment,
            regime=project.settings.regime,
            revision=revision(rim.run, project.root),
            now=rim.now,
            environ=rim.environ,
            progress=shown,
        ).report


def suite_thresholds(project: Project, suite: str) -> dict[str, MetricThresholds]:
    """The thresholds of the suite's manifest; none when imported reports have no manifest."""
    from benchgov.suites.load import family_thresholds

    return family_thresholds(project.suite_dir(suite))


def suite_scales(project: Project, suite: str) -> ScaleRules:
    """The scale bands of the suite's manifest; none when imported reports have no manifest."""
    from benchgov.suites.load import scale_rules

    return scale_rules(project.suite_dir(suite))
