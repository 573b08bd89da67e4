"""`benchgov history`: find the changes in a history of many reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from benchgov.cli.common import Project
    from benchgov.cli.given_reports import GivenReport
    from benchgov.history.changes import Finder, Step
    from benchgov.history.model import Change, History, HistorySeries
    from benchgov.history.series import SeriesBuilder
    from benchgov.report import Report
    from benchgov.rim import Rim

MAX_ROWS = 50
_BARS = "▁▂▃▄▅▆▇█"
_TREND_POINTS = 20
_COMMIT_DIGITS = 7
_TELL_EVERY = 1000
_REPORT_MARK = b'"performance_gate"'
_STYLES = {"worse": "bold red", "better": "green"}


@click.command()
@click.argument("reports", nargs=-1, metavar="[REPORT...]")
@click.option("--metric", "metrics", multiple=True, help="Only this metric; may be repeated.")
@click.option(
    "-k", "pattern", default="", metavar="PATTERN", help="Only these runs: a glob, or a part of a name."
)
@click.option(
    "--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N points of each series."
)
@click.option(
    "--p-value",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.001,
    show_default=True,
    help="The largest p-value of a change.",
)
@click.option(
    "--min-magnitude",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    metavar="PERCENT",
    help="The smallest change.",
)
@click.option("--recorded", is_flag=True, help="Only reports that the audit log, once verified, vouches for.")
@click.option("--all", "show_all", is_flag=True, help="List every series, however many.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the result as JSON to this file too.")
@click.option("--output-dir", help="Folder whose `runs/` are read by default.  [default: .benchgov/out]")
@format_option
@config_option
def history(reports: tuple[str, ...], output_format: str, **given: Any) -> int:
    """Read many reports and find where a benchmark's level changed: when, at which commit, by how much.

    A REPORT is a file, a folder (every report*.json below it: runs, downloaded artifacts, baselines) or a
    glob; by default the runs of output_dir. Only reports of one suite, regime and environment are held
    against each other: another machine is no change. The changes are found by Apache Otava, which is
    installed with `benchgov[history]`.

    \b
    Exit codes: 0 read, with or without changes
                2 apache-otava is not installed
                3 a report is missing or malformed
                5 the audit log does not verify (with --recorded)

    \b
    Examples:
      benchgov history
      benchgov history 'artifacts/*/report.json' --metric wall_time -k 'parse*' --last 100
      benchgov history artifacts/ --recorded --format json --out history.json
    """
    from benchgov.errors import UsageError
    from benchgov.files import write_atomic
    from benchgov.history.changes import otava_finder
    from benchgov.history.model import Asked
    from benchgov.history.model import history as make_history
    from benchgov.history.series import SeriesBuilder

    project = open_project(given["config_file"], {("output_dir",): given["output_dir"]})
    find = otava_finder(given["p_value"], given["min_magnitude"])
    builder = SeriesBuilder(given["metrics"], given["pattern"])
    _read(project, reports, builder, _vouched(project) if given["recorded"] else None)
    asked = Asked(p_value=given["p_value"], min_magnitude_percent=given["min_magnitude"])
    series = builder.series(given["last"])
    if not series and (given["metrics"] or given["pattern"]):
        raise UsageError(f"no metric or run of {builder.reports} reports fits --metric and -k")
    with _progress(project.rim, len(series), find) as told:
        made = make_history(series, builder.facts, builder.reports, asked, told)
    if given["out"]:
        write_atomic(given["out"], made.to_bytes())
    _say_what_is_missing(project.rim, made)
    if output_format == "json":
        print_json(project.rim, made.to_json())
    else:
        print_history(project.rim, made, given["show_all"])
    return 0


def _read(
    project: Project, names: Sequence[str], builder: SeriesBuilder, vouched: frozenset[str] | None
) -> None:
    """Take the reports into `builder` one by one: only one of them is in memory at a time."""
    from benchgov.errors import InputError

    left_out = 0
    for given in _files(project, names):
        read = _report(project.rim, given)
        if read is None:
            continue
        if vouched is not None and read[1] not in vouched:
            left_out += 1
            continue
        builder.add(*read)
    if left_out:
        project.rim.stderr.write(f"left out: {left_out} reports that the audit log does not have\n")
    if not builder.reports:
        raise InputError(
            "there is no report to read",
            where=", ".join(names) or str(project.output_dir / "runs"),
            remedy="Name report files or folders; `benchgov run SUITE` writes one.",
        )


def _files(project: Project, names: Sequence[str]) -> list[GivenReport]:
    from benchgov.cli.given_reports import given_reports

    if names:
        return given_reports(names, project.rim.cwd, "report*.json")
    runs = project.output_dir / "runs"
    return given_reports([str(runs)], project.rim.cwd) if runs.is_dir() else []


def _report(rim: Rim, given: GivenReport) -> tuple[Report, str] | None:
    """A report and its digest; None for another file of that name, which somebody else's tool wrote."""
    from benchgov.files import read_bytes
    from benchgov.gate.question import load_report

    if not given.named and _REPORT_MARK not in read_bytes(given.path):
        rim.stderr.write(f"passed over: {given.name}: not a benchgov report\n")
        return None
    return load_report(given.path)


