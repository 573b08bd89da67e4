"""The root log: a tree whose leaves are the hosts' checkpoints, in the order in which they were taken up.

    root/leaves/<n / 256>/<n>      the text of a checkpoint, without its signatures; numbers start at 0
    root/tile/<L>/<N>              full tiles of the tree
    root/checkpoint                its newest checkpoint
    root/checkpoints/<size>        earlier ones that somebody signed

One checkpoint then stands for all hosts. The order says nothing about the hosts' records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchgov.audit.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint, unsigned
from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.merkle import leaf_hash
from benchgov.audit.note import Note, Signer, is_key_name
from benchgov.audit.proof import Proof, prove_inclusion
from benchgov.audit.published import checkpoint_at, checkpoint_path, newest, write_checkpoint
from benchgov.audit.store import list_hosts
from benchgov.audit.tiles import LogTiles
from benchgov.audit.tree import Tree
from benchgov.errors import InputError, TamperError, UsageError
from benchgov.files import decode

FOLDER = "root"
PATH = f"{FOLDER}/checkpoint"
_TOGETHER = 256
_LIMIT = 1 << 16


@dataclass(frozen=True)
class Extended:
    """The root log's newest checkpoint, and the hosts whose checkpoints this call took up."""

    checkpoint: SignedCheckpoint
    added: tuple[str, ...]
    new: bool


class _RootTiles(LogTiles):
    """The tiles of the root log."""

    def __init__(self, files: LogFiles) -> None:
        super().__init__(files, "")
        self._folder = f"{FOLDER}/tile"


def _leaf_path(index: int) -> str:
    return f"{FOLDER}/leaves/{index // _TOGETHER:06d}/{index:09d}"


def _leaf(files: LogFiles, index: int) -> bytes:
    path = _leaf_path(index)
    try:
        return files.read(path, _LIMIT)
    except NotARecordError as error:
        raise TamperError(
            f"leaf {index} of the root log: expected a checkpoint, found {error}", where=files.where(path)
        ) from error


def _checkpoint(files: LogFiles, index: int) -> Checkpoint:
    where = files.where(_leaf_path(index))
    try:
        return parse_checkpoint(decode(_leaf(files, index), where), where).head
    except InputError as error:
        raise TamperError(f"leaf {index} of the root log: {error.message}", where=where) from error


def _count(files: LogFiles) -> int:
    some, none = 0, 1
    while files.kind(_leaf_path(none - 1)) is not None:
        some, none = none, none * 2
    while none - some > 1:
        middle = (some + none) // 2
        some, none = (middle, none) if files.kind(_leaf_path(middle - 1)) is not None else (some, middle)
    return some


def _tree(files: LogFiles) -> Tree:
    def leaves(start: int, stop: int) -> Iterator[bytes]:
        return (_leaf(files, index) for index in range(start, stop))

    return Tree(leaves, _RootTiles(files), _count(files))


def published(files: LogFiles) -> SignedCheckpoint | None:
    """The newest checkpoint of the root log, if there is one; raises `InputError`."""
    return checkpoint_at(files, PATH)


def held(files: LogFiles) -> tuple[Checkpoint, ...]:
    """All hosts' checkpoints that the root log has, after holding them against its own newest one.

    Raises:
        TamperError: a leaf is missing or is none, or together they are not what was published.
        InputError: a file cannot be read.
    """
    tree, last = _tree(files), published(files)
    _require_extends(files, tree, last)
    found = tree.check((last.head.size, last.head.root) if last else None)
    if found.wrong:
        raise found.wrong
    return tuple(_checkpoint(files, index) for index in range(tree.size))


def require_extends(files: LogFiles, earlier: SignedCheckpoint) -> None:
    """Check that the root log still begins with an earlier checkpoint of it; raises `TamperError`."""
    _require_extends(files, _tree(files), earlier)


