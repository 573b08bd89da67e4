"""`benchgov audit`: append to the audit log, and verify it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_anchor import anchor
from benchgov.cli.audit_checkpoint import checkpoint, file_type, keygen, seen_option, store_option
from benchgov.cli.audit_collect import collect
from benchgov.cli.audit_proofs import check_proof, prove
from benchgov.cli.audit_read import export, log, print_records, show
from benchgov.cli.audit_redact import allow_option, default_files, kind_option, redact_check, wanted_kind
from benchgov.cli.audit_sweep import sweep
from benchgov.cli.audit_witness import predicate, witness
from benchgov.cli.common import (
    config_option,
    format_option,
    in_processes,
    open_project,
    print_json,
    processors,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchgov.audit.files import LogFiles
    from benchgov.audit.jobs import Job, Outcome
    from benchgov.audit.kept import Kept
    from benchgov.audit.verification import Verification
    from benchgov.cli.common import Project


@click.group(no_args_is_help=True)
def audit() -> None:
    """Append to the audit log, verify it, and read it.

    The log is a chain of records, one per host: each holds the digest of the one before it. It reveals any
    change relative to a head that is kept elsewhere, so keep the head that `audit verify` prints.
    """


@audit.command("append")
@click.argument("files", nargs=-1, type=file_type)
@kind_option
@click.option("--no-verify", is_flag=True, help="Verify only the last record before appending, not all.")
@allow_option
@seen_option
@store_option
@config_option
@format_option
def append(files: tuple[Path, ...], no_verify: bool, output_format: str, **given: Any) -> int:
    """Record artifacts in the audit log: reports, comparisons, environments, dossier folders, and the like.

    Without FILES, report.json and comparison.json of output_dir. The log keeps digests and a few facts, not
    the files. Controls, histories, replay comparisons, eval runs and promotion verdicts are known by their
    content, too. What is recorded already is not recorded again. A record that would hold a secret, an e-mail
    address or a private path is refused: see `audit redact-check`.

    Exit codes: 0 recorded; 4 refused, nothing was written; 5 the log was tampered with, and nothing was
    written; 65 a file is not valid.

    \b
    Example:
      benchgov audit append
      benchgov audit append .benchgov/out/report.json .benchgov/out/dossier
    """
    from benchgov.audit.chain import append as append_record
    from benchgov.audit.chain import content_of, find
    from benchgov.audit.drafts import draft_of
    from benchgov.audit.host import host_fingerprint
    from benchgov.audit.redaction import refuse
    from benchgov.audit.seen import watching
    from benchgov.audit.verification import verify as verify_store

    project = open_project(given["config_file"])
    rim, log = project.rim, project.audit_log(given["store"])
    allow = (*project.settings.audit.allow, *given["allow"])
    paths = files or default_files(project)
    drafts = [draft_of(path, rim.environ, wanted_kind(given["kind"])) for path in paths]
    for path, draft in zip(paths, drafts, strict=True):  # before any of them is written
        refuse(content_of(draft, "host", rim.now), allow, str(path))
    with watching(given["seen"], log):
        if log.present() and not no_verify:
            divergence = verify_store(log, spread=in_processes_if_it_pays).divergence
            if divergence:
                raise divergence.error()
        host = host_fingerprint(rim.environ, log)
        done = [append_record(log, draft, host=host, now=rim.now, allow=allow) for draft in drafts]
    if output_format == "json":
        print_json(
            rim,
            [{"new": one.new, "file": one.path.rpartition("/")[2], **one.record.to_json()} for one in done],
        )
    else:
        states = ["recorded" if one.new else "known" for one in done]
        print_records(project.rim, [one.record for one in done], states)
        last = find(log, "HEAD", host=host)
        rim.stdout.write(f"head: {last.sequence}:{last.chain_head}\n")
    return 0


@audit.command("verify")
@click.option("--strict", is_flag=True, help="Look at every record: its link, its type, its form.")
@click.option("--head", metavar="[SEQ:]HEX", help="A head kept elsewhere, which the log must still hold.")
@click.option(
    "--against",
    type=file_type,
    multiple=True,
    help="A file kept elsewhere, a checkpoint or heads, which the log must still hold; `anchors` for all that"
    " `audit anchor` keeps in the log. Repeatable.",
)
@click.option(
    "--key",
    "--public-key",
    "keys",
    multiple=True,
    help="A key, as `audit keygen` prints it: one must have signed what --against names. Repeatable.",
)
@click.option("--since", metavar="ISO", help="Only the records since then, and their link to those before.")
@click.option(
    "--from-checkpoint",
    "state",
    type=file_type,
    help="Only what comes after this checkpoint, or these heads, up to which it was verified before.",
)
@click.option("--save-heads", type=file_type, help="Write the heads here, when all is well: for next time.")
@seen_option
@store_option
@config_option
@format_option
def verify(strict: bool, output_format: str, **given: Any) -> int:
    """Verify the audit log: links, digests, sequence, host and time of its records.

    A sealed bundle is hashed as a whole where the record behind it says what that must give. With --strict
    every record is looked at by itself, which takes many times as long.

    This detects any change relative to what is kept elsewhere: give it with --head or --against. Without, a
    cut tail or a log that was written anew from some record on cannot be told from a good one.

    Exit codes: 0 verified; 5 tampered with: the first divergence is shown with file and position.

    \b
    Example:
      benchgov audit verify --strict --against anchor.txt --key "$(cat audit.pub)"
      benchgov audit verify --head 12:6f0c...
      benchgov audit verify --from-checkpoint heads.txt --save-heads heads.txt
    """
    from benchgov.audit import root_log
    from benchgov.audit.anchors import parse_anchor
    from benchgov.audit.reading import parse_moment
    from benchgov.audit.seen import recall, require_seen, watching
    from benchgov.audit.verification import verify as verify_store

    project = open_project(given["config_file"])
    log = project.audit_log(given["store"])
    kept = _kept(log, given["against"], given["keys"])
    anchor = parse_anchor(given["head"]) if given["head"] else None
    in_part = bool(given["since"] or given["state"])
    require_seen(log, recall(given["seen"]) if given["seen"] else (), given["seen"])
    result = verify_store(
        log,
        strict=strict,
        anchor=anchor,
        kept=kept if in_part else [*kept, *root_log.held(log)],
        since=parse_moment(given["since"]) if given["since"] else None,
        states=_kept(log, [given["state"]] if given["state"] else []),
        spread=in_processes_if_it_pays,
    )
    if output_format == "json":
        print_json(project.rim, _as_json(result))
    else:
        _print_verification(project, result, anchored=bool(anchor or kept or given["state"]))
    if result.divergence:
        raise result.divergence.error()
    with watching(given["seen"], log):
        pass  # what was verified is seen from now on
    if given["save_heads"]:
        _save_heads(given["save_heads"], result)
    return 0


ANCHORS = Path("anchors")


def _kept(log: LogFiles, paths: Sequence[Path], keys: Sequence[str] = ()) -> list[Any]:
    from benchgov.audit.anchors import read_kept
    from benchgov.audit.kept import hold_against
    from benchgov.audit.note import parse_verifier
    from benchgov.errors import UsageError

    if keys and not paths:
        raise UsageError("--key is for what --against names")
    verifiers = [parse_verifier(key) for key in keys]
    found: list[Any] = []
    for path in paths:
        if path == ANCHORS:
            found += _held_anchors(log, hold_against(log, verifiers))
            continue
        kept = read_kept(path, verifiers)
        found += kept if isinstance(kept, tuple) else [kept]
    return found


def _held_anchors(log: LogFiles, anchors: Sequence[Kept]) -> list[Any]:
    """The hosts' anchors; those of the root log are held against that at once."""
    from benchgov.audit import root_log
    from benchgov.audit.kept import ROOT

    for one in anchors:
        if one.host == ROOT:
            root_log.require_extends(log, one.checkpoint)
    return [one.checkpoint.head for one in anchors if one.host != ROOT]


