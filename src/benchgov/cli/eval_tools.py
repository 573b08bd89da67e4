"""`benchgov eval diff` and `benchgov eval calibrate-tiers`: what recorded runs say together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.common import config_option, console, format_option, open_project, print_json
from benchgov.cli.eval_places import EvalPlaces, folder_type, task_class_option

if TYPE_CHECKING:
    from benchgov.canonical import Json
    from benchgov.eval.diff import RunDiff
    from benchgov.rim import Rim


@click.command("diff")
@click.argument("runs", nargs=-1, metavar="[BEFORE AFTER]")
@click.option("--last", metavar="TASK_CLASS", help="The last two runs of this task class.")
@click.option("--out", type=folder_type, help="Folder of run files.  [default: .benchgov/eval/runs]")
@click.option("--exit-code", is_flag=True, help="End with 1 when a case that passed does not any more.")
@format_option
@config_option
def diff(
    runs: tuple[str, ...], last: str | None, exit_code: bool, output_format: str, **given: Path | None
) -> int:
    """Show which cases flipped between two runs, whose scores moved, and what else differs.

    A run is a file, the id of a run or its beginning, or a part of a run file's name.

    \b
    Example:
      benchgov eval diff --last vuln-remediation
      benchgov eval diff base.json head.json --exit-code --format json
    """
    from benchgov.errors import UsageError
    from benchgov.eval.diff import diff as compared
    from benchgov.eval.diff import find_report, last_two

    if len(runs) != (0 if last else 2):
        raise UsageError("give two runs, or --last and a task class")
    project = open_project(given["config_file"])
    folder, cwd = EvalPlaces.of(project, runs=given["out"]).runs, project.rim.cwd
    if last:
        before, after = last_two(last, folder)
    else:
        before, after = (find_report(which, folder, cwd) for which in runs)
    found = compared(before, after)
    if output_format == "json":
        print_json(project.rim, _as_json(found))
    else:
        _show(project.rim, found)
    return 1 if exit_code and found.of("broken", "gone") else 0


def _as_json(found: RunDiff) -> Json:
    return {
        "task_class": found.task_class,
        "runs": [found.before.run_id, found.after.run_id],
        "mean_score": [found.before.mean_score, found.after.mean_score],
        "lower_bound_95": [found.before.lower_bound_95, found.after.lower_bound_95],
        "passed_count": [found.before.passed_count, found.after.passed_count],
        "inputs": [{"name": name, "before": old, "after": new} for name, old, new in found.inputs],
        "cases": [
            {
                "case_id": one.case_id,
                "change": one.change,
                "before": one.before,
                "after": one.after,
                "failure_modes": list(one.modes),
            }
            for one in found.changes
        ],
    }


def _show(rim: Rim, found: RunDiff) -> None:
    from rich.table import Table

    out = console(rim)
    old, new = found.before, found.after
    out.print(
        f"{found.task_class}: mean {old.mean_score:.3f} → {new.mean_score:.3f}, lower bound "
        f"{old.lower_bound_95:.3f} → {new.lower_bound_95:.3f}, passed {old.passed_count} → {new.passed_count}"
    )
    if found.changes:
        table = Table("case", "change", "before", "after", "failure modes", box=None)
        for one in found.changes:
            table.add_row(
                one.case_id, one.change, _number(one.before), _number(one.after), ", ".join(one.modes)
            )
        out.print(table)
    else:
        out.print("no case differs")
    for name, before, after in found.inputs:
        out.print(f"{name}: {before} → {after}", markup=False)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


@click.command("calibrate-tiers")
@task_class_option
@format_option
@config_option
def calibrate_tiers(task_class: str, output_format: str, config_file: Path | None) -> int:
    """Propose thresholds from at least 50 recorded runs, as a document for people; no threshold is changed.

    Complete runs of one rubric, one isolation and the promotion source are pooled. The document is
    docs/benchmarks/tier_calibration_<task class>.md, and is recorded in the audit log.

    Exit codes: 0 written; 1 fewer than 50 runs can be pooled; 5 the audit log was tampered with.

    \b
    Example:
      benchgov eval calibrate-tiers --task-class=vuln-remediation
    """
    from benchgov.audit.host import host_fingerprint
    from benchgov.promotion.calibrate import calibrate, write
    from benchgov.promotion.recorded import Recorder
    from benchgov.promotion.tiers import FILE, load_tiers

    project = open_project(config_file)
    rim, store = project.rim, project.audit_log()
    found = calibrate(store, task_class, load_tiers(project.root / FILE))
    host = host_fingerprint(rim.environ, store)
    recorder = Recorder(host, rim.now, rim.environ, project.settings.audit.allow)
    path, appended = write(project.root, store, found, recorder=recorder)
    if output_format == "json":
        proposals = [
            {"tier": one.tier, "now": one.current, "proposed": one.proposed} for one in found.proposals
        ]
        print_json(rim, {"task_class": task_class, "runs": len(found.records), "proposals": proposals})
    else:
        for one in found.proposals:
            rim.stdout.write(f"{one.tier}: {one.current:.2f} now, {one.proposed:.2f} proposed\n")
    shown = path.relative_to(project.root)
    rim.stderr.write(f"benchgov: {shown} (record {appended.record.sequence}); people decide\n")
    return 0
