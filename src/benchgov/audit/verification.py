"""Verify the chains of a store: the first place, if any, where the log is not what was written.

This finds any change relative to a head that is kept elsewhere. Without one it cannot find a cut tail, or a
chain that someone who may write the whole store has linked again: nothing in the store could tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchgov.audit.encoding import identity, unseal
from benchgov.audit.record import GENESIS, Record
from benchgov.audit.store import (
    NotARecordError,
    list_hosts,
    list_records,
    read_record,
    record_name,
    record_path,
    records_folder,
    require_store,
)
from benchgov.documents import json_model, parse_json
from benchgov.errors import BenchgovError, InputError, TamperError, UsageError

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_HEAD = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ANCHOR = re.compile(r"(?:([1-9][0-9]{0,11}):)?([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class Divergence:
    """The first place where a chain does not hold: `position` is a sequence, 0 for what is no record."""

    file: str
    position: int
    expected: str
    found: str

    def error(self) -> TamperError:
        """The divergence as an error."""
        return TamperError(
            f"record {self.position}: expected {self.expected}, found {self.found}", where=self.file
        )


@dataclass(frozen=True)
class HostChain:
    """What was verified of one host: its records, how many of them are complete, and the chain's head."""

    host: str
    records: int
    complete: int
    head: str

    @property
    def anchor(self) -> str:
        """`sequence:head`: what to keep elsewhere, and give to `verify` later."""
        return f"{self.records}:{self.head}"


@dataclass(frozen=True)
class Verification:
    """What a verification found. `hosts` counts the records before the first divergence."""

    hosts: tuple[HostChain, ...]
    divergence: Divergence | None = None

    @property
    def ok(self) -> bool:
        """Whether every record is what was written."""
        return self.divergence is None

    @property
    def records(self) -> int:
        """How many records verified."""
        return sum(chain.records for chain in self.hosts)

    @property
    def complete(self) -> int:
        """How many of them are complete."""
        return sum(chain.complete for chain in self.hosts)


class _DivergedError(Exception):
    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found


@dataclass
class _Cursor:
    """Where a walk along one chain is, and what the next record must link to."""

    host: str
    strict: bool
    anchor: Anchor | None = None
    sequence: int = 0
    head: str = GENESIS
    time: str = ""
    complete: int = 0
    at_anchor: str | None = None

    def resume(self, sequence: int, data: bytes) -> None:
        """Stand behind the record at `sequence`, which is checked only for itself, not for its link."""
        sealed = unseal(data)
        prev_hash = str(_fields(data).get("prev_hash")) if sealed else GENESIS
        if not _HEAD.fullmatch(prev_hash):
            raise _DivergedError("a prev_hash of 64 hexadecimal digits", _short(prev_hash))
        self.sequence, self.head = sequence - 1, prev_hash
        self.step(data)

    def step(self, data: bytes) -> None:
        """Take the next record's bytes; raises _DivergedError where they do not continue the chain."""
        sealed = unseal(data)
        if sealed is None:
            raise _DivergedError("a record's canonical JSON", _glimpse(data))
        record = _fields(data)
        if record.get("prev_hash") != self.head:
            raise _DivergedError(f"prev_hash {self.head}", _short(str(record.get("prev_hash"))))
        head = identity(self.head, sealed.body)
        if sealed.head != head:
            raise _DivergedError(f"chain_head {head}", sealed.head)
        self._check_fields(record)
        if self.strict:
            _check_form(data)
        self.sequence += 1
        self.head = head
        self.time = record["recorded_at_utc"]
        self.complete += record.get("complete") is True
        if self.anchor and (self.anchor.sequence == self.sequence or self.anchor.names(self.sequence, head)):
            self.at_anchor = head

    def _check_fields(self, record: dict[str, Any]) -> None:
        sequence, time = record.get("sequence"), record.get("recorded_at_utc")
        if type(sequence) is not int or sequence != self.sequence + 1:
            raise _DivergedError(f"sequence {self.sequence + 1}", _short(repr(sequence)))
        if record.get("host") != self.host:
            raise _DivergedError(f"host {self.host}", _short(repr(record.get("host"))))
        if not isinstance(time, str) or not _UTC.fullmatch(time):
            raise _DivergedError("recorded_at_utc in UTC", _short(repr(time)))
        if time < self.time:
            raise _DivergedError(f"recorded_at_utc not before {self.time}", time)


def _fields(data: bytes) -> dict[str, Any]:
    try:
        value = parse_json(data.decode("utf-8"), "record")
    except UnicodeDecodeError as error:
        raise _DivergedError("UTF-8", f"byte 0x{data[error.start]:02x} at offset {error.start}") from error
    except InputError as error:
        raise _DivergedError("a record's canonical JSON", str(error)) from error
    assert isinstance(value, dict)  # the bytes begin with a member
    return value


