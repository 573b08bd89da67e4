"""Seal the oldest records of a host into bundles, and finish what a crash interrupted.

A bundle is there, durably, before the first of its records' own files goes: at each moment every record is in
one place at least, and in both with the same bytes. What is left of a record beside its bundle is removed by
the next append.
"""

from __future__ import annotations

from benchgov.audit.divergence import Divergence
from benchgov.audit.files import NotARecordError
from benchgov.audit.hints import Tail, make_tail, read_tail
from benchgov.audit.keys import index_bundle
from benchgov.audit.record import Span
from benchgov.audit.records import BUNDLE, Records, bundle_path
from benchgov.audit.spans import covers_due
from benchgov.audit.store import record_path
from benchgov.audit.walk import Cursor
from benchgov.errors import TamperError

KEEP_OPEN = BUNDLE
"""How many of the newest records always have files of their own."""


def open_tail(records: Records) -> Tail:
    """The end of a host's chain: by the hints, or by listing its folders and finishing what was begun.

    The caller holds the lock.

    Raises:
        TamperError: a record is missing, or beside its bundle is another.
        InputError, OutputError: the store cannot be read or written.
    """
    tail = read_tail(records)
    if tail is not None:
        return tail
    extent = records.extent()
    if extent.count != extent.last:
        raise TamperError(
            f"{extent.count} records, but the last is {extent.last}: at least one is missing",
            where=records.files.where(record_path(records.host, 1)).rpartition("/")[0],
        )
    if extent.leftovers:
        doubled = leftovers(records, extent.bundles)
        for sequence in doubled:  # before any of them goes
            if divergence := strange_leftover(records, sequence):
                raise divergence.error()
        for sequence in doubled:
            records.files.remove(record_path(records.host, sequence))
    return make_tail(records, extent.bundles, extent.last)


def seal_due(records: Records, tail: Tail, keep: int = KEEP_OPEN) -> Tail:
    """Seal whole bundles while `keep` records and a bundle's are open; the tail that is left.

    The caller holds the lock.

    Raises:
        TamperError: a record that would be sealed does not continue the one before it.
        InputError, OutputError: the store cannot be read or written; no record is lost.
    """
    begun = tail
    while tail.last - tail.bundles * BUNDLE >= keep + BUNDLE:
        _seal(records, tail.bundles)
        tail = Tail(tail.bundles + 1, tail.last, b"")
    return tail if tail is begun else make_tail(records, tail.bundles, tail.last)


def _seal(records: Records, number: int) -> None:
    files, host = records.files, records.host
    first = number * BUNDLE + 1
    lines = _verified(records, first)
    replaced = index_bundle(records, number, lines)
    path, data = bundle_path(host, number), b"".join(lines)
    if not files.create(path, data) and files.read(path, len(data)) != data:
        raise TamperError("a bundle of other records is there already", where=files.where(path))
    for sequence in range(first, first + BUNDLE):
        files.remove(record_path(host, sequence))
    for one in replaced:
        files.remove(one)


def cover_due(records: Records, sequence: int) -> Span | None:
    """What the record at `sequence` has to say of those before it, which are verified; None when nothing.

    Raises:
        TamperError: one of these does not continue the one before it.
        InputError: one cannot be read.
    """
    if not covers_due(sequence):
        return None
    cursor = _behind(records, sequence - BUNDLE)
    if divergence := cursor.advance(sequence - 1):
        raise divergence.error()
    return cursor.span


def _verified(records: Records, first: int) -> list[bytes]:
    """The records of a bundle, after checking that they continue the chain."""
    cursor = _behind(records, first)
    lines: list[bytes] = []
    while len(lines) < BUNDLE:
        lines.append(records.read(first + len(lines)))
        if divergence := cursor.take(lines[-1]):
            raise divergence.error()
    return lines


def _behind(records: Records, first: int) -> Cursor:
    """A walk that stands where the record at `first` is the next."""
    cursor = Cursor(records.files, records.host)
    if first > 1 and (divergence := cursor.resume(first - 1)):
        raise divergence.error()
    return cursor


def leftovers(records: Records, bundles: int) -> list[int]:
    """The sequences, sorted, whose records lie in a bundle and in a file of their own as well."""
    return sorted(one for one in records.own_files() if one <= bundles * BUNDLE)


def strange_leftover(records: Records, sequence: int) -> Divergence | None:
    """Where a record's own file is not what its bundle has; None also when it is gone by now."""
    path = record_path(records.host, sequence)
    try:
        found = records.files.read(path)
    except NotARecordError as error:
        if records.files.kind(path) is None:
            return None
        return Divergence(records.files.where(path), sequence, "what its bundle has", str(error))
    try:
        same = found == records.sealed(sequence)
    except NotARecordError as error:
        where = records.files.where(bundle_path(records.host, (sequence - 1) // BUNDLE))
        return Divergence(where, sequence, "a record", str(error))
    return None if same else Divergence(records.files.where(path), sequence, "what its bundle has", "another")
