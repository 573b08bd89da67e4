"""`benchgov control`: the same revision against itself, and with a slowdown: false alarms and power."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from benchgov.cli.common import Project
    from benchgov.gate.control_result import Control, Noise, Rate
    from benchgov.measure.plan import Plan
    from benchgov.report import Environment, Report
    from benchgov.rim import Rim

CONTROL_FILE = "control.json"
MAX_ROWS = 200


@click.command()
@click.argument("suite")
@click.option(
    "--only",
    "-k",
    multiple=True,
    metavar="PATTERN",
    help="An id, `id@scale`, `family:<name>` or a glob such as `canonical-*`; may be repeated.",
)
@click.option("--rounds", type=click.IntRange(1, 1000), default=10, show_default=True, help="How often.")
@click.option(
    "--pairs",
    type=click.IntRange(5, 1000),
    help="So many pairs in each round.  [default: as `run --against`: 10, and 20 and 40 where suspected]",
)
@click.option(
    "--slowdown",
    metavar="PERCENT",
    help="Also make every run so much slower, by a busy wait, and see which ones are found, such as 5%.",
)
@click.option(
    "--resplits",
    type=click.IntRange(0, 100_000),
    default=500,
    show_default=True,
    help="How often the same samples are judged again with sides drawn anew.",
)
@click.option("--allow-drift", is_flag=True, help="Measure in an environment that is not the pinned one.")
@click.option("--output-dir", help="Folder for control.json.  [default: .benchgov/out]")
@format_option
@config_option
def control(  # noqa: PLR0913 (one argument per option)
    *,
    suite: str,
    only: tuple[str, ...],
    rounds: int,
    pairs: int | None,
    slowdown: str | None,
    resplits: int,
    allow_drift: bool,
    output_dir: str | None,
    output_format: str,
    config_file: Path | None,
) -> int:
    """Measure how often SUITE raises a false alarm on this machine, and what it can see.

    Every round is what `run --against` does, with this revision on both sides: any regression is a false
    alarm. The rates have exact 95 % intervals, and are held against policy.statistics.alpha. The result
    is control.json in output_dir, which the dossier shows.

    \b
    Exit codes: 0 the rate of false alarms is inside the policy, as far as so many rounds can tell
                1 it is certainly outside
                2 blocked: environment drift, a benchmark that could not be measured

    \b
    Examples:
      benchgov control core --rounds 20
      benchgov control core -k 'canonical-*' --pairs 10 --slowdown 5%
    """
    from benchgov.cli.run import suite_of
    from benchgov.errors import BlockedError, UsageError
    from benchgov.files import write_atomic
    from benchgov.gate.control import Trials, judge_control
    from benchgov.gate.policy import GatePolicy
    from benchgov.gate.question import store_of
    from benchgov.measure.plan import plan_suite

    percent = parse_percent(slowdown)
    project = open_project(config_file, {("output_dir",): output_dir})
    plan = plan_suite(suite_of(project, suite), patterns=only)
    if plan.protocols:
        raise UsageError(f"{suite} is a suite of protocols: nothing of it is measured")
    environment = _environment(project)
    if environment.gate == "drift" and not allow_drift:
        raise BlockedError("environment drift: this machine is not the pinned one", where=suite)
    looks = (pairs,) if pairs else project.settings.policy.statistics.looks
    measured, slowed = _rounds(project, plan, environment, looks, (rounds, percent))
    policy = GatePolicy(
        "statistical",
        settings=project.settings.policy,
        families={name: family.thresholds for name, family in plan.suite.manifest.families.items()},
    )
    store = store_of(project.root, project.settings, plan.suite.manifest.suite)
    found = judge_control(
        Trials(measured, slowed, percent, resplits),
        store.active(project.settings.regime, environment),
        policy,
    )
    write_atomic(project.output_dir / CONTROL_FILE, found.to_bytes())
    if output_format == "json":
        print_json(project.rim, found.to_json())
    else:
        print_control(project.rim, found)
    return 0 if found.verdict == "inside" else 1


def parse_percent(text: str | None) -> float | None:
    """`5%` or `5` as 5.0; raises UsageError for what is no percentage above 0 and at most 1000."""
    from benchgov.errors import UsageError

    if text is None:
        return None
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 1000:
        raise UsageError(f"--slowdown {text!r}: a percentage above 0 and at most 1000, such as 5%")
    return percent


def _environment(project: Project) -> Environment:
    from benchgov.cli.measured import print_drift
    from benchgov.environment import check

    rim = project.rim
    found = check(project.settings.environment, run=rim.run, environ=rim.environ, folder=project.root)
    print_drift(rim, found)
    return found


def _rounds(
    project: Project,
    plan: Plan,
    environment: Environment,
    looks: tuple[int, ...],
    asked: tuple[int, float | None],
) -> tuple[list[Report], Report | None]:
    """(the rounds without a change, the one with a slowdown)."""
    from benchgov.cli.against import ended_as_by_ctrl_c
    from benchgov.measure.slowdown import delays_of

    rounds, percent = asked
    measured = []
    with ended_as_by_ctrl_c():
        for number in range(1, rounds + 1):
            project.rim.stderr.write(f"round {number} of {rounds}: the same revision on both sides\n")
            measured.append(_round(project, plan, environment, looks, {}))
        if percent is None:
            return measured, None
        project.rim.stderr.write(f"one more round: this side {percent:g} % slower\n")
        return measured, _round(project, plan, environment, looks, delays_of(measured, percent))


def _round(
    project: Project,
    plan: Plan,
    environment: Environment,
    looks: tuple[int, ...],
    delays: dict[str, int],
) -> Report:
    from benchgov.cli.measured import progress
    from benchgov.git import revision
    from benchgov.measure.other import same_revision
    from benchgov.measure.paired import Pairing, measure_paired

    rim = project.rim
    own = revision(rim.run, project.root)
    other = same_revision(plan, own[0] or "none", rim.environ)
    with progress(rim, plan.steps) as shown:
        return measure_paired(
            plan,
            Pairing(own, other, looks, delays=delays),
            environment=environment,
            regime=project.settings.regime,
            now=rim.now,
            environ=rim.environ,
            progress=shown,
        ).report


def print_control(rim: Rim, control: Control) -> None:
    """The rates, then the noise of every metric, the noisiest first."""
    from rich.text import Text

    out = console(rim)
    out.print(_rate_table(control))
    listed = sorted(control.noise, key=lambda one: -one.cv_percent)
    out.print(_noise_table(listed[:MAX_ROWS]))
    if len(listed) > MAX_ROWS:
        out.print(f"not listed: {len(listed) - MAX_ROWS:,} metrics (--format json has all)")
    style = "bold green" if control.verdict == "inside" else "bold red"
    out.print(Text(control.verdict, style), Text(f"the policy: {control.reason}"))


def _rate_table(control: Control) -> Table:
    table = _table("rate", "seen", "of", "percent", "95 % interval", left=1)
    for name, rate in _rates(control):
        low, high = rate.interval
        shown = f"{low:.2%} to {high:.2%}"
        table.add_row(name, f"{rate.events:,}", f"{rate.trials:,}", f"{rate.rate:.2%}", shown)
    return table


def _noise_table(noise: Sequence[Noise]) -> Table:
    from rich.text import Text

    from benchgov.report import run_key

    table = _table("run", "metric", "CV", "would have seen", "false alarms", "slowdown found", left=2)
    for one in noise:
        least = one.minimum_detectable_percent
        table.add_row(
            Text(run_key(one.benchmark, one.scale, one.variant)),
            one.metric,
            f"{one.cv_percent:.1f} %",
            "–" if least is None else f"{least:.1f} %",
            str(one.false_alarms),
            {None: "", True: "yes", False: "no"}[one.slowdown_found],
        )
    return table


def _table(*columns: str, left: int) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        table.add_column(name, justify="left" if index < left else "right")
    return table


def _rates(control: Control) -> list[tuple[str, Rate]]:
    listed = [
        ("false alarms, rounds", control.alarms),
        ("false alarms, re-splits", control.resplits),
        ("false alarms, re-splits of the baseline", control.baseline_resplits),
        (f"power at {control.slowdown_percent or 0:g} %, really slower", control.power),
        (f"power at {control.slowdown_percent or 0:g} %, samples scaled", control.power_scaled),
    ]
    return [(name, one) for name, one in listed if one is not None and one.trials]
