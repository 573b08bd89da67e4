"""Where an earlier verification stopped: which host's chain it was, and the head to go on from."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from benchgov.audit.anchors import Anchor
from benchgov.audit.checkpoint import Checkpoint
from benchgov.audit.divergence import Divergence
from benchgov.audit.encoding import unseal
from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.merkle import CompactRange, leaf_hash, verify_inclusion
from benchgov.audit.published import leaves_of
from benchgov.audit.records import Records
from benchgov.audit.tiles import LogTiles
from benchgov.audit.tree import Tree
from benchgov.errors import InputError, TamperError, UsageError


def assign(
    files: LogFiles, hosts: tuple[str, ...], states: Sequence[Anchor | Checkpoint]
) -> dict[str, Anchor] | Divergence:
    """Host → the head that its chain was verified up to; or where the log does not hold such a head.

    Raises:
        UsageError: two heads of one host, or a head without its sequence.
        InputError: a record or a tile cannot be read.
    """
    chosen: dict[str, Anchor] = {}
    for state in states:
        found = _of_checkpoint(files, hosts, state) if isinstance(state, Checkpoint) else state
        if isinstance(found, Divergence):
            return found
        if found.sequence is None:
            raise UsageError("to go on from a head, its sequence is needed: `sequence:head`")
        host = found.host or _holder(files, hosts, found.sequence, found.head)
        if host not in hosts:
            where = Records(files, host).where(found.sequence) if host else files.where()
            return Divergence(where, found.sequence, f"chain_head {found.head}", "no such record")
        if host in chosen:
            raise UsageError(f"two heads to go on from for host {host}; give the later one")
        chosen[host] = found
    return chosen


def _holder(files: LogFiles, hosts: tuple[str, ...], sequence: int, head: str) -> str:
    """The host whose record has that head; the only host, whatever its record has; else none."""
    if len(hosts) == 1:
        return hosts[0]
    return next((host for host in hosts if _head_at(files, host, sequence) == head), "")


def _head_at(files: LogFiles, host: str, sequence: int) -> str | None:
    with contextlib.suppress(NotARecordError):
        sealed = unseal(Records(files, host).read(sequence))
        return sealed.head if sealed else None
    return None


class _UnwrittenTiles(LogTiles):
    """Tiles that are read and not made: a verification writes nothing."""

    def write(self, level: int, number: int, data: bytes) -> None:
        """Do nothing."""


def _of_checkpoint(files: LogFiles, hosts: tuple[str, ...], checkpoint: Checkpoint) -> Anchor | Divergence:
    """The head of the last record that a checkpoint covers, in the log that it is of."""
    size = checkpoint.size
    if size == 0:
        raise UsageError("a checkpoint of no records is no place to go on from; verify from the beginning")
    shorter: list[str] = []
    for host in hosts:
        if _head_at(files, host, size) is None:
            shorter.append(host)
        elif _covers(files, host, checkpoint):
            return Anchor(_head_at(files, host, size) or "", size, host)
    others = [host for host in hosts if host not in shorter]
    where = Records(files, others[0]).where(size) if others else files.where()
    found = "another root" if others else "no such record"
    return Divergence(where, size, f"root {checkpoint.root.hex()} over the first {size} records", found)


def _covers(files: LogFiles, host: str, checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint is of this host's log: by few tiles, or by all records where those do not do."""
    size = checkpoint.size
    tree = Tree(leaves_of(files, host), _UnwrittenTiles(files, host), Records(files, host).count())
    with contextlib.suppress(TamperError, InputError):
        proof = tree.inclusion(size - 1, size)
        verify_inclusion(size - 1, size, tree.leaf(size - 1), proof, checkpoint.root)
        return True
    whole = CompactRange()
    with contextlib.suppress(TamperError):
        for data in leaves_of(files, host)(0, size):
            whole.append(leaf_hash(data))
    return whole.size == size and whole.root() == checkpoint.root
