"""`benchgov run`: measure a suite, write its report, and print what it cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, format_option, open_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchgov.cli.against import AgainstFlags
    from benchgov.cli.common import Project
    from benchgov.measure.assemble import Measurement
    from benchgov.measure.plan import Plan
    from benchgov.report import Environment, Report
    from benchgov.sharding.shard import Shard
    from benchgov.suites.bands import ScaleRules
    from benchgov.suites.load import Suite
    from benchgov.suites.manifest import Family, Manifest


@click.command()
@click.argument("suite")
@click.option(
    "--only",
    multiple=True,
    metavar="PATTERN",
    help="An id, `id@scale`, `family:<name>` or a glob such as `canonical-*`; may be repeated.",
)
@click.option(
    "--shard",
    metavar="JSON",
    help="Only this job's part: an entry of the matrix that `benchgov plan` printed.",
)
@click.option("--warmup", type=int, help="Warm-up samples, at least 2.  [default: the manifest's, else 2]")
@click.option("--runs", type=int, help="Measured samples, at least 5.  [default: the manifest's, else 5]")
@click.option("--timeout", type=float, metavar="SECONDS", help="Deadline of one sample.  [default: 60]")
@click.option("--regime", help="Named set of measuring conditions.  [default: benchgov.yaml's]")
@click.option(
    "--against", metavar="GIT_REF", help="Measure this revision too, in turn with the work tree, and compare."
)
@click.option(
    "--pairs", type=int, help="With --against: so many pairs of each benchmark, not more where it matters."
)
@click.option(
    "--max-minutes", type=float, metavar="M", help="With --against: begin no further pairs after this time."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value of the suite's config; may be repeated.",
)
@click.option("--skip-build", is_flag=True, help="Leave the suite's build step out; its outputs are there.")
@click.option("--dry-run", is_flag=True, help="Print the plan; measure nothing.")
@click.option("--allow-drift", is_flag=True, help="Measure in an environment that is not the pinned one.")
@click.option("--gate/--no-gate", default=True, help="Hold the report against the active baseline.")
@click.option("--output-dir", help="Folder for the report.  [default: .benchgov/out]")
@format_option
@config_option
def run(  # noqa: PLR0913 (one argument per option)
    *,
    suite: str,
    only: tuple[str, ...],
    shard: str | None,
    warmup: int | None,
    runs: int | None,
    timeout: float | None,
    regime: str | None,
    against: str | None,
    pairs: int | None,
    max_minutes: float | None,
    settings: tuple[str, ...],
    skip_build: bool,
    dry_run: bool,
    allow_drift: bool,
    gate: bool,
    output_dir: str | None,
    output_format: str,
    config_file: Path | None,
) -> int:
    """Measure the benchmarks of SUITE and write a report.

    Variants of a benchmark must agree on signature and output before any time counts. What fails,
    hangs or disagrees is `blocked`, and the others still run.

    With --against the other revision is checked out beside this one, and both are measured in turn, in
    random order, on this machine: 10 pairs, and 20 and 40 where a change is suspected
    (policy.statistics.looks). No baseline is needed.

    \b
    Exit codes: 0 ran, and gates pass
                1 a wrong result, a regression, or a cost that grows faster than its limit
                2 blocked: environment drift, an invalid manifest, a benchmark that could not be
                  measured, variants that disagree

    \b
    Examples:
      benchgov run core
      benchgov run core --only 'canonical-*' --only chain-append@1000 --runs 20
      benchgov run core --dry-run --format json
      benchgov run core --against origin/main --max-minutes 20
      benchgov run solver --set depth=12 --set mode=exact
      benchgov run core --shard "$SHARD"     (in a matrix job: SHARD is toJSON(matrix))
    """
    from benchgov.cli.against import AgainstFlags, print_pairs
    from benchgov.cli.measured import print_plan
    from benchgov.measure.plan import SamplingFlags, plan_suite
    from benchgov.suites.parameters import parse_settings

    paired = AgainstFlags(against, pairs, max_minutes)
    paired.check(runs)
    project = open_project(config_file, {("regime",): regime, ("output_dir",): output_dir})
    loaded = suite_of(project, suite)
    part = _shard(loaded, only, shard)
    given = parse_settings(loaded.manifest.config_schema, settings)
    sampling = SamplingFlags(warmup, runs, timeout)
    plan = plan_suite(loaded, patterns=only, sampling=sampling, shard=part, given=given)
    paired.check_plan(plan, skip_build=skip_build)
    plan = replace(plan, skip_build=skip_build)
    if dry_run:
        print_plan(project.rim, plan, output_format)
        print_pairs(project, plan, paired)
        return 0
    return _measure(project, plan, paired, (allow_drift, gate), output_format)


def suite_of(project: Project, name: str) -> Suite:
    """The suite that a command line names; raises UsageError, InputError."""
    from benchgov.errors import UsageError
    from benchgov.names import is_name
    from benchgov.suites.load import load_suite

    if not is_name(name):
        raise UsageError(f"{name!r} is not the name of a suite")
    return load_suite(project.suite_dir(name), project.root)


def _shard(suite: Suite, only: tuple[str, ...], text: str | None) -> Shard | None:
    from benchgov.errors import UsageError
    from benchgov.sharding.shard import parse_entry, take

    if text is None:
        return None
    if only:
        raise UsageError(
            "--shard with --only: the plan says what is measured", remedy="Give --only to `benchgov plan`."
        )
    return take(suite, parse_entry(text))


def _measure(
    project: Project, plan: Plan, paired: AgainstFlags, switches: tuple[bool, bool], output_format: str
) -> int:
    from benchgov.cli.measured import print_drift, print_report
    from benchgov.cli.stored import run_folder, store
    from benchgov.environment import check

    allow_drift, gate = switches
    rim = project.rim
    if gate:
        _check_accepted(project, plan.suite)
    environment = check(project.settings.environment, run=rim.run, environ=rim.environ, folder=project.root)
    print_drift(rim, environment)
    # The folder is made before anything is measured, so that one that cannot be written is known at once.
    with run_folder(project) as (run_id, folder):
        drifted = environment.gate == "drift" and not allow_drift
        measurement = (
            _blocked(project, plan, environment) if drifted else _run(project, plan, environment, paired)
        )
        report = gated(project, measurement.report, plan.suite.manifest, compared=gate)
        store(project, folder, report, measurement.raw)
    print_report(rim, report, output_format)
    rim.stderr.write(f"report: {project.settings.output_dir}/report.json (run {run_id})\n")
    return exit_code(report)


def _run(project: Project, plan: Plan, environment: Environment, paired: AgainstFlags) -> Measurement:
    from benchgov.cli.against import measure_against
    from benchgov.cli.measured import progress
    from benchgov.git import revision
    from benchgov.measure.runner import measure

    if paired.ref is not None:
        return measure_against(project, plan, environment, paired)
    with progress(project.rim, plan.steps) as shown:
        return measure(
            plan,
            environment=environment,
            regime=project.settings.regime,
            revision=revision(project.rim.run, project.root),
            now=project.rim.now,
            environ=project.rim.environ,
            progress=shown,
        )


def _blocked(project: Project, plan: Plan, environment: Environment) -> Measurement:
    from benchgov.git import revision
    from benchgov.measure.runner import blocked

    return blocked(
        plan,
        "environment drift: this machine is not the pinned one",
        environment=environment,
        regime=project.settings.regime,
        revision=revision(project.rim.run, project.root),
        now=project.rim.now,
    )


def _check_accepted(project: Project, suite: Suite) -> None:
    """Read the accepted slowdowns, so that a fault in them is known before anything is measured."""
    from benchgov.gate.accepted import ACCEPTED_FILE, load_accepted

    path = (suite.folder / ACCEPTED_FILE).relative_to(suite.root).as_posix()
    load_accepted(suite.folder, path, project.rim.now().date())


def gated(project: Project, report: Report, manifest: Manifest | None, *, compared: bool) -> Report:
    """`report` with its gates: growth always, since it needs no baseline; performance when it is `compared`.

    `manifest` is the suite's own, which says what growth and families are held to.
    """
    from benchgov.gate.growth import as_scale_gate, growth_of
    from benchgov.suites.bands import ScaleRules

    scales = manifest.scales() if manifest else ScaleRules()
    found = growth_of(report, scales, project.settings.policy.statistics)
    whole = report.model_copy(update={"scale_band_gate": as_scale_gate(found)})
    return _compared(project, whole, manifest.families if manifest else {}, scales) if compared else whole


def _compared(project: Project, report: Report, families: Mapping[str, Family], scales: ScaleRules) -> Report:
    """`report` held against its baseline, when the regime has one at all.

    A selection leaves benchmarks out on purpose, so they do not count as missing.
    """
    from benchgov.gate.compare import compare
    from benchgov.gate.growth import as_scale_gate
    from benchgov.gate.policy import GatePolicy
    from benchgov.gate.question import accepted_by, store_of
    from benchgov.gate.summary import as_gate

    settings, suite = project.settings, report.config.suite
    store = store_of(project.root, settings, suite)
    active = store.active(report.config.regime, report.environment, settings.policy.same)
    if not (active.baselines or active.nearest or report.config.against):
        return report
    policy = GatePolicy(
        settings.policy.mode,
        missing="allow" if report.config.selection else None,
        settings=settings.policy,
        families={name: family.thresholds for name, family in families.items()},
        scales=scales,
        accepted=accepted_by(project.suite_dir(suite), (settings, suite), report, active),
    )
    found = compare(report, active, policy)
    gates = {"performance_gate": as_gate(found), "scale_band_gate": as_scale_gate(found.growth, found)}
    return report.model_copy(update=gates)


def exit_code(report: Report) -> int:
    """1 for a wrong result, a regression or growth over a limit, 2 for blocked or not comparable."""
    gates = {report.performance_gate.status, report.scale_band_gate.status}
    if report.summary.status == "fail" or "regression" in gates:
        return 1
    blocked = report.summary.status == "blocked"
    return 2 if blocked or report.performance_gate.status in {"blocked", "not-comparable"} else 0
