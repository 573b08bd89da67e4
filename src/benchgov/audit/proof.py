"""A proof about the log as a file: what it claims, the checkpoint that it leads to, and how it is checked.

Checking needs the file alone, and what is held against it: a record, a checkpoint kept elsewhere, a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from benchgov.audit.checkpoint import SignedCheckpoint, parse_checkpoint
from benchgov.audit.merkle import leaf_hash, verify_consistency, verify_inclusion
from benchgov.audit.note import Note, Verifier, verify_note
from benchgov.documents import json_model, parse_json
from benchgov.errors import InputError, ProofError, UsageError
from benchgov.wire import Sha256, Wire

MAX_PROOF_BYTES = 4 << 20
Hashes = Annotated[tuple[Sha256, ...], Field(max_length=128)]


class Inclusion(Wire):
    """The record with the hash `leaf_hash` lies at `index`, counted from 0, in the tree of the checkpoint.

    `leaf_hash` is SHA-256(0x00 ‖ the record's file); `hashes` lead from it to the root (RFC 9162, 2.1.3).
    """

    kind: Literal["inclusion"]
    index: Annotated[int, Field(ge=0)]
    leaf_hash: Sha256
    hashes: Hashes


class Consistency(Wire):
    """The tree of `earlier`, a checkpoint, is the beginning of the tree of the proof's checkpoint.

    `hashes` are those of RFC 9162, 2.1.4.
    """

    kind: Literal["consistency"]
    earlier: str
    hashes: Hashes


class Proof(Wire):
    """A claim about a log, and the C2SP checkpoint, signed or not, that it leads to."""

    schema_version: Literal[1]
    checkpoint: str
    claim: Annotated[Inclusion | Consistency, Field(discriminator="kind")]


@dataclass(frozen=True)
class Checked:
    """What a proof was found to show; which of the keys that were given signed its checkpoint."""

    claim: Inclusion | Consistency
    checkpoint: SignedCheckpoint
    earlier: SignedCheckpoint | None
    signed_by: tuple[str, ...]


def prove_inclusion(index: int, leaf: bytes, hashes: Sequence[bytes], later: SignedCheckpoint) -> Proof:
    """The proof that the leaf with the hash `leaf` is in a checkpoint's tree; checked before it is given.

    Raises:
        ProofError: it does not hold.
    """
    verify_inclusion(index, later.head.size, leaf, hashes, later.head.root)
    claim = Inclusion(kind="inclusion", index=index, leaf_hash=leaf.hex(), hashes=_hex(hashes))
    return Proof(schema_version=1, checkpoint=str(later), claim=claim)


def prove_consistency(earlier: SignedCheckpoint, later: SignedCheckpoint, hashes: Sequence[bytes]) -> Proof:
    """The proof that one checkpoint's tree begins another's; checked before it is given.

    Raises:
        ProofError: it does not hold.
    """
    old, new = earlier.head, later.head
    verify_consistency(old.size, new.size, old.root, new.root, hashes)
    claim = Consistency(kind="consistency", earlier=str(earlier), hashes=_hex(hashes))
    return Proof(schema_version=1, checkpoint=str(later), claim=claim)


def _hex(hashes: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(one.hex() for one in hashes)


def read_proof(text: str, where: str) -> Proof:
    """Read a proof; raises `InputError` when it is none."""
    return json_model(text, Proof, where)


def check_proof(
    proof: Proof,
    *,
    record: bytes | None = None,
    checkpoints: Sequence[SignedCheckpoint] = (),
    verifiers: Sequence[Verifier] = (),
) -> Checked:
    """Check a proof against a record's file, checkpoints kept elsewhere, and the public keys of the log.

    Of keys at least one must have signed the checkpoint, here or in the copy that is given.

    Raises:
        ProofError: something does not hold: what, with what was expected and found.
        UsageError: a record or a checkpoint that this proof is not about.
        InputError: a checkpoint inside the proof is none.
    """
    claim = proof.claim
    later = _confirmed(parse_checkpoint(proof.checkpoint, "checkpoint of the proof"), checkpoints)
    earlier = None
    if isinstance(claim, Consistency):
        if record is not None:
            raise UsageError("a record was given, but the proof is about two checkpoints")
        earlier = _confirmed(parse_checkpoint(claim.earlier, "earlier checkpoint of the proof"), checkpoints)
        _require_same_log(earlier, later)
    for given in checkpoints:
        _require_about(given, later, earlier)
    signed_by = _signers(later, earlier, verifiers)
    if isinstance(claim, Inclusion):
        _check_inclusion(claim, later, record)
    elif earlier:
        hashes = [bytes.fromhex(one) for one in claim.hashes]
        old, new = earlier.head, later.head
        verify_consistency(old.size, new.size, old.root, new.root, hashes)
    return Checked(claim, later, earlier, signed_by)


def check_under(
    lower: Proof,
    upper: Proof,
    checkpoints: Sequence[SignedCheckpoint] = (),
    verifiers: Sequence[Verifier] = (),
) -> Checked:
    """Check that the checkpoint of `lower` is a leaf of the root log, as `upper` says.

    Raises:
        As `check_proof`.
    """
    if not isinstance(upper.claim, Inclusion):
        raise UsageError("a proof that a host's checkpoint is in the root log was expected")
    text = parse_checkpoint(lower.checkpoint, "checkpoint of the proof").note.text
    if leaf_hash(text.encode()).hex() != upper.claim.leaf_hash:
        raise ProofError("the two proofs do not meet: the root log's is about another checkpoint")
    return check_proof(upper, checkpoints=checkpoints, verifiers=verifiers)


def _check_inclusion(claim: Inclusion, later: SignedCheckpoint, record: bytes | None) -> None:
    leaf = bytes.fromhex(claim.leaf_hash)
    if record is not None and leaf_hash(record) != leaf:
        raise ProofError(
            f"the record has the hash {leaf_hash(record).hex()}; the proof is about {claim.leaf_hash}"
        )
    if record is not None:
        _require_sequence(record, claim.index + 1)
    hashes = [bytes.fromhex(one) for one in claim.hashes]
    verify_inclusion(claim.index, later.head.size, leaf, hashes, later.head.root)


def _require_sequence(record: bytes, place: int) -> None:
    """Refuse a record that lies where another belongs: its file would be read as what it says."""
    try:
        value = parse_json(record.decode(), "record")
    except (InputError, UnicodeDecodeError):
        return
    sequence = value.get("sequence", place) if isinstance(value, dict) else place
    if sequence != place:
        raise ProofError(f"the record says that it is number {sequence}; the proof puts it at {place}")


def _confirmed(own: SignedCheckpoint, given: Sequence[SignedCheckpoint]) -> SignedCheckpoint:
    """A checkpoint of the proof, with the signatures of the copies that were given.

    Raises:
        ProofError: a copy of this log and size says something else.
    """
    note = own.note
    for one in given:
        if (one.head.origin, one.head.size) == (own.head.origin, own.head.size):
            if one.note.text != own.note.text:
                raise ProofError(
                    f"two heads at {own.head.size} records",
                    details=[f"given:        {one.head}", f"in the proof: {own.head}"],
                )
            note = note.signed_by(one.note.signatures)
    return SignedCheckpoint(own.head, note)


def _require_about(
    given: SignedCheckpoint, later: SignedCheckpoint, earlier: SignedCheckpoint | None
) -> None:
    heads = [one.head for one in (later, earlier) if one]
    if not any((head.origin, head.size) == (given.head.origin, given.head.size) for head in heads):
        sizes = " and ".join(str(head.size) for head in heads)
        raise UsageError(
            f"the checkpoint given is of {given.head.origin!r} at {given.head.size} records; "
            f"the proof is about {later.head.origin!r} at {sizes}",
            remedy="Ask for a proof for your checkpoint: `benchgov audit prove --from N --to M`.",
        )


def _require_same_log(earlier: SignedCheckpoint, later: SignedCheckpoint) -> None:
    if earlier.head.origin != later.head.origin:
        raise ProofError(
            f"two logs: the checkpoints are of {earlier.head.origin!r} and {later.head.origin!r}"
        )


def _signers(
    later: SignedCheckpoint, earlier: SignedCheckpoint | None, verifiers: Sequence[Verifier]
) -> tuple[str, ...]:
    if not verifiers:
        return ()
    if earlier and _known(earlier.note, verifiers):
        verify_note(earlier.note, verifiers)
    return verify_note(later.note, verifiers)


def _known(note: Note, verifiers: Sequence[Verifier]) -> bool:
    return any(verifier.made(signature) for signature in note.signatures for verifier in verifiers)
