"""Verifying a part of the log, side by side, and against what was kept; with real files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.audit_builders import HOST, START, content, head_of, record_path, seal_log, write_log

from benchgov.audit import jobs as jobs_module
from benchgov.audit.anchors import Anchor, read_kept
from benchgov.audit.checkpoint import Checkpoint
from benchgov.audit.encoding import seal
from benchgov.audit.folder import FolderFiles
from benchgov.audit.jobs import Job, Outcome, is_worth_spreading, side_by_side, split
from benchgov.audit.merkle import CompactRange, leaf_hash
from benchgov.audit.published import host_tree
from benchgov.audit.records import Extent, Records, bundle_path
from benchgov.audit.verification import verify, verify_host
from benchgov.cli.common import in_processes
from benchgov.errors import InputError, UsageError

RECORDS = 40


@pytest.fixture
def files(tmp_path: Path) -> list[bytes]:
    """The bytes of a log of 40 records in `tmp_path`."""
    return write_log(tmp_path, RECORDS)


def anchor(files: list[bytes], sequence: int, host: str | None = None) -> Anchor:
    """The head after so many records."""
    return Anchor(head_of(files[sequence - 1]), sequence, host)


def checkpoint(files: list[bytes], size: int) -> Checkpoint:
    """The checkpoint over so many records."""
    tree = CompactRange()
    for data in files[:size]:
        tree.append(leaf_hash(data))
    return Checkpoint("example.org/log", size, tree.root())


@pytest.mark.parametrize("sequence", [1, 2, 17, 39, 40])
def test_going_on_from_a_head_counts_only_what_comes_after(
    tmp_path: Path, files: list[bytes], sequence: int
) -> None:
    """Complete ones among them, too; the head is the same as that of a full verification."""
    whole = verify(tmp_path)
    for state in (anchor(files, sequence), anchor(files, sequence, HOST), checkpoint(files, sequence)):
        part = verify(tmp_path, states=[state])
        assert part.ok
        assert (part.records, part.hosts[0].skipped) == (RECORDS - sequence, sequence)
        assert part.complete == sum(n % 3 != 0 for n in range(sequence + 1, RECORDS + 1))
        assert part.hosts[0].anchor == whole.hosts[0].anchor


def test_going_on_finds_what_changed_after_the_head_and_trusts_what_came_before(
    tmp_path: Path, files: list[bytes]
) -> None:
    """The record at the head must be that one; one before it is not read again."""
    state = anchor(files, 20)
    record_path(tmp_path, HOST, 5).write_bytes(b"changed")
    assert verify(tmp_path, states=[state]).ok
    record_path(tmp_path, HOST, 30).write_bytes(files[30])
    result = verify(tmp_path, states=[state])
    assert result.divergence is not None
    assert (result.divergence.position, result.records) == (30, 9)
    record_path(tmp_path, HOST, 20).write_bytes(files[20])
    result = verify(tmp_path, states=[state])
    assert result.divergence is not None
    assert (result.divergence.position, result.records) == (20, 0)


@pytest.mark.parametrize("by", ["head", "checkpoint"])
def test_a_head_that_the_log_does_not_have_is_no_place_to_go_on_from(
    tmp_path: Path, files: list[bytes], by: str
) -> None:
    """Another one at that place, or a log that is shorter: a divergence there, and nothing verified."""
    wrong: dict[str, list[Anchor | Checkpoint]] = {
        "head": [Anchor("0" * 64, 20), Anchor("0" * 64, 41), Anchor("0" * 64, 20, "host-z")],
        "checkpoint": [
            Checkpoint("example.org/log", 20, checkpoint(files, 21).root),
            Checkpoint("example.org/log", 41, checkpoint(files, 40).root),
        ],
    }
    for state in wrong[by]:
        result = verify(tmp_path, states=[state])
        assert result.divergence is not None
        size = state.size if isinstance(state, Checkpoint) else state.sequence
        assert result.divergence.position == size
        assert result.records == 0


def test_a_gap_behind_the_end_is_found_without_a_listing(tmp_path: Path, files: list[bytes]) -> None:
    """The next record is missing, and one of those behind it is there."""
    record_path(tmp_path, HOST, 31).unlink()
    result = verify(tmp_path, states=[anchor(files, 20)])
    assert result.divergence is not None
    assert (result.divergence.position, result.divergence.found) == (31, "no such file")


def test_a_checkpoint_is_found_by_tiles_and_without_them(tmp_path: Path) -> None:
    """Wrong tiles do not accuse a good log: then all records are asked."""
    files = write_log(tmp_path, 600)
    state = checkpoint(files, 590)
    assert not (tmp_path / "hosts" / HOST / "tile").exists()
    assert verify(tmp_path, states=[state]).ok
    assert not (tmp_path / "hosts" / HOST / "tile").exists(), "verifying writes nothing"
    host_tree(tmp_path, HOST).check()
    assert verify(tmp_path, states=[state]).records == 10
    (tile,) = (tmp_path / "hosts" / HOST / "tile" / "0").rglob("000")
    tile.write_bytes(bytes(reversed(tile.read_bytes())))
    assert verify(tmp_path, states=[state]).records == 10
    record_path(tmp_path, HOST, 3).write_bytes(b"changed")
    assert not verify(tmp_path, states=[state]).ok


@pytest.mark.parametrize(("seconds", "first"), [(-5, 1), (1, 1), (2, 2), (17, 17), (40, 40), (41, 41)])
def test_since_begins_with_the_first_record_of_that_time(
    tmp_path: Path, files: list[bytes], seconds: int, first: int
) -> None:
    """What was recorded before is not walked, but for the link to it."""
    since = START + timedelta(seconds=seconds)
    result = verify(tmp_path, since=since)
    assert result.ok
    assert (result.records, result.hosts[0].last) == (RECORDS - first + 1, RECORDS)
    assert result.hosts[0].head == head_of(files[-1])
    if 1 < first <= RECORDS:
        content_ = dict(content(first, HOST, "1" * 64))
        record_path(tmp_path, HOST, first).write_bytes(seal(content_, "1" * 64))
        result = verify(tmp_path, since=since)
        assert result.divergence is not None
        assert result.divergence.expected.startswith("prev_hash")


def test_what_lies_in_the_way_of_the_search_for_a_time_is_a_divergence(
    tmp_path: Path, files: list[bytes]
) -> None:
    """Garbage, a record without a time, and one that is gone: at their own places."""
    since = START + timedelta(seconds=30)
    path = record_path(tmp_path, HOST, 21)  # where the search looks first
    for data in (b"garbage", b'{"chain_head":"' + b"0" * 64 + b'","recorded_at_utc":7}\n', b"[]", None):
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
        result = verify(tmp_path, since=since)
        assert result.divergence is not None
        assert result.divergence.position == 21


def test_what_was_kept_asks_for_the_whole_log(tmp_path: Path, files: list[bytes]) -> None:
    """It may lie where nothing would be walked; that is wrong usage, and so are ambiguous states."""
    parts: list[dict[str, Any]] = [{"since": START}, {"states": [anchor(files, 3)]}]
    for part in parts:
        with pytest.raises(UsageError, match="from its beginning"):
            verify(tmp_path, anchor=anchor(files, 2), **part)
    with pytest.raises(UsageError, match="two heads"):
        verify(tmp_path, states=[anchor(files, 2), anchor(files, 3)])
    with pytest.raises(UsageError, match="sequence"):
        verify(tmp_path, states=[Anchor(head_of(files[1]))])
    with pytest.raises(UsageError, match="no records"):
        verify(tmp_path, states=[checkpoint(files, 0)])


def test_states_of_several_hosts(tmp_path: Path, files: list[bytes]) -> None:
    """Each finds its own chain, named or not; a chain without one is verified from its beginning."""
    other = write_log(tmp_path, 10, "host-b")
    write_log(tmp_path, 5, "host-c")
    result = verify(tmp_path, states=[anchor(files, 30), anchor(other, 4)])
    assert [(one.host, one.skipped, one.records) for one in result.hosts] == [
        (HOST, 30, 10),
        ("host-b", 4, 6),
        ("host-c", 0, 5),
    ]
    assert verify(tmp_path, states=[checkpoint(other, 4)]).hosts[1].skipped == 4
    lost = verify(tmp_path, states=[Anchor("0" * 64, 3)])
    assert lost.divergence is not None
    assert lost.divergence.found == "no such record"
    assert not verify(tmp_path, kept=[Anchor(head_of(other[3]), 4, HOST)]).ok
    assert verify(tmp_path, kept=[Anchor(head_of(other[3]), 4, "host-b"), checkpoint(other, 10)]).ok


def test_hosts_side_by_side_give_the_same_result(tmp_path: Path, files: list[bytes]) -> None:
    """In processes of their own: equal for a good log, and for one with faults in two hosts."""
    other = write_log(tmp_path, 10, "host-b")
    write_log(tmp_path, 5, "host-c")
    kept: list[Anchor | Checkpoint] = [anchor(files, 30), checkpoint(other, 10)]
    assert verify(tmp_path, kept=kept, spread=in_processes) == verify(tmp_path, kept=kept)
    for host, sequence in (("host-b", 7), ("host-c", 2)):
        record_path(tmp_path, host, sequence).write_bytes(b"changed")
    spread, here = verify(tmp_path, spread=in_processes), verify(tmp_path)
    assert spread == here
    assert here.divergence is not None
    assert (len(here.hosts), here.divergence.position) == (2, 7)


def test_processes_are_started_where_they_pay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the hosts besides the largest have enough records; never for what comes after a head."""
    for host, records in (("host-a", 9), ("host-b", 5), ("host-c", 3)):
        write_log(tmp_path, records, host)
    jobs = [Job(FolderFiles(tmp_path), host) for host in ("host-a", "host-b", "host-c")]
    assert not is_worth_spreading(jobs)
    monkeypatch.setattr(jobs_module, "WORTH_SPREADING", 8)
    assert is_worth_spreading(jobs)
    assert not is_worth_spreading(jobs[:2])
    assert not is_worth_spreading(jobs[:1])
    assert not is_worth_spreading([*jobs, Job(FolderFiles(tmp_path), "host-a", state=Anchor("0" * 64, 1))])


