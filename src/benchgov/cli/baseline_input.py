"""What the `baseline` commands start from: the store, reports or a measurement, and the limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchgov.baselines.generate import Limits
    from benchgov.baselines.model import Baseline
    from benchgov.baselines.store import BaselineStore
    from benchgov.cli.common import Project
    from benchgov.report import Report


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


def limits_for(project: Project, suite: str, report: Report) -> Limits:
    """Where the thresholds of a baseline made of `report` come from; the manifest may be missing.

    What was derived counts in the regime and environment in which it was derived.
    """
    from benchgov.baselines.generate import Limits
    from benchgov.suites.load import family_thresholds, scale_rules

    place = (report.config.suite, report.environment.fingerprint)
    derived = store_for(project, suite).derived(report.config.regime)
    fitting = next((one for one in derived if (one.suite, one.fingerprint) == place), None)
    folder = project.suite_dir(suite)
    return Limits(project.settings.policy, family_thresholds(folder), fitting, scale_rules(folder))


def store_for(project: Project, suite: str, into: Path | None = None) -> BaselineStore:
    """The baselines of `suite`, or those below `into`; raises UsageError when it is no suite's name."""
    from benchgov.baselines.store import BaselineStore
    from benchgov.errors import UsageError
    from benchgov.gate.question import store_of
    from benchgov.names import is_name

    if not is_name(suite):
        raise UsageError(f"{suite!r} is not the name of a suite")
    return BaselineStore(into) if into else store_of(project.root, project.settings, suite)


def index_name(project: Project, suite: str) -> str:
    """The index of the current regime, relative to the repository's root."""
    return f"{project.settings.bench_dir}/{suite}/baselines/{project.settings.regime}/index.json"


def say_how(project: Project, text: str) -> None:
    """What to do next, on standard error."""
    project.rim.stderr.write(f"  next: {text}\n")


def thresholds_of(made: Baseline) -> str:
    """Where the thresholds of a new baseline come from, as a line of output."""
    return f"  thresholds: {f'derived, {made.derivation}' if made.derivation else 'by policy and suite'}\n"


def default_branch(environ: Mapping[str, str]) -> str | None:
    """The repository's default branch as the workflow's event names it; None when it does not."""
    from benchgov.github.event import read_payload

    found = read_payload(environ).get("repository")
    name = found.get("default_branch") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name else None


def all_stores(project: Project) -> list[BaselineStore]:
    """The baselines of every suite that has any, by the suite's name."""
    from benchgov.baselines.store import BaselineStore

    bench = project.root / project.settings.bench_dir
    return [BaselineStore(folder) for folder in sorted(bench.glob("*/baselines/"))]
