"""The Merkle tree of RFC 6962 and RFC 9162 over SHA-256: roots, proofs, and what checks them.

A leaf is hashed as SHA-256(0x00 ‖ data), a node as SHA-256(0x01 ‖ left ‖ right). In the audit log a leaf's
data is the whole file of a record. Nothing here knows where records or hashes lie: see `Node`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from benchgov.errors import ProofError, UsageError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()
"""Root of the tree without leaves."""

Node = Callable[[int, int], bytes]
"""(level, index) → hash of the complete subtree over the leaves [index · 2^level, (index + 1) · 2^level)."""

_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that holds `data`."""
    return _sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two subtrees."""
    return _sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root of a complete subtree: `hashes`, of one level, are a power of two in number."""
    row = hashes
    while len(row) > 1:
        # `node_hash`, written out: this is where a large tree spends its time.
        row = [_sha256(b"\1" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


class CompactRange:
    """A tree that only grows: it holds the roots of its largest complete subtrees, one per binary digit."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, subtree: bytes, level: int = 0) -> None:
        """Add a leaf's hash; or the root of a complete subtree of 2^level leaves, where one may start."""
        assert self.size % (1 << level) == 0, "a subtree starts at a multiple of its size"
        place = self.size >> level
        while place & 1:
            subtree = node_hash(self._peaks.pop(), subtree)
            place >>= 1
        self._peaks.append(subtree)
        self.size += 1 << level

    def root(self, more: Sequence[bytes] = ()) -> bytes:
        """The root over all that was added, and over some more leaves' hashes that are not added by this."""
        if more:
            longer = CompactRange()
            longer.size, longer._peaks = self.size, list(self._peaks)
            for leaf in more:
                longer.append(leaf)
            return longer.root()
        if not self._peaks:
            return EMPTY_ROOT
        *others, root = self._peaks
        for peak in reversed(others):
            root = node_hash(peak, root)
        return root


def root_of(size: int, node: Node) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return _subtree(0, size, node) if size else EMPTY_ROOT


def _split(width: int) -> int:
    """The largest power of two smaller than `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _subtree(start: int, stop: int, node: Node) -> bytes:
    """The hash over [start, stop), a range that the recursion of RFC 6962 cuts."""
    complete: list[bytes] = []
    while (width := stop - start) & (width - 1):
        complete.append(node(_split(width).bit_length() - 1, start // _split(width)))
        start += _split(width)
    result = node(width.bit_length() - 1, start // width)
    for left in reversed(complete):
        result = node_hash(left, result)
    return result


def inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """The hashes that lead from the leaf at `index`, counted from 0, to the root of the first `size` leaves.

    They are in the order of RFC 9162, 2.1.3.1: from the leaf up; at most log2(size), rounded up.

    Raises:
        UsageError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise UsageError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_subtree(middle, stop, node))
            stop = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return tuple(reversed(path))


def consistency_proof(old: int, size: int, node: Node) -> tuple[bytes, ...]:
    """The hashes that show the first `old` leaves to begin the tree of `size` leaves (RFC 9162, 2.1.4.1).

    Raises:
        UsageError: `old` is 0, about which nothing can be shown, or larger than `size`.
    """
    if not 0 < old <= size:
        raise UsageError(f"there is no proof from {old} to {size} leaves: 0 < from <= to")
    path: list[bytes] = []
    start, stop, is_known = 0, size, True
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(_subtree(middle, stop, node))
            stop = middle
        else:
            path.append(_subtree(start, middle, node))
            start, is_known = middle, False
    if not is_known:
        path.append(_subtree(start, stop, node))
    return tuple(reversed(path))


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with the hash `leaf` lies at `index` under `root` (RFC 9162, 2.1.3.2).

    The root binds the size, the proof does not: one proof may fit several sizes. Take both from one head.

    Raises:
        ProofError: it does not, as far as this proof shows.
    """
    _require_hashes((leaf, *proof))
    if not 0 <= index < size:
        raise ProofError(f"inclusion: there is no leaf {index} in a tree of {size}")
    found, at, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise ProofError("inclusion: the proof has too many hashes")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _skip(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise ProofError("inclusion: the proof has too few hashes")
    _require_root("inclusion", root, found)


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old` leaves is the beginning of the tree of `size` leaves (RFC 9162, 2.1.4.2).

    Raises:
        ProofError: it is not, as far as this proof shows; also from 0 leaves, which shows nothing.
    """
    _require_hashes(proof)
    if not 0 < old <= size:
        raise ProofError(f"consistency: nothing leads from {old} to {size} leaves")
    if old == size:
        if proof:
            raise ProofError("consistency: the proof has too many hashes")
        return _require_root("consistency", root, old_root)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofError("consistency: the proof has too few hashes")
    first, second, rest = _climb(old - 1, size - 1, path)
    if rest:
        raise ProofError("consistency: the proof has too few hashes")
    _require_root("consistency, the earlier tree", old_root, first)
    return _require_root("consistency, the later tree", root, second)


def _climb(at: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes, int]:
    """The roots of the earlier and of the later tree that `path` leads to, and what is left of `last`."""
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("consistency: the proof has too many hashes")
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            at, last = _skip(at, last)
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return first, second, last


def _skip(at: int, last: int) -> tuple[int, int]:
    """Up through the levels at which the last node has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _require_hashes(hashes: Sequence[bytes]) -> None:
    for one in hashes:
        if len(one) != HASH_BYTES:
            raise ProofError(f"a hash of {len(one)} bytes in a proof; all have {HASH_BYTES}")


def _require_root(what: str, expected: bytes, found: bytes) -> None:
    if expected != found:
        raise ProofError(f"{what}: expected the root {expected.hex()}, found {found.hex()}")
