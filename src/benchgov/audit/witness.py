"""A witness, as C2SP's tlog-witness says: it co-signs a checkpoint that continues the one it saw last.

What it saw is in a file of its own: origin of a log → its latest checkpoint. It never goes back, and never
signs two heads of one log that contradict each other. It speaks no HTTP: checkpoints and proofs are files.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from benchgov.audit.checkpoint import SignedCheckpoint, parse_checkpoint
from benchgov.audit.note import Signer, Verifier, verify_note
from benchgov.audit.proof import Consistency, Proof, check_proof
from benchgov.documents import load_json_model
from benchgov.errors import TamperError, UsageError
from benchgov.files import held_folder, write_atomic
from benchgov.wire import Wire

_MAX_STATE = 64 * 1024 * 1024


class Memory(Wire):
    """What a witness saw: the latest checkpoint of each log, as a note, by origin."""

    schema_version: Literal[1] = 1
    checkpoints: dict[str, str] = {}


def cosign(
    given: SignedCheckpoint,
    signer: Signer,
    state: Path,
    *,
    now: datetime,
    proof: Proof | None = None,
    log_keys: Sequence[Verifier] = (),
) -> SignedCheckpoint:
    """The checkpoint with the witness's signature; before that, `state` remembers it, durably.

    A log that was never seen is taken as it is given. With `log_keys`, one of them must have signed it.

    Raises:
        TamperError: it goes back, or contradicts what was seen: nothing was signed.
        ProofError: the proof does not hold, or none of the keys signed.
        UsageError: a proof from the size that was seen is needed, or the proof is about something else.
        InputError, OutputError: the state cannot be read, or written.
    """
    if log_keys:
        verify_note(given.note, log_keys)
    with held_folder(state.absolute().parent):
        memory = load_json_model(state, Memory, _MAX_STATE) if state.exists() else Memory()
        known = memory.checkpoints.get(given.head.origin)
        if known is not None:
            _require_continues(parse_checkpoint(known, str(state)), given, proof)
        checkpoints = {**memory.checkpoints, given.head.origin: str(given)}
        write_atomic(state, memory.model_copy(update={"checkpoints": checkpoints}).to_bytes())
    return SignedCheckpoint(given.head, signer.cosign(given.note, int(now.timestamp())))


def _require_continues(seen: SignedCheckpoint, given: SignedCheckpoint, proof: Proof | None) -> None:
    old, new = seen.head, given.head
    if new.size < old.size:
        raise TamperError(
            f"the log goes back: the witness has seen {old.size} records",
            where=new.origin,
            details=[f"seen:  {old}", f"given: {new}"],
            remedy="Keep both: together they are evidence, if both are signed.",
        )
    if new.size == old.size:
        if new.root != old.root:
            raise TamperError(
                f"two heads at {old.size} records",
                where=new.origin,
                details=[f"seen:  {old}", f"given: {new}"],
                remedy="Keep both: together they are evidence, if both are signed.",
            )
        return
    if old.size == 0:
        return
    if proof is None or not isinstance(proof.claim, Consistency):
        raise UsageError(
            f"the witness has seen {old.size} records of {new.origin}: give a proof from there",
            remedy=f"Whoever has the log makes it: benchgov audit prove --from {old.size} --to {new.size}",
        )
    checked = check_proof(proof, checkpoints=[seen, given])
    assert checked.earlier is not None
    if (checked.earlier.head, checked.checkpoint.head) != (old, new):
        raise UsageError(
            f"the proof leads from {checked.earlier.head.size} to {checked.checkpoint.head.size} records;"
            f" one from {old.size} to {new.size} is needed"
        )
