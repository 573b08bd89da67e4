"""`benchgov audit witness` and `predicate`: what others sign of the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_checkpoint import file_type, host_option, signer_of, store_option
from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from benchgov.audit.proof import Proof


@click.command("witness")
@click.argument("checkpoint", type=file_type)
@click.option("--key", type=file_type, required=True, help="The witness's private key, of `audit keygen`.")
@click.option("--state", type=file_type, required=True, help="What the witness has seen; made when missing.")
@click.option("--proof", type=file_type, help="`audit prove --from SEEN --to NOW`, as of the last one seen.")
@click.option("--log-key", "keys", multiple=True, help="The log's key; one must have signed. Repeatable.")
@click.option("--out", type=file_type, help="Write the co-signed checkpoint here too.")
@format_option
def witness(checkpoint: Path, output_format: str, **given: Any) -> int:
    """Co-sign a checkpoint that continues the last one that this witness saw of its log.

    For somebody other than the log's writer: it needs no log, only the checkpoint, and from the second one
    on a proof that the log only grew. The signature is C2SP's cosignature/v1, with the time. It goes back
    to the log by `benchgov audit anchor --cosigned`. The first checkpoint of a log is taken as it is.

    \b
    Exit codes: 0 co-signed
                5 the log went back, has two heads, or the proof does not hold: nothing was signed
                64 a proof is needed, or is about something else; from which size is said

    \b
    Example:
      benchgov audit witness checkpoint --key witness.key --state seen.json --proof growth.proof.json
    """
    from benchgov.audit.note import parse_verifier
    from benchgov.audit.published import read_checkpoint
    from benchgov.audit.witness import cosign
    from benchgov.errors import UsageError
    from benchgov.files import write_atomic
    from benchgov.rim import real_rim

    rim = real_rim()
    signer = signer_of(given["key"])
    if signer is None:
        raise UsageError("no key")
    done = cosign(
        read_checkpoint(checkpoint),
        signer,
        given["state"],
        now=rim.now(),
        proof=_read_proof(given["proof"]),
        log_keys=[parse_verifier(key) for key in given["keys"]],
    )
    if given["out"]:
        write_atomic(given["out"], str(done).encode())
    if output_format == "json":
        print_json(
            rim,
            {
                "origin": done.head.origin,
                "size": done.head.size,
                "root": done.head.root.hex(),
                "witness_key": str(signer.cosigner),
                "checkpoint": str(done),
            },
        )
    else:
        rim.stdout.write(str(done))
    return 0


def _read_proof(path: Path | None) -> Proof | None:
    if path is None:
        return None
    from benchgov.audit.proof import MAX_PROOF_BYTES, read_proof
    from benchgov.files import read_text

    return read_proof(read_text(path, limit=MAX_PROOF_BYTES), str(path))


@click.command("predicate")
@click.option("--record", "which", required=True, metavar="SEQ|HEAD", help="Which record.")
@click.option("--out", type=file_type, help="Write the predicate alone here, as actions/attest takes it.")
@host_option
@store_option
@config_option
@format_option
def predicate(which: str, out: Path | None, output_format: str, **given: Any) -> int:
    """Make the in-toto statement of a record, for somebody else to sign.

    A run and an eval run become a test result (test-result/v0.1), a comparison and a promotion verdict a
    simple verification result (svr/v0.1). The subject is the file that the record vouches for.

    Exit codes: 0 made; 65 there is no predicate for the record: its kind has none, or it was blocked.

    \b
    Example:
      benchgov audit predicate --record HEAD --out predicate.json
    """
    from benchgov.audit.chain import find
    from benchgov.audit.statements import of_record
    from benchgov.canonical import canonical_json
    from benchgov.files import write_atomic

    project = open_project(given["config_file"])
    record = find(project.audit_log(given["store"]), which, host=given["host"])
    made = of_record(record, project.rim.environ)
    if out:
        write_atomic(out, canonical_json(made.predicate) + b"\n")
    if out and output_format == "table":
        project.rim.stdout.write(f"{made.predicate_type}\nsubject: {made.name} sha256:{made.sha256}\n")
    else:
        print_json(project.rim, made.to_json())
    return 0
