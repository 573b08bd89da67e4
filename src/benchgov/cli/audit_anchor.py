"""`benchgov audit anchor`: keep what others vouch for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchgov.cli.audit_checkpoint import file_type, host_option, store_option
from benchgov.cli.common import config_option, format_option, open_project, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchgov.audit.checkpoint import SignedCheckpoint
    from benchgov.audit.files import LogFiles
    from benchgov.audit.note import Verifier
    from benchgov.cli.common import Project


@click.command("anchor")
@click.option(
    "--copy", type=file_type, help="Write a copy here: a file, or a folder that keeps one per head."
)
@click.option("--cosigned", type=file_type, help="A witness's copy of a checkpoint: keep its signatures.")
@click.option("--attestation", type=file_type, help="A bundle that attests a checkpoint: keep it.")
@click.option("--sigstore", is_flag=True, help="Sign with this job's identity, and keep the bundle.")
@click.option("--checkpoint", "given", type=file_type, help="Which checkpoint.  [default: the newest]")
@click.option("--key", "keys", multiple=True, help="The witness's key; one must have signed. Repeatable.")
@host_option
@store_option
@config_option
@format_option
def anchor(output_format: str, **options: Any) -> int:
    """Keep a published checkpoint as an anchor; without an option, list the anchors of the log.

    An anchor helps against whoever may write the log as far as he cannot write the anchor: a copy elsewhere,
    a witness's signature, an attestation. The last two are kept in the log too, below `anchors/`, where
    `audit verify --against anchors --key KEY` finds them. A bundle's signature is not verified here: `gh
    attestation verify` does that.

    \b
    Exit codes: 0 kept, or listed
                2 --sigstore: no client, no identity, or the service did not sign
                5 the log is not what the anchor says: both heads are kept as evidence
                65 it is about something else

    \b
    Examples:
      benchgov audit anchor --copy ../elsewhere/anchors
      benchgov audit anchor --cosigned back-from-witness.txt --key "$(cat witness.pub)"
      benchgov audit anchor --attestation bundle.json
    """
    from benchgov.audit import kept, published
    from benchgov.audit.note import parse_verifier

    project = open_project(options["config_file"])
    log = project.audit_log(options["store"])
    wanted = [name for name in ("copy", "cosigned", "attestation", "sigstore") if options[name]]
    if not wanted:
        return _list(project, kept.kept(log), output_format)
    host = published.choose_host(log, options["host"])
    made: list[str] = []
    if options["cosigned"]:
        verifiers = [parse_verifier(key) for key in options["keys"]]
        made.append(_keep_cosigned(log, host, options["cosigned"], verifiers))
    if wanted != ["cosigned"]:
        chosen = _chosen(log, host, options["given"])
        if options["copy"]:
            made.append(str(_copy(log, host, chosen, options["copy"])))
        if options["attestation"]:
            made.append(_keep_attestation(log, host, chosen, options["attestation"]))
        if options["sigstore"]:
            made.append(_keep_signed(project, log, host, chosen))
    if output_format == "json":
        print_json(project.rim, {"host": host, "kept": made})
    else:
        project.rim.stdout.write("".join(f"kept: {path}\n" for path in made))
    return 0


def _chosen(log: LogFiles, host: str, given: Path | None) -> SignedCheckpoint:
    """The checkpoint that is meant, after seeing that the log extends it."""
    from benchgov.audit import published
    from benchgov.errors import InputError

    chosen = published.read_checkpoint(given) if given else published.newest(log, host)
    if chosen is None:
        raise InputError(
            "the log has no checkpoint yet",
            where=log.where(published.checkpoint_path(host)),
            remedy="Publish one: `benchgov audit checkpoint`.",
        )
    _require_of(log, host, chosen)
    published.require_extends(log, host, published.host_tree(log, host), chosen)
    return chosen


def _require_of(log: LogFiles, host: str, chosen: SignedCheckpoint) -> None:
    """Refuse a checkpoint of another log."""
    from benchgov.audit.published import newest
    from benchgov.errors import UsageError

    last = newest(log, host)
    if last and last.head.origin != chosen.head.origin:
        raise UsageError(
            f"the checkpoint is of {chosen.head.origin!r}; the log of {host} is {last.head.origin!r}"
        )


def _copy(log: LogFiles, host: str, chosen: SignedCheckpoint, path: Path) -> Path:
    """Write a copy, never in the place of a later one or of one that the log does not extend."""
    from benchgov.audit import kept, published
    from benchgov.errors import UsageError
    from benchgov.files import write_atomic

    target = kept.copy_of(path, chosen)
    if target.exists():
        earlier = published.read_checkpoint(target)
        _require_of(log, host, earlier)
        published.require_extends(log, host, published.host_tree(log, host), earlier)
        if earlier.head.size > chosen.head.size:
            raise UsageError(
                f"{target} has a later checkpoint, of {earlier.head.size} records",
                remedy="Publish a newer one first: `benchgov audit checkpoint`.",
            )
        if earlier.head == chosen.head:
            chosen = type(chosen)(chosen.head, chosen.note.signed_by(earlier.note.signatures))
    write_atomic(target, str(chosen).encode())
    return target


def _keep_cosigned(log: LogFiles, host: str, path: Path, verifiers: Sequence[Verifier]) -> str:
    from benchgov.audit import kept, published
    from benchgov.audit.note import verify_note

    cosigned = published.read_checkpoint(path)
    if verifiers:
        verify_note(cosigned.note, verifiers)
    _require_of(log, host, cosigned)
    if published.of_size(log, host, cosigned.head.size) is not None:
        published.adopt(log, host, cosigned)
    else:  # published then, and not kept since nobody had signed it
        published.require_extends(log, host, published.host_tree(log, host), cosigned)
    return kept.keep(log, host, cosigned)


def _keep_attestation(log: LogFiles, host: str, chosen: SignedCheckpoint, path: Path) -> str:
    from benchgov.audit import kept
    from benchgov.audit.files import MAX_RECORD_BYTES
    from benchgov.audit.statements import require_attests
    from benchgov.files import read_bytes

    bundle = read_bytes(path, MAX_RECORD_BYTES)
    require_attests(bundle, chosen, str(path))
    return kept.keep_bundle(log, host, chosen, bundle)


def _keep_signed(project: Project, log: LogFiles, host: str, chosen: SignedCheckpoint) -> str:
    from benchgov.audit import ambient, kept
    from benchgov.audit.statements import of_checkpoint
    from benchgov.audit.verification import verify
    from benchgov.wire import utc_text

    if divergence := verify(log, kept=[chosen.head]).divergence:
        raise divergence.error()
    bundle = ambient.sign(of_checkpoint(chosen, utc_text(project.rim.now())))
    return kept.keep_bundle(log, host, chosen, bundle)


def _list(project: Project, found: Sequence[Any], output_format: str) -> int:
    if output_format == "json":
        print_json(
            project.rim,
            [
                {
                    "host": one.host,
                    "size": one.checkpoint.head.size,
                    "root": one.checkpoint.head.root.hex(),
                    "signed_by": [signature.name for signature in one.checkpoint.note.signatures],
                    "bundles": list(one.bundles),
                    "file": one.path,
                }
                for one in found
            ],
        )
        return 0
    for one in found:
        names = ", ".join(dict.fromkeys(signature.name for signature in one.checkpoint.note.signatures))
        attested = f", {len(one.bundles)} attestations" if one.bundles else ""
        project.rim.stdout.write(f"{one.host}  {one.checkpoint.head}  signed by: {names or '-'}{attested}\n")
    return 0
