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
from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.folder import as_files
from benchgov.audit.note import Note, Signer, is_key_name
from benchgov.audit.records import Records
from benchgov.audit.store import host_folder, list_hosts, require_store
from benchgov.audit.tiles import LogTiles
from benchgov.audit.tree import Leaves, Tree
from benchgov.errors import InputError, TamperError, UsageError
from benchgov.files import decode, read_text

_LIMIT = 1 << 20


@dataclass(frozen=True)
class Published:
    """The checkpoint that now stands in the log, its file, and whether this call changed it."""

    checkpoint: SignedCheckpoint
    path: str
    new: bool


def choose_host(store: LogFiles | Path, host: str | None) -> str:
    """The host that is meant: with one chain in the store, it need not be named.

    Raises:
        UsageError: several hosts have a chain, and none was named.
        InputError: there is no store, or no such host.
    """
    files = as_files(store)
    require_store(files)
    hosts = list_hosts(files).names
    if host is None and len(hosts) > 1:
        raise UsageError(f"the log has {len(hosts)} hosts; name one with --host", details=hosts)
    if not hosts or (host is not None and host not in hosts):
        raise InputError(
            f"the audit log has no host {host}" if host else "the audit log has no record yet",
            where=files.where(),
        )
    return host or hosts[0]


def host_tree(store: LogFiles | Path, host: str) -> Tree:
    """The tree over all records that a host has now; raises `InputError` when there are none."""
    files = as_files(store)
    size = Records(files, host).count()
    if size == 0:
        raise InputError(f"host {host} has no records", where=files.where())
    return Tree(leaves_of(files, host), LogTiles(files, host), size)


def leaves_of(store: LogFiles | Path, host: str) -> Leaves:
    """What reads a host's records for its tree; each is one leaf, whole.

    A record that is not there, or is no file, raises `TamperError`.
    """
    records = Records(as_files(store), host)

    def leaves(start: int, stop: int) -> Iterator[bytes]:
        for sequence in range(start + 1, stop + 1):
            try:
                yield records.read(sequence)
            except NotARecordError as error:
                raise TamperError(
                    f"record {sequence}: expected a record, found {error}", where=records.where(sequence)
                ) from error

    return leaves


def checkpoint_path(host: str) -> str:
    """The file of a host's newest checkpoint."""
    return f"{host_folder(host)}/checkpoint"


def _kept_path(host: str, size: int) -> str:
    return f"{host_folder(host)}/checkpoints/{size}"


def read_checkpoint(path: Path) -> SignedCheckpoint:
    """The checkpoint in a file; raises `InputError` when there is none."""
    return parse_checkpoint(read_text(path, limit=_LIMIT), str(path))


def newest(store: LogFiles | Path, host: str) -> SignedCheckpoint | None:
    """The newest checkpoint of a host, if it has one.

    Raises:
        InputError: it cannot be read.
    """
    return checkpoint_at(as_files(store), checkpoint_path(host))


def of_size(store: LogFiles | Path, host: str, size: int) -> SignedCheckpoint | None:
    """The checkpoint that was published at this size, if it is kept."""
    last = newest(store, host)
    if last and last.head.size == size:
        return last
    return checkpoint_at(as_files(store), _kept_path(host, size))


def checkpoint_at(files: LogFiles, path: str) -> SignedCheckpoint | None:
    """The checkpoint in the log's file at `path`, if there is one; raises `InputError`."""
    if files.kind(path) is None:
        return None
    where = files.where(path)
    try:
        return parse_checkpoint(decode(files.read(path, _LIMIT), where), where)
    except NotARecordError as error:
        raise InputError(f"not a checkpoint: {error}", where=where) from error


def examine(store: LogFiles | Path, host: str, tree: Tree) -> None:
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


def require_extends(store: LogFiles | Path, host: str, tree: Tree, earlier: SignedCheckpoint) -> None:
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


def require_length(store: LogFiles | Path, host: str, tree: Tree, earlier: SignedCheckpoint) -> None:
    """Check that the log is as long as a checkpoint says; raises `TamperError`."""
    if earlier.head.size > tree.size:
        raise TamperError(
            f"record {tree.size + 1} is missing: a checkpoint of {earlier.head.size} records was published",
            where=Records(as_files(store), host).where(tree.size + 1),
            details=[f"published: {earlier.head}", f"found:     {tree.size} records"],
        )


