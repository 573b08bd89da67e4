"""The tree over one log: from records to tiles, and from tiles to roots and proofs.

The records are the truth. `check` hashes all of them and holds every tile against them; the other questions
read few tiles, and the records that no full tile covers: hold their answers against a root that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from benchgov.audit.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    CompactRange,
    consistency_proof,
    fold,
    inclusion_proof,
    leaf_hash,
    root_of,
)
from benchgov.audit.tiles import TILE_LEVELS, TILE_WIDTH, Tiles
from benchgov.errors import TamperError

Leaves = Callable[[int, int], Iterator[bytes]]
"""(start, stop) → the bytes of the records at these indices, counted from 0."""

Row = tuple[bytes, ...]

_MAX_ROWS = 600  # two partial tiles and all that they are made from, with room: 10 MB


@dataclass(frozen=True)
class Examination:
    """What a walk over all records found: the root at the published size, and the first tile that differs."""

    root: bytes
    wrong: TamperError | None


class Tree:
    """The Merkle tree over the first `size` records of a log."""

    def __init__(self, leaves: Leaves, tiles: Tiles, size: int) -> None:
        self.size = size
        self._leaves, self._tiles = leaves, tiles
        self._rows: dict[tuple[int, int], Row] = {}

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` records, or over all."""
        return root_of(self.size if size is None else size, self._node)

    def inclusion(self, index: int, size: int) -> Row:
        """The proof that the record at `index` is among the first `size`."""
        return inclusion_proof(index, size, self._node)

    def consistency(self, old: int, size: int) -> Row:
        """The proof that the first `old` records are the beginning of the first `size`."""
        return consistency_proof(old, size, self._node)

    def leaf(self, index: int) -> bytes:
        """The hash of the record at `index`, from the record itself."""
        return leaf_hash(next(self._leaves(index, index + 1)))

    def check(self, published: tuple[int, bytes] | None = None) -> Examination:
        """Hash every record, and hold every tile against them, and the root of a published (size, root).

        Tiles that are missing are made, but none while the published root is not confirmed: what was written
        from changed records would then speak for them. Memory does not grow with the log, apart from these.
        """
        walk = _Walk(self._tiles, *(published or (0, EMPTY_ROOT)))
        records = self._leaves(0, self.size)
        while row := tuple(leaf_hash(data) for data in islice(records, TILE_WIDTH)):
            walk.add(row)
        return Examination(walk.found, walk.wrong)

    def _node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree: from the tile that holds it, or the roots that it covers."""
        height, up = divmod(level, TILE_LEVELS)
        first = index << up
        row = self._row(height, first // TILE_WIDTH)
        at = first % TILE_WIDTH
        return fold(row[at : at + (1 << up)])

    def _row(self, height: int, number: int) -> Row:
        """The hashes of a tile: all 256, or as many as the tree has."""
        key = (height, number)
        if key in self._rows:
            return self._rows[key]
        width = min(TILE_WIDTH, (self.size >> (TILE_LEVELS * height)) - number * TILE_WIDTH)
        row = self._full(height, number) if width == TILE_WIDTH else self._made(height, number, width)
        if len(self._rows) >= _MAX_ROWS:
            self._rows.clear()
        self._rows[key] = row
        return row

    def _full(self, height: int, number: int) -> Row:
        data = self._tiles.read(height, number)
        if data is None:
            row = self._made(height, number, TILE_WIDTH)
            self._tiles.write(height, number, b"".join(row))
            return row
        return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))

    def _made(self, height: int, number: int, width: int) -> Row:
        first = number * TILE_WIDTH
        if height == 0:
            return tuple(leaf_hash(data) for data in self._leaves(first, first + width))
        return tuple(fold(self._row(height - 1, one)) for one in range(first, first + width))


@dataclass
class _Walk:
    """A walk over all leaves, a tile's width at a time, past a head of `size` records and this `root`."""

    tiles: Tiles
    size: int
    root: bytes
    found: bytes = EMPTY_ROOT
    wrong: TamperError | None = None
    _whole: CompactRange = field(default_factory=CompactRange)
    _rising: list[list[bytes]] = field(default_factory=lambda: [[]])
    _made: list[tuple[int, int, bytes]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        start = self._whole.size
        if start < self.size <= start + len(row):
            self.found = self._whole.root(row[: self.size - start])
        if len(row) == TILE_WIDTH:
            self._whole.append(self._settle(0, start // TILE_WIDTH, row), TILE_LEVELS)
        if start + len(row) >= self.size and self.found == self.root:
            for one in self._made:
                self.tiles.write(*one)
            self._made.clear()

    def _settle(self, level: int, number: int, row: Row) -> bytes:
        """Hold a full tile against `row`, and the tile above it when that is full too; the root of `row`."""
        self._confirm(level, number, row)
        root = fold(row)
        rising = self._rising[level]
        rising.append(root)
        if len(rising) == TILE_WIDTH:
            if level + 1 == len(self._rising):
                self._rising.append([])
            self._settle(level + 1, number // TILE_WIDTH, tuple(rising))
            rising.clear()
        return root

    def _confirm(self, level: int, number: int, row: Row) -> None:
        kept, made = self.tiles.read(level, number), b"".join(row)
        if kept is None:
            self._made.append((level, number, made))
        elif kept != made and self.wrong is None:
            self.wrong = self._difference(level, number, row, kept)

    def _difference(self, level: int, number: int, row: Row, kept: bytes) -> TamperError:
        hashes = [kept[at : at + HASH_BYTES] for at in range(0, len(kept), HASH_BYTES)]
        at = next(at for at, one in enumerate(row) if one != hashes[at])
        first = (number * TILE_WIDTH + at) << (TILE_LEVELS * level)
        return TamperError(
            f"record {first + 1}: expected the tile's hash {hashes[at].hex()}, found {row[at].hex()}",
            where=self.tiles.where(level, number),
            remedy="The record or the tile was changed: restore it; remove the tile if it was that.",
        )
