"""`benchgov audit`: append to the audit log, verify it, and read it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchgov.cli.audit_checkpoint import checkpoint, keygen
from benchgov.cli.audit_proofs import check_proof, prove
from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchgov.audit.chain import Kind
    from benchgov.audit.record import Record
    from benchgov.audit.verification import Verification
    from benchgov.cli.common import Project

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    help="Folder of the log.  [default: audit.store of benchgov.yaml]",
)


@click.group(no_args_is_help=True)
def audit() -> None:
    """Append to the audit log, verify it, and read it.

    The log is a chain of records, one per host: each holds the digest of the one before it. It reveals any
    change relative to a head that is kept elsewhere, so keep the head that `audit verify` prints.
    """


for command in (checkpoint, prove, check_proof, keygen):
    audit.add_command(command)


@audit.command("append")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(["auto", "verify-env", "run", "comparison", "baseline", "dossier"]),
    default="auto",
    show_default=True,
    help="What the files are.",
)
@click.option("--no-verify", is_flag=True, help="Verify only the last record before appending, not all.")
@store_option
@config_option
@format_option
def append(
    files: tuple[Path, ...],
    kind: str,
    no_verify: bool,
    store: Path | None,
    config_file: Path | None,
    output_format: str,
) -> int:
    """Record artifacts in the audit log: reports, comparisons, environments, dossier folders.

    Without FILES, report.json and comparison.json of output_dir. The log keeps digests and a few facts, not
    the files. What is recorded already is not recorded again.

    Exit codes: 0 recorded; 5 the log was tampered with, and nothing was written; 65 a file is not valid.

    \b
    Example:
      benchgov audit append
      benchgov audit append .benchgov/out/report.json .benchgov/out/dossier
    """
    from benchgov.audit.chain import append as append_record
    from benchgov.audit.chain import find
    from benchgov.audit.drafts import draft_of
    from benchgov.audit.host import host_fingerprint
    from benchgov.audit.verification import verify as verify_store

    project = open_project(config_file)
    rim, folder = project.rim, _store(project, store)
    wanted: Kind | None = None if kind == "auto" else kind  # type: ignore[assignment]
    drafts = [draft_of(path, rim.environ, wanted) for path in files or _default_files(project)]
    if folder.exists() and not no_verify:
        divergence = verify_store(folder).divergence
        if divergence:
            raise divergence.error()
    host = host_fingerprint(rim.environ, folder)
    done = [append_record(folder, draft, host=host, now=rim.now) for draft in drafts]
    if output_format == "json":
        print_json(rim, [{"new": one.new, "file": one.path.name, **one.record.to_json()} for one in done])
    else:
        _print_records(
            project, [one.record for one in done], ["recorded" if one.new else "known" for one in done]
        )
        last = find(folder, "HEAD", host=host)
        rim.stdout.write(f"head: {last.sequence}:{last.chain_head}\n")
    return 0


def _store(project: Project, store: Path | None) -> Path:
    return project.audit_store if store is None else store


def _default_files(project: Project) -> list[Path]:
    from benchgov.errors import InputError

    candidates = [project.output_dir / name for name in ("report.json", "comparison.json")]
    found = [path for path in candidates if path.exists()]
    if not found:
        raise InputError(
            "there is neither report.json nor comparison.json to record",
            where=str(project.output_dir),
            remedy="Run `benchgov run SUITE` first, or name the files.",
        )
    return found


@audit.command("verify")
@click.option("--strict", is_flag=True, help="Also parse every record as its type and write it again.")
@click.option("--head", metavar="[SEQ:]HEX", help="A head kept elsewhere, which the log must still hold.")
@store_option
@config_option
@format_option
def verify(
    strict: bool, head: str | None, store: Path | None, config_file: Path | None, output_format: str
) -> int:
    """Verify the audit log: links, digests, sequence, host and time of every record.

    This detects any change relative to a head kept elsewhere: give it with --head. Without one, a cut tail or
    a log that was written anew from some record on cannot be told from a good one.

    Exit codes: 0 verified; 5 tampered with: the first divergence is shown with file and position.

    \b
    Example:
      benchgov audit verify --strict
      benchgov audit verify --head 12:6f0c...
    """
    from benchgov.audit.verification import parse_anchor
    from benchgov.audit.verification import verify as verify_store

    project = open_project(config_file)
    anchor = parse_anchor(head) if head else None
    result = verify_store(_store(project, store), strict=strict, anchor=anchor)
    if output_format == "json":
        print_json(project.rim, _as_json(result))
    else:
        _print_verification(project, result, anchored=anchor is not None)
    if result.divergence:
        raise result.divergence.error()
    return 0


def _as_json(result: Verification) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "ok": result.ok,
        "records": result.records,
        "complete": result.complete,
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
        out.write(f"host {chain.host}  head: {chain.anchor}\n")
    if not anchored and result.records:
        project.rim.stderr.write(
            "benchgov: keep the head elsewhere and give it to --head next time;"
            " without one, a cut tail cannot be seen.\n"
        )


@audit.command("log")
@click.option("--limit", type=click.IntRange(min=1), help="Only the last so many records of each host.")
@store_option
@config_option
@format_option
def log(limit: int | None, store: Path | None, config_file: Path | None, output_format: str) -> int:
    """List the records of the audit log. They are not verified: `audit verify` does that.

    \b
    Example:
      benchgov audit log --limit 20
    """
    from benchgov.audit.chain import read

    project = open_project(config_file)
    records = [record for _, record in read(_store(project, store), limit=limit)]
    if output_format == "json":
        print_json(project.rim, [record.to_json() for record in records])
    else:
        _print_records(project, records)
    return 0


def _print_records(project: Project, records: Sequence[Record], states: Sequence[str] = ()) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("host", "seq", "time (UTC)", "kind", "suite", "verdict", "complete", "chain head")
    if states:
        table.add_column("")
    for index, record in enumerate(records):
        facts = record.subject
        verdict = next((facts[key] for key in ("verdict", "status", "gate") if facts.get(key)), "-")
        cells = [
            record.host[:11],
            str(record.sequence),
            f"{record.recorded_at_utc:%Y-%m-%d %H:%M:%S}",
            record.kind,
            str(facts.get("suite", "-")),
            str(verdict),
            "yes" if record.complete else "no",
            record.chain_head[:12],
            *states[index : index + 1],
        ]
        table.add_row(*map(Text, cells))
    console(project.rim).print(table)


@audit.command("show")
@click.argument("which", metavar="SEQ|HEAD")
@click.option("--host", help="Which host's chain, where the log has several.")
@store_option
@config_option
@format_option
def show(
    which: str, host: str | None, store: Path | None, config_file: Path | None, output_format: str
) -> int:
    """Print one record: by its sequence, or HEAD for the last. It is not verified.

    \b
    Example:
      benchgov audit show HEAD
      benchgov audit show 12
    """
    from benchgov.audit.chain import find

    project = open_project(config_file)
    record = find(_store(project, store), which, host=host)
    if output_format == "json":
        print_json(project.rim, record.to_json())
    else:
        _print_record(project, record)
    return 0


def _print_record(project: Project, record: Record) -> None:
    from rich.table import Table
    from rich.text import Text

    value = record.to_json()
    subject, evidence = value.pop("subject"), value.pop("evidence")
    rows = {**value, **{f"subject.{name}": fact for name, fact in subject.items()}}
    rows |= {f"evidence {one['name']}": f"{one['size']} bytes, sha256 {one['sha256']}" for one in evidence}
    table = Table("field", "value")
    for name, fact in rows.items():
        table.add_row(Text(name), Text(str(fact), overflow="fold"))
    console(project.rim).print(table)
