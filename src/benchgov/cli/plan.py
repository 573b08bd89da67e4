"""`benchgov plan`: spread a suite over the jobs of a matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, console, format_option, open_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchgov.cli.common import Project
    from benchgov.report import Report
    from benchgov.rim import Rim
    from benchgov.sharding.plan import ShardPlan


@click.command()
@click.argument("suite")
@click.option("--shards", required=True, type=int, metavar="N", help="How many jobs, at most 256.")
@click.option("--only", multiple=True, metavar="PATTERN", help="As in `benchgov run`; may be repeated.")
@click.option(
    "--durations",
    "reports",
    multiple=True,
    metavar="REPORT",
    help="Take durations from these: a report, a folder with some, or a glob. May be repeated.  "
    "[default: the latest report, and the active baseline for what it has not]",
)
@click.option("--regime", help="Whose baseline to take durations from.  [default: benchgov.yaml's]")
@click.option("--output-dir", help="Folder of the latest report.  [default: .benchgov/out]")
@format_option
@config_option
def plan(  # noqa: PLR0913 (one argument per option)
    *,
    suite: str,
    shards: int,
    only: tuple[str, ...],
    reports: tuple[str, ...],
    regime: str | None,
    output_dir: str | None,
    output_format: str,
    config_file: Path | None,
) -> int:
    """Spread the benchmarks of SUITE over N jobs that take about equally long.

    All variants and scales of a benchmark are in one job. With --format json the result is what
    `fromJSON` makes a matrix of; each job then measures with `benchgov run SUITE --shard`, given
    `toJSON(matrix)`, and `benchgov merge` joins their reports. The same suite and durations give the
    same plan.

    \b
    Exit codes: 0 planned
                2 the suite or a given report is missing or malformed

    \b
    Examples:
      benchgov plan core --shards 4
      echo "matrix=$(benchgov plan core --shards 4 --format json)" >> "$GITHUB_OUTPUT"
      benchgov plan core --shards 8 --durations last-week/ --format json
    """
    from benchgov.canonical import canonical_json
    from benchgov.cli.run import suite_of
    from benchgov.sharding.durations import durations
    from benchgov.sharding.plan import plan_shards
    from benchgov.suites.select import select

    project = open_project(config_file, {("regime",): regime, ("output_dir",): output_dir})
    loaded = suite_of(project, suite)
    selected = select(loaded, only)
    known = durations(_recorded(project, suite, reports))
    if not reports and any(one.id not in known for one in selected):
        known = {**durations(_baseline(project, suite)), **known}
    made = plan_shards(loaded, selected, known, shards)
    _remark(project.rim, made, shards)
    if output_format == "json":
        # On one line: that is what an output of a step may be.
        project.rim.stdout.write(canonical_json(made.matrix()).decode("utf-8") + "\n")
    else:
        made.matrix()
        _print(project.rim, made)
    return 0


def _recorded(project: Project, suite: str, given: Sequence[str]) -> list[Report]:
    """The reports that are given, else the latest one if it is of the suite."""
    from benchgov.cli.given_reports import REPORT, given_reports
    from benchgov.errors import BlockedError
    from benchgov.gate.question import load_report

    if given:
        found = [(one.name, load_report(one.path)[0]) for one in given_reports(given, project.rim.cwd)]
        for name, report in found:
            if report.config.suite != suite:
                raise BlockedError(f"this report is of suite {report.config.suite!r}", where=name)
        return [report for _, report in found]
    latest = project.output_dir / REPORT
    reports = [load_report(latest)[0]] if latest.exists() else []
    return [report for report in reports if report.config.suite == suite]


def _baseline(project: Project, suite: str) -> list[Report]:
    """The raw reports of the newest active baseline, whichever machine it is for: shares are what counts."""
    from benchgov.gate.question import store_of

    regime = project.settings.regime
    store = store_of(project.root, project.settings, suite)
    index = store.index(regime)
    ids = sorted({one for active in index.active.values() for one in active.ids}) if index else []
    return list(store.read(regime, ids[-1]).read_raw()) if ids else []


def _remark(rim: Rim, made: ShardPlan, asked: int) -> None:
    """What was not as asked, and what is not known."""
    if len(made.shards) < asked:
        count = sum(one.benchmarks for one in made.shards)
        rim.stderr.write(
            f"{len(made.shards)} shards instead of {asked}: there are {count} benchmarks, and none is empty\n"
        )
    if made.unknown:
        names = ", ".join(made.unknown[:10]) + (", …" if len(made.unknown) > 10 else "")
        usual = (
            "the median duration" if len(made.unknown) < sum(one.benchmarks for one in made.shards) else "1 s"
        )
        rim.stderr.write(
            f"no duration is known of {len(made.unknown)} benchmarks ({names}): taken as {usual}\n"
        )


def _print(rim: Rim, made: ShardPlan) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("shard", "benchmarks", "expected", "which")
    for number, one in enumerate(made.shards, 1):
        shown = ", ".join(one.items[:8]) + (f", … {len(one.items) - 8} more" if len(one.items) > 8 else "")
        table.add_row(*map(Text, (str(number), str(one.benchmarks), f"{one.seconds:,.1f} s", shown)))
    screen = console(rim)
    screen.print(table)
    total, longest = sum(one.seconds for one in made.shards), max(one.seconds for one in made.shards)
    screen.print(
        Text(f"{total:,.1f} s in one job, {longest:,.1f} s in {len(made.shards)}; plan {made.digest}")
    )
