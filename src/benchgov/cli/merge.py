"""`benchgov merge`: join the reports of a matrix into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, format_option, open_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchgov.canonical import Json
    from benchgov.cli.common import Project
    from benchgov.cli.given_reports import GivenReport
    from benchgov.report import RunConfig
    from benchgov.sharding.merge import Merged, Part
    from benchgov.suites.manifest import Manifest


@click.command()
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.option("--gate/--no-gate", default=True, help="Hold the report against the active baseline.")
@click.option("--output-dir", help="Folder for the report.  [default: .benchgov/out]")
@format_option
@config_option
def merge(
    reports: tuple[str, ...], gate: bool, output_dir: str | None, output_format: str, config_file: Path | None
) -> int:
    """Join the reports of all shards of a plan into the report that one job would have given.

    A REPORT is a file, a folder with results such as a downloaded artifact, or a glob. The order does
    not matter: the same reports give the same bytes. The shards' reports and raw samples are kept beside
    the result. Imported reports of a matrix are joined too.

    \b
    Exit codes: 0 joined
                2 the reports don't belong together: a shard or benchmark is missing or there twice,
                  or suite, revision, regime, options or environment differ; each is named

    \b
    Examples:
      benchgov merge shards/
      benchgov merge 'shards/benchgov-core-*' --format json
    """
    from benchgov.cli.measured import print_report
    from benchgov.cli.run import gated
    from benchgov.cli.stored import run_folder, store
    from benchgov.files import write_atomic
    from benchgov.sharding.merge import merge as join

    project = open_project(config_file, {("output_dir",): output_dir})
    files = _files(reports, project.rim.cwd)
    parts = [_part(one) for one in files]
    manifest = _manifest(project, parts[0].report.config)
    merged = join(parts, [one.id for one in manifest.benchmarks] if manifest else ())
    report = gated(project, merged.report, manifest, compared=gate)
    homes = {one.name: one.path for one in files}
    with run_folder(project) as (run_id, folder):
        for number, part in enumerate(merged.parts, 1):
            write_atomic(folder / "shards" / f"report-{number:03}.json", part.report.to_bytes())
        store(project, folder, report, _raw(merged, homes))
    print_report(project.rim, report, output_format)
    project.rim.stderr.write(f"report: {project.settings.output_dir}/report.json (run {run_id})\n")
    return 0


def _files(names: Sequence[str], cwd: Path) -> list[GivenReport]:
    """The reports; a folder of results is one, however many earlier runs lie in its `runs/`."""
    from benchgov.cli.given_reports import REPORT, given_reports

    found = given_reports(names, cwd)
    latest = {one.path.parent.resolve() for one in found}

    def superseded(one: GivenReport) -> bool:
        runs = one.path.parent.parent
        home = runs.parent.resolve()
        return runs.name == "runs" and home in latest and not one.named and one.path.name == REPORT

    return [one for one in found if not superseded(one)]


def _part(given: GivenReport) -> Part:
    from benchgov.gate.question import load_report
    from benchgov.sharding.merge import Part

    return Part(given.name, load_report(given.path)[0])


def _manifest(project: Project, config: RunConfig) -> Manifest | None:
    """The manifest of the suite that was measured, when it is checked out here."""
    from benchgov.errors import BenchgovError
    from benchgov.suites.load import load_suite

    try:
        suite = load_suite(project.suite_dir(config.suite), project.root)
    except BenchgovError:  # merging needs no suite; a missing shard is named without its benchmarks then
        return None
    return suite.manifest if suite.sha256 == config.suite_sha256 else None


def _raw(merged: Merged, homes: Mapping[str, Path]) -> dict[str, Json]:
    """The shards' raw files under new names: `shard-002-<name>`."""
    return {
        f"shard-{number:03}-{name}": value
        for number, part in enumerate(merged.parts, 1)
        for name, value in _raw_of(homes[part.name]).items()
    }


def _raw_of(report: Path) -> dict[str, Json]:
    """The raw files beside a report, or beside the run in `runs/` that it is a copy of."""
    from benchgov.documents import parse_json
    from benchgov.files import read_bytes, read_text

    data = read_bytes(report)
    beside = [report.parent, *sorted(report.parent.glob("runs/*"), reverse=True)]
    for folder in beside:
        raw, copy = folder / "raw", folder / report.name
        if raw.is_dir() and copy.is_file() and read_bytes(copy) == data:
            # An artifact is data to check: a link in it could name any file of this machine.
            files = [file for file in sorted(raw.glob("*.json")) if file.is_file() and not file.is_symlink()]
            return {file.name: parse_json(read_text(file), str(file)) for file in files}
    return {}
