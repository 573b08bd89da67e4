"""Proofs as files: what they show, to whom, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bench.core.product import MemoryTiles

from benchgov.audit.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint, unsigned
from benchgov.audit.note import Note, Signer
from benchgov.audit.proof import Proof, check_proof, prove_consistency, prove_inclusion, read_proof
from benchgov.audit.tree import Tree
from benchgov.errors import InputError, ProofError, UsageError

LEAVES = [f"record {number}\n".encode() for number in range(300)]
TREE = Tree(lambda start, stop: iter(LEAVES[start:stop]), MemoryTiles(), len(LEAVES))
LOG, WITNESS = Signer("example.com/log", bytes(32)), Signer("witness.example", bytes([7]) * 32)


def head(size: int, origin: str = LOG.name) -> SignedCheckpoint:
    """The unsigned head at a size."""
    return unsigned(Checkpoint(origin, size, TREE.root(size)))


def signed(one: SignedCheckpoint, *signers: Signer) -> SignedCheckpoint:
    """A checkpoint with signatures."""
    note = one.note
    for signer in signers:
        note = signer.sign(note)
    return parse_checkpoint(str(note), "signed")


def inclusion(index: int = 12, later: SignedCheckpoint | None = None) -> Proof:
    """A proof for one record."""
    later = later or head(300)
    return prove_inclusion(index, TREE.leaf(index), TREE.inclusion(index, later.head.size), later)


def consistency(old: SignedCheckpoint, new: SignedCheckpoint) -> Proof:
    """A proof of growth."""
    return prove_consistency(old, new, TREE.consistency(old.head.size, new.head.size))


def changed(proof: Proof, **claim: Any) -> Proof:
    """A proof with other facts in its claim."""
    value = proof.to_json()
    value["claim"] |= claim
    return Proof.model_validate(value)


def test_a_proof_is_read_as_it_was_written() -> None:
    """Canonical JSON, with nothing but the claim and the checkpoint."""
    for proof in (inclusion(), consistency(head(100), head(300))):
        assert read_proof(proof.to_bytes().decode(), "p") == proof
        assert sorted(json.loads(proof.to_bytes())) == ["checkpoint", "claim", "schema_version"]


def test_a_record_is_shown_to_be_in_the_log() -> None:
    """From the proof, the record's file, and a checkpoint kept elsewhere, signed or not."""
    done = check_proof(inclusion(), record=LEAVES[12], checkpoints=[head(300)])
    assert (done.checkpoint.head, done.earlier, done.signed_by) == (head(300).head, None, ())
    done = check_proof(inclusion(later=signed(head(300), LOG)), verifiers=[LOG.verifier])
    assert done.signed_by == (LOG.name,)
    # The proof was made before the witness signed: the copy that is given carries the signature.
    later = signed(head(300), LOG, WITNESS)
    done = check_proof(inclusion(), checkpoints=[later], verifiers=[LOG.verifier, WITNESS.verifier])
    assert done.signed_by == (LOG.name, WITNESS.name)


def test_growth_is_shown_from_either_end() -> None:
    """Either checkpoint may be the one that was kept, or both."""
    proof = consistency(head(100), head(300))
    for kept in ([], [head(100)], [head(300)], [head(100), head(300)]):
        done = check_proof(proof, checkpoints=kept)
        assert done.earlier == head(100)
    same = consistency(head(300), head(300))
    assert check_proof(same).checkpoint == head(300)


def test_another_record_is_refused() -> None:
    """One byte is enough."""
    with pytest.raises(ProofError, match=r"the record has the hash .*; the proof is about"):
        check_proof(inclusion(), record=LEAVES[12] + b" ")


def test_a_record_in_the_place_of_another_is_refused() -> None:
    """A log that was made so from the start has a good proof for it; what the file says is then untrue."""
    leaves = [b'{"sequence":1}', b'{"sequence":9}', b'{"sequence":3}']
    tree = Tree(lambda start, stop: iter(leaves[start:stop]), MemoryTiles(), 3)
    later = unsigned(Checkpoint("log", 3, tree.root()))
    for index in (0, 2):
        good = prove_inclusion(index, tree.leaf(index), tree.inclusion(index, 3), later)
        assert check_proof(good, record=leaves[index]).checkpoint == later
    moved = prove_inclusion(1, tree.leaf(1), tree.inclusion(1, 3), later)
    with pytest.raises(ProofError, match="says that it is number 9; the proof puts it at 2"):
        check_proof(moved, record=leaves[1])


@pytest.mark.parametrize("index", [0, 11, 13, 299, 300, 2**53 - 1])
def test_another_index_is_refused(index: int) -> None:
    """A record is where it is."""
    with pytest.raises(ProofError, match="inclusion"):
        check_proof(changed(inclusion(), index=index))


