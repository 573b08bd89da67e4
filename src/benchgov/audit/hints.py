"""Hints that keep an append quick: where a chain ends, and under which sequence a key was recorded.

    hosts/<host>/tail    a line for each record that is not sealed: its sequence, and the BLAKE3 of its key

Nothing here is believed and nothing is synced: a line is written after its record, so what a crash loses are
the last lines, which shows in the records behind them. See docs/adr/0025-sealed-bundles.md.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from blake3 import blake3

from benchgov.audit.files import NotARecordError
from benchgov.audit.keys import find_sealed, key_of
from benchgov.audit.record import Record
from benchgov.audit.records import BUNDLE, Records
from benchgov.audit.store import host_folder, record_path
from benchgov.errors import OutputError, TamperError

_LINE = re.compile(rb"[0-9]{12} [0-9a-f]{64}\n", re.ASCII)
_WIDTH = 78
_LIMIT = 1 << 28


@dataclass(frozen=True)
class Tail:
    """The records that are not sealed: those after `bundles` bundles, up to `last`, and their keys' lines."""

    bundles: int
    last: int
    lines: bytes

    def find(self, key: str) -> int | None:
        """The sequence that a line has for `key`."""
        at = self.lines.find(_digest(key))
        return int(self.lines[at - 13 : at - 1]) if at > 0 else None

    def ends_with(self, record: Record) -> bool:
        """Whether the last line is that of this record."""
        return self.lines.endswith(_line(record.sequence, record.idempotency_key))


def tail_path(host: str) -> str:
    """The file of the hints."""
    return f"{host_folder(host)}/tail"


def read_tail(records: Records) -> Tail | None:
    """What the hints say about the end of the chain, where the records' names confirm it."""
    try:
        data = records.files.read(tail_path(records.host), _LIMIT)
    except NotARecordError:
        return None
    if not data or len(data) % _WIDTH or not _LINE.match(data) or not _LINE.fullmatch(data[-_WIDTH:]):
        return None
    first, last = int(data[:12]), int(data[-_WIDTH:][:12])
    bundles, odd = divmod(first - 1, BUNDLE)
    if odd or last - first + 1 != len(data) // _WIDTH:
        return None
    return Tail(bundles, last, data) if _is_end(records, bundles, last) else None


def make_tail(records: Records, bundles: int, last: int) -> Tail:
    """Make the hints again, from the records themselves.

    Raises:
        TamperError: one of them is no record.
        OutputError: the hints cannot be written.
    """
    sequences = range(bundles * BUNDLE + 1, last + 1)
    tail = Tail(bundles, last, b"".join(_line(one, key_of(records, one)) for one in sequences))
    if last:
        records.files.note(tail_path(records.host), tail.lines, anew=True)
    return tail


def note_record(records: Records, sequence: int, key: str) -> None:
    """Note a record that was just written. It is there already, so a failure here is none."""
    with contextlib.suppress(OutputError):
        records.files.note(tail_path(records.host), _line(sequence, key))


def find_key(records: Records, tail: Tail, last: Record | None, key: str) -> int | None:
    """The sequence of the record with `key`; None when there is none. `last` is the verified last record.

    Raises:
        TamperError, InputError: a record that had to be searched cannot be read.
        OutputError: hints were missing, and cannot be written.
    """
    if last is None:
        return None
    if last.idempotency_key == key:
        return last.sequence
    if not tail.ends_with(last):
        tail = make_tail(records, tail.bundles, tail.last)
    found = tail.find(key)
    if found is not None and not _has(records, found, key):
        found = make_tail(records, tail.bundles, tail.last).find(key)
    return found if found is not None else find_sealed(records, tail.bundles, key)


def _has(records: Records, sequence: int, key: str) -> bool:
    with contextlib.suppress(TamperError):
        return key_of(records, sequence) == key
    return False


def _is_end(records: Records, bundles: int, last: int) -> bool:
    there = records.files.kind(record_path(records.host, last)) is not None
    sealed = bundles == 0 or records.in_bundle(bundles * BUNDLE)
    more = records.in_bundle(bundles * BUNDLE + 1) or records.near(last, steps=3)
    return there and sealed and not more


def _line(sequence: int, key: str) -> bytes:
    return b"%012d %s\n" % (sequence, _digest(key))


def _digest(key: str) -> bytes:
    return blake3(key.encode("utf-8")).hexdigest().encode()
