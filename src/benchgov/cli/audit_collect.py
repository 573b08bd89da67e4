"""`benchgov audit collect`: record what many jobs left behind as artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_checkpoint import attempts_option, file_type, seen_option, store_option
from benchgov.cli.audit_read import print_records
from benchgov.cli.audit_redact import allow_option
from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchgov.audit.artifacts import Fault, Haul
    from benchgov.audit.attempts import Pace
    from benchgov.audit.collect import Collection, Writer
    from benchgov.audit.files import LogFiles
    from benchgov.cli.common import Project


def writing_options(command: Callable[..., int]) -> Callable[..., int]:
    """The options of a command that collects: which log, how it is pushed, whose chain."""
    for option in (
        format_option,
        config_option,
        store_option,
        seen_option,
        allow_option,
        attempts_option,
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
@writing_options
def collect(folders: tuple[Path, ...], output_format: str, **given: Any) -> int:
    """Record the evidence of all artifacts in FOLDERS, in one commit where the log is a branch.

    A folder holds one sub-folder per artifact, as actions/download-artifact lays them out. Each report.json,
    comparison.json and environment.json becomes a record, and so does each eval run, promotion verdict and
    dossier; in the order of their names. What is recorded already, by whatever host, is not recorded again,
    so this can be repeated.

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
    done = record(project, haul, given, f"run {run_id}" if run_id else "")
    faults = (*haul.faults, *done.refused)
    if output_format == "json":
        print_json(project.rim, {**as_json(done), "artifacts": haul.artifacts, "faults": listed(faults)})
    else:
        print_collection(project, done, faults)
    return 1 if faults else 0


def record(project: Project, haul: Haul, given: dict[str, Any], of: str) -> Collection:
    """Append what was gathered; `of` says in the commit's message what it is of."""
    from benchgov.audit.collect import Collection
    from benchgov.audit.collect import collect as collect_items
    from benchgov.audit.seen import watching

    if not haul.items:
        return Collection()
    files = log_files(project, given)
    _entitle(files, f"audit: {of}" if of else "audit: collected artifacts")
    with watching(given["seen"], files):
        return collect_items(files, haul.items, _writer(project, files, given), pace_of(given))


def log_files(project: Project, given: dict[str, Any]) -> LogFiles:
    """The log; with --push fetched before it is read, and pushed when it is written."""
    from benchgov.audit.git_files import GitFiles
    from benchgov.errors import UsageError
    from benchgov.git_branch import find_repository

    files = project.audit_log(given["store"])
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
    from benchgov.names import is_name

    host = given["host"] or host_fingerprint(project.rim.environ, files)
    if not is_name(host):
        raise UsageError(f"not the name of a host: {host[:80]!r}")
    return Writer(host, project.rim.now, (*project.settings.audit.allow, *given["allow"]))


def pace_of(given: dict[str, Any]) -> Pace:
    """As often as asked for, with real waits."""
    import secrets
    import time

    from benchgov.audit.attempts import Pace

    return Pace(time.sleep, secrets.SystemRandom().random, given["attempts"])


def as_json(done: Collection) -> dict[str, Any]:
    """What became of each item, for --format json."""
    records = [
        {"new": one.new, "artifact": item.artifact, "file": item.file, **one.record.to_json()}
        for item, one in done.done
    ]
    return {
        "new": done.new,
        "known": len(records) - done.new,
        "head": done.head,
        "attempts": done.attempts,
        "records": records,
    }


def listed(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Faults, for --format json."""
    from dataclasses import asdict

    return [asdict(fault) for fault in faults]


def print_collection(project: Project, done: Collection, faults: Sequence[Fault]) -> None:
    """Print the records as a table and the head, and each fault to standard error."""
    from benchgov.text import one_line

    records = [one.record for _, one in done.done]
    if records:
        print_records(project.rim, records, ["recorded" if one.new else "known" for _, one in done.done])
        project.rim.stdout.write(f"head: {done.head}\n")
    for fault in faults:
        where = "/".join(part for part in (fault.artifact, fault.file) if part)
        project.rim.stderr.write(
            f"benchgov: not recorded: {one_line(where)}: {one_line(fault.reason, 500)}\n"
        )