def _save_heads(path: Path, result: Verification) -> None:
    from benchgov.errors import InputError
    from benchgov.files import write_atomic

    lines = [f"{chain.host} {chain.anchor}\n" for chain in result.hosts if chain.last]
    if not lines:
        raise InputError("the log has no record, so there is no head to save", where=str(path))
    write_atomic(path, "".join(lines).encode())


def in_processes_if_it_pays(work: Any, jobs: Sequence[Job]) -> Iterable[Outcome]:
    """Verify hosts, and parts of long chains, in processes side by side, where that saves time."""
    from benchgov.audit.jobs import side_by_side

    return side_by_side(work, jobs, in_processes, processors())


def _as_json(result: Verification) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "ok": result.ok,
        "records": result.records,
        "complete": result.complete,
        "incomplete": result.records - result.complete,
        "hosts": [{**asdict(chain), "anchor": chain.anchor} for chain in result.hosts],
        "divergence": asdict(result.divergence) if result.divergence else None,
    }


def _print_verification(project: Project, result: Verification, *, anchored: bool) -> None:
    out = project.rim.stdout
    incomplete = result.records - result.complete
    noun = "record" if result.records == 1 else "records"
    out.write(f"{result.records} {noun} verified ({result.complete} complete, {incomplete} incomplete)\n")
    if result.divergence:
        return
    for chain in result.hosts:
        left_out = f"  (not verified now: 1 to {chain.skipped})" if chain.skipped else ""
        out.write(f"host {chain.host}  head: {chain.anchor}{left_out}\n")
    if not anchored and result.records:
        project.rim.stderr.write(
            "benchgov: keep the head elsewhere and give it to --head next time;"
            " without one, a cut tail cannot be seen.\n"
        )


for command in (
    collect,
    sweep,
    log,
    show,
    export,
    redact_check,
    checkpoint,
    prove,
    check_proof,
    keygen,
    anchor,
    witness,
    predicate,
):
    audit.add_command(command)
