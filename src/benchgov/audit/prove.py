"""Make proofs about a host's log, towards its published checkpoints; none is given that does not hold."""

from __future__ import annotations

from pathlib import Path

from benchgov.audit.checkpoint import Checkpoint, SignedCheckpoint, unsigned
from benchgov.audit.files import LogFiles
from benchgov.audit.folder import as_files
from benchgov.audit.merkle import verify_consistency
from benchgov.audit.proof import Proof, prove_consistency, prove_inclusion
from benchgov.audit.published import (
    checkpoint_path,
    examine,
    host_tree,
    newest,
    of_size,
    require_extends,
    require_length,
)
from benchgov.audit.tree import Tree
from benchgov.errors import InputError, TamperError


def prove_record(store: LogFiles | Path, host: str, sequence: int | None) -> Proof:
    """The proof that a record, or the last one that was published, is in the tree of the newest checkpoint.

    Raises:
        InputError: there is no checkpoint yet, or none that covers the record.
        TamperError: the record, or a tile, is not what was published.
    """
    tree, last = _published(store, host)
    sequence = last.head.size if sequence is None else sequence
    _require_covered(store, host, last, sequence)
    try:
        hashes = tree.inclusion(sequence - 1, last.head.size)
        return prove_inclusion(sequence - 1, tree.leaf(sequence - 1), hashes, last)
    except TamperError:
        # The proof shows that something was changed; the walk over all records shows what.
        examine(store, host, tree)
        raise


def prove_growth(store: LogFiles | Path, host: str, old: int, new: int | None) -> Proof:
    """The proof that the log at `old` records is the beginning of the log at `new`, or at its checkpoint.

    Both heads are those that were published, where these are kept; else unsigned ones of that size, which the
    newest checkpoint is seen to extend.

    Raises:
        InputError: there is no checkpoint yet, or none that covers `old` and `new`.
        TamperError: a head is not the beginning of what was published.
    """
    tree, last = _published(store, host)
    new = last.head.size if new is None else new
    for size in (old, new):
        _require_covered(store, host, last, size)
    require_extends(store, host, tree, last)
    try:
        earlier, later = (_head(store, host, tree, last, size) for size in (old, new))
        return prove_consistency(earlier, later, tree.consistency(old, new))
    except TamperError:
        examine(store, host, tree)
        raise


def _published(store: LogFiles | Path, host: str) -> tuple[Tree, SignedCheckpoint]:
    last = newest(store, host)
    if last is None:
        raise InputError(
            "the log has no checkpoint yet",
            where=as_files(store).where(checkpoint_path(host)),
            remedy="Publish one: `benchgov audit checkpoint`.",
        )
    tree = host_tree(store, host)
    require_length(store, host, tree, last)
    return tree, last


def _require_covered(store: LogFiles | Path, host: str, last: SignedCheckpoint, size: int) -> None:
    if not 0 < size <= last.head.size:
        raise InputError(
            f"record {size} is not in the newest checkpoint, which covers 1 to {last.head.size}",
            where=as_files(store).where(checkpoint_path(host)),
            remedy="Publish a newer one: `benchgov audit checkpoint`.",
        )


def _head(
    store: LogFiles | Path, host: str, tree: Tree, last: SignedCheckpoint, size: int
) -> SignedCheckpoint:
    """The head at `size`, after seeing that the newest checkpoint extends it."""
    kept = of_size(store, host, size)
    if kept:
        require_extends(store, host, tree, kept)
        return kept
    root = tree.root(size)
    verify_consistency(size, last.head.size, root, last.head.root, tree.consistency(size, last.head.size))
    return unsigned(Checkpoint(last.head.origin, size, root))