def test_a_long_chain_in_parts_gives_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a good log, and for one with a fault in a part, at its end, or in its first record."""
    files = write_log(tmp_path, 800)
    seal_log(tmp_path)
    write_log(tmp_path, 5, "host-b")
    monkeypatch.setattr(jobs_module, "WORTH_SPREADING", 100)

    def in_parts(work: Callable[[Job], Outcome], jobs: Sequence[Job]) -> Iterable[Outcome]:
        parts = split(jobs, 3)
        assert [(part.first, part.last) for part in parts] == [(0, 513), (513, None), (0, None)]
        return side_by_side(work, jobs, map, 3)

    kept = [anchor(files, sequence) for sequence in (1, 512, 513, 800)]
    assert verify(tmp_path, kept=kept, spread=in_parts) == verify(tmp_path, kept=kept)
    assert verify(tmp_path, kept=kept, spread=in_parts).records == 805
    for sequence in (1, 300, 512, 513, 514, 768, 769, 800):
        own = record_path(tmp_path, HOST, sequence)
        bundle = tmp_path / bundle_path(HOST, (sequence - 1) // 256)
        path = bundle if bundle.exists() else own
        good = path.read_bytes()
        data = files[sequence - 1]
        path.write_bytes(good.replace(data, data.replace(b"pass", b"fail")))
        here, found = verify(tmp_path), verify(tmp_path, spread=in_parts)
        assert here.divergence is not None
        assert here.divergence.position == sequence
        assert (found.divergence, found.records) == (here.divergence, here.records)
        path.write_bytes(good)


def test_a_reader_beside_a_writer_sees_no_gap(
    tmp_path: Path, files: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing may miss a record and hold the next one: the walk asks for each of them itself."""
    hidden = record_path(tmp_path, HOST, 17)

    real = Records.extent

    def scan(records: Records) -> Extent:
        hidden.rename(tmp_path / "hidden")
        extent = real(records)
        (tmp_path / "hidden").rename(hidden)
        return extent

    monkeypatch.setattr(Records, "extent", scan)
    result = verify(tmp_path)
    assert (result.ok, result.records) == (True, RECORDS)