def _check_form(data: bytes) -> None:
    """The record has exactly the fields of its type, and its bytes are their only canonical form."""
    try:
        again = json_model(data.decode("utf-8"), Record, "record").to_bytes()
    except BenchgovError as error:
        raise _DivergedError("a valid record", "; ".join((error.message, *error.details))) from error
    if again != data:
        raise _DivergedError("canonical JSON (RFC 8785)", "other bytes of the same record")


def _glimpse(data: bytes) -> str:
    return f"{len(data)} bytes that begin {data[:16]!r} and end {data[-8:]!r}" if data else "an empty file"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


@dataclass(frozen=True)
class Anchor:
    """A head that was kept elsewhere, and its sequence where that was kept too."""

    head: str
    sequence: int | None = None

    def names(self, sequence: int, head: str) -> bool:
        """Whether the record at `sequence` is the one that was anchored."""
        return head == self.head and self.sequence in (None, sequence)


def parse_anchor(text: str) -> Anchor:
    """Read `sequence:head`, or a head alone.

    Raises:
        UsageError: it is neither.
    """
    found = _ANCHOR.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(
            f"not a chain head: {_short(repr(text))}",
            remedy="Give 64 hexadecimal digits, or `sequence:head` as `benchgov audit verify` prints it.",
        )
    return Anchor(found[2], int(found[1]) if found[1] else None)


def verify(store: Path, *, strict: bool = False, anchor: Anchor | None = None) -> Verification:
    """Walk every chain of the store, and say where the first one breaks.

    `strict` also parses every record as its type and writes it again. One of the chains must still hold
    `anchor`: that finds a cut tail, and a chain that was linked again from before the anchor.

    Raises:
        InputError: there is no store, or a file of it cannot be read. Tampering raises nothing.
    """
    require_store(store)
    listing = list_hosts(store)
    chains: list[HostChain] = []
    seen: list[str | None] = []
    for host in listing.names:
        cursor = _Cursor(host, strict, anchor)
        divergence = _walk(store, cursor)
        chains.append(HostChain(host, cursor.sequence, cursor.complete, cursor.head))
        seen.append(cursor.at_anchor)
        if divergence:
            return Verification(tuple(chains), divergence)
    divergence = _stranger(store / "hosts", listing.strangers)
    if anchor and divergence is None and anchor.head not in seen:
        divergence = _not_anchored(store, anchor, chains, seen)
    return Verification(tuple(chains), divergence)


def _walk(store: Path, cursor: _Cursor) -> Divergence | None:
    listing = list_records(store, cursor.host)
    folder = str(records_folder(store, cursor.host))
    for sequence, name in enumerate(listing.names, 1):
        wanted = record_name(sequence)
        path = f"{folder}/{wanted}"
        try:
            if name != wanted:
                raise _DivergedError(f"record {wanted}", f"{name} as the next")
            cursor.step(read_record(path))
        except NotARecordError as error:
            return Divergence(path, sequence, "a record", str(error))
        except _DivergedError as error:
            return Divergence(path, sequence, error.expected, error.found)
    return _stranger(records_folder(store, cursor.host), listing.strangers)


def _stranger(folder: Path, names: tuple[str, ...]) -> Divergence | None:
    if not names:
        return None
    return Divergence(str(folder / names[0]), 0, "nothing but the log's own files", repr(names[0]))


def _not_anchored(store: Path, anchor: Anchor, chains: list[HostChain], seen: list[str | None]) -> Divergence:
    if not chains:
        return Divergence(str(store), 1, f"chain_head {anchor.head}", "no record at all")
    for chain, head in zip(chains, seen, strict=True):
        if head is not None and anchor.sequence is not None:
            path = record_path(store, chain.host, anchor.sequence)
            return Divergence(str(path), anchor.sequence, f"chain_head {anchor.head}", head)
    longest = max(chains, key=lambda chain: chain.records)
    path = record_path(store, longest.host, longest.records + 1)
    found = f"the chain ends at {longest.anchor}"
    return Divergence(str(path), longest.records + 1, f"a chain that holds {anchor.head}", found)


def verify_tail(store: Path, host: str, sequence: int) -> Record | None:
    """The last record of a host's chain, after checking it and its link; None when there is no record.

    Raises:
        TamperError: the record, or the one before it, is not what was written.
        InputError: it cannot be read.
    """
    if sequence == 0:
        return None
    cursor = _Cursor(host, strict=True)
    path = record_path(store, host, sequence)
    try:
        if sequence > 1:
            path = record_path(store, host, sequence - 1)
            cursor.resume(sequence - 1, read_record(path))
            path = record_path(store, host, sequence)
        data = read_record(path)
        cursor.step(data)
    except (NotARecordError, _DivergedError) as error:
        expected, found = (
            (error.expected, error.found) if isinstance(error, _DivergedError) else ("a record", str(error))
        )
        raise Divergence(str(path), int(path.stem), expected, found).error() from error
    return json_model(data.decode("utf-8"), Record, str(path))