def _fork(
    store: LogFiles | Path, host: str, published: SignedCheckpoint, root: bytes, because: TamperError | None
) -> TamperError:
    """The error for two heads at one size, which are both kept."""
    other = unsigned(Checkpoint(published.head.origin, published.head.size, root))
    folder = keep_fork(store, host, published, other)
    details = [f"published: {published.head}", f"found:     {other.head}", f"both are kept in {folder}"]
    return TamperError(
        f"two heads at {published.head.size} records: one up to there is not what was published",
        where=as_files(store).where(checkpoint_path(host)),
        details=[*details, *([str(because)] if because else [])],
    )


def keep_fork(store: LogFiles | Path, host: str, *heads: SignedCheckpoint) -> str:
    """Keep heads that contradict each other, under names of their own; what to call their folder."""
    files, folder = as_files(store), f"{host_folder(host)}/forks"
    for one in heads:
        files.create(f"{folder}/{one.head.size}-{one.head.root.hex()}", str(one).encode())
    return files.where(folder)


def publish(
    store: LogFiles | Path, host: str, tree: Tree, *, origin: str, signer: Signer | None = None
) -> Published:
    """Publish the head of `tree` as the host's checkpoint, unless a later one is there.

    At the same head, signatures are added to those that are there already: a witness's are never lost.

    Raises:
        TamperError: an earlier checkpoint is not the beginning of the tree; nothing was published.
        UsageError: an earlier checkpoint has another origin, or another host's has this one.
    """
    files = as_files(store)
    with files.locked():
        _require_own_origin(files, host, origin)
        last = newest(store, host)
        if last:
            if last.head.size > tree.size:
                # Appended and published by another process since the records were counted; or cut since.
                tree = host_tree(store, host)
            require_extends(store, host, tree, last)
        head = Checkpoint(origin, tree.size, tree.root())
        note = last.note if last and last.head.size == head.size else Note(head.text)
        return write_checkpoint(
            files, host_folder(host), last, SignedCheckpoint(head, signer.sign(note) if signer else note)
        )


def write_checkpoint(
    files: LogFiles, folder: str, last: SignedCheckpoint | None, new: SignedCheckpoint
) -> Published:
    """Make `new` the checkpoint in `folder` after `last`, which is kept when somebody signed it."""
    path = f"{folder}/checkpoint"
    if last and new.note == last.note:
        return Published(last, path, new=False)
    if last and last.note.signatures and last.head.size < new.head.size:
        files.replace(f"{folder}/checkpoints/{last.head.size}", str(last).encode())
    files.replace(path, str(new).encode())
    return Published(new, path, new=True)


def _require_own_origin(files: LogFiles, host: str, origin: str) -> None:
    if not is_key_name(origin):
        raise UsageError(f"not an origin: {origin!r}; it has neither spaces nor plus signs")
    for other in list_hosts(files).names:
        last = newest(files, other)
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


def adopt(store: LogFiles | Path, host: str, cosigned: SignedCheckpoint) -> None:
    """Keep the signatures of a copy of a published checkpoint, as a witness gives it back.

    Raises:
        TamperError: another head was published at this size; both are kept as evidence.
        InputError: none was.
    """
    files = as_files(store)
    with files.locked():
        ours = of_size(store, host, cosigned.head.size)
        if ours is None:
            raise InputError(
                f"no checkpoint of {cosigned.head.size} records was published", where=files.where()
            )
        if ours.note.text != cosigned.note.text:
            folder = keep_fork(store, host, ours, cosigned)
            raise TamperError(
                f"two heads at {ours.head.size} records",
                where=as_files(store).where(checkpoint_path(host)),
                details=[
                    f"published: {ours.head}",
                    f"given:     {cosigned.head}",
                    f"both are kept in {folder}",
                ],
            )
        last = newest(store, host)
        is_newest = last is not None and last.head.size == ours.head.size
        path = checkpoint_path(host) if is_newest else _kept_path(host, ours.head.size)
        files.replace(path, str(ours.note.signed_by(cosigned.note.signatures)).encode())
