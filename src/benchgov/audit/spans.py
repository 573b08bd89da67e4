"""What the first record behind each 256 says of these as a whole, so that they can be verified at once.

A record's identity covers what it says, so whoever changes one of the 256 has to change the record behind
them as well, and each one after that. See docs/adr/0036-records-cover-bundles.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blake3 import blake3

from benchgov.audit.files import NotARecordError
from benchgov.audit.merkle import fold, leaf_hash
from benchgov.audit.record import Span
from benchgov.audit.records import BUNDLE, Records
from benchgov.audit.shape import Parts, take_apart


def covers_due(sequence: int) -> bool:
    """Whether the record at `sequence` covers the 256 before it."""
    return sequence > BUNDLE and sequence % BUNDLE == 1


class Spans:
    """The spans that a walk along records completes. It keeps hashes only, whatever the records' size."""

    def __init__(self) -> None:
        self._latest: tuple[int, Span] | None = None
        self._hash, self._leaves, self._complete = blake3(), list[bytes](), 0

    def behind(self, sequence: int) -> Span | None:
        """The span that ends with the record at `sequence`, if that was the latest."""
        return self._latest[1] if self._latest and self._latest[0] == sequence else None

    def add(self, before: int, lines: Sequence[bytes], complete: int) -> None:
        """Go on by the records after the first `before`, of one bundle; so many of them are complete."""
        at = before % BUNDLE
        if at == 0:
            self._hash, self._leaves, self._complete = blake3(), [], 0
        if at != len(self._leaves):
            return  # the walk began in the middle of a bundle
        self._hash.update(b"".join(lines))
        self._leaves += map(leaf_hash, lines)
        self._complete += complete
        if len(self._leaves) == BUNDLE:
            root = fold(self._leaves).hex()
            digest = f"blake3:{self._hash.hexdigest()}"
            self.put(before + len(lines), Span(blake3=digest, complete=self._complete, root=root))

    def put(self, sequence: int, span: Span) -> None:
        """Note the span that ends with the record at `sequence`."""
        self._latest, self._leaves = (sequence, span), []


@dataclass(frozen=True)
class Leap:
    """A bundle that its successor covers: what the first and the last of its records say, and the span."""

    data: bytes
    first: Parts
    last: Parts
    span: Span


class Bundles:
    """The bundles of one host, each held against the record behind it. Read in turn, each is read once."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._read = (-1, b"")

    def leap(self, number: int) -> Leap | None:
        """The bundle with this number, when it is what the record behind it says; else None.

        The bundle is hashed as a whole, and two of its records are looked at: whether they belong here is
        the caller's to say. None accuses nobody: which record is to blame, if any, a walk along them tells.
        """
        try:
            data = self._bytes(number)
            after = take_apart(self._behind(number))
        except NotARecordError:
            return None
        if after is None or after.covers is None:
            return None
        span = Span.model_validate_json(after.covers)
        first = take_apart(data[: data.find(b"\n") + 1])
        last = take_apart(data[data.rfind(b"\n", 0, -1) + 1 :])
        if span.blake3 != f"blake3:{blake3(data).hexdigest()}" or first is None or last is None:
            return None
        return Leap(data, first, last, span)

    def _behind(self, number: int) -> bytes:
        """The first record behind a bundle: in the next one, or in a file of its own."""
        try:
            data = self._bytes(number + 1)
        except NotARecordError:
            return self._records.read((number + 1) * BUNDLE + 1)
        return data[: data.find(b"\n") + 1]

    def _bytes(self, number: int) -> bytes:
        if number != self._read[0]:
            self._read = (number, self._records.bundle_bytes(number))
        return self._read[1]
