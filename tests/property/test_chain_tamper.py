"""Every change of a log of 30 records is found, at the right place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bench.core import reference_chain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit_builders import record_path

from benchgov.audit.chain import Draft, append, verify
from benchgov.audit.encoding import seal
from benchgov.audit.record import GENESIS, Record
from benchgov.audit.verification import Anchor

HOST, RECORDS = "host-a", 30
Folder = tuple[Path, dict[str, bytes]]

slow_files = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def draft(index: int) -> Draft:
    """A draft that no other index gives."""
    return Draft(
        "run", f"key-{index}", index % 3 != 0, (), "process", {"suite": "core", "regime": f"r{index}"}
    )


def fill(store: Path, host: str, count: int) -> None:
    """A chain of `count` records, one a second."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments: list[datetime] = []
    for index in range(count):
        moments.append(start + timedelta(seconds=index))
        append(store, draft(index), host=host, now=lambda: moments[-1])


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A good log, and the bytes of its record files."""
    store = tmp_path_factory.mktemp("log") / "store"
    fill(store, HOST, RECORDS)
    folder = record_path(store, HOST, 1).parent
    return store, {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def restore(log: Folder) -> Callable[[], Path]:
    """Puts the good records back, and gives the store."""

    def again() -> Path:
        store, files = log
        folder = record_path(store, HOST, 1).parent
        shutil.rmtree(folder)
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return store

    return again


def position(store: Path, *, anchor: Anchor | None = None) -> int | None:
    """Where verification breaks; both kinds must agree, and count the good records before it."""
    fast, strict = verify(store, anchor=anchor), verify(store, strict=True, anchor=anchor)
    assert fast.ok == strict.ok
    if fast.divergence is None:
        return None
    assert strict.divergence is not None
    assert fast.divergence.position == strict.divergence.position
    if anchor is None and fast.divergence.position:
        assert fast.records == fast.divergence.position - 1
    return fast.divergence.position


def head(log: Folder, sequence: int) -> Anchor:
    """The head after `sequence` records, as one would have kept it elsewhere."""
    data = log[1][f"{sequence:012d}.json"]
    return Anchor(Record.model_validate_json(data).chain_head, sequence)


def test_the_good_log_verifies_and_the_plain_reference_agrees(log: Folder) -> None:
    """30 records, 20 of them complete, and every head of it may be the anchor."""
    result = verify(log[0], strict=True)
    assert (result.ok, result.records, result.complete) == (True, 30, 20)
    assert reference_chain.verify(log[0]) == [[HOST, 30, result.hosts[0].head]]
    for sequence in (1, 17, 30):
        assert verify(log[0], anchor=head(log, sequence)).ok
        assert verify(log[0], anchor=Anchor(head(log, sequence).head)).ok


@slow_files
@given(data=st.data())
def test_a_flip_of_any_byte_is_found(restore: Callable[[], Path], data: st.DataObject) -> None:
    """In any record, at any offset, to any other value."""
    store = restore()
    sequence = data.draw(st.integers(1, RECORDS))
    path = record_path(store, HOST, sequence)
    content = bytearray(path.read_bytes())
    offset = data.draw(st.integers(0, len(content) - 1))
    content[offset] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert position(store) == sequence


def test_every_single_byte_of_one_record_counts(restore: Callable[[], Path]) -> None:
    """All offsets of record 7, the lowest bit each."""
    store = restore()
    path = record_path(store, HOST, 7)
    good = path.read_bytes()
    for offset in range(len(good)):
        path.write_bytes(good[:offset] + bytes([good[offset] ^ 1]) + good[offset + 1 :])
        divergence = verify(store).divergence
        assert divergence is not None, offset
        assert divergence.position == 7, offset


@slow_files
@given(sequence=st.integers(1, RECORDS), keep=st.integers(0, 400), extra=st.binary(max_size=3))
def test_a_record_that_was_cut_or_grew_is_found(
    restore: Callable[[], Path], sequence: int, keep: int, extra: bytes
) -> None:
    """Any prefix of a record, with or without other bytes behind it."""
    store = restore()
    path = record_path(store, HOST, sequence)
    good = path.read_bytes()
    path.write_bytes(good[: min(keep, len(good) - 1)] + extra if keep else good + b"\n" + extra)
    if path.read_bytes() != good:
        assert position(store) == sequence


@slow_files
@given(sequence=st.integers(1, RECORDS - 1))
def test_a_deleted_record_is_found(restore: Callable[[], Path], sequence: int) -> None:
    """Simply removed, or with all later ones renamed to close the gap."""
    store = restore()
    record_path(store, HOST, sequence).unlink()
    assert position(store) == sequence
    for later in range(sequence + 1, RECORDS + 1):
        record_path(store, HOST, later).rename(record_path(store, HOST, later - 1))
    assert position(store) == sequence


@slow_files
@given(cut=st.integers(1, RECORDS), kept=st.integers(1, RECORDS))
def test_a_cut_tail_is_found_by_a_later_anchor_only(
    log: Folder, restore: Callable[[], Path], cut: int, kept: int
) -> None:
    """Without an anchor a shorter log is a good one: that is what the documentation says, too."""
    store = restore()
    for sequence in range(cut + 1, RECORDS + 1):
        record_path(store, HOST, sequence).unlink()
    assert position(store) is None
    assert position(store, anchor=head(log, kept)) == (cut + 1 if kept > cut else None)


@slow_files
@given(first=st.integers(1, RECORDS), second=st.integers(1, RECORDS))
def test_duplicated_and_swapped_records_are_found(
    restore: Callable[[], Path], first: int, second: int
) -> None:
    """The second is overwritten with the first; then the two change places."""
    if first == second:
        return
    store = restore()
    one, two = record_path(store, HOST, first), record_path(store, HOST, second)
    first_bytes, second_bytes = one.read_bytes(), two.read_bytes()
    two.write_bytes(first_bytes)
    assert position(store) == second
    one.write_bytes(second_bytes)
    assert position(store) == min(first, second)


@slow_files
@given(sequence=st.integers(1, RECORDS))
def test_a_record_of_another_host_is_found(
    restore: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory, sequence: int
) -> None:
    """A splice from a chain that was fed the same drafts at the same times."""
    store = restore()
    other = tmp_path_factory.mktemp("other")
    fill(other, "host-b", sequence)
    shutil.copy(record_path(other, "host-b", sequence), record_path(store, HOST, sequence))
    assert position(store) == sequence


def relink(store: Path, start: int, change: Callable[[dict[str, object]], None]) -> None:
    """Write the chain anew from `start`, with correct hashes: what only an anchor can reveal."""
    previous = GENESIS
    for sequence in range(1, RECORDS + 1):
        path = record_path(store, HOST, sequence)
        content = Record.model_validate_json(path.read_bytes()).to_json()
        if sequence == start:
            change(content)
        if sequence >= start:
            content.pop("chain_head")
            content["prev_hash"] = previous
            path.write_bytes(seal(content, previous))
        previous = path.read_bytes()[15:79].decode()


@slow_files
@given(start=st.integers(1, RECORDS), kept=st.integers(1, RECORDS))
def test_a_rewritten_log_is_found_by_an_anchor(
    log: Folder, restore: Callable[[], Path], start: int, kept: int
) -> None:
    """An anchor from before the change still holds; one from behind it does not, at its own place."""
    store = restore()
    relink(store, start, lambda content: content.update(complete=not content["complete"]))
    assert position(store) is None
    assert position(store, anchor=head(log, kept)) == (kept if kept >= start else None)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 99},
        {"sequence": True},
        {"sequence": "7"},
        {"host": "host-b"},
        {"recorded_at_utc": "2025-01-01T00:00:00.000000Z"},
        {"recorded_at_utc": "2026-01-01T00:00:07Z"},
        {"recorded_at_utc": 7},
    ],
)
def test_a_rewritten_log_must_still_make_sense(
    restore: Callable[[], Path], change: dict[str, object]
) -> None:
    """Sequence, host and time are checked even where every hash is right."""
    store = restore()
    relink(store, 7, lambda content: content.update(change))
    assert position(store) == 7


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"kind": "other"},
        {"subject": None},
        {"subject": {"suite": "core", "status": "excellent"}},
        {"subject": {"suite": "core", "remark": ""}},
        {"kind": "dossier"},
        {"complete": 1},
        {"schema_version": 2},
    ],
)
def test_strict_verification_checks_the_type(restore: Callable[[], Path], change: dict[str, object]) -> None:
    """A re-linked record of another shape passes the fast walk, and not the strict one."""
    store = restore()
    record = Record.model_validate_json(record_path(store, HOST, RECORDS).read_bytes())
    content = {**record.to_json(), **change}
    content.pop("chain_head")
    record_path(store, HOST, RECORDS).write_bytes(seal(content, record.prev_hash))
    divergence = verify(store, strict=True).divergence
    assert divergence is not None
    assert divergence.position == RECORDS