def calls_of(job: Job, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many files a job opens, looks for, or lists."""
    calls = 0

    def counted(function: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            return function(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for module, name in ((os, "open"), (os, "scandir"), (os, "lstat")):
            patch.setattr(module, name, counted(getattr(module, name)))
        assert verify_host(job).divergence is None
    return calls


def test_one_new_record_costs_the_same_in_a_long_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going on from the head before it makes as many file-system calls behind 20 records as behind 2,000."""
    costs = []
    for records in (20, 2_000):
        store = tmp_path / str(records)
        files = write_log(store, records)
        job = Job(FolderFiles(store), HOST, state=anchor(files, records - 1))
        assert verify_host(job).chain.records == 1
        costs.append(calls_of(job, monkeypatch))
    assert costs[0] == costs[1] < 40


def test_heads_and_checkpoints_are_told_apart(tmp_path: Path) -> None:
    """A file has heads, with their hosts or without, or a checkpoint, signed or not; else it is refused."""
    path = tmp_path / "kept"
    path.write_text(f"3:{'a' * 64}\n\nhost-b 12:{'B' * 64}\n")
    assert read_kept(path) == (Anchor("a" * 64, 3), Anchor("b" * 64, 12, "host-b"))
    assert str(read_kept(path)[0]) == f"3:{'a' * 64}"  # type: ignore[index]
    path.write_text("example.org/log\n7\n" + "A" * 43 + "=\n")
    assert read_kept(path) == Checkpoint("example.org/log", 7, bytes(32))
    for text in ("", "\n\n", "hello\n", f"0:{'a' * 64}\n", f"../x 1:{'a' * 64}\n", "a\n7\nzzz\n", "a" * 64):
        path.write_text(text)
        with pytest.raises(InputError):
            read_kept(path)
