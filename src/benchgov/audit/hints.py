"""Hints that keep an append quick: under which sequence a key was recorded, and where a chain ends.

    <store>/hosts/<host>/keys/<BLAKE3 of the key>   the sequence that the key was recorded under
    <store>/hosts/<host>/end                        the sequence of the last record

Nothing here is believed and nothing is synced: a hint is confirmed by the records, and made again from them.
A key's hint is written before its record. A crash of the machine can therefore lose the hints of the latest
records, which shows in the last record's own, or leave one empty, which asks for a search. See
docs/adr/0024-audit-tools.md.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from benchgov.audit.record import Record
from benchgov.audit.store import (
    NotARecordError,
    host_folder,
    read_record,
    record_name,
    record_path,
    records_folder,
    scan_records,
)
from benchgov.documents import json_model, parse_json
from benchgov.errors import InputError, OutputError, TamperError
from benchgov.files import sync_folder

# Not O_TRUNC: some file systems would write the file out at once.
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_DIGITS = 12
# How far behind the end to look for records that a stale hint would have missed: 2^0 … 2^20.
_PROBES = 21


def key_path(store: Path, host: str, key: str) -> Path:
    """The file that says under which sequence `key` was recorded."""
    return host_folder(store, host) / "keys" / blake3(key.encode("utf-8")).hexdigest()


def end_path(store: Path, host: str) -> Path:
    """The file that says where the chain ended when it was last written."""
    return host_folder(store, host) / "end"


def last_sequence(store: Path, host: str) -> int:
    """The sequence of a host's last record, 0 without one: by the hint, or by listing the folder.

    The hint holds when its record is there and none of those 1, 2, 4, … behind it.

    Raises:
        TamperError: the listing shows that a record is missing.
        InputError: the folder cannot be read.
    """
    hinted = _read(end_path(store, host))
    if hinted and os.path.lexists(record_path(store, host, hinted)) and not later_record(store, host, hinted):
        return hinted
    found = scan_records(store, host)
    if found.count != found.last:
        raise TamperError(
            f"{found.count} records, but the last is {found.last}: at least one is missing",
            where=str(record_path(store, host, 1).parent),
        )
    return found.last


def later_record(store: Path, host: str, sequence: int) -> int | None:
    """A record 1, 2, 4, … places after `sequence` that exists; None where the chain ends."""
    folder = records_folder(store, host)
    places = (sequence + (1 << step) for step in range(_PROBES))
    return next((place for place in places if os.path.lexists(f"{folder}/{record_name(place)}")), None)


def note_end(store: Path, host: str, sequence: int) -> None:
    """Write where the chain ends now. The record is there already, so a failure here is none."""
    with contextlib.suppress(OSError):
        _write(end_path(store, host), sequence)


def note_key(store: Path, host: str, key: str, sequence: int) -> None:
    """Write the sequence that `key` is about to be recorded under.

    Raises:
        OutputError: it cannot be written; the record must not be, either.
    """
    path = key_path(store, host, key)
    try:
        _write(path, sequence)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error


def find_key(store: Path, host: str, key: str, last: Record | None) -> int | None:
    """The sequence of the record with `key`; None when there is none. `last` is the verified last record.

    Raises:
        TamperError, InputError: a record that had to be searched cannot be read.
        OutputError: hints were missing, and cannot be written.
    """
    if last is None:
        return None
    if last.idempotency_key == key:
        return last.sequence
    if _read(key_path(store, host, last.idempotency_key)) != last.sequence:
        _rebuild(store, host, last.sequence)
    hinted = _read(key_path(store, host, key))
    if hinted is None or (hinted <= last.sequence and _key_at(store, host, hinted) == key):
        return hinted
    # A writer died between hint and record, or the hint was lost in a crash: only the records know.
    return next((sequence for sequence, found in _keys(store, host, last.sequence) if found == key), None)


def _rebuild(store: Path, host: str, last: int) -> None:
    # In this order, so that a second crash again loses the latest hints, and the last record's first.
    for sequence, key in _keys(store, host, last):
        if _read(key_path(store, host, key)) != sequence:
            note_key(store, host, key, sequence)
    sync_folder(host_folder(store, host) / "keys")


def _keys(store: Path, host: str, last: int) -> Iterator[tuple[int, str]]:
    for sequence in range(1, last + 1):
        path = record_path(store, host, sequence)
        try:
            yield sequence, str(parse_json(read_record(path).decode("utf-8"), str(path))["idempotency_key"])
        except (NotARecordError, InputError, ValueError, KeyError, TypeError) as error:
            raise TamperError(
                f"record {sequence}: expected a record, found {error}", where=str(path)
            ) from error


def _key_at(store: Path, host: str, sequence: int) -> str | None:
    path = record_path(store, host, sequence)
    try:
        return json_model(read_record(path).decode("utf-8"), Record, str(path)).idempotency_key
    except (NotARecordError, InputError, ValueError):
        return None


def _write(path: Path, sequence: int) -> None:
    try:
        descriptor = os.open(path, _WRITE, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, _WRITE, 0o644)
    try:
        os.write(descriptor, b"%012d\n" % sequence)
    finally:
        os.close(descriptor)


def _read(path: Path) -> int | None:
    """The sequence that a hint names, 0 where it names none; None when there is no hint."""
    try:
        descriptor = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return 0
    try:
        text = os.read(descriptor, 32).strip()
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return int(text) if text.isdigit() and len(text) <= _MAX_DIGITS else 0
