"""The published heads of a host's log: made from its tree, and never going back.

<store>/hosts/<host>/checkpoint                 the newest
<store>/hosts/<host>/checkpoints/<size>         earlier ones that somebody signed
<store>/hosts/<host>/forks/<size>-<root>        heads that contradict each other: evidence, never merged
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchgov.audit.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint, unsigned
from benchgov.audit.note import Note, Signer, is_key_name
from benchgov.audit.store import (
    NotARecordError,
    host_folder,
    list_hosts,
    locked,
    read_record,
    record_path,
    require_store,
)
from benchgov.audit.tiles import TileFolder
from benchgov.audit.tree import Tree
from benchgov.errors import InputError, TamperError, UsageError
from benchgov.files import create_exclusive, read_text, write_atomic

_LIMIT = 1 << 20


@dataclass(frozen=True)
class Published:
    """The checkpoint that now stands in the log, its file, and whether this call changed it."""

    checkpoint: SignedCheckpoint
    path: Path
    new: bool


def choose_host(store: Path, host: str | None) -> str:
    """The host that is meant: with one chain in the store, it need not be named.

    Raises:
        UsageError: several hosts have a chain, and none was named.
        InputError: there is no store, or no such host.
    """
    require_store(store)
    hosts = list_hosts(store).names
    if host is None and len(hosts) > 1:
        raise UsageError(f"the log has {len(hosts)} hosts; name one with --host", details=hosts)
    if not hosts or (host is not None and host not in hosts):
        raise InputError(
            f"the audit log has no host {host}" if host else "the audit log has no record yet",
            where=str(store),
        )
    return host or hosts[0]


def host_tree(store: Path, host: str) -> Tree:
    """The tree over all records that a host's folder has now; raises `InputError` when there are none."""
    size = _count(store, host)
    if size == 0:
        raise InputError(f"host {host} has no records", where=str(store))

    def leaves(start: int, stop: int) -> Iterator[bytes]:
        for sequence in range(start + 1, stop + 1):
            yield read_leaf(store, host, sequence)

    return Tree(leaves, TileFolder(host_folder(store, host) / "tile"), size)


def _count(store: Path, host: str) -> int:
    """How many records there are, without listing a folder of a million: sequences have no gaps.

    Where one was made, the count may end before it; then a published checkpoint, or `audit verify`, says so.
    """
    some, none = 0, 1
    while record_path(store, host, none).is_file():
        some, none = none, none * 2
    while none - some > 1:
        middle = (some + none) // 2
        if record_path(store, host, middle).is_file():
            some = middle
        else:
            none = middle
    return some


def read_leaf(store: Path, host: str, sequence: int) -> bytes:
    """The bytes of a record as the tree holds them: its whole file.

    Raises:
        TamperError: it is not there, or is no file.
    """
    path = record_path(store, host, sequence)
    try:
        return read_record(path)
    except NotARecordError as error:
        raise TamperError(f"record {sequence}: expected a record, found {error}", where=str(path)) from error


def checkpoint_path(store: Path, host: str) -> Path:
    """The file of a host's newest checkpoint."""
    return host_folder(store, host) / "checkpoint"


def _kept_path(store: Path, host: str, size: int) -> Path:
    return host_folder(store, host) / "checkpoints" / str(size)


def read_checkpoint(path: Path) -> SignedCheckpoint:
    """The checkpoint in a file; raises `InputError` when there is none."""
    return parse_checkpoint(read_text(path, limit=_LIMIT), str(path))


def newest(store: Path, host: str) -> SignedCheckpoint | None:
    """The newest checkpoint of a host, if it has one.

    Raises:
        InputError: it cannot be read.
    """
    path = checkpoint_path(store, host)
    return read_checkpoint(path) if path.exists() else None


def of_size(store: Path, host: str, size: int) -> SignedCheckpoint | None:
    """The checkpoint that was published at this size, if it is kept."""
    last = newest(store, host)
    if last and last.head.size == size:
        return last
    path = _kept_path(store, host, size)
    return read_checkpoint(path) if path.exists() else None


def examine(store: Path, host: str, tree: Tree) -> None:
    """Hold all records of a host against its tiles and newest checkpoint; make the tiles that are missing.

    Raises:
        TamperError: a record, a tile or the checkpoint is not what was published; which, and what was found.
    """
    last = newest(store, host)
    if last:
        require_length(store, host, tree, last)
    found = tree.check((last.head.size, last.head.root) if last else None)
    if last and found.root != last.head.root:
        raise _fork(store, host, last, found.root, because=found.wrong)
    if found.wrong:
        raise found.wrong


