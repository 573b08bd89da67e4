"""The highest heads that were seen of a log, in a file apart from it: a log never goes back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchgov.audit.anchors import Anchor, read_kept
from benchgov.audit.checkpoint import Checkpoint
from benchgov.audit.encoding import unseal
from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.records import Records
from benchgov.audit.store import list_hosts
from benchgov.errors import InputError, TamperError
from benchgov.files import held_folder, write_atomic


@contextlib.contextmanager
def watching(path: Path | None, files: LogFiles) -> Iterator[None]:
    """Hold a log against the heads in the file at `path`, and put its own there when the block ends well.

    Without a path nothing is done; without a file nothing was seen yet. The heads are found by reading one
    record each: the records before them are for `verify`.

    Raises:
        TamperError: the log lacks a head that was seen, before or after the block.
        InputError: the file holds something else than heads, or a record cannot be read.
        OutputError: the file cannot be written.
    """
    if path is None:
        yield
        return
    require_seen(files, recall(path), path)
    yield
    with held_folder(path.parent):
        seen = recall(path)
        require_seen(files, seen, path)
        _remember(path, [*seen, *heads(files)])


def recall(path: Path) -> tuple[Anchor, ...]:
    """The heads in a file, each with its host; none when there is no file. Raises `InputError`."""
    if not path.exists():
        return ()
    found = read_kept(path)
    if isinstance(found, Checkpoint) or any(one.host is None for one in found):
        raise InputError(
            "not what was seen of a log: `host sequence:head` was expected, a line each",
            where=str(path),
            remedy="Hold the log against a checkpoint with --against; --seen makes a file of its own.",
        )
    return found


def require_seen(files: LogFiles, seen: Iterable[Anchor], path: Path) -> None:
    """Refuse a log that lacks a head that was seen; raises `TamperError`."""
    for one in seen:
        host, sequence = one.host or "", one.sequence or 0
        records = Records(files, host)
        head = _head(records, sequence)
        if head != one.head:
            raise TamperError(
                f"the log went back: {path} has seen {one} of {host}, and record {sequence} is "
                + (f"{sequence}:{head}" if head else "not there"),
                where=records.where(sequence),
                remedy="Restore the log from a copy that has it; or, if it was given up, remove the file.",
            )


def heads(files: LogFiles) -> Iterator[Anchor]:
    """The last head of each host, as the log has it."""
    if not files.present():
        return
    for host in list_hosts(files).names:
        records = Records(files, host)
        last = records.extent().last
        head = _head(records, last) if last else None
        if head:
            yield Anchor(head, last, host)


def _head(records: Records, sequence: int) -> str | None:
    with contextlib.suppress(NotARecordError):
        sealed = unseal(records.read(sequence))
        return sealed.head if sealed else None
    return None


def _remember(path: Path, found: Iterable[Anchor]) -> None:
    """Write the highest head of each host."""
    highest: dict[str, Anchor] = {}
    for one in found:
        host = one.host or ""
        if host not in highest or (highest[host].sequence or 0) < (one.sequence or 0):
            highest[host] = one
    if highest:
        write_atomic(path, "".join(f"{host} {highest[host]}\n" for host in sorted(highest)).encode())