def test_each_hash_of_a_proof_counts() -> None:
    """Changed, left out, or one more."""
    for proof in (inclusion(), consistency(head(100), head(300))):
        hashes = list(proof.claim.hashes)
        for at in range(len(hashes)):
            flipped = ("1" if hashes[at][0] == "0" else "0") + hashes[at][1:]
            for middle in ([flipped], [], [hashes[at]] * 2):
                with pytest.raises(ProofError):
                    check_proof(changed(proof, hashes=[*hashes[:at], *middle, *hashes[at + 1 :]]))


def test_two_heads_at_one_size_are_shown() -> None:
    """A checkpoint kept elsewhere contradicts the one in the proof."""
    other = unsigned(Checkpoint(LOG.name, 300, bytes(32)))
    with pytest.raises(ProofError, match="two heads at 300 records") as caught:
        check_proof(inclusion(), checkpoints=[other])
    assert [str(other.head) in caught.value.details[0], str(head(300).head) in caught.value.details[1]] == [
        True
    ] * 2
    with pytest.raises(ProofError, match="two heads at 100 records"):
        check_proof(
            consistency(head(100), head(300)), checkpoints=[unsigned(Checkpoint(LOG.name, 100, bytes(32)))]
        )


def test_a_checkpoint_of_another_size_or_log_is_another_question() -> None:
    """Not a proof that fails: one that does not answer."""
    for given in (head(299), head(300, "example.com/else")):
        with pytest.raises(UsageError, match="the proof is about"):
            check_proof(inclusion(), checkpoints=[given])
    with pytest.raises(UsageError, match="two checkpoints"):
        check_proof(consistency(head(1), head(2)), record=LEAVES[0])


def test_checkpoints_of_two_logs_do_not_follow_each_other() -> None:
    """Even where their roots would."""
    proof = consistency(head(100), head(300))
    value = proof.to_json()
    value["claim"]["earlier"] = str(head(100, "example.com/else"))
    with pytest.raises(ProofError, match="two logs"):
        check_proof(Proof.model_validate(value))


def test_with_keys_the_checkpoint_must_be_signed() -> None:
    """By one of them; a known signature that is wrong is refused, on the earlier checkpoint too."""
    with pytest.raises(ProofError, match="not signed by"):
        check_proof(inclusion(later=signed(head(300), WITNESS)), verifiers=[LOG.verifier])
    proof = consistency(signed(head(100), LOG), signed(head(300), LOG))
    assert check_proof(proof, verifiers=[LOG.verifier]).signed_by == (LOG.name,)
    unsigned_start = consistency(head(100), signed(head(300), LOG))
    assert check_proof(unsigned_start, verifiers=[LOG.verifier]).signed_by == (LOG.name,)
    wrong = Note(head(100).note.text, signed(head(99), LOG).note.signatures)
    value = proof.to_json()
    value["claim"]["earlier"] = str(wrong)
    with pytest.raises(ProofError, match="does not fit"):
        check_proof(Proof.model_validate(value), verifiers=[LOG.verifier])


def test_no_proof_is_made_that_does_not_hold() -> None:
    """Whatever the hashes came from."""
    with pytest.raises(ProofError):
        prove_inclusion(3, TREE.leaf(4), TREE.inclusion(3, 300), head(300))
    with pytest.raises(ProofError):
        prove_consistency(head(100), head(300), TREE.consistency(101, 300))


@pytest.mark.parametrize(
    "changes",
    [
        {"schema_version": 2},
        {"schema_version": None},
        {"checkpoint": 3},
        {"more": 1},
        {"claim": {}},
        {"claim": {"kind": "other"}},
        {"claim": {"kind": "inclusion", "index": -1, "leaf_hash": "0" * 64, "hashes": []}},
        {"claim": {"kind": "inclusion", "index": 1.5, "leaf_hash": "0" * 64, "hashes": []}},
        {"claim": {"kind": "inclusion", "index": 1, "leaf_hash": "0" * 63, "hashes": []}},
        {"claim": {"kind": "inclusion", "index": 1, "leaf_hash": "0" * 64, "hashes": ["0" * 64] * 129}},
        {"claim": {"kind": "consistency", "earlier": None, "hashes": []}},
    ],
)
def test_a_file_of_another_shape_is_no_proof(changes: dict[str, Any]) -> None:
    """Malformed is not the same as wrong."""
    text = json.dumps({**inclusion().to_json(), **changes})
    with pytest.raises(InputError):
        read_proof(text, "p")


def test_a_checkpoint_in_a_proof_that_is_none_is_malformed() -> None:
    """In either place."""
    value = consistency(head(100), head(300)).to_json()
    for text in ("", "x\n", "\ud800\n", str(head(1)) + "\n"):
        with pytest.raises(InputError):
            check_proof(read_proof(json.dumps({**value, "checkpoint": text}), "p"))
        with pytest.raises(InputError):
            check_proof(read_proof(json.dumps({**value, "claim": {**value["claim"], "earlier": text}}), "p"))