def _vouched(project: Project) -> frozenset[str]:
    """The SHA-256 of every report that the audit log has recorded; raises TamperError, InputError."""
    from benchgov.audit.chain import read, verify

    log = project.audit_log()
    divergence = verify(log).divergence
    if divergence:
        raise divergence.error()
    return frozenset(
        evidence.sha256 for _, record in read(log) if record.kind == "run" for evidence in record.evidence
    )


@contextmanager
def _progress(rim: Rim, total: int, find: Finder) -> Iterator[Finder]:
    """`find`, which tells how far it is: by a bar on a terminal, else by a line every thousand series."""
    from rich.console import Console
    from rich.progress import Progress

    done = 0
    screen = Console(file=rim.stderr, no_color=bool(rim.environ.get("NO_COLOR")))
    with Progress(console=screen, transient=True, disable=not rim.stderr.isatty()) as bar:
        task = bar.add_task("looking for changes", total=total)

        def told(values: Sequence[float]) -> list[Step]:
            nonlocal done
            done += 1
            bar.advance(task)
            if done % _TELL_EVERY == 0 and not rim.stderr.isatty():
                rim.stderr.write(f"looked at {done:,} of {total:,} series\n")
            return find(values)

        yield told


def _say_what_is_missing(rim: Rim, made: History) -> None:
    short = sum(not one.enough for one in made.series)
    if short:
        rim.stderr.write(
            f"{short} of {len(made.series)} series have fewer than {made.min_points} points: no change is "
            "looked for in them yet\n"
        )
    if len(made.environments) > 1:
        rim.stderr.write(
            f"{len(made.environments)} histories, for as many suites, regimes and environments: "
            "their numbers are not held against each other\n"
        )


def print_history(rim: Rim, made: History, show_all: bool) -> None:
    """One table for each suite, regime and environment; then what was found on the whole."""
    from rich.text import Text

    from benchgov.text import one_line

    screen = console(rim)
    groups: dict[tuple[str, str, str], list[HistorySeries]] = {}
    for item in made.series:
        groups.setdefault((item.suite, item.regime, item.fingerprint), []).append(item)
    for one in made.environments:
        series = groups.get((one.suite, one.regime, one.fingerprint), [])
        shown = series if show_all else series[:MAX_ROWS]
        place = one_line(f"{one.facts.os}, {one.facts.cpu_model} × {one.facts.cpu_count}")
        screen.print(Text(f"{one.suite}, regime {one.regime}: {place}, {one.fingerprint[7:19]}", "bold"))
        if shown:
            screen.print(_table(shown))
        screen.print(Text(_count(series, len(series) - len(shown))))
    screen.print(Text(_verdict(made)))


def _count(series: Sequence[HistorySeries], hidden: int) -> str:
    steady = sum(not item.changes for item in series)
    rest = f"; {hidden} not listed (--all lists them)" if hidden else ""
    return f"{len(series)} series, {steady} without a change{rest}"


def _verdict(made: History) -> str:
    changes = [change for one in made.series for change in one.changes]
    worse = sum(change.effect == "worse" for change in changes)
    return (
        f"{made.reports} reports: {worse} changes for the worse, {len(changes) - worse} for the better "
        f"(at least {made.min_magnitude_percent:g} %, p ≤ {made.p_value:g})"
    )


def _table(series: Iterable[HistorySeries]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from benchgov.text import one_line
    from benchgov.units import humanize

    table = Table("run", "metric", "trend", "points", "latest", "change", "since (UTC)", "commit", "p")
    for one in series:
        latest = one_line(humanize(one.values[-1], one.unit))
        head = [one.run, one.metric, sparkline(one.values), str(len(one.values)), latest]
        if not one.changes:
            table.add_row(*map(Text, head), "-", "", "", "")
        for change in reversed(one.changes):
            table.add_row(*map(Text, head), Text(_size(change), _STYLES[change.effect]), *_when(change))
            head = [""] * len(head)
    return table


def _size(change: Change) -> str:
    from benchgov.units import signed_percent

    size = "from 0" if change.percent is None else signed_percent(change.percent)
    once = ", one report so far" if change.reports_after == 1 else ""
    return f"{size} {change.effect}{once}"


def _when(change: Change) -> tuple[Any, ...]:
    from rich.text import Text

    from benchgov.text import one_line

    revisions = (change.previous_revision, change.revision)
    commits = [one_line(one or "unknown")[:_COMMIT_DIGITS] for one in revisions]
    commit = commits[1] if commits[0] == commits[1] else "..".join(commits)
    return tuple(map(Text, (f"{change.at_utc:%Y-%m-%d %H:%M}", commit, f"{change.p_value:.1g}")))


def sparkline(values: Sequence[float]) -> str:
    """The newest values as bars, from the least to the greatest of them; equal values are all low."""
    shown = values[-_TREND_POINTS:]
    low, high = min(shown), max(shown)
    if low == high:
        return _BARS[0] * len(shown)
    return "".join(_BARS[min(int((one - low) / (high - low) * len(_BARS)), len(_BARS) - 1)] for one in shown)
