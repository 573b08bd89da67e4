"""`benchgov compare`: hold a report against its baseline and give a verdict."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json
from benchgov.collector import without_collector

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from benchgov.gate.comparison import BandFinding, Comparison, FamilyFinding, Finding
    from benchgov.rim import Rim

MAX_ROWS = 200
_ROWS = {"unchanged": 0, "inconclusive": 40, "new": 40, "not-comparable": 40}
"""Verdict → rows that it gets at most; the others share `MAX_ROWS`."""

_ORDER = (
    "regression",
    "accepted",
    "missing",
    "not-comparable",
    "inconclusive",
    "improvement",
    "new",
    "unchanged",
)
_STYLES = {
    "regression": "bold red",
    "accepted": "yellow",
    "missing": "yellow",
    "not-comparable": "yellow",
    "blocked": "yellow",
    "inconclusive": "magenta",
    "over": "bold red",
    "within": "green",
    "improvement": "green",
    "new": "cyan",
    "pass": "bold green",
}


@click.command()
@click.argument("report", required=False, type=click.Path(path_type=Path))
@click.option("--suite", help="Suite whose baselines to take.  [default: the report's]")
@click.option("--baseline", metavar="ID|FOLDER", help="This baseline, instead of the active one.")
@click.option(
    "--baseline-ref",
    "ref",
    metavar="GIT_REF",
    help="Read baselines and policy from this revision (the pull request's base).",
)
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="[FAMILY:]METRIC=PERCENT",
    help="This limit instead of the baseline's; named in the result. May be repeated.",
)
@click.option(
    "--missing",
    type=click.Choice(["block", "allow"]),
    help="What a benchmark that only the baseline has does.  [default: as the baseline says]",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Judge accepted slowdowns as of this day, to repeat a comparison.  [default: today, in UTC]",
)
@click.option("--out", type=click.Path(path_type=Path), help="[default: comparison.json in output_dir]")
@click.option(
    "--authoritative", is_flag=True, help="Refuse when not all that is compared passed the environment gate."
)
@click.option("--sanity", is_flag=True, help="Hold every active baseline of the regime against itself.")
@click.option("--all", "show_all", is_flag=True, help="List unchanged metrics too, however many.")
@format_option
@config_option
@without_collector()
def compare(
    report: Path | None,
    out: Path | None,
    authoritative: bool,
    show_all: bool,
    output_format: str,
    **given: Any,
) -> int:
    """Hold REPORT against the active baseline and give a verdict.

    REPORT is by default the latest one (report.json in output_dir). The limits are those that the baseline
    was published with. Another regime or environment is "not comparable", never a regression. What the
    suite's accepted.yaml accepts does not block; docs/guides/limits.md says how.

    With --sanity there is no REPORT: every active baseline of the regime (of --suite only, if given) must
    come out clean against itself in both modes. It is written to
    docs/benchmarks/ci_comparison_report_REGIME.txt, or to --out.

    \b
    Exit codes: 0 pass, or inconclusive (said so)
                1 regression, a cost that grows faster than its limit, or a baseline that is not clean
                  against itself
                2 not comparable, or blocked; not authoritative, with --authoritative
                5 a baseline is not what was published

    \b
    Examples:
      benchgov compare
      benchgov compare report.json --baseline-ref origin/main --format json
      benchgov compare --threshold wall_time=5 --threshold parsing:peak_memory=20
      benchgov compare --sanity
    """
    from benchgov.files import write_atomic
    from benchgov.gate.policy import parse_overrides
    from benchgov.gate.question import Question, answer

    # No matrix is multiplied here: NumPy's threads would only wait for one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    project = open_project(given["config_file"])
    if given["sanity"]:
        from benchgov.cli.sanity import refuse_others, sanity

        refuse_others(report, {**given, "authoritative": authoritative})
        return sanity(project, given["suite"], out, output_format)
    question = Question(
        report=report or project.output_dir / "report.json",
        overrides=parse_overrides(given["thresholds"]),
        suite=given["suite"],
        baseline=given["baseline"],
        ref=given["ref"],
        missing=given["missing"],
        today=given["as_of"].date() if given["as_of"] else project.rim.now().date(),
    )
    comparison = answer(
        question,
        root=project.root,
        settings=project.settings,
        run=project.rim.run,
        environ=project.rim.environ,
    )
    if authoritative:
        _check_standing(comparison)
    write_atomic(out or project.output_dir / "comparison.json", comparison.to_bytes())
    if output_format == "json":
        print_json(project.rim, comparison.to_json())
    else:
        print_comparison(project.rim, comparison, show_all)
    return exit_code(comparison)


def _check_standing(comparison: Comparison) -> None:
    """Refuse to publish as authoritative what is not; raises BlockedError."""
    from benchgov.errors import BlockedError

    if not comparison.authoritative:
        raise BlockedError(
            "not authoritative: the report, or a baseline, is without a passed environment gate",
            details=[comparison.reason],
            remedy="Pin the environment (benchgov verify-env), and measure both there; nothing was written.",
        )


def exit_code(comparison: Comparison) -> int:
    """0 pass or inconclusive, 1 regression, 2 not comparable or blocked."""
    return {"pass": 0, "inconclusive": 0, "regression": 1}.get(comparison.verdict, 2)


def print_comparison(rim: Rim, comparison: Comparison, show_all: bool) -> None:
    """Findings (the worst first, unchanged ones only counted), families, bands, growth, and the verdict."""
    from rich.text import Text

    screen = console(rim)
    listed = sorted(comparison.findings, key=lambda finding: _ORDER.index(finding.verdict))
    shown, counted = (listed, []) if show_all else _worth_a_row(listed)
    if shown:
        screen.print(_findings(shown))
    if hidden := _hidden(counted):
        screen.print(Text(hidden))
    if comparison.families:
        screen.print(_families(comparison))
    if comparison.scale_bands:
        screen.print(_bands(comparison))
    if any(one.verdict != "not-limited" or one.grew for one in comparison.growth):
        screen.print(_growth(comparison))
    if comparison.environment_difference:
        screen.print(_difference(comparison))
    other = f"revision {comparison.against[:12]}" if comparison.against else "no baseline"
    against = ", ".join(comparison.baselines) or other
    note = "" if comparison.authoritative else " (not authoritative)"
    screen.print(_styled(comparison.verdict), Text(f"against {against}{note}: {comparison.reason}"))


def _worth_a_row(listed: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """What gets a row, and what is only counted: thousands of undecided rows say no more than a number."""
    taken = Counter[str]()
    shown: list[Finding] = []
    counted: list[Finding] = []
    for one in listed:
        taken[one.verdict] += 1
        fits = taken[one.verdict] <= _ROWS.get(one.verdict, MAX_ROWS) and len(shown) < MAX_ROWS
        (shown if fits else counted).append(one)
    return shown, counted


def _hidden(findings: list[Finding]) -> str:
    counts = Counter[str](one.verdict for one in findings)
    listed = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in _ORDER if counts[verdict])
    return f"not listed: {listed} (--all lists them)" if listed else ""


def _styled(verdict: str) -> Text:
    from rich.text import Text

    return Text(verdict, _STYLES.get(verdict, ""))


def _findings(findings: list[Finding]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from benchgov.report import run_key
    from benchgov.units import humanize, plain_percent, signed_percent

    tested = any(one.interval_percent for one in findings)
    more = ("95 % interval", "could see") if tested else ()
    table = Table("verdict", "benchmark", "metric", "baseline", "current", "change", "limit", *more)
    for one in findings:
        before, now = (
            "-" if value is None else humanize(value, one.unit)
            for value in (one.baseline_value, one.current_value)
        )
        change = "-" if one.change_percent is None else signed_percent(one.change_percent)
        limit = "-" if one.limit_percent is None else plain_percent(one.limit_percent)
        name = run_key(one.benchmark, one.scale, one.variant)
        cells = (name, one.metric, before, now, change, limit, *(_evidence(one) if tested else ()))
        table.add_row(_styled(one.verdict), *map(Text, cells))
    return table


def _evidence(finding: Finding) -> tuple[str, str]:
    """The interval, and the smallest worsening that would have been seen."""
    from benchgov.units import plain_percent, signed_percent

    ends = finding.interval_percent
    seen = finding.minimum_detectable_percent
    interval = f"{signed_percent(ends[0])} to {signed_percent(ends[1])}" if ends else "-"
    return interval, "-" if seen is None else plain_percent(seen)


def _families(comparison: Comparison) -> Table:
    return _groups("family", [(one.family, one) for one in comparison.families])


def _bands(comparison: Comparison) -> Table:
    return _groups("scale band", [(one.band, one) for one in comparison.scale_bands])


def _growth(comparison: Comparison) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("growth", "benchmark", "metric", "exponent", "95 % interval", "limit", "before")
    for one in comparison.growth:
        if one.verdict == "not-limited" and not one.grew:
            continue
        numbers = (one.exponent, one.limit, one.before)
        exponent, limit, before = ("-" if value is None else f"{value:.2f}" for value in numbers)
        interval = f"{one.interval[0]:.2f} to {one.interval[1]:.2f}" if one.interval else "-"
        cells = (f"{one.benchmark}/{one.variant}", one.metric, exponent, interval, limit, before)
        table.add_row(_styled(one.verdict), *map(Text, cells))
    return table


def _groups(what: str, groups: Sequence[tuple[str, FamilyFinding | BandFinding]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from benchgov.units import signed_percent

    table = Table(what, "verdict", "findings", "geometric mean change")
    for name, one in groups:
        counts = ", ".join(f"{count:,} {verdict}" for verdict, count in one.findings.items())
        means = ", ".join(
            f"{metric} {signed_percent(percent)}" for metric, percent in one.geometric_mean_percent.items()
        )
        table.add_row(Text(name), _styled(one.verdict), Text(counts), Text(means or "-"))
    return table


def _difference(comparison: Comparison) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("environment", "baseline", "this report")
    for one in comparison.environment_difference:
        table.add_row(*map(Text, (one.name, one.wanted, one.found)))
    return table
