"""A log of 300 records, in files of their own or sealed: whatever is done to it is found, at its place."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.audit_builders import HOST, covers, head_of, record_path, root_of, seal_log, write_log

from benchgov.audit.anchors import Anchor
from benchgov.audit.checkpoint import Checkpoint
from benchgov.audit.encoding import seal
from benchgov.audit.folder import FolderFiles
from benchgov.audit.record import GENESIS
from benchgov.audit.records import BUNDLE, bundle_path
from benchgov.audit.verification import Verification, verify
from benchgov.audit.walk import Cursor

RECORDS = 300
SAMPLE = sorted({1, 2, 255, 256, 257, 299, 300, *random.Random(300).sample(range(1, RECORDS + 1), 4)})


class Log:
    """The log, the bytes of its records, and what an outsider kept of it."""

    def __init__(self, store: Path, *, sealed: bool) -> None:
        self.store = store
        self.files = write_log(store, RECORDS)
        self.bundle = store / bundle_path(HOST, 0)
        self.sealed = dict(enumerate(self.files[:BUNDLE], 1)) if sealed else {}
        if sealed:
            assert seal_log(store) == 1

    def path(self, sequence: int) -> Path:
        """The file of a record."""
        bundled = sequence <= BUNDLE and self.bundle.exists()
        return self.bundle if bundled else record_path(self.store, HOST, sequence)

    def put(self, sequence: int, data: bytes | None) -> None:
        """Put other bytes in a record's place, or nothing."""
        self.put_all({sequence: data})

    def put_all(self, files: Mapping[int, bytes | None]) -> None:
        """Put other bytes in the places of some records, or nothing."""
        for sequence, data in files.items():
            path = record_path(self.store, HOST, sequence)
            if sequence <= BUNDLE and self.is_sealed:
                self.sealed[sequence] = data or b""
            elif data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(data)
        if self.is_sealed and min(files, default=RECORDS) <= BUNDLE:
            content = b"".join(data for _, data in sorted(self.sealed.items()))
            self.bundle.write_bytes(content) if content else self.bundle.unlink()

    @property
    def is_sealed(self) -> bool:
        """Whether the first 256 records lie in a bundle."""
        return bool(self.sealed)

    def restore(self, sequences: Iterator[int] | range) -> None:
        """Put the good records back, and remove what was added."""
        self.put_all({one: self.files[one - 1] if one <= RECORDS else None for one in sequences})

    def anchor(self, sequence: int) -> Anchor:
        """The head after so many records."""
        return Anchor(head_of(self.files[sequence - 1]), sequence, HOST)

    def checkpoint(self, size: int) -> Checkpoint:
        """The checkpoint over so many records."""
        return Checkpoint("example.org/log", size, root_of(self.files[:size]))

    def breaks(self, *kept: Anchor | Checkpoint) -> int | None:
        """The position of the first divergence; the named file must be that record's."""
        result: Verification = verify(self.store, kept=kept)
        if result.divergence is None:
            return None
        position = result.divergence.position
        assert Path(result.divergence.file) == self.path(position)
        return position


