"""The tree over a log: tiles that are made once, believed only where a root confirms them."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.core import reference_merkle as plain
from bench.core.product import MemoryTiles

from benchgov.audit import tree as tree_module
from benchgov.audit.folder import FolderFiles
from benchgov.audit.merkle import fold, leaf_hash, verify_consistency, verify_inclusion
from benchgov.audit.tiles import TILE_BYTES, LogTiles, tile_path
from benchgov.audit.tree import Tree
from benchgov.errors import TamperError

LEAVES = [f"record {number}".encode() for number in range(1300)]
SIZES = (1, 2, 255, 256, 257, 511, 512, 513, 1024, 1300)


def tree_of(leaves: list[bytes], tiles: MemoryTiles | LogTiles, asked: list[int] | None = None) -> Tree:
    """A tree over `leaves`, which notes the indices that it is asked for."""

    def read(start: int, stop: int) -> object:
        for index in range(start, stop):
            if asked is not None:
                asked.append(index)
            yield leaves[index]

    return Tree(read, tiles, len(leaves))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "path"),
    [(0, "000"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067"), (1000000, "x001/x000/000")],
)
def test_tiles_are_named_as_the_specification_says(number: int, path: str) -> None:
    """Groups of three digits, all but the last behind an x."""
    assert tile_path(3, number) == f"3/{path}"


@pytest.mark.parametrize("size", SIZES)
def test_roots_and_proofs_are_those_of_the_recursion(size: int) -> None:
    """Without tiles, with them, and over a tree that has grown since."""
    tiles, leaves = MemoryTiles(), LEAVES[:size]
    for tree in (tree_of(leaves, tiles), tree_of(leaves, tiles), tree_of(LEAVES, MemoryTiles())):
        assert tree.root(size) == plain.tree_hash(leaves)
        for index in {0, size // 3, size - 1}:
            proof = tree.inclusion(index, size)
            assert list(proof) == plain.path(index, leaves)
            verify_inclusion(index, size, tree.leaf(index), proof, tree.root(size))
        for old in {1, (size + 1) // 2, size}:
            proof = tree.consistency(old, size)
            assert list(proof) == plain.proof(old, leaves)
            verify_consistency(old, size, tree.root(old), tree.root(size), proof)


@pytest.mark.parametrize("size", SIZES)
def test_a_check_makes_all_full_tiles_and_no_partial_one(size: int) -> None:
    """One for every 256 records, with their hashes in order."""
    tiles, leaves = MemoryTiles(), LEAVES[:size]
    found = tree_of(leaves, tiles).check((size, plain.tree_hash(leaves)))
    assert (found.root, found.wrong) == (plain.tree_hash(leaves), None)
    assert sorted(tiles.kept) == [(0, number) for number in range(size // 256)]
    for (_, number), data in tiles.kept.items():
        assert data == b"".join(map(leaf_hash, leaves[number * 256 : number * 256 + 256]))


def test_a_tile_above_holds_the_roots_of_those_below() -> None:
    """At 65,536 records the first tile of level 1 is full; a proof then reads few records."""
    leaves, tiles = [b"%d" % number for number in range(65_536 + 300)], MemoryTiles()
    assert tree_of(leaves, tiles).check().wrong is None
    assert sorted(tiles.kept)[-1] == (1, 0)
    assert len(tiles.kept) == 258
    rows = [tiles.kept[0, number] for number in range(256)]
    roots = [fold([row[at : at + 32] for at in range(0, TILE_BYTES, 32)]) for row in rows]
    assert tiles.kept[1, 0] == b"".join(roots)
    asked: list[int] = []
    tree = tree_of(leaves, tiles, asked)
    proof = tree.inclusion(70, len(leaves))
    assert set(asked) == set(range(65_536 + 256, 65_536 + 300))
    verify_inclusion(70, len(leaves), leaf_hash(leaves[70]), proof, tree.root())
    del tiles.kept[1, 0], tiles.kept[0, 9]
    assert tree_of(leaves, tiles).root() == tree.root()
    assert len(tiles.kept) == 258


def test_what_was_read_is_forgotten_when_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded, and the answers are the same."""
    monkeypatch.setattr(tree_module, "_MAX_ROWS", 2)
    tree = tree_of(LEAVES, MemoryTiles())
    for _ in range(2):
        assert tree.root() == plain.tree_hash(LEAVES)
        assert list(tree.inclusion(700, 1300)) == plain.path(700, LEAVES)
    assert len(tree._rows) <= 2


def test_a_changed_record_is_named() -> None:
    """The tile says what was there; the first record that differs is the one."""
    tiles = MemoryTiles()
    root = plain.tree_hash(LEAVES)
    tree_of(LEAVES, tiles).check()
    changed = [*LEAVES[:700], b"other", *LEAVES[701:]]
    found = tree_of(changed, tiles).check((1300, root))
    assert found.root == plain.tree_hash(changed)
    assert found.wrong is not None
    assert (found.wrong.where, found.wrong.message[:11]) == ("0/2", "record 701:")


def test_a_changed_tile_is_told_from_a_changed_record() -> None:
    """The published root confirms the records, so the tile it was."""
    tiles = MemoryTiles()
    tree_of(LEAVES, tiles).check()
    tiles.kept[0, 1] = bytes(32) + tiles.kept[0, 1][32:]
    found = tree_of(LEAVES, tiles).check((1300, plain.tree_hash(LEAVES)))
    assert found.root == plain.tree_hash(LEAVES)
    assert found.wrong is not None
    assert found.wrong.message.startswith("record 257: expected the tile's hash 0000")


@pytest.mark.parametrize("published", [256, 500, 1300])
def test_no_tile_is_made_of_records_that_no_root_confirms(published: int) -> None:
    """Otherwise the tile would speak for the changed record, and against the restored one."""
    tiles = MemoryTiles()
    changed = [b"other", *LEAVES[1:]]
    assert tree_of(changed, tiles).check((published, plain.tree_hash(LEAVES[:published]))).wrong is None
    assert tiles.kept == {}
    tree_of(LEAVES, tiles).check((published, plain.tree_hash(LEAVES[:published])))
    assert len(tiles.kept) == 5


def test_tiles_are_files_of_8192_bytes(tmp_path: Path) -> None:
    """Written once; of another length, or no file, they are no tiles."""
    folder = LogTiles(FolderFiles(tmp_path), "host-a")
    root = tree_of(LEAVES, folder).root()
    assert root == plain.tree_hash(LEAVES)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert names == [f"hosts/host-a/tile/0/00{number}" for number in range(5)]
    path = tmp_path / "hosts/host-a/tile/0/001"
    data = path.read_bytes()
    assert len(data) == TILE_BYTES
    folder.write(0, 1, bytes(TILE_BYTES))
    assert path.read_bytes() == data
    path.write_bytes(data[:-1])
    with pytest.raises(TamperError, match=r"0/001: expected a tile of 8,192 bytes, found 8,191 bytes"):
        tree_of(LEAVES, folder).root()
    path.unlink()
    path.symlink_to("000")
    with pytest.raises(TamperError, match="found a symbolic link"):
        folder.read(0, 1)
    assert folder.read(4, 0) is None
