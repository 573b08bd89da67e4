"""A folder as store of the audit log: where things lie, how they are listed, read and locked.

    <store>/.lock                                   writers queue here
    <store>/.host_id                                who this machine is, where no runner says it
    <store>/hosts/<host>/records/<sequence>.json    one canonical JSON file a record

Names by sequence alone, created exclusively, make a fork inside one store impossible. What else lies beside
the records is made from them: `audit.hints`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchgov.errors import InputError, OutputError
from benchgov.files import sync_folder
from benchgov.names import is_name

MAX_RECORD_BYTES = 1 << 20
"""Largest record that is written or read, in bytes; large evidence goes in by digest."""

_RECORD_NAME = re.compile(r"[0-9]{12}\.json", re.ASCII)
# Not blocking, because opening a named pipe would wait for a writer for ever.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LEFTOVER = re.compile(r"\..*\.tmp", re.DOTALL)


class NotARecordError(Exception):
    """What lies where a record belongs is something else; the text says what was found."""


@dataclass(frozen=True)
class Listing:
    """The content of a folder of the store: what belongs there, sorted, and what does not."""

    names: tuple[str, ...]
    strangers: tuple[str, ...]


@dataclass(frozen=True)
class Extent:
    """How far a host's records reach: the highest sequence, how many there are, and a name that is none."""

    last: int
    count: int
    stranger: str | None = None


def host_folder(store: Path, host: str) -> Path:
    """The folder of a host: its records, and what is made from them."""
    return store / "hosts" / host


def records_folder(store: Path, host: str) -> Path:
    """The folder of a host's records."""
    return host_folder(store, host) / "records"


def record_name(sequence: int) -> str:
    """The name of a record's file; sequences start at 1."""
    return f"{sequence:012d}.json"


def record_path(store: Path, host: str, sequence: int) -> Path:
    """The file of a record."""
    return records_folder(store, host) / record_name(sequence)


def require_store(store: Path) -> None:
    """Refuse to call a log empty that is not there at all.

    Raises:
        InputError: `store` is not a folder.
    """
    if not store.is_dir():
        raise InputError(
            "there is no audit log here",
            where=str(store),
            remedy="Name the right folder with --store, or start a log with `benchgov audit append`.",
        )


def list_hosts(store: Path) -> Listing:
    """The hosts that have a chain in the store."""
    return _list(store / "hosts", lambda entry: is_name(entry.name) and entry.is_dir(follow_symlinks=False))


def scan_records(store: Path, host: str) -> Extent:
    """How far the records of a host reach, from one pass over their names, of which none is kept.

    What a crashed writer left behind does not count. Writers may be at work: what appears meanwhile may or
    may not be seen, so a `count` below `last` means a missing record only to who holds the lock.

    Raises:
        InputError: the folder cannot be read.
    """
    folder = records_folder(store, host)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return Extent(0, 0, folder.name)
    last = count = 0
    stranger: str | None = None
    for entry in _entries(folder):
        name = entry.name
        if _RECORD_NAME.fullmatch(name) and (sequence := int(name[:12])):
            last, count = max(last, sequence), count + 1
        elif not _LEFTOVER.fullmatch(name):
            stranger = min(stranger or name, name)
    return Extent(last, count, stranger)


def _list(folder: Path, belongs: Callable[[os.DirEntry[str]], bool]) -> Listing:
    names: list[str] = []
    strangers: list[str] = []
    for entry in _entries(folder):
        if belongs(entry):
            names.append(entry.name)
        elif not _LEFTOVER.fullmatch(entry.name):
            strangers.append(entry.name)
    return Listing(tuple(sorted(names)), tuple(sorted(strangers)))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(folder)) from error


def read_record(path: Path | str) -> bytes:
    """The bytes of a record's file, which must be a regular file of at most `MAX_RECORD_BYTES`.

    Raises:
        NotARecordError: missing, a link, a folder, a device, or too large.
        InputError: it is there, and cannot be read.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            return _read_regular(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise NotARecordError("no such file") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotARecordError("a symbolic link or a special file") from error
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error


def _read_regular(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise NotARecordError("a folder or a special file")
    if status.st_size > MAX_RECORD_BYTES:
        raise NotARecordError(f"more than {MAX_RECORD_BYTES:,} bytes")
    # As a rule one call; a file system may give less at a time.
    data = os.read(descriptor, status.st_size)
    while len(data) < status.st_size and (more := os.read(descriptor, status.st_size - len(data))):
        data += more
    return data


def make_records_folder(store: Path, host: str) -> None:
    """Make the folder of a host's records, and make it durable up to the store.

    Raises:
        OutputError: it cannot be written.
    """
    folder = records_folder(store, host)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for parent in (host_folder(store, host), store / "hosts", store):
            sync_folder(parent)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(folder)) from error
    with contextlib.suppress(OSError):  # it need not be ours to read
        sync_folder(store.parent)


@contextlib.contextmanager
def locked(store: Path) -> Iterator[None]:
    """Hold the store's lock: one writer at a time on this machine, the others wait.

    The kernel gives the lock back when its holder dies, however it dies.

    Raises:
        OutputError: the store cannot be written.
    """
    path = store / ".lock"
    try:
        store.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
