"""`benchgov report`: print the latest report, or a given one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, format_option, open_project

if TYPE_CHECKING:
    from benchgov.cli.common import Project


@click.command()
@click.option(
    "--run", "run", metavar="ID|PATH", help="A run's id, or the path of a report.  [default: the latest]"
)
@click.option("--deltas", is_flag=True, help="Times, memory, their changes against the baseline, and status.")
@click.option("--output-dir", help="Folder of the reports.  [default: .benchgov/out]")
@format_option
@config_option
def report(
    run: str | None, deltas: bool, output_dir: str | None, output_format: str, config_file: Path | None
) -> int:
    """Print a report that `benchgov run` wrote.

    With --deltas every benchmark has a status: `pass`; `regression`, which a wrong result is too; `blocked`;
    or `provisional`, which passed without a baseline that confirms it. `baseline approve` takes a run that
    is pass or provisional.

    \b
    Exit codes: 0 printed
                3 there is no such run, or its report is corrupt

    \b
    Examples:
      benchgov report
      benchgov report --run 20260131T235959.123456Z
      benchgov report --deltas --format json
      benchgov report --run artifacts/report.json --format json
    """
    from benchgov.cli.measured import print_report
    from benchgov.documents import load_json_model
    from benchgov.report import Report

    project = open_project(config_file, {("output_dir",): output_dir})
    path = _find(project, run)
    found = load_json_model(path, Report)
    if deltas:
        from benchgov.cli.deltas import print_deltas

        print_deltas(project, path, found, output_format)
    else:
        print_report(project.rim, found, output_format)
    return 0


def _find(project: Project, run: str | None) -> Path:
    """The file of the report.

    Raises:
        InputError: nothing was measured yet, or there is no such run.
    """
    from benchgov.errors import InputError
    from benchgov.names import is_name
    from benchgov.suggest import did_you_mean

    latest = project.output_dir / "report.json"
    if run is None:
        if not latest.exists():
            raise InputError("there is no report yet", where=str(latest), remedy="Run `benchgov run SUITE`.")
        return latest
    folder = project.output_dir / "runs"
    by_id = folder / run / "report.json"
    if is_name(run) and by_id.is_file():
        return by_id
    path = project.rim.cwd / run
    if path.is_dir():
        path = path / "report.json"
    if not path.is_file():
        known = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
        hint = did_you_mean(run, known) or (f"; the latest is {known[-1]!r}" if known else "")
        raise InputError(
            f"run not found: {run!r}{hint}", where=str(folder), remedy="Run `benchgov run SUITE` again."
        )
    return path
