"""`benchgov import` and `benchgov tools`: the results of other benchmark tools, as a report."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json
from benchgov.rim import real_rim

if TYPE_CHECKING:
    from benchgov.adapters.assemble import Rules
    from benchgov.adapters.interface import Adapter, Log, Reading
    from benchgov.cli.common import Project
    from benchgov.report import Environment, Report

STANDARD_INPUT = "-"


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--tool", default="auto", show_default=True, metavar="auto|NAME", help="Which tool wrote the FILEs."
)
@click.option("--suite", default="imported", show_default=True, help="The suite that the results belong to.")
@click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="REGEX=TEXT",
    help="Replace in every name; may be repeated, and is applied in order.",
)
@click.option(
    "--family",
    "families",
    multiple=True,
    metavar="REGEX=NAME",
    help="Family of the names that fit; the first wins.  [default: `match` of the suite's families, then the "
    "tool's group, else the tool]",
)
@click.option("--regime", help="Named set of measuring conditions.  [default: benchgov.yaml's]")
@click.option("--allow-partial", is_flag=True, help="Take what is whole of a log that is not.")
@click.option("--allow-drift", is_flag=True, help="End with 0 though this is not the pinned environment.")
@click.option("--output-dir", help="Folder for the report.  [default: .benchgov/out]")
@format_option
@config_option
def import_(files: tuple[str, ...], output_format: str, **given: Any) -> int:
    """Read what other benchmark tools wrote into FILEs, and write a report.

    A FILE is a log, a glob, a folder with logs, or - for standard input. Which tool wrote a log is known by
    its content. Import on the machine that measured: a log that names another one is never authoritative.

    \b
    Exit codes: 0 imported
                2 environment drift, or a log from another machine (the report is written)
                3 a log that is malformed, incomplete, without a benchmark, or of no known tool

    \b
    Examples:
      benchgov import pytest-benchmark.json --suite core
      benchgov import 'results/*.json' --family '^test_io=io' --rename '^tests/='
      go test -run '^$' -bench . -count 10 ./... | benchgov import - --suite core
    """
    project = open_project(
        given["config_file"], {("regime",): given["regime"], ("output_dir",): given["output_dir"]}
    )
    rules = _rules(project, given)
    readings = _readings(project, files, given["tool"], given["allow_partial"])
    report = _write(project, readings, rules, output_format)
    return 2 if report.environment.gate == "drift" and not given["allow_drift"] else 0


def _rules(project: Project, given: Mapping[str, Any]) -> Rules:
    from benchgov.adapters.assemble import Rules
    from benchgov.adapters.names import family_rule, rename_rule, rules_of
    from benchgov.errors import UsageError
    from benchgov.names import is_name
    from benchgov.suites.load import family_rules

    if not is_name(given["suite"]):
        raise UsageError(f"{given['suite']!r} is not the name of a suite")
    folder = project.suite_dir(given["suite"])
    return Rules(
        given["suite"],
        project.settings.regime,
        [rename_rule(one) for one in given["renames"]],
        [family_rule(one) for one in given["families"]] or rules_of(family_rules(folder)),
    )


def _readings(project: Project, files: Sequence[str], tool: str, allow_partial: bool) -> list[Reading]:
    from benchgov.adapters.interface import MalformedLogError
    from benchgov.adapters.registry import adapters, named, read_all
    from benchgov.collector import without_collector

    known = adapters()
    chosen = None if tool == "auto" else named(tool, known)
    with without_collector():
        pairs = _logs(project, files, known, chosen)
        readings = read_all(pairs, allow_partial)
    if not readings:
        raise MalformedLogError(
            "no file here is a log that can be read",
            where=", ".join(files),
            remedy="`benchgov tools` shows one command for each tool.",
        )
    for reading in readings:
        for text in reading.incomplete:
            project.rim.stderr.write(f"incomplete: {text}\n")
    return readings


def _logs(
    project: Project, files: Sequence[str], known: Mapping[str, Adapter], chosen: Adapter | None
) -> Iterator[tuple[Log, Adapter]]:
    """(log, its adapter) of every file; what in a folder is nobody's log is passed over, and said."""
    from benchgov.adapters.interface import Littering, MalformedLogError
    from benchgov.adapters.logs import find_logs
    from benchgov.adapters.registry import detect

    if STANDARD_INPUT in files:
        log = _standard_input()
        yield log, chosen or detect(log, known)
    littering = [one for one in known.values() if isinstance(one, Littering)]
    for place in find_logs([name for name in files if name != STANDARD_INPUT], project.rim.cwd):
        log = place.read(project.root)
        try:
            adapter = chosen or detect(log, known)
        except MalformedLogError as error:
            if place.must_be_a_log:
                raise
            if not any(one.passes_over(log) for one in littering):
                project.rim.stderr.write(f"passed over: {error}\n")
            continue
        yield log, adapter


def _standard_input() -> Log:
    from benchgov.adapters.interface import MAX_LOG_BYTES, Log
    from benchgov.errors import InputError
    from benchgov.files import decode

    where = "standard input"
    data = sys.stdin.buffer.read(MAX_LOG_BYTES + 1)
    if len(data) > MAX_LOG_BYTES:
        raise InputError(f"larger than {MAX_LOG_BYTES:,} bytes, which is the limit", where=where)
    return Log(where, decode(data, where))


def _write(project: Project, readings: Sequence[Reading], rules: Rules, output_format: str) -> Report:
    from benchgov.adapters.assemble import build_report, raw_of
    from benchgov.cli.measured import print_drift, print_report
    from benchgov.cli.stored import run_folder, store
    from benchgov.git import revision

    rim = project.rim
    report = build_report(
        readings,
        rules,
        environment=_environment(project),
        revision=revision(rim.run, project.root),
        now=rim.now(),
    )
    with run_folder(project) as (run_id, folder):
        store(project, folder, report, raw_of(readings))
    print_drift(rim, report.environment)
    print_report(rim, report, output_format)
    rim.stderr.write(f"report: {project.settings.output_dir}/report.json (run {run_id})\n")
    return report


def _environment(project: Project) -> Environment:
    from benchgov.environment import check

    rim = project.rim
    return check(project.settings.environment, run=rim.run, environ=rim.environ, folder=project.root)


@click.command()
@format_option
def tools(output_format: str) -> int:
    """List the tools whose results `benchgov import` reads, with one command that makes them for each.

    \b
    Example:
      benchgov tools --format json
    """
    from rich.markup import escape
    from rich.table import Table

    from benchgov.adapters.registry import adapters

    rim = real_rim()
    known = adapters()
    if output_format == "json":
        print_json(
            rim, [{"tool": name, "reads": one.reads, "example": one.example} for name, one in known.items()]
        )
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("tool", "reads", "for example"):
        table.add_column(column, overflow="fold")
    for name, one in known.items():
        table.add_row(name, escape(one.reads), escape(one.example))
    console(rim).print(table)
    return 0
