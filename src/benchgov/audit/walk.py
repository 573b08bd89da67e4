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
from benchgov.audit.divergence import DivergedError, Divergence, fields_of, glimpse, in_form, short
from benchgov.audit.encoding import identity, unseal
from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.merkle import CompactRange, leaf_hash
from benchgov.audit.record import GENESIS, Record, Span
from benchgov.audit.records import BUNDLE, Records
from benchgov.audit.shape import take_apart
from benchgov.audit.spans import Bundles, Leap, Spans, covers_due
from benchgov.audit.tiles import TILE_LEVELS
from benchgov.wire import utc_text

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_HEAD = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass
class Cursor:
    """Where a walk along one chain is, and what the next record must link to.

    Bundles that their successor covers are taken as a whole, unless the walk is `strict`: see `_leap`.
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
        self._without_place = [one.head.encode() for one in self.anchors if one.sequence is None]
        self._sequences = frozenset(anchor.sequence for anchor in self.anchors)
        self._sizes = frozenset(self.sizes)
        self._named = frozenset((one - 1) // BUNDLE for one in self._sequences | self._sizes if one)
        self._tree = CompactRange() if self.sizes else None
        self._plain = not (self.strict or self.anchors or self.sizes)
        self._bundles = Bundles(self.records)
        self._spans = Spans()

    @property
    def span(self) -> Span | None:
        """The span of the 256 records that end where the walk is, if it came along all of them."""
        return self._spans.behind(self.sequence)

    def resume(self, sequence: int, head: str | None = None) -> Divergence | None:
        """Stand behind the record at `sequence`, checked for itself, and for its head where one is given."""
        before = self.complete
        try:
            data = self._read(sequence)
            self.sequence, self.head, self.time = sequence - 1, _claimed_link(data), ""
            self._step(data)
            if head not in (None, self.head):
                raise DivergedError(f"chain_head {head}", self.head)
        except DivergedError as error:
            return self._divergence(sequence, error)
        self.complete = before
        return None

    def advance(self, last: int) -> Divergence | None:
        """Walk on to the record at `last`; where the chain breaks before, say so and stay there."""
        try:
            while self.sequence < last:
                if self.sequence % BUNDLE == 0 and self._leap(last):
                    continue
                self._step(self._read(self.sequence + 1))
                if self._plain:
                    self._run(self.records.rest(self.sequence)[: last - self.sequence])
        except DivergedError as error:
            return self._divergence(self.sequence + 1, error)
        return None

    def take(self, data: bytes) -> Divergence | None:
        """Walk on by the record with these bytes; where it does not continue the chain, say so and stay."""
        try:
            self._step(data)
        except DivergedError as error:
            return self._divergence(self.sequence + 1, error)
        return None

    def _leap(self, last: int) -> bool:
        """Pass a bundle that is what the record behind it says of it, as a whole; whether that was done.

        That record is walked over later, or passed in a bundle that is covered itself, so at the end of the
        walk all hangs on a head that was computed. The bundle that holds what an anchor names is walked
        along, and so is the one that a tree ends in: what they confirm must be computed from the records.
        """
        number, end = self.sequence // BUNDLE, self.sequence + BUNDLE
        if self.strict or end > last or number in self._named:
            return False
        found = self._bundles.leap(number)
        if found is None or not self._continues(found):
            return False
        if any(head in found.data for head in self._without_place):
            return False
        self.sequence, self.head, self.time = end, found.last.chain_head.decode(), found.last.time.decode()
        self.complete += found.span.complete
        self._spans.put(end, found.span)
        if self._tree is not None:
            self._tree.append(bytes.fromhex(found.span.root), TILE_LEVELS)
        return True

    def _continues(self, found: Leap) -> bool:
        first, last, host = found.first, found.last, self.host.encode()
        return (
            (first.host, last.host) == (host, host)
            and (int(first.sequence), int(last.sequence)) == (self.sequence + 1, self.sequence + BUNDLE)
            and first.prev_hash == self.head.encode()
            and self.time.encode() <= first.time <= last.time
        )

    def _read(self, sequence: int) -> bytes:
        try:
            return self.records.read(sequence)
        except NotARecordError as error:
            raise DivergedError("a record", str(error)) from error

    def _divergence(self, sequence: int, error: DivergedError) -> Divergence:
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
        sequence, complete, host = self.sequence, 0, self.host.encode()
        for data in lines:
            parts = take_apart(data)
            if parts is None or parts.host != host or parts.prev_hash != head or parts.time < time:
                break
            after = sha256(link + blake3(b"{" + parts.body).digest()).digest()
            if after.hex().encode() != parts.chain_head or int(parts.sequence) != sequence + 1:
                break
            if parts.covers is not None:
                break
            link, head, time = after, parts.chain_head, parts.time
            complete += parts.complete == b"true"
            sequence += 1
        self.head, self.time = link.hex(), time.decode()
        if sequence > self.sequence:
            self._spans.add(self.sequence, lines[: sequence - self.sequence], complete)
        self.sequence, self.complete = sequence, self.complete + complete

    def _step_carefully(self, data: bytes) -> None:
        sealed = unseal(data)
        if sealed is None:
            raise DivergedError("a record's canonical JSON", glimpse(data))
        record = fields_of(data)
        if record.get("prev_hash") != self.head:
            raise DivergedError(f"prev_hash {self.head}", short(str(record.get("prev_hash"))))
        head = identity(self.head, sealed.body)
        if sealed.head != head:
            raise DivergedError(f"chain_head {head}", sealed.head)
        self._check_fields(record)
        if self.strict:
            self.record = in_form(data)
        self.head = head
        self.time = record["recorded_at_utc"]
        complete = record.get("complete") is True
        self._spans.add(self.sequence, [data], complete)
        self.sequence, self.complete = self.sequence + 1, self.complete + complete

    def _check_fields(self, record: dict[str, Any]) -> None:
        sequence, time = record.get("sequence"), record.get("recorded_at_utc")
        if type(sequence) is not int or sequence != self.sequence + 1:
            raise DivergedError(f"sequence {self.sequence + 1}", short(repr(sequence)))
        if record.get("host") != self.host:
            raise DivergedError(f"host {self.host}", short(repr(record.get("host"))))
        if not isinstance(time, str) or not _UTC.fullmatch(time):
            raise DivergedError("recorded_at_utc in UTC", short(repr(time)))
        if time < self.time:
            raise DivergedError(f"recorded_at_utc not before {self.time}", time)
        if "covers" in record:
            self._check_covers(record["covers"], sequence)

    def _check_covers(self, found: object, sequence: int) -> None:
        if not covers_due(sequence):
            raise DivergedError("covers only behind each 256 records", short(repr(found)))
        wanted = self.span  # none where the walk began in the middle: what lies before it is not looked at
        if wanted is not None and found != wanted.to_json():
            raise DivergedError(f"covers {wanted.to_json()}", short(repr(found)))


def first_since(records: Records, since: datetime, last: int) -> tuple[int, Divergence | None]:
    """The first sequence up to `last` that was recorded at `since` or later; `last` + 1 when none was.

    Times never go back along a chain, so a few records tell. One that is none is given as a divergence.
    """
    wanted = utc_text(since)
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        try:
            time = fields_of(records.read(middle)).get("recorded_at_utc")
            if not isinstance(time, str):
                raise DivergedError("recorded_at_utc in UTC", short(repr(time)))
        except (NotARecordError, DivergedError) as error:
            found = error if isinstance(error, DivergedError) else DivergedError("a record", str(error))
            return middle, Divergence(records.where(middle), middle, found.expected, found.found)
        low, high = (low, middle) if time >= wanted else (middle + 1, high)
    return low, None


def _claimed_link(data: bytes) -> str:
    prev_hash = str(fields_of(data).get("prev_hash")) if unseal(data) else GENESIS
    if not _HEAD.fullmatch(prev_hash):
        raise DivergedError("a prev_hash of 64 hexadecimal digits", short(prev_hash))
    return prev_hash


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
