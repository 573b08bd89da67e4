"""`benchgov baseline derive-thresholds`: from repeated runs to thresholds, and a page that shows why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.baselines.derived import Derivation
    from benchgov.baselines.store import BaselineStore
    from benchgov.cli.common import Project
    from benchgov.report import Report

DOCS = "docs/benchmarks"
"""Where the pages about baselines are written, below the repository's root."""


@click.command("derive-thresholds")
@click.argument("suite")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A repeated run; give three or more.  [default: what is recorded, see above]",
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0, max=10_000, min_open=True),
    metavar="PERCENT",
    help="Safety margin, in percent of the observed delta.  [default: policy.threshold_margin, 50]",
)
@click.option("--regime", help="Named set of measuring conditions.  [default: benchgov.yaml's]")
@click.option("--output-dir", help="Folder of the recorded runs.  [default: .benchgov/out]")
@format_option
@config_option
def derive_thresholds(suite: str, margin: float | None, output_format: str, **given: Any) -> int:
    """Derive the thresholds of SUITE's next baseline from repeated runs of the same code.

    For every family and metric: the largest delta between the aggregates of two runs, plus the margin,
    rounded up to half a percent, and never below policy.statistics.min_effect. Three runs are the least.

    Without --report they are the newest run below output_dir/runs that passed, every other one of the same
    revision, plan, regime and environment there, and such raw runs of the active baselines.

    Writes bench/SUITE/baselines/REGIME/derived/<environment>.json, which the next `baseline generate` or
    `approve` takes its thresholds from, and docs/benchmarks/threshold_derivation_REGIME.md with the data.

    \b
    Exit codes: 0 written
                4 fewer than three runs, or runs that are not of one plan; each rule is named

    \b
    Examples:
      benchgov baseline derive-thresholds core
      benchgov baseline derive-thresholds core --report a.json --report b.json --report c.json --margin 100
    """
    from benchgov.baselines.derive import derive
    from benchgov.cli.baseline_input import given_reports, store_for

    project = open_project(
        given["config_file"], {("regime",): given["regime"], ("output_dir",): given["output_dir"]}
    )
    store, policy = store_for(project, suite), project.settings.policy
    sessions = given_reports(suite, given["reports"]) or _repeated(project, store, suite)
    found = derive(sessions, policy, policy.threshold_margin if margin is None else margin)
    written = _write(project, store, found)
    if output_format == "json":
        print_json(project.rim, {"derivation": found.to_json(), "written": written})
    else:
        _print(project, found, written)
    return 0


def _repeated(project: Project, store: BaselineStore, suite: str) -> list[Report]:
    """The recorded sessions of one plan: that of the newest run, or else that of the newest baseline."""
    from benchgov.baselines.recorded import recorded

    regime = project.settings.regime
    read = [one.report for one in recorded(project.output_dir / "runs") if one.report]
    own = [one for one in read if (one.config.suite, one.config.regime) == (suite, regime)]
    known = [one for one in own if one.summary.status == "pass" and one.config.against is None]
    known += _published(store, regime)
    alike = [one for one in known if _plan(one) == _plan(known[0])]
    return [one for at, one in enumerate(alike) if one not in alike[:at]]


def _published(store: BaselineStore, regime: str) -> list[Report]:
    """The raw reports of every active baseline, newest baseline first."""
    index = store.index(regime)
    ids = {name for active in index.active.values() for name in active.ids} if index else set()
    return [raw for name in sorted(ids, reverse=True) for raw in store.read(regime, name).read_raw()]


def _plan(report: Report) -> tuple[object, ...]:
    """What repeated runs have in common; the suite's whole configuration is in the plan's digest."""
    config = report.config
    return report.replay.plan_sha256, report.environment.fingerprint, config.revision


def _write(project: Project, store: BaselineStore, found: Derivation) -> list[str]:
    """Write the derivation, and the page about every derivation of its regime."""
    from benchgov.baselines.derivation_page import derivation_page
    from benchgov.cli.baseline_input import all_stores
    from benchgov.files import write_together

    others = [one for other in all_stores(project) for one in other.derived(found.regime)]
    place = (found.suite, found.fingerprint)
    listed = [found, *(one for one in others if (one.suite, one.fingerprint) != place)]
    page = project.root / DOCS / f"threshold_derivation_{found.regime}.md"
    target = store.derived_file(found.regime, found.fingerprint)
    write_together({target: found.to_bytes(), page: derivation_page(found.regime, listed).encode("utf-8")})
    return [path.relative_to(project.root).as_posix() for path in (target, page)]


def _print(project: Project, found: Derivation, written: list[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    from benchgov.cli.baseline_input import say_how
    from benchgov.units import plain_percent

    table = Table("family", "metric", "largest delta", "of", "floor", "threshold")
    for family, metrics in found.thresholds.items():
        for metric, one in metrics.items():
            numbers = map(plain_percent, (one.observed_percent, one.floor_percent, one.threshold_percent))
            delta, least, limit = numbers
            table.add_row(*map(Text, (family, metric, delta, one.run, least, limit)))
    console(project.rim).print(table)
    for line in found.left_out:
        project.rim.stderr.write(f"not derived: {line}\n")
    project.rim.stdout.write(
        f"{len(found.sessions)} sessions, margin {plain_percent(found.margin_percent)}\n"
        + "".join(f"  {name}\n" for name in written)
    )
    say_how(project, f"commit both; the next `benchgov baseline generate {found.suite}` publishes them.")
