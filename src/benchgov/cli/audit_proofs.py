"""`benchgov audit prove` and `check-proof`: what is in the log, shown to somebody who does not have it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_checkpoint import file_type, host_option, store_option
from benchgov.cli.common import config_option, console, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.audit.proof import Checked, Proof
    from benchgov.rim import Rim


@click.command("prove")
@click.option("--record", metavar="SEQ|HEAD", help="Prove that this record is in the log.")
@click.option("--from", "old", type=click.IntRange(min=1), help="Prove that the log at this size …")
@click.option("--to", "new", type=click.IntRange(min=1), help="… begins the log at this one.  [default: now]")
@click.option("--out", type=file_type, help="Write the proof here instead of to standard output.")
@host_option
@store_option
@config_option
@format_option
def prove(record: str | None, out: Path | None, output_format: str, **given: Any) -> int:
    """Make a proof towards the last checkpoint: that a record is in it, or that it extends an earlier one.

    With --host alone: that this host's last checkpoint is in the root log, which `audit checkpoint --all`
    makes.

    The proof is one JSON file with the checkpoint inside. Whoever has it, and the record, checks it with
    `benchgov audit check-proof`, without the log. It is checked here before it is given.

    Exit codes: 0 proved; 5 a record or a tile is not what was published; 65 no checkpoint covers the record.

    \b
    Example:
      benchgov audit prove --record 12 --out record-12.proof.json
      benchgov audit prove --from 100 --to 250 > growth.proof.json
      benchgov audit prove --host ci --out host.proof.json
    """
    from benchgov.audit.prove import prove_growth, prove_record
    from benchgov.audit.published import choose_host
    from benchgov.audit.root_log import prove_host
    from benchgov.files import write_atomic

    old, new = given["old"], given["new"]
    of_host = record is None and old is None and new is None and given["host"] is not None
    sequence = None if of_host else _sequence(record, old, new)
    project = open_project(given["config_file"])
    log = project.audit_log(given["store"])
    host = choose_host(log, given["host"])
    if of_host:
        made = prove_host(log, host)
    else:
        made = prove_record(log, host, sequence) if old is None else prove_growth(log, host, old, new)
    if out:
        write_atomic(out, made.to_bytes())
    if out and output_format == "table":
        _print_made(project.rim, made, out)
    else:
        print_json(project.rim, made.to_json())
    return 0


def _sequence(record: str | None, old: int | None, new: int | None) -> int | None:
    """The record that is asked for; None for the last, or where the question is another."""
    from benchgov.errors import UsageError

    if (record is None) == (old is None) or (record is not None and new is not None):
        raise UsageError("give either --record, or --from and perhaps --to; or --host alone")
    if record is None or record.upper() == "HEAD":
        return None
    if not (record.isascii() and record.isdecimal()):
        raise UsageError(f"neither a sequence nor HEAD: {record!r}")
    return int(record[:13])


def _print_made(rim: Rim, proof: Proof, out: Path) -> None:
    rim.stdout.write(f"{proof.claim.kind}: {len(proof.claim.hashes)} hashes, written to {out}\n")


@click.command("check-proof")
@click.argument("file", type=file_type)
@click.option("--record", type=file_type, help="The record's file, which the proof must be about.")
@click.option(
    "--checkpoint",
    "checkpoints",
    type=file_type,
    multiple=True,
    help="A checkpoint kept elsewhere, which must be one of the proof's. Repeatable.",
)
@click.option(
    "--public-key",
    "keys",
    multiple=True,
    help="A key, as `audit keygen` prints it: one must have signed. Repeatable.",
)
@click.option(
    "--under",
    type=file_type,
    help="The proof that the checkpoint of FILE is in the root log; keys and --checkpoint are then of that.",
)
@format_option
def check_proof(
    file: Path,
    record: Path | None,
    checkpoints: tuple[Path, ...],
    keys: tuple[str, ...],
    under: Path | None,
    output_format: str,
) -> int:
    """Check a proof, offline: this needs the proof, the record and a checkpoint; no log, no repository.

    A proof alone only shows that it fits the checkpoint inside it. Hold it against a checkpoint that came to
    you another way, or against the log's public key.

    Exit codes: 0 it holds; 5 it does not; 64 the record or checkpoint is another than it is about; 65 a file
    is missing or malformed.

    \b
    Example:
      benchgov audit check-proof record-12.proof.json --record 000000000012.json --checkpoint anchor.txt
      benchgov audit check-proof record-12.proof.json --under host.proof.json --checkpoint root.txt
    """
    from benchgov.audit import proof
    from benchgov.audit.files import MAX_RECORD_BYTES
    from benchgov.audit.note import parse_verifier
    from benchgov.audit.published import read_checkpoint
    from benchgov.files import read_bytes, read_text
    from benchgov.rim import real_rim

    rim = real_rim()
    content = read_bytes(record, limit=MAX_RECORD_BYTES) if record else None
    given, verifiers = [read_checkpoint(path) for path in checkpoints], [parse_verifier(key) for key in keys]
    first = proof.read_proof(read_text(file, limit=proof.MAX_PROOF_BYTES), str(file))
    if under is None:
        done, root = proof.check_proof(first, record=content, checkpoints=given, verifiers=verifiers), None
    else:
        second = proof.read_proof(read_text(under, limit=proof.MAX_PROOF_BYTES), str(under))
        root = proof.check_under(first, second, given, verifiers)
        done = proof.check_proof(first, record=content)
    if output_format == "json":
        print_json(rim, _as_json(done, record is not None, bool(checkpoints), root))
        return 0
    _print_checked(rim, done, record is not None, root)
    if not checkpoints and not keys:
        rim.stderr.write(
            "benchgov: the checkpoint is the proof's own word: hold it against one kept elsewhere with"
            " --checkpoint, or against the log's key with --public-key.\n"
        )
    return 0


def _as_json(done: Checked, record_checked: bool, anchored: bool, root: Checked | None) -> dict[str, object]:
    head, earlier = done.checkpoint.head, done.earlier
    under = {"root_log": _as_json(root, record_checked=False, anchored=anchored, root=None)} if root else {}
    return {
        **under,
        "ok": True,
        "kind": done.claim.kind,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "record": done.claim.index + 1 if done.claim.kind == "inclusion" else None,
        "earlier_size": earlier.head.size if earlier else None,
        "record_checked": record_checked,
        "checkpoint_checked": anchored,
        "signed_by": list(done.signed_by),
    }


def _print_checked(rim: Rim, done: Checked, record_checked: bool, root: Checked | None) -> None:
    from rich.table import Table
    from rich.text import Text

    head = done.checkpoint.head
    rows = {
        "log": head.origin,
        "checkpoint": str(head),
        "signed by": ", ".join(done.signed_by) or "not checked",
    }
    if done.claim.kind == "inclusion":
        said = "is the one given" if record_checked else f"not given; its leaf hash is {done.claim.leaf_hash}"
        rows = {"holds": f"record {done.claim.index + 1} is in the log", "record": said, **rows}
    elif done.earlier:
        rows = {"holds": "the log only grew", "from": str(done.earlier.head), **rows}
    if root:
        rows |= {
            "log": head.origin,
            "root log": f"{root.checkpoint.head.origin}, {root.checkpoint.head}",
            "signed by": ", ".join(root.signed_by) or "not checked",
        }
    table = Table(show_header=False)
    for name, fact in rows.items():
        table.add_row(Text(name), Text(fact, overflow="fold"))
    console(rim).print(table)
