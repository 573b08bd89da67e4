"""A witness co-signs what continues the checkpoint that it saw last, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchgov.audit.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint, unsigned
from benchgov.audit.merkle import CompactRange, consistency_proof, leaf_hash, root_of
from benchgov.audit.note import COSIGNATURE, Signer, parse_verifier, verify_note
from benchgov.audit.proof import Proof, prove_consistency
from benchgov.audit.witness import cosign
from benchgov.errors import InputError, ProofError, TamperError, UsageError

WITNESS, LOG = Signer("witness.example/w1", b"w" * 32), Signer("example.com/log", b"l" * 32)
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LEAVES = [leaf_hash(b"%d" % number) for number in range(20)]


def node(level: int, index: int) -> bytes:
    """The hash of a complete subtree of the log."""
    tree = CompactRange()
    for leaf in LEAVES[index << level : (index + 1) << level]:
        tree.append(leaf)
    return tree.root()


def head(size: int, root: bytes | None = None) -> SignedCheckpoint:
    """The log's checkpoint, or another with this root."""
    return unsigned(Checkpoint("example.com/log", size, root or root_of(size, node)))


def growth(old: int, new: int) -> Proof:
    """The proof that the log grew."""
    return prove_consistency(head(old), head(new), consistency_proof(old, new, node))


def test_a_cosignature_is_c2sps(tmp_path: Path) -> None:
    """Type 4, eight bytes of time, and Ed25519 over header, time and text; the key is a line to publish."""
    done = cosign(head(5), WITNESS, tmp_path / "s" / "seen.json", now=NOW)
    (signature,) = done.note.signatures
    assert int.from_bytes(signature.data[:8], "big") == int(NOW.timestamp())
    assert len(signature.data) == 72
    key = parse_verifier(str(WITNESS.cosigner))
    assert (key.kind, verify_note(parse_checkpoint(str(done), "x").note, [key])) == (COSIGNATURE, (key.name,))
    with pytest.raises(ProofError, match="not signed by"):
        verify_note(done.note, [WITNESS.verifier])


def test_it_goes_on_by_a_proof_only(tmp_path: Path) -> None:
    """From the size that it saw; at the same head it signs again, in the place of its earlier signature."""
    state = tmp_path / "seen.json"
    first = cosign(head(5), WITNESS, state, now=NOW)
    again = cosign(first, WITNESS, state, now=NOW.replace(hour=13))
    assert len(again.note.signatures) == 1
    with pytest.raises(UsageError, match=r"has seen 5 records") as caught:
        cosign(head(12), WITNESS, state, now=NOW)
    assert "prove --from 5 --to 12" in caught.value.remedy
    with pytest.raises(UsageError, match="the proof is about"):
        cosign(head(12), WITNESS, state, now=NOW, proof=growth(4, 12))
    assert cosign(head(12), WITNESS, state, now=NOW, proof=growth(5, 12)).head.size == 12
    with pytest.raises(UsageError, match="has seen 12"):
        cosign(head(20), WITNESS, state, now=NOW, proof=None)


@pytest.mark.parametrize("given", [head(4), head(5, b"x" * 32)], ids=["back", "fork"])
def test_it_neither_goes_back_nor_forks(tmp_path: Path, given: SignedCheckpoint) -> None:
    """And what it remembers stays as it was."""
    state = tmp_path / "seen.json"
    cosign(head(5), WITNESS, state, now=NOW)
    before = state.read_bytes()
    with pytest.raises(TamperError, match=r"goes back|two heads at 5") as caught:
        cosign(given, WITNESS, state, now=NOW)
    assert len(caught.value.details) == 2
    assert state.read_bytes() == before


def test_a_fork_with_a_proof_is_refused_too(tmp_path: Path) -> None:
    """The proof leads to another head than the one that is to be signed."""
    state = tmp_path / "seen.json"
    cosign(head(5), WITNESS, state, now=NOW)
    with pytest.raises(ProofError, match="two heads at 12"):
        cosign(head(12, b"x" * 32), WITNESS, state, now=NOW, proof=growth(5, 12))


def test_with_the_log_s_key_the_log_must_have_signed(tmp_path: Path) -> None:
    """Otherwise anybody could make the witness remember a head."""
    state = tmp_path / "seen.json"
    with pytest.raises(ProofError, match="not signed"):
        cosign(head(5), WITNESS, state, now=NOW, log_keys=[LOG.verifier])
    assert not state.exists()
    signed = SignedCheckpoint(head(5).head, LOG.sign(head(5).note))
    assert len(cosign(signed, WITNESS, state, now=NOW, log_keys=[LOG.verifier]).note.signatures) == 2


def test_a_state_that_is_none_signs_nothing(tmp_path: Path) -> None:
    """A witness that forgot would sign a second history."""
    state = tmp_path / "seen.json"
    state.write_text("{}")
    with pytest.raises(InputError):
        cosign(head(5), WITNESS, state, now=NOW)
