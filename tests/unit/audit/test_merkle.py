"""The tree of RFC 6962, against the plain recursion: every leaf and every size up to 100."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from bench.core import reference_merkle as plain

from benchgov.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    fold,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from benchgov.errors import ProofError, UsageError

SIZE = 100
SIZES = pytest.mark.parametrize("largest", [33, pytest.param(SIZE, marks=pytest.mark.slow)])
LEAVES = [f"leaf {number}".encode() for number in range(SIZE)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [plain.tree_hash(LEAVES[:size]) for size in range(SIZE + 1)]


def node(level: int, index: int) -> bytes:
    """A complete subtree over the leaves."""
    return fold(HASHES[index << level : (index + 1) << level])


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit turned over."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def no_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a verification ends in the one error that it may end in."""
    try:
        verify_inclusion(index, size, leaf, proof, root)
    except ProofError:
        return True
    return False


def no_consistency(old: int, new: int, first: bytes, second: bytes, proof: Sequence[bytes]) -> bool:
    """The same of growth."""
    try:
        verify_consistency(old, new, first, second, proof)
    except ProofError:
        return True
    return False


def test_leaves_and_nodes_are_hashed_apart() -> None:
    """0x00 and 0x01 keep a node from passing as a leaf; the empty tree is the hash of nothing."""
    assert leaf_hash(b"") == hashlib.sha256(b"\0").digest()
    assert node_hash(b"a", b"b") == hashlib.sha256(b"\1ab").digest()
    assert EMPTY_ROOT == hashlib.sha256().digest() == ROOTS[0]


def test_every_root_is_that_of_the_recursion() -> None:
    """Grown leaf by leaf, from subtrees, and by nodes."""
    grown = CompactRange()
    for size in range(SIZE + 1):
        assert grown.root() == root_of(size, node) == ROOTS[size]
        assert grown.root(HASHES[size : size + 5]) == ROOTS[min(size + 5, SIZE)]
        if size < SIZE:
            grown.append(HASHES[size])
    by_eights = CompactRange()
    for index in range(12):
        by_eights.append(node(3, index), 3)
    assert (by_eights.size, by_eights.root()) == (96, ROOTS[96])


def test_a_range_holds_one_hash_a_binary_digit() -> None:
    """Appending to a tree of any size needs O(log n) memory."""
    grown = CompactRange()
    for size in range(1, 2000):
        grown.append(HASHES[size % SIZE])
        assert len(grown._peaks) == size.bit_count()


@SIZES
def test_every_inclusion_proof_verifies_and_no_other_claim_does(largest: int) -> None:
    """Every leaf of every size: the proof is the recursion's, and it fits no other index, leaf or root."""
    proved = 0
    for size in range(1, largest + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert list(proof) == plain.path(index, LEAVES[:size])
            verify_inclusion(index, size, HASHES[index], proof, ROOTS[size])
            for other in (*range(index), *range(index + 1, size + 1), -1):
                assert no_inclusion(other, size, HASHES[index], proof, ROOTS[size])
            assert no_inclusion(index, size, HASHES[index - 1], proof, ROOTS[size - 1])
            proved += 1
    assert proved == largest * (largest + 1) // 2


@SIZES
def test_no_inclusion_proof_survives_a_changed_hash(largest: int) -> None:
    """Each hash of each proof: one bit over, left out, twice, or another one more."""
    for size in range(1, largest + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            leaf, root = HASHES[index], ROOTS[size]
            for at, one in enumerate(proof):
                bad = flipped(one, (size * 7 + index) % 256)
                for middle in ((bad,), (), (one, one), (one[:31],)):
                    changed = (*proof[:at], *middle, *proof[at + 1 :])
                    assert no_inclusion(index, size, leaf, changed, root)
            assert no_inclusion(index, size, leaf, (*proof, root), root)
            assert no_inclusion(index, size, flipped(leaf, index), proof, root)
            assert no_inclusion(index, size, leaf, proof, flipped(root, index))


@SIZES
def test_every_consistency_proof_verifies_and_no_other_claim_does(largest: int) -> None:
    """Every pair of sizes: the proof is the recursion's, and it shows no other earlier size or root."""
    for new in range(1, largest + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, node)
            assert list(proof) == plain.proof(old, LEAVES[:new])
            verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)
            for other in {*range(0, new + 2, 1 + new // 16), old - 1, old + 1} - {old}:
                root = ROOTS[min(other, SIZE)]
                assert no_consistency(other, new, root, ROOTS[new], proof)


@SIZES
def test_no_consistency_proof_survives_a_changed_hash(largest: int) -> None:
    """Each hash of each proof, and both roots."""
    for new in range(1, largest + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, node)
            first, second = ROOTS[old], ROOTS[new]
            for at, one in enumerate(proof):
                for middle in ((flipped(one, (old * 5 + new) % 256),), (), (one, one), (one + b"x",)):
                    changed = (*proof[:at], *middle, *proof[at + 1 :])
                    assert no_consistency(old, new, first, second, changed)
            assert no_consistency(old, new, first, second, (*proof, second))
            assert no_consistency(old, new, flipped(first, old), second, proof)
            assert no_consistency(old, new, first, flipped(second, new), proof)


def test_a_proof_is_no_longer_than_the_tree_is_high() -> None:
    """A million records need 20 hashes for inclusion, and 21 for consistency, at most."""
    size = 1_000_000
    for index in (0, 1, 524_287, 524_288, size - 1):
        assert len(inclusion_proof(index, size, lambda level, at: bytes(32))) <= 20
    for old in (1, 2, 524_287, 524_289, size - 1, size):
        assert len(consistency_proof(old, size, lambda level, at: bytes(32))) <= 21


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5)])
def test_a_leaf_that_is_not_there_cannot_be_proved(index: int, size: int) -> None:
    """The question is wrong, not the log."""
    with pytest.raises(UsageError, match="there is no leaf"):
        inclusion_proof(index, size, node)


@pytest.mark.parametrize(("old", "size"), [(0, 0), (0, 5), (6, 5), (-1, 5)])
def test_growth_that_did_not_happen_cannot_be_proved(old: int, size: int) -> None:
    """From nothing, anything may follow: that shows nothing."""
    with pytest.raises(UsageError, match="0 < from <= to"):
        consistency_proof(old, size, node)
