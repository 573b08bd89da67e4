"""`benchgov report --deltas`: a recorded run held against the active baseline, benchmark by benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchgov.cli.common import console, print_json

if TYPE_CHECKING:
    from benchgov.cli.common import Project
    from benchgov.gate.deltas import Deltas, RunFiles
    from benchgov.report import Report
    from benchgov.rim import Rim

MAX_ROWS = 200
REPORT = "report.json"


def print_deltas(project: Project, path: Path, report: Report, output_format: str) -> None:
    """The deltas of `report`, which was read from `path`, on standard output."""
    from benchgov.gate.deltas import deltas
    from benchgov.gate.question import standing_now

    baselines, comparison = standing_now(report, root=project.root, settings=project.settings)
    found = deltas(_files(project, path), report, baselines, comparison, project.rim.now())
    if output_format == "json":
        print_json(project.rim, found.to_json())
    else:
        _print_table(project.rim, found)


def _files(project: Project, path: Path) -> RunFiles:
    """The run's id and files: the latest report is a copy of that of the newest run."""
    from benchgov.gate.deltas import RunFiles

    runs = project.output_dir / "runs"
    if path == project.output_dir / REPORT and runs.is_dir():
        newest = max((one / REPORT for one in runs.iterdir() if (one / REPORT).is_file()), default=path)
        path = newest if newest.read_bytes() == path.read_bytes() else path
    artifacts = {"report": path, "raw": path.parent / "raw"}
    shown = {
        name: (one.relative_to(project.root) if one.is_relative_to(project.root) else one).as_posix()
        for name, one in artifacts.items()
        if one.exists()
    }
    return RunFiles(path.parent.name if path.parent.parent == runs else path.stem, shown)


def _print_table(rim: Rim, found: Deltas) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("status", "scenario", "time", "change", "memory", "change", "baseline")
    for row in found.scenarios[:MAX_ROWS]:
        cells = (
            row.status,
            row.scenario_id,
            _number(row.runtime_ms, "ms"),
            _percent(row.runtime_delta_percent),
            _number(row.peak_memory_mb, "MB"),
            _percent(row.memory_delta_percent),
            row.baseline_id or "-",
        )
        table.add_row(*map(Text, cells))
    console(rim).print(table)
    hidden = len(found.scenarios) - MAX_ROWS
    if hidden > 0:
        rim.stdout.write(f"not listed: {hidden:,} scenarios (--format json has all)\n")
    counts = ", ".join(f"{count} {name}" for name, count in found.summary.items())
    rim.stdout.write(f"run {found.run_id}: {counts}\n")


def _number(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:,.4g} {unit}"


def _percent(value: float | None) -> str:
    from benchgov.units import signed_percent

    return "-" if value is None else signed_percent(value)