def _require_extends(files: LogFiles, tree: Tree, earlier: SignedCheckpoint | None) -> None:
    if earlier is None:
        return
    head, where = earlier.head, files.where(PATH)
    if head.size > tree.size:
        raise TamperError(
            f"the root log has {tree.size} leaves; a checkpoint of {head.size} was published", where=where
        )
    root = tree.root(head.size)
    if root != head.root:
        other = unsigned(Checkpoint(head.origin, head.size, root))
        for one in (earlier, other):
            path = f"{FOLDER}/forks/{one.head.size}-{one.head.root.hex()}"
            files.create(path, str(one).encode())
        raise TamperError(
            f"two heads of the root log at {head.size} leaves",
            where=where,
            details=[f"published: {head}", f"found:     {other.head}"],
        )


def extend(files: LogFiles, *, origin: str, signer: Signer | None = None) -> Extended:
    """Take up the hosts' newest checkpoints that are not in the root log yet, and publish its head.

    Raises:
        TamperError: the root log is not what was published, or a host's checkpoint went back.
        UsageError: no name for the root log, or not the one that it has.
        InputError: no host has a checkpoint.
        OutputError: it cannot be written.
    """
    if not is_key_name(origin):
        raise UsageError(f"not an origin: {origin!r}; it has neither spaces nor plus signs")
    with files.locked():
        tree, last = _tree(files), published(files)
        _require_extends(files, tree, last)
        if last and last.head.origin != origin:
            raise UsageError(
                f"the root log's origin is {last.head.origin!r}, not {origin!r}",
                remedy="An origin names a log for ever: leave --origin out.",
            )
        added = _take_up(files, tree.size)
        tree = _tree(files)
        if tree.size == 0:
            raise InputError(
                "no host has a checkpoint yet",
                where=files.where(),
                remedy="Publish one: `benchgov audit checkpoint --host HOST`.",
            )
        head = Checkpoint(origin, tree.size, tree.root())
        note = last.note if last and last.head.size == head.size else Note(head.text)
        made = SignedCheckpoint(head, signer.sign(note) if signer else note)
        done = write_checkpoint(files, FOLDER, last, made)
    return Extended(done.checkpoint, added, done.new)


def _take_up(files: LogFiles, size: int) -> tuple[str, ...]:
    added: list[str] = []
    for host in list_hosts(files).names:
        last = newest(files, host)
        if last is None or not last.head.size:
            continue
        before = _latest(files, size, last.head.origin)
        if before is not None:
            _require_later(files, host, _checkpoint(files, before), last.head)
        if before is None or _checkpoint(files, before).size < last.head.size:
            files.create(_leaf_path(size + len(added)), last.note.text.encode())
            added.append(host)
    return tuple(added)


def _require_later(files: LogFiles, host: str, before: Checkpoint, now: Checkpoint) -> None:
    if now.size < before.size or (now.size == before.size and now.root != before.root):
        raise TamperError(
            f"the checkpoint of {host} is not a later one of what the root log has",
            where=files.where(checkpoint_path(host)),
            details=[f"root log: {before}", f"found:    {now}"],
        )


def _latest(files: LogFiles, size: int, origin: str) -> int | None:
    """The index of the newest leaf that is a checkpoint of the log called `origin`."""
    return next(
        (index for index in range(size - 1, -1, -1) if _checkpoint(files, index).origin == origin), None
    )


def prove_host(files: LogFiles, host: str) -> Proof:
    """The proof that the newest checkpoint of `host` is a leaf of the root log's newest checkpoint.

    Raises:
        InputError: there is no root log, or it has another checkpoint of that host at the most.
        TamperError: a leaf or a tile is not what was published.
    """
    last, mine = published(files), newest(files, host)
    if last is None or mine is None:
        raise InputError(
            f"there is no checkpoint of {host if mine is None else 'the root log'} yet",
            where=files.where(PATH if mine else checkpoint_path(host)),
            remedy="Publish it: `benchgov audit checkpoint --all`.",
        )
    tree = _tree(files)
    _require_extends(files, tree, last)
    index = _latest(files, last.head.size, mine.head.origin)
    if index is None or _leaf(files, index) != mine.note.text.encode():
        raise InputError(
            f"the root log has no leaf for the newest checkpoint of {host} ({mine.head.size} records)",
            where=files.where(PATH),
            remedy="Take it up: `benchgov audit checkpoint --all`.",
        )
    leaf = leaf_hash(mine.note.text.encode())
    return prove_inclusion(index, leaf, tree.inclusion(index, last.head.size), last)
