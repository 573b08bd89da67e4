"""Trees of any size and content, and notes of any text."""

from __future__ import annotations

import contextlib

from bench.core import reference_merkle as plain
from bench.core.product import MemoryTiles
from hypothesis import given, settings
from hypothesis import strategies as st

from benchgov.audit.checkpoint import parse_checkpoint
from benchgov.audit.merkle import CompactRange, leaf_hash, verify_consistency, verify_inclusion
from benchgov.audit.note import Note, Signature, Signer, parse_note, parse_signer, parse_verifier, verify_note
from benchgov.audit.tree import Tree
from benchgov.errors import InputError, ProofError

calm = settings(deadline=None)
leaves_of = st.lists(st.binary(max_size=12), min_size=1, max_size=600)
hashes = st.lists(st.binary(min_size=30, max_size=33) | st.binary(min_size=32, max_size=32), max_size=12)
numbers = st.integers(-2, 40) | st.integers(2**62, 2**65)


def tree_of(leaves: list[bytes]) -> Tree:
    """A tree in memory."""
    return Tree(lambda start, stop: iter(leaves[start:stop]), MemoryTiles(), len(leaves))


@calm
@given(leaves_of, st.data())
def test_any_tree_is_the_recursions(leaves: list[bytes], data: st.DataObject) -> None:
    """Equal leaves too: roots, and proofs of whatever is asked, that verify."""
    tree, size = tree_of(leaves), len(leaves)
    grown = CompactRange()
    for leaf in leaves:
        grown.append(leaf_hash(leaf))
    assert grown.root() == tree.root() == plain.tree_hash(leaves) == tree.check((size, tree.root())).root
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    proof = tree.inclusion(index, size)
    assert list(proof) == plain.path(index, leaves)
    verify_inclusion(index, size, leaf_hash(leaves[index]), proof, tree.root())
    growth = tree.consistency(old, size)
    assert list(growth) == plain.proof(old, leaves)
    verify_consistency(old, size, tree.root(old), tree.root(), growth)


@calm
@given(numbers, numbers, st.binary(max_size=33), hashes, st.binary(max_size=33))
def test_whatever_is_verified_ends_in_one_error_or_none(
    first: int, second: int, leaf: bytes, proof: list[bytes], root: bytes
) -> None:
    """Never in another, and never in success by chance: only a tree's head equal to itself holds."""
    try:
        verify_inclusion(first, second, leaf, proof, root)
        assert (first, second, proof, leaf) == (0, 1, [], root)
    except ProofError:
        pass
    try:
        verify_consistency(first, second, leaf, root, proof)
        assert (proof, leaf) == ([], root)
        assert first == second
    except ProofError:
        pass


lines = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@calm
@given(st.lists(lines, min_size=1, max_size=4), st.lists(st.binary(min_size=5, max_size=80), max_size=4))
def test_a_note_is_read_as_it_was_written(texts: list[str], signatures: list[bytes]) -> None:
    """With every signature, and a good one among them verifies."""
    signer = Signer("example.com/log", bytes(32))
    others = tuple(Signature(f"name{at}", data[:4], data[4:]) for at, data in enumerate(signatures))
    note = signer.sign(Note("".join(f"{text}\n" for text in texts), others))
    assert parse_note(str(note), "x") == note
    assert verify_note(note, [signer.verifier]) == (signer.name,)


@calm
@given(st.text() | st.text("\n— aA=+0").map(lambda text: f"origin\n1\n{text}\n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """As a note, a checkpoint or a key: malformed input ends in one error."""
    for read in (lambda: parse_note(text, "x"), lambda: parse_checkpoint(text, "x")):
        with contextlib.suppress(InputError):
            read()
    for parse in (parse_verifier, parse_signer):
        with contextlib.suppress(InputError):
            parse(text)