def require_extends(store: Path, host: str, tree: Tree, earlier: SignedCheckpoint) -> None:
    """Check, by few tiles, that the log still begins with the tree of an earlier checkpoint.

    Raises:
        TamperError: the log is shorter, or has another root at that size: both heads are kept as evidence.
    """
    require_length(store, host, tree, earlier)
    root = tree.root(earlier.head.size)
    if root != earlier.head.root:
        # A tile may have been changed instead: all records are asked before they are accused.
        found = tree.check((earlier.head.size, earlier.head.root))
        if found.wrong and found.root == earlier.head.root:
            raise found.wrong
        raise _fork(store, host, earlier, found.root, because=found.wrong)


def require_length(store: Path, host: str, tree: Tree, earlier: SignedCheckpoint) -> None:
    """Check that the log is as long as a checkpoint says; raises `TamperError`."""
    if earlier.head.size > tree.size:
        raise TamperError(
            f"record {tree.size + 1} is missing: a checkpoint of {earlier.head.size} records was published",
            where=str(record_path(store, host, tree.size + 1)),
            details=[f"published: {earlier.head}", f"found:     {tree.size} records"],
        )


def _fork(
    store: Path, host: str, published: SignedCheckpoint, root: bytes, because: TamperError | None
) -> TamperError:
    """The error for two heads at one size, which are both kept."""
    other = unsigned(Checkpoint(published.head.origin, published.head.size, root))
    folder = keep_fork(store, host, published, other)
    details = [f"published: {published.head}", f"found:     {other.head}", f"both are kept in {folder}"]
    return TamperError(
        f"two heads at {published.head.size} records: one up to there is not what was published",
        where=str(checkpoint_path(store, host)),
        details=[*details, *([str(because)] if because else [])],
    )


def keep_fork(store: Path, host: str, *heads: SignedCheckpoint) -> Path:
    """Keep heads that contradict each other, under names of their own; the folder."""
    folder = host_folder(store, host) / "forks"
    for one in heads:
        create_exclusive(folder / f"{one.head.size}-{one.head.root.hex()}", str(one).encode())
    return folder


def publish(store: Path, host: str, tree: Tree, *, origin: str, signer: Signer | None = None) -> Published:
    """Publish the head of `tree` as the host's checkpoint, unless a later one is there.

    At the same head, signatures are added to those that are there already: a witness's are never lost.

    Raises:
        TamperError: an earlier checkpoint is not the beginning of the tree; nothing was published.
        UsageError: an earlier checkpoint has another origin, or another host's has this one.
    """
    with locked(store):
        _require_own_origin(store, host, origin)
        last = newest(store, host)
        if last:
            if last.head.size > tree.size:
                # Appended and published by another process since the records were counted; or cut since.
                tree = host_tree(store, host)
            require_extends(store, host, tree, last)
        head = Checkpoint(origin, tree.size, tree.root())
        note = last.note if last and last.head.size == head.size else Note(head.text)
        return _write(store, host, last, SignedCheckpoint(head, signer.sign(note) if signer else note))


def _write(store: Path, host: str, last: SignedCheckpoint | None, new: SignedCheckpoint) -> Published:
    path = checkpoint_path(store, host)
    if last and new.note == last.note:
        return Published(last, path, new=False)
    if last and last.note.signatures and last.head.size < new.head.size:
        write_atomic(_kept_path(store, host, last.head.size), str(last).encode())
    write_atomic(path, str(new).encode())
    return Published(new, path, new=True)


def _require_own_origin(store: Path, host: str, origin: str) -> None:
    if not is_key_name(origin):
        raise UsageError(f"not an origin: {origin!r}; it has neither spaces nor plus signs")
    for other in list_hosts(store).names:
        last = newest(store, other)
        if other == host and last and last.head.origin != origin:
            raise UsageError(
                f"the log's origin is {last.head.origin!r}, not {origin!r}",
                remedy="An origin names a log for ever: leave --origin out.",
            )
        if other != host and last and last.head.origin == origin:
            raise UsageError(
                f"the origin {origin!r} is that of host {other}",
                remedy="An origin names one log: give this one another with --origin.",
            )


def adopt(store: Path, host: str, cosigned: SignedCheckpoint) -> None:
    """Keep the signatures of a copy of a published checkpoint, as a witness gives it back.

    Raises:
        TamperError: another head was published at this size; both are kept as evidence.
        InputError: none was.
    """
    with locked(store):
        ours = of_size(store, host, cosigned.head.size)
        if ours is None:
            raise InputError(f"no checkpoint of {cosigned.head.size} records was published", where=str(store))
        if ours.note.text != cosigned.note.text:
            folder = keep_fork(store, host, ours, cosigned)
            raise TamperError(
                f"two heads at {ours.head.size} records",
                where=str(checkpoint_path(store, host)),
                details=[
                    f"published: {ours.head}",
                    f"given:     {cosigned.head}",
                    f"both are kept in {folder}",
                ],
            )
        last = newest(store, host)
        is_newest = last is not None and last.head.size == ours.head.size
        path = checkpoint_path(store, host) if is_newest else _kept_path(store, host, ours.head.size)
        write_atomic(path, str(ours.note.signed_by(cosigned.note.signatures)).encode())
