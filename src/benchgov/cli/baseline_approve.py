"""`benchgov baseline approve`: a maintainer makes a recorded run the active baseline, on the record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchgov.audit.approval import Approved
    from benchgov.baselines.approval import Row, Scenario
    from benchgov.baselines.approver import Approver
    from benchgov.baselines.generate import Draft
    from benchgov.baselines.standing import Standing
    from benchgov.baselines.store import BaselineStore
    from benchgov.cli.common import Project
    from benchgov.report import Report


@click.command()
@click.option(
    "--scenario", "name", required=True, metavar="NAME", help="A suite, suite/benchmark, or a benchmark."
)
@click.option("--run", "run_id", required=True, metavar="ID", help="A run below output_dir/runs.")
@click.option("--notes", default="", help="Kept in the baseline and in the audit log.")
@click.option("--dataset", help="The run must be of this dataset.  [default: any]")
@click.option(
    "--approver",
    metavar="LOGIN",
    help="Who approves.  [default: the actor in Actions, else Git's user.name]",
)
@click.option("--output-dir", help="Folder of the recorded runs.  [default: .benchgov/out]")
@format_option
@config_option
def approve(name: str, run_id: str, output_format: str, **given: Any) -> int:
    """Approve a recorded run as the active baseline of a suite, or of one benchmark.

    The run's status is pass or provisional, three consecutive runs of the same plan, regime and environment
    have passed, and the approver is one of `maintainers`. All reasons against it are shown at once.

    Publishes the baseline, makes it active in index.json, and records the approval in the audit log: all of
    it or nothing. Commit it to a branch, and let a pull request carry it to review. In Actions the approver
    is the workflow's actor, `maintainers` are those of the default branch, and nothing is approved by a
    schedule or by a push to the default branch.

    \b
    Exit codes: 0 approved
                4 a rule is not kept, or the approver may not; each rule is named
                5 the audit log or a baseline was tampered with; nothing was written

    \b
    Examples:
      benchgov baseline approve --scenario core --run 20260131T235959.123456Z --notes "New runner image"
      benchgov baseline approve --scenario core/tree-digest --run 20260131T235959.123456Z --approver octocat
    """
    from benchgov.audit.approval import approve as write
    from benchgov.baselines.approval import row, scenario
    from benchgov.baselines.model import MAX_NOTES
    from benchgov.baselines.recorded import find, recorded
    from benchgov.cli.baseline_input import store_for
    from benchgov.errors import UsageError

    if len(given["notes"]) > MAX_NOTES:
        raise UsageError(f"--notes: at most {MAX_NOTES:,} characters")
    project = open_project(given["config_file"], {("output_dir",): given["output_dir"]})
    runs = project.output_dir / "runs"
    wanted, report = scenario(name, find(runs, run_id))
    request = Request(project, store_for(project, wanted.suite), wanted, run_id, report, given)
    approver = _approver(project, given["approver"])
    passed = row(wanted, report, recorded(runs, until=run_id))
    _check(request, approver, passed)
    made = _draft(request, approver)
    files = {f"{one.run_id}.json": one.data for one in passed.runs}
    rim = project.rim
    done = write(made, request.store, project.audit_log(), files, environ=rim.environ, now=rim.now)
    _print(project, made, done, output_format)
    return 0


@dataclass(frozen=True)
class Request:
    """What is to be approved: the scenario, the run, its part that is about the scenario, and the flags."""

    project: Project
    store: BaselineStore
    wanted: Scenario
    run_id: str
    report: Report
    flags: Mapping[str, Any]


def _approver(project: Project, flag: str | None) -> Approver:
    from benchgov.baselines.approver import identify
    from benchgov.git import user_name

    return identify(flag, project.rim.environ, user_name(project.rim.run, project.root))


def _check(request: Request, approver: Approver, passed: Row) -> None:
    """Raise RefusedError with everything that speaks against it."""
    from benchgov.baselines import approval, generate
    from benchgov.baselines.approver import attended, authority
    from benchgov.errors import RefusedError

    report, flags = request.report, request.flags
    branch, maintainers, unknown = _ruling(request.project)
    status, active = _status(request)
    found = [
        *attended(request.project.rim.environ, branch),
        *(unknown or authority(approver, flags["approver"], maintainers)),
        *approval.breaches(request.wanted, report, status, flags["dataset"], active),
        *passed.breaches,
        *generate.breaches([report]),
    ]
    if found:
        raise RefusedError(
            f"{request.wanted.name}: the run is not approved",
            details=list(dict.fromkeys(found)),
            remedy="Satisfy the rules that are named; docs/guides/baselines.md explains them.",
        )


def _status(request: Request) -> tuple[Standing, list[str]]:
    """(status, digests of the active baselines' raw reports).

    A run that was never held against a baseline is so now: leaving the gate out must not hide a regression.
    """
    from benchgov.baselines.standing import standing
    from benchgov.gate.question import standing_now
    from benchgov.gate.summary import as_gate

    project, report = request.project, request.report
    active, comparison = standing_now(report, root=project.root, settings=project.settings)
    digests = [digest for one in active.baselines for digest in one.baseline.raw.values()]
    if active.baselines and report.performance_gate.status == "not-evaluated":
        report = report.model_copy(update={"performance_gate": as_gate(comparison)})
    return standing(report), digests


def _ruling(project: Project) -> tuple[str | None, Sequence[str], list[str]]:
    """(default branch, maintainers, why these are not known): in Actions those of the default branch.

    A pull request that names its author a maintainer must not be believed.
    """
    import tempfile

    from benchgov.baselines.approver import in_actions
    from benchgov.cli.baseline_input import default_branch
    from benchgov.config import FILE_NAME, load_settings
    from benchgov.errors import BlockedError
    from benchgov.git import export, origin_branch

    rim = project.rim
    if not in_actions(rim.environ):
        return None, project.settings.maintainers, []
    branch = default_branch(rim.environ)
    if branch is None:
        return None, (), ["rule maintainer: the workflow's event does not name the default branch"]
    try:
        with tempfile.TemporaryDirectory(prefix="benchgov-") as name:
            commit = origin_branch(rim.run, project.root, branch)
            export(rim.run, project.root, commit, [FILE_NAME], Path(name))
            return branch, load_settings(Path(name), {}).maintainers, []
    except BlockedError:
        remedy = "check out with `fetch-depth: 0`"
        return branch, (), [f"rule maintainer: origin/{branch} cannot be read here; {remedy}"]


def _draft(request: Request, approver: Approver) -> Draft:
    from benchgov.baselines.generate import Origin, draft
    from benchgov.baselines.model import Approval
    from benchgov.cli.baseline_input import limits_for

    project, wanted, report = request.project, request.wanted, request.report
    now = project.rim.now()
    approval = Approval(
        scenario=wanted.name,
        run=request.run_id,
        approver=approver.name,
        identified_by=approver.identified_by,
        approved_at_utc=now,
        notes=request.flags["notes"],
        dataset=request.flags["dataset"],
    )
    command = f"benchgov baseline approve --scenario {wanted.name} --run {request.run_id}"
    origin = Origin(command, approver.name, now)
    return draft([report], limits_for(project, wanted.suite, report), origin, approval)


def _print(project: Project, made: Draft, done: Approved, output_format: str) -> None:
    from benchgov.cli.baseline_input import say_how, thresholds_of

    baseline = made.baseline
    index = done.folder.parent / "index.json"
    record_file = Path(project.audit_log().where(done.record.path))
    written = [_shown(project, path) for path in (done.folder, index, record_file)]
    if output_format == "json":
        record = done.record.record.to_json()
        value = {"baseline_id": baseline.baseline_id, "record": record, "written": written}
        print_json(project.rim, {**value, "approval": baseline.to_json()["approval"]})
        return
    assert baseline.approval is not None
    kind = "" if baseline.authoritative else " (not authoritative: the environment is not pinned)"
    project.rim.stdout.write(
        f"approved: {baseline.baseline_id}{kind}\n"
        f"  {baseline.approval.scenario}, by {baseline.approval.approver}\n{thresholds_of(baseline)}"
        + "".join(f"  {path}\n" for path in written)
    )
    say_how(project, "commit these to a branch, and open a pull request that the code owners review.")


def _shown(project: Project, path: Path) -> str:
    return (path.relative_to(project.root) if path.is_relative_to(project.root) else path).as_posix()