@pytest.fixture(scope="module", params=[False, True], ids=["open", "sealed"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The log, made once: a file a record, or a bundle and 44 files."""
    return Log(tmp_path_factory.mktemp("log") / "store", sealed=request.param)


@pytest.fixture
def log(whole: Log) -> Iterator[Log]:
    """The log, good before and after each test."""
    assert whole.breaks() is None
    yield whole
    whole.restore(range(1, RECORDS + 3))


def flipped_is_found(log: Log, sequence: int, offset: int, bit: int) -> bool:
    """Whether a walk over this record and the one before it stops at it when that bit is flipped.

    A walk is local: what it says about a record depends on that and on the head before it.
    """
    data = bytearray(log.files[sequence - 1])
    data[offset] ^= 1 << bit
    log.put(sequence, bytes(data))
    cursor = Cursor(FolderFiles(log.store), HOST, sequence=sequence - 1, head=GENESIS)
    if sequence > 1:
        cursor.head = head_of(log.files[sequence - 2])
    divergence = cursor.advance(sequence)
    return divergence is not None and divergence.position == sequence


@pytest.mark.parametrize("sequence", SAMPLE)
def test_a_flipped_bit_is_found_at_its_record(log: Log, sequence: int) -> None:
    """Five bytes of each of some records: in the digest, in the body, and at the ends."""
    size = len(log.files[sequence - 1])
    for offset in (0, 20, 80, random.Random(sequence).randrange(size), size - 1):
        data = bytearray(log.files[sequence - 1])
        data[offset] ^= 1 << (offset + sequence) % 8
        log.put(sequence, bytes(data))
        assert log.breaks() == sequence, offset


def test_every_byte_of_some_records_counts(log: Log) -> None:
    """One bit of every byte."""
    for sequence in (1, 150, 300):
        for offset in range(len(log.files[sequence - 1])):
            assert flipped_is_found(log, sequence, offset, offset % 8), (sequence, offset)
        log.restore(range(sequence, sequence + 1))


@pytest.mark.slow
def test_every_single_byte_of_the_log_counts(log: Log) -> None:
    """One bit of each byte of all 300 records: some 200,000 flips."""
    flips = 0
    for sequence in range(1, RECORDS + 1):
        for offset in range(len(log.files[sequence - 1])):
            assert flipped_is_found(log, sequence, offset, (offset + sequence) % 8), (sequence, offset)
            flips += 1
        log.restore(range(sequence, sequence + 1))
    assert flips == sum(map(len, log.files))


@pytest.mark.parametrize("sequence", SAMPLE)
def test_a_deleted_record_is_found(log: Log, sequence: int) -> None:
    """At its own place; the last one only by what was kept elsewhere, which says how long the log was."""
    log.put(sequence, None)
    assert log.breaks() == (sequence if sequence < RECORDS else None)
    assert log.breaks(log.anchor(RECORDS)) == sequence
    assert log.breaks(log.checkpoint(RECORDS)) == sequence


@pytest.mark.parametrize("sequence", SAMPLE)
def test_a_duplicated_record_is_found(log: Log, sequence: int) -> None:
    """In the place of the next one; at the end, and squeezed in so that all later ones move up."""
    after = RECORDS + 1 if sequence == RECORDS else sequence + 1
    log.put(after, log.files[sequence - 1])
    assert log.breaks() == after
    log.put_all({later + 1: log.files[later - 1] for later in range(after, RECORDS + 1)})
    assert log.breaks() == after
    log.restore(range(after, RECORDS + 2))
    log.put(RECORDS + 1, log.files[sequence - 1])
    assert log.breaks() == RECORDS + 1


@pytest.mark.parametrize("first", SAMPLE)
def test_reordered_records_are_found(log: Log, first: int) -> None:
    """Two neighbours, two that lie apart, and a block that is turned round: at the first that moved."""
    neighbour = first + 1 if first < RECORDS else first - 1
    for second in (neighbour, (first + 97) % RECORDS + 1):
        log.put(first, log.files[second - 1])
        log.put(second, log.files[first - 1])
        assert log.breaks() == min(first, second)
        log.restore(range(min(first, second), max(first, second) + 1))
    block = log.files[10:20]
    log.put_all({11 + offset: data for offset, data in enumerate(reversed(block))})
    assert log.breaks() == 11


@pytest.mark.parametrize("sequence", SAMPLE)
def test_a_splice_from_another_host_is_found(log: Log, tmp_path: Path, sequence: int) -> None:
    """One record, or all from there on, of a chain that was fed the same: at the first that is strange."""
    other = write_log(tmp_path / "other", RECORDS, "host-b")
    log.put(sequence, other[sequence - 1])
    assert log.breaks() == sequence
    log.put_all({later: other[later - 1] for later in range(sequence, RECORDS + 1)})
    assert log.breaks() == sequence


@pytest.mark.parametrize("length", sorted({0, 1, *SAMPLE} - {RECORDS}))
def test_a_truncation_is_found_by_what_was_kept(log: Log, length: int) -> None:
    """A head or checkpoint from behind the cut shows it, at the first record that is gone; others do not.

    A cut through a bundle shows by itself: bundles are whole.
    """
    log.put_all(dict.fromkeys(range(length + 1, RECORDS + 1)))
    through = log.is_sealed and 0 < length < BUNDLE
    assert log.breaks() == (length + 1 if through else None)
    assert log.breaks(log.anchor(RECORDS)) == length + 1
    assert log.breaks(log.checkpoint(RECORDS)) == length + 1
    if length and not through:
        assert log.breaks(log.anchor(length), log.checkpoint(length)) is None


def relink(log: Log, start: int, *, forgetful: bool = False) -> None:
    """Write the log anew from `start`, with another verdict there and every hash right.

    Who is `forgetful` leaves what a record says of the 256 before it as it was.
    """
    previous = head_of(log.files[start - 2]) if start > 1 else GENESIS
    written: dict[int, bytes] = {}
    for sequence in range(start, RECORDS + 1):
        content = json.loads(log.files[sequence - 1])
        del content["chain_head"]
        content["prev_hash"] = previous
        if sequence == start:
            content["subject"]["status"] = "fail"
        if "covers" in content and not forgetful:
            content |= covers([written.get(one, log.files[one - 1]) for one in range(1, sequence)])
        data = seal(content, previous)
        written[sequence] = data
        previous = head_of(data)
    log.put_all(written)


@pytest.mark.parametrize("start", SAMPLE)
def test_a_relinked_log_is_found_by_what_was_kept(log: Log, start: int) -> None:
    """From where it was kept: what is older still holds, so two anchors around the change bound its place."""
    relink(log, start)
    assert log.breaks() is None
    for sequence in sorted({start, RECORDS}):
        assert log.breaks(log.anchor(sequence)) == sequence
        assert log.breaks(log.checkpoint(sequence)) == sequence
        assert log.breaks(Anchor(log.anchor(sequence).head)) == RECORDS + 1
    if start > 1:
        assert log.breaks(log.anchor(start - 1), log.checkpoint(start - 1)) is None
        assert log.breaks(log.anchor(start - 1), log.anchor(start)) == start


@pytest.mark.parametrize("start", [1, 177, 256])
def test_a_relinked_log_whose_records_cover_others_is_found(log: Log, start: int) -> None:
    """By itself: at the record that says what the 256 before it were."""
    relink(log, start, forgetful=True)
    assert log.breaks() == 257


def test_a_whole_log_is_held_by_all_its_heads(log: Log) -> None:
    """No false alarm: every head, and some checkpoints, of a good log."""
    kept = [log.anchor(sequence) for sequence in range(1, RECORDS + 1)]
    roots = [log.checkpoint(size) for size in (0, 1, 2, 3, 255, 256, 257, 300)]
    assert log.breaks(*kept, *roots) is None
