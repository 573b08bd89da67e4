"""Walk along one host's chain: does every record continue the one before it, and where does that end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from blake3 import blake3

from benchgov.audit.anchors import Anchor
from benchgov.audit.encoding import identity, unseal
from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.merkle import CompactRange, leaf_hash
from benchgov.audit.record import GENESIS, Record
from benchgov.audit.records import Records
from benchgov.audit.shape import take_apart
from benchgov.audit.subjects import check_subject
from benchgov.documents import json_model, parse_json
from benchgov.errors import BenchgovError, InputError, TamperError
from benchgov.wire import utc_text

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_HEAD = re.compile(r"[0-9a-f]{64}", re.ASCII)


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


class _DivergedError(Exception):
    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found


@dataclass
class Cursor:
    """Where a walk along one chain is, and what the next record must link to.

    `noted` maps the sequences that an anchor names, and those whose head is an anchor's, to their heads;
    `roots` maps `sizes` to the roots of the tree over that many records. `record` is the last one of a walk
    that is `strict`.
    """

    files: LogFiles
    host: str
    strict: bool = False
    anchors: tuple[Anchor, ...] = ()
    sequence: int = 0
    head: str = GENESIS
    time: str = ""
    complete: int = 0
    noted: dict[int, str] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()
    roots: dict[int, bytes] = field(default_factory=dict)
    record: Record | None = None

    def __post_init__(self) -> None:
        self.records = Records(self.files, self.host)
        self._heads = frozenset(anchor.head for anchor in self.anchors)
        self._sequences = frozenset(anchor.sequence for anchor in self.anchors)
        self._sizes = frozenset(self.sizes)
        self._tree = CompactRange() if self.sizes else None
        self._plain = not (self.strict or self.anchors or self.sizes)

    def resume(self, sequence: int, head: str | None = None) -> Divergence | None:
        """Stand behind the record at `sequence`, checked for itself, and for its head where one is given."""
        before = self.complete
        try:
            data = self._read(sequence)
            self.sequence, self.head, self.time = sequence - 1, _claimed_link(data), ""
            self._step(data)
            if head not in (None, self.head):
                raise _DivergedError(f"chain_head {head}", self.head)
        except _DivergedError as error:
            return self._divergence(sequence, error)
        self.complete = before
        return None

    def advance(self, last: int) -> Divergence | None:
        """Walk on to the record at `last`; where the chain breaks before, say so and stay there."""
        try:
            while self.sequence < last:
                self._step(self._read(self.sequence + 1))
                if self._plain:
                    self._run(self.records.rest(self.sequence)[: last - self.sequence])
        except _DivergedError as error:
            return self._divergence(self.sequence + 1, error)
        return None

    def take(self, data: bytes) -> Divergence | None:
        """Walk on by the record with these bytes; where it does not continue the chain, say so and stay."""
        try:
            self._step(data)
        except _DivergedError as error:
            return self._divergence(self.sequence + 1, error)
        return None

    def _read(self, sequence: int) -> bytes:
        try:
            return self.records.read(sequence)
        except NotARecordError as error:
            raise _DivergedError("a record", str(error)) from error

    def _divergence(self, sequence: int, error: _DivergedError) -> Divergence:
        return Divergence(self.records.where(sequence), sequence, error.expected, error.found)

    def _step(self, data: bytes) -> None:
        sequence = self.sequence
        if not self.strict:
            self._run([data])
        if self.sequence == sequence:
            self._step_carefully(data)
        if self.sequence in self._sequences or self.head in self._heads:
            self.noted[self.sequence] = self.head
        if self._tree is not None:
            self._tree.append(leaf_hash(data))
            if self._tree.size in self._sizes:
                self.roots[self._tree.size] = self._tree.root()

    def _run(self, lines: Sequence[bytes]) -> None:
        """Walk along records in the usual form, up to the first that needs a closer look.

        This is `_step` without its calls, which would take as long as the hashes.
        """
        link, head, time = bytes.fromhex(self.head), self.head.encode(), self.time.encode()
        sequence, complete, host = self.sequence, self.complete, self.host.encode()
        for data in lines:
            parts = take_apart(data)
            if parts is None or parts[3] != host or parts[4] != head or parts[5] < time:
                break
            after = sha256(link + blake3(b"{" + parts[1]).digest()).digest()
            if after.hex().encode() != parts[0] or int(parts[6]) != sequence + 1:
                break
            link, head, time = after, parts[0], parts[5]
            complete += parts[2] == b"true"
            sequence += 1
        self.head, self.time = link.hex(), time.decode()
        self.sequence, self.complete = sequence, complete

    def _step_carefully(self, data: bytes) -> None:
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
            self.record = _in_form(data)
        self.head = head
        self.time = record["recorded_at_utc"]
        self.complete += record.get("complete") is True
        self.sequence += 1

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


def first_since(records: Records, since: datetime, last: int) -> tuple[int, Divergence | None]:
    """The first sequence up to `last` that was recorded at `since` or later; `last` + 1 when none was.

    Times never go back along a chain, so a few records tell. One that is none is given as a divergence.
    """
    wanted = utc_text(since)
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        try:
            time = _fields(records.read(middle)).get("recorded_at_utc")
            if not isinstance(time, str):
                raise _DivergedError("recorded_at_utc in UTC", _short(repr(time)))
        except (NotARecordError, _DivergedError) as error:
            found = error if isinstance(error, _DivergedError) else _DivergedError("a record", str(error))
            return middle, Divergence(records.where(middle), middle, found.expected, found.found)
        low, high = (low, middle) if time >= wanted else (middle + 1, high)
    return low, None


def _claimed_link(data: bytes) -> str:
    prev_hash = str(_fields(data).get("prev_hash")) if unseal(data) else GENESIS
    if not _HEAD.fullmatch(prev_hash):
        raise _DivergedError("a prev_hash of 64 hexadecimal digits", _short(prev_hash))
    return prev_hash


def _fields(data: bytes) -> dict[str, Any]:
    try:
        value = parse_json(data.decode("utf-8"), "record")
    except UnicodeDecodeError as error:
        raise _DivergedError("UTF-8", f"byte 0x{data[error.start]:02x} at offset {error.start}") from error
    except InputError as error:
        raise _DivergedError("a record's canonical JSON", str(error)) from error
    if not isinstance(value, dict):
        raise _DivergedError("a record's canonical JSON", _glimpse(data))
    return value


def _in_form(data: bytes) -> Record:
    """The record, which has exactly the fields of its type and kind, in their only canonical form."""
    try:
        record = json_model(data.decode("utf-8"), Record, "record")
        check_subject(record)
        again = record.to_bytes()
    except BenchgovError as error:
        raise _DivergedError("a valid record", "; ".join((error.message, *error.details))) from error
    if again != data:
        raise _DivergedError("canonical JSON (RFC 8785)", "other bytes of the same record")
    return record


def _glimpse(data: bytes) -> str:
    return f"{len(data)} bytes that begin {data[:16]!r} and end {data[-8:]!r}" if data else "an empty file"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def verify_tail(files: LogFiles, host: str, sequence: int) -> Record | None:
    """The last record of a host's chain, after checking it and its link; None when there is no record.

    Raises:
        TamperError: the record, or the one before it, is not what was written.
        InputError: it cannot be read.
    """
    if sequence == 0:
        return None
    cursor = Cursor(files, host)
    divergence = cursor.resume(sequence - 1) if sequence > 1 else None
    cursor.strict = True
    divergence = divergence or cursor.advance(sequence)
    if divergence:
        raise divergence.error()
    return cursor.record
