"""`benchgov audit collect` and `sweep`: record what many jobs left behind as artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_checkpoint import file_type, store_option
from benchgov.cli.audit_read import print_records
from benchgov.cli.audit_redact import allow_option
from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchgov.audit.artifacts import Fault, Haul
    from benchgov.audit.collect import Collection, Pace, Writer
    from benchgov.audit.files import LogFiles
    from benchgov.cli.common import Project
    from benchgov.github.artifacts import Uploaded
    from benchgov.github.sweep import Missing


def _writing_options(command: Callable[..., int]) -> Callable[..., int]:
    for option in (
        format_option,
        config_option,
        store_option,
        allow_option,
        click.option(
            "--attempts",
            type=click.IntRange(1, 1000),
            default=20,
            show_default=True,
            help="How often to try while others push first.",
        ),
        click.option(
            "--host",
            help="Whose chain to continue.  [default: this machine's; name it where machines are made anew]",
        ),
        click.option(
            "--push",
            metavar="REMOTE",
            help="Fetch the log's branch from this remote first, and push it, fast-forward only.",
        ),
    ):
        command = option(command)
    return command


@click.command("collect")
@click.argument("folders", nargs=-1, required=True, type=file_type)
@click.option(
    "--run-id", metavar="ID", help="Workflow run of the artifacts.  [default: $GITHUB_RUN_ID in a job]"
)
@click.option("--run-attempt", metavar="N", help="Its attempt.  [default: $GITHUB_RUN_ATTEMPT in a job]")
@_writing_options
def collect(folders: tuple[Path, ...], output_format: str, **given: Any) -> int:
    """Record the evidence of all artifacts in FOLDERS, in one commit where the log is a branch.

    A folder holds one sub-folder per artifact, as actions/download-artifact lays them out. Each report.json,
    comparison.json and environment.json becomes a record, and so does each dossier; in the order of their
    names. What is recorded already, by whatever host, is not recorded again, so this can be repeated.

    With --push, when somebody else pushed first, the records are made again behind the new head, up to
    --attempts times. After that nothing is recorded, and the artifacts are as they were.

    Exit codes: 0 all is recorded; 1 what is good is recorded, the rest is named; 2 the branch is checked out;
    5 the log was tampered with, nothing was recorded; 65 no artifact; 74 given up, or the remote refuses.

    \b
    Example:
      benchgov audit collect artifacts --store git:benchgov-audit --push origin
      benchgov audit collect artifacts --run-id 123456
    """
    from benchgov.audit.artifacts import gather, run_environ

    project = open_project(given["config_file"])
    environ = project.rim.environ
    in_job = environ if environ.get("GITHUB_ACTIONS") == "true" else {}
    run_id = given["run_id"] or in_job.get("GITHUB_RUN_ID")
    attempt = given["run_attempt"] or (None if given["run_id"] else in_job.get("GITHUB_RUN_ATTEMPT"))
    haul = gather(folders, run_environ(run_id, attempt))
    done = _record(project, haul, given, f"run {run_id}" if run_id else "")
    faults = (*haul.faults, *done.refused)
    if output_format == "json":
        print_json(project.rim, {**_as_json(done), "artifacts": haul.artifacts, "faults": _listed(faults)})
    else:
        _print(project, done, faults)
    return 1 if faults else 0


def _record(project: Project, haul: Haul, given: dict[str, Any], of: str) -> Collection:
    from benchgov.audit.collect import Collection
    from benchgov.audit.collect import collect as collect_items

    if not haul.items:
        return Collection((), (), 0)
    files = _files(project, given)
    _entitle(files, f"audit: {of}" if of else "audit: collected artifacts")
    return collect_items(files, haul.items, _writer(project, files, given), _pace(given))


def _files(project: Project, given: dict[str, Any]) -> LogFiles:
    from benchgov.audit.git_files import GitFiles
    from benchgov.errors import UsageError
    from benchgov.git_branch import find_repository

    files = project.log(given["store"])
    if not given["push"]:
        return files
    if not isinstance(files, GitFiles):
        raise UsageError("only a log on a branch can be pushed", remedy="Name it: --store git:benchgov-audit")
    return files.pushing(find_repository(project.rim.run, project.root), given["push"])


def _entitle(files: LogFiles, message: str) -> None:
    from benchgov.audit.git_files import GitFiles

    if isinstance(files, GitFiles):
        files.message = message


def _writer(project: Project, files: LogFiles, given: dict[str, Any]) -> Writer:
    from benchgov.audit.collect import Writer
    from benchgov.audit.host import host_fingerprint
    from benchgov.errors import UsageError
    from benchgov.wire import is_name

    host = given["host"] or host_fingerprint(project.rim.environ, files)
    if not is_name(host):
        raise UsageError(f"not the name of a host: {host[:80]!r}")
    return Writer(host, project.rim.now, (*project.settings.audit.allow, *given["allow"]))


def _pace(given: dict[str, Any]) -> Pace:
    import secrets
    import time

    from benchgov.audit.collect import Pace

    return Pace(time.sleep, secrets.SystemRandom().random, given["attempts"])


def _as_json(done: Collection) -> dict[str, Any]:
    records = [
        {"new": one.new, "artifact": item.artifact, "file": item.file, **one.record.to_json()}
        for item, one in done.done
    ]
    return {"new": done.new, "known": len(records) - done.new, "attempts": done.attempts, "records": records}


def _listed(faults: Sequence[Fault]) -> list[dict[str, str]]:
    from dataclasses import asdict

    return [asdict(fault) for fault in faults]


def _print(project: Project, done: Collection, faults: Sequence[Fault]) -> None:
    from benchgov.text import one_line

    records = [one.record for _, one in done.done]
    print_records(project.rim, records, ["recorded" if one.new else "known" for _, one in done.done])
    if records:
        last = max(records, key=lambda record: record.sequence)
        project.rim.stdout.write(f"head: {last.sequence}:{last.chain_head}\n")
    for fault in faults:
        where = "/".join(part for part in (fault.artifact, fault.file) if part)
        project.rim.stderr.write(f"benchgov: not recorded: {one_line(where)}: {one_line(fault.reason, 500)}\n")


@click.command("sweep")
@click.option("--days", type=click.FloatRange(min=0, min_open=True, max=400), default=14, show_default=True)
@click.option(
    "--name",
    "pattern",
    default="benchgov-*",
    show_default=True,
    help="Artifacts that should be in the log, as a pattern.",
)
@click.option("--forks", is_flag=True, help="Take artifacts of forks' runs, too.")
@click.option("--repository", metavar="OWNER/NAME", help="Whose artifacts.  [default: $GITHUB_REPOSITORY]")
@click.option(
    "--from",
    "folder",
    type=file_type,
    help="Look here instead of on GitHub: FOLDER/<id of a workflow run>/<artifact>/…",
)
@click.option("--dry-run", is_flag=True, help="Only say what is missing.")
@_writing_options
def sweep(output_format: str, **given: Any) -> int:
    """Find artifacts of recent workflow runs that never made it into the log, and record them.

    A record knows the run and the artifact that it was made of; what no record was made of is missing. The
    token is read from GITHUB_TOKEN or GH_TOKEN, and needs the permission `actions: read`. Artifacts of forks
    are named, and not taken without --forks: anybody can make one.

    Exit codes: 0 nothing is missing now; 1 something is, and it is named: its artifact has expired, is no
    evidence, or was not fetched because of --dry-run; otherwise as `audit collect`.

    \b
    Example:
      benchgov audit sweep --store git:benchgov-audit --push origin --days 30
      benchgov audit sweep --dry-run
    """
    import tempfile

    from benchgov.github.sweep import fetch, find_missing, recorded_places

    project = open_project(given["config_file"])
    files = _files(project, given)
    recorded = recorded_places(_records(files))
    with _source(project, given) as source, tempfile.TemporaryDirectory(prefix="benchgov-") as place:
        missing = find_missing(source, recorded, _choice(project, given))
        haul = fetch(source, missing, Path(place)) if not given["dry_run"] else None
    return 0
