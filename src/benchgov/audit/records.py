"""One host's records by their sequence, wherever they lie: each in a file of its own, or sealed in a bundle.

    hosts/<host>/sealed/<n>.jsonl    records 256·n + 1 to 256·n + 256, one after the other

A record is one line that ends in the only newline that its canonical JSON has, so the bytes of a bundle are
those of its records, and cutting it at the newlines gives each of them back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchgov.audit.files import MAX_RECORD_BYTES, LogFiles, NotARecordError
from benchgov.audit.store import host_folder, record_path, records_folder

BUNDLE = 256
"""How many records are sealed together: as many as a tile has hashes, so that one tile covers a bundle."""

# How far behind the end to look for more, beyond a gap: 2^0 … 2^9 records, 2^0 … 2^12 bundles.
_NEAR, _FAR = 10, 13
_RECORD_NAME = re.compile(r"[0-9]{12}\.json", re.ASCII)
_BUNDLE_NAME = re.compile(r"[0-9]{9}\.jsonl", re.ASCII)


@dataclass(frozen=True)
class Extent:
    """How far a host's records reach: the highest sequence, how many there are, how many bundles hold them.

    `count` takes a bundle for full, and a record that also lies outside of its bundle once. `stranger` is the
    path of something that belongs to neither.
    """

    last: int
    count: int
    bundles: int = 0
    leftovers: bool = False
    stranger: str | None = None


def sealed_folder(host: str) -> str:
    """The folder of a host's bundles."""
    return f"{host_folder(host)}/sealed"


def bundle_path(host: str, number: int) -> str:
    """The file of a bundle; numbers start at 0."""
    return f"hosts/{host}/sealed/{number:09d}.jsonl"


class Records:
    """The records of one host. The bundle that was read last is kept, so walking along them is cheap."""

    def __init__(self, files: LogFiles, host: str) -> None:
        self.files, self.host = files, host
        self._number, self._lines = -1, list[bytes]()

    def read(self, sequence: int) -> bytes:
        """The bytes of a record.

        A record's own file is looked for first: while it is being sealed, it is there until its bundle is.

        Raises:
            NotARecordError: it is not there, or what is there is no file or too large.
            InputError: it cannot be read.
        """
        number, at = divmod(sequence - 1, BUNDLE)
        if number == self._number:
            return self._lines[at]
        try:
            return self.files.read(record_path(self.host, sequence))
        except NotARecordError:
            if not self.in_bundle(sequence):
                raise
        return self.sealed(sequence)

    def sealed(self, sequence: int) -> bytes:
        """The bytes of a record as its bundle has them; raises as `read`."""
        number, at = divmod(sequence - 1, BUNDLE)
        if number == self._number:
            return self._lines[at]
        lines = self.bundle(number)
        if len(lines) == BUNDLE:
            self._number, self._lines = number, lines
        elif at >= len(lines):
            raise NotARecordError(f"a bundle of {len(lines)} records")
        elif len(lines) > BUNDLE and at == BUNDLE - 1:
            raise NotARecordError(f"a bundle of more than {BUNDLE} records")
        return lines[at]

    def rest(self, sequence: int) -> Sequence[bytes]:
        """The records that lie behind this one in the bundle that was read last; none where it is another."""
        number, at = divmod(sequence, BUNDLE)
        return self._lines[at:] if number == self._number else ()

    def bundle(self, number: int) -> list[bytes]:
        """The records of a bundle, as far as they are there, and one more where it goes on.

        Raises:
            NotARecordError, InputError: as `read`.
        """
        lines = self.bundle_bytes(number).split(b"\n", BUNDLE)
        rest = lines.pop()
        return [line + b"\n" for line in lines] + ([rest] if rest else [])

    def bundle_bytes(self, number: int) -> bytes:
        """The bytes of a bundle; raises as `read`."""
        return self.files.read(bundle_path(self.host, number), BUNDLE * MAX_RECORD_BYTES)

    def in_bundle(self, sequence: int) -> bool:
        """Whether the bundle is there that a record belongs in."""
        return self.files.kind(bundle_path(self.host, (sequence - 1) // BUNDLE)) is not None

    def exists(self, sequence: int) -> bool:
        """Whether anything is there where a record belongs."""
        return self.files.kind(record_path(self.host, sequence)) is not None or self.in_bundle(sequence)

    def later(self, sequence: int) -> int | None:
        """A record 1, 2, 4, … places or bundles after `sequence` that exists; None where the chain ends."""
        number = (sequence - 1) // BUNDLE
        for bundle in (number + (1 << step) for step in range(_FAR)):
            if self.files.kind(bundle_path(self.host, bundle)) is not None:
                return bundle * BUNDLE + 1
        return self.near(sequence)

    def near(self, sequence: int, steps: int = _NEAR) -> int | None:
        """A record 1, 2, 4, … places after `sequence` that has a file of its own; None without one."""
        places = (sequence + (1 << step) for step in range(steps))
        return next((one for one in places if self.files.kind(record_path(self.host, one)) is not None), None)

    def path(self, sequence: int) -> str:
        """The file that holds a record, or would."""
        own = record_path(self.host, sequence)
        if self.in_bundle(sequence) and self.files.kind(own) is None:
            return bundle_path(self.host, (sequence - 1) // BUNDLE)
        return own

    def where(self, sequence: int) -> str:
        """What a message calls the file that holds a record."""
        return self.files.where(self.path(sequence))

    def count(self) -> int:
        """How many records there are, without listing a folder: sequences have no gaps.

        Where one was made, the count may end before it; then a published checkpoint, or `verify`, says so.
        """
        some, none = 0, 1
        while self.exists(none):
            some, none = none, none * 2
        while none - some > 1:
            middle = (some + none) // 2
            some, none = (middle, none) if self.exists(middle) else (some, middle)
        return some

    def own_files(self) -> Iterator[int]:
        """The sequences that have files of their own, in no order; raises `InputError`."""
        for name, _ in self.files.entries(records_folder(self.host)):
            if _RECORD_NAME.fullmatch(name):
                yield int(name[:12])

    def extent(self) -> Extent:
        """How far the records reach, from one pass over the names, of which none is kept.

        Writers may be at work: what appears meanwhile may or may not be seen, so a `count` below `last` means
        a missing record only to who holds the lock.

        Raises:
            InputError: a folder cannot be read.
        """
        # Bundles first: what is sealed in between then counts as missing, and the newest records never are.
        bundles, sealed, _, strange = self._names(sealed_folder(self.host), _BUNDLE_NAME, 0)
        top = bundles * BUNDLE
        last, loose, within, odd = self._names(records_folder(self.host), _RECORD_NAME, top)
        return Extent(max(last, top), sealed * BUNDLE + loose, bundles, within > 0, odd or strange)

    def _names(self, folder: str, pattern: re.Pattern[str], top: int) -> tuple[int, int, int, str | None]:
        """The highest number of the names, how many are above `top`, how many not, and one that is none.

        Bundles count from 1 here, as records do.
        """
        if self.files.kind(folder) not in (None, "folder"):
            return 0, 0, 0, folder
        last, above, within, stranger = 0, 0, 0, None
        first = 1 if pattern is _BUNDLE_NAME else 0
        for name, _ in self.files.entries(folder):
            number = int(name.partition(".")[0]) + first if pattern.fullmatch(name) else 0
            if number == 0:
                stranger = min(stranger or name, name)
                continue
            last = max(last, number)
            above, within = above + (number > top), within + (number <= top)
        return last, above, within, f"{folder}/{stranger}" if stranger is not None else None
