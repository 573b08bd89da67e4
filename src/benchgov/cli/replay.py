"""`benchgov replay`: run the plan of a report again, and hold the results against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.cli.common import Project
    from benchgov.measure.plan import Plan
    from benchgov.replay.comparison import Mismatch, Policy, ReplayComparison
    from benchgov.report import Environment, Report
    from benchgov.rim import Rim

MAX_ROWS = 50
_MAX_VALUE = 200


@click.command()
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    help="The report to replay.  [default: report.json in output_dir]",
)
@click.option(
    "--max-protocols",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only the first N runs of the plan, and what belongs to the same benchmark.",
)
@click.option("--skip-build", is_flag=True, help="Leave the suite's build step out; its outputs are there.")
@click.option("--require-pass", is_flag=True, help="Every run must pass, not only be the same.")
@click.option(
    "--require-expectations", is_flag=True, help="Every run must have expectations, and they must hold."
)
@click.option(
    "--authoritative",
    is_flag=True,
    help="Refuse when the report, or this machine, is not that of a passed environment gate.",
)
@click.option(
    "--out-report",
    type=click.Path(path_type=Path),
    help="The replay's report.  [default: replay-report.json in output_dir]",
)
@click.option(
    "--out-comparison",
    type=click.Path(path_type=Path),
    help="What differs.  [default: replay-comparison.json in output_dir]",
)
@format_option
@config_option
def replay(  # noqa: PLR0913 (one argument per option)
    *,
    report_file: Path | None,
    max_protocols: int | None,
    skip_build: bool,
    require_pass: bool,
    require_expectations: bool,
    authoritative: bool,
    out_report: Path | None,
    out_comparison: Path | None,
    output_format: str,
    config_file: Path | None,
) -> int:
    """Run the plan of a report again, and compare what must be the same.

    The same config, order and protocols; a protocol whose source file has changed is blocked, not run. What
    is compared is the deterministic projection: verdicts, expectations, layers and digests, but no times. The
    report itself is checked first: its hashes must be those of its config and runs. It may come from another
    machine: the result is then not authoritative.

    \b
    Exit codes: 0 match
                2 mismatch, or the report is not valid

    \b
    Examples:
      benchgov replay --report bench/protocols/smoke.json --require-pass
      benchgov replay --report R --max-protocols 1 --skip-build --out-report O --out-comparison C
    """
    from benchgov.files import write_atomic
    from benchgov.replay.comparison import Policy

    project = open_project(config_file)
    given = report_file or project.output_dir / "report.json"
    outs = (
        out_report or project.output_dir / "replay-report.json",
        out_comparison or project.output_dir / "replay-comparison.json",
    )
    _check_places(given, outs)
    policy = Policy(
        max_protocols=max_protocols,
        skip_build=skip_build,
        require_pass=require_pass,
        require_expectations=require_expectations,
    )
    again, comparison = _replay(project, given, policy, authoritative)
    write_atomic(outs[0], again.to_bytes())
    write_atomic(outs[1], comparison.to_bytes())
    if output_format == "json":
        print_json(project.rim, comparison.to_json())
    else:
        print_replay(project.rim, comparison, again)
    return 0 if comparison.verdict == "match" else 2


def _check_places(report: Path, outs: tuple[Path, Path]) -> None:
    """The report that is replayed is evidence, and is never replaced; raises UsageError."""
    from benchgov.errors import UsageError

    if len({path.resolve() for path in (report, *outs)}) < 1 + len(outs):
        raise UsageError("--report, --out-report and --out-comparison must be three files")


def _replay(
    project: Project, given: Path, policy: Policy, authoritative: bool
) -> tuple[Report, ReplayComparison]:
    """(the replay's report, what differs); raises InputError, BlockedError."""
    from benchgov.cli.measured import print_drift
    from benchgov.environment import check
    from benchgov.environment.pinned import difference
    from benchgov.gate.question import load_report
    from benchgov.measure.again import plan_again
    from benchgov.replay.claims import check_claims
    from benchgov.replay.compare import compare_replay, part_of
    from benchgov.suites.load import load_suite

    baseline, digest = load_report(given)
    check_claims(baseline, project.root, str(given))
    rim = project.rim
    suite = load_suite(project.suite_dir(baseline.config.suite), project.root)
    plan = plan_again(part_of(baseline, policy.max_protocols), suite, skip_build=policy.skip_build)
    environment = check(project.settings.environment, run=rim.run, environ=rim.environ, folder=project.root)
    print_drift(rim, environment)
    if authoritative:
        _check_standing(baseline, environment)
    again = _measured(project, plan, environment, baseline.config.regime)
    return again, compare_replay(
        baseline,
        again,
        policy,
        baseline_sha256=digest,
        environment_difference=difference(baseline.environment.facts, environment.facts),
    )


def _check_standing(baseline: Report, environment: Environment) -> None:
    from benchgov.errors import BlockedError

    faults = [] if baseline.summary.authoritative else ["the report is not authoritative"]
    faults += [] if environment.gate == "pass" else [f"the environment's gate here is {environment.gate!r}"]
    if faults:
        raise BlockedError("the replay would not be authoritative", details=faults)


def _measured(project: Project, plan: Plan, environment: Environment, regime: str) -> Report:
    from benchgov.cli.measured import progress
    from benchgov.git import revision
    from benchgov.measure.runner import measure

    with progress(project.rim, plan.steps) as shown:
        return measure(
            plan,
            environment=environment,
            regime=regime,
            revision=revision(project.rim.run, project.root),
            now=project.rim.now,
            environ=project.rim.environ,
            progress=shown,
        ).report


def print_replay(rim: Rim, comparison: ReplayComparison, again: Report) -> None:
    """What differs, what is required and not met, what was blocked, and the verdict."""
    from rich.table import Table
    from rich.text import Text

    screen = console(rim)
    if comparison.mismatches:
        table = Table("where", "report", "replay", box=None, pad_edge=False, header_style="bold")
        for one in comparison.mismatches[:MAX_ROWS]:
            table.add_row(Text(one.path), *(Text(text) for text in _values(one)))
        screen.print(table)
    if (hidden := comparison.mismatched - MAX_ROWS) > 0:
        screen.print(f"not listed: {hidden:,} mismatches (--format json has them)")
    for unmet in comparison.unmet[:MAX_ROWS]:
        screen.print(Text(f"{unmet.rule}: {unmet.run}: {unmet.detail}"))
    for run in again.runs[:MAX_ROWS]:
        if run.overall == "blocked":
            screen.print(Text(f"blocked {run.key}: {run.reason}"))
    style = "bold green" if comparison.verdict == "match" else "bold red"
    standing = "" if comparison.authoritative else "(not authoritative) "
    screen.print(Text(comparison.verdict, style), Text(f"{standing}{comparison.reason}"))
    for name, hashes in (("report", comparison.baseline), ("replay", comparison.replay)):
        rim.stdout.write(f"{name}: plan {hashes.plan_sha256} result {hashes.result_sha256}\n")


def _values(one: Mismatch) -> tuple[str, str]:
    import json

    from benchgov.text import one_line

    def shown(side: str, value: object) -> str:
        if one.only_in not in {None, side}:
            return "-"
        return one_line(json.dumps(value, ensure_ascii=False), _MAX_VALUE)

    return shown("baseline", one.baseline), shown("replay", one.replay)
