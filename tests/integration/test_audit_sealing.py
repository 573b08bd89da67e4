"""Sealed bundles: nothing is lost on the way, keys are still known, and whatever else lies there is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bench.core import reference_chain
from tests.audit_builders import HOST, head_of, record_path, seal_log, write_log

from benchgov.audit import hints, keys, sealing
from benchgov.audit.anchors import Anchor
from benchgov.audit.chain import Appended, Draft, append, find, read, verify
from benchgov.audit.folder import FolderFiles
from benchgov.audit.prove import prove_growth, prove_record
from benchgov.audit.published import examine, host_tree, publish
from benchgov.audit.records import BUNDLE, Records, bundle_path
from benchgov.errors import InputError, OutputError, TamperError

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def put(store: Path, key: str) -> Appended:
    """Append a record with that key."""
    draft = Draft("run", key, True, (), None, {"suite": "core"})
    return append(store, draft, host=HOST, now=lambda: NOW)


def names(store: Path, folder: str) -> list[str]:
    """What is in a folder of the host."""
    return sorted(path.name for path in (store / "hosts" / HOST / folder).iterdir())


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """1,100 records, the first 768 of them in three bundles."""
    store = tmp_path_factory.mktemp("sealed") / "log"
    files = write_log(store, 1_100)
    assert seal_log(store, keep=256) == 3
    return store, files


@pytest.fixture
def store(sealed: tuple[Path, list[bytes]], tmp_path: Path) -> Path:
    """A copy of it, which may be damaged."""
    return Path(shutil.copytree(sealed[0], tmp_path / "log"))


def test_the_oldest_records_are_sealed_when_512_are_open(tmp_path: Path) -> None:
    """A bundle has the bytes of its records' files, and 256 or more keep files of their own."""
    files = write_log(tmp_path, 511)
    assert put(tmp_path, "512").record.sequence == 512
    assert len(names(tmp_path, "records")) == 512
    assert put(tmp_path, "513").record.sequence == 513
    assert (tmp_path / bundle_path(HOST, 0)).read_bytes() == b"".join(files[:BUNDLE])
    assert names(tmp_path, "records") == [f"{number:012d}.json" for number in range(257, 514)]
    assert verify(tmp_path, strict=True).records == 513
    assert not put(tmp_path, "run/core/3").new
    assert put(tmp_path, "514").record.sequence == 514


def test_a_sealed_log_reads_as_before(sealed: tuple[Path, list[bytes]]) -> None:
    """In order, one by one, from a head, since a time, and by somebody who shares no code."""
    store, files = sealed
    assert [record.to_bytes() for _, record in read(store)] == files
    for sequence in (1, 256, 257, 768, 769, 1_100):
        assert find(store, str(sequence)).to_bytes() == files[sequence - 1]
    assert find(store, "HEAD").sequence == 1_100
    result = verify(store, strict=True, kept=[Anchor(head_of(data)) for data in files[::100]])
    assert (result.ok, result.records) == (True, 1_100)
    for start in (255, 256, 257, 768, 769, 1_100):
        result = verify(store, states=[Anchor(head_of(files[start - 1]), start)])
        assert (result.ok, result.records, result.hosts[0].last) == (True, 1_100 - start, 1_100)
        since = find(store, str(start)).recorded_at_utc
        assert verify(store, since=since).records == 1_101 - start
    assert reference_chain.verify(store) == [[HOST, 1_100, head_of(files[-1])]]


def test_proofs_reach_into_bundles(store: Path) -> None:
    """A sealed record is the same leaf as before."""
    tree = host_tree(store, HOST)
    examine(store, HOST, tree)
    publish(store, HOST, tree, origin="log")
    assert names(store, "tile/0") == ["000", "001", "002", "003"]
    for sequence in (1, 256, 769, 1_100):
        assert prove_record(store, HOST, sequence).claim.kind == "inclusion"
    assert prove_growth(store, HOST, 300, 1_000).claim.kind == "consistency"


def lose_keys(store: Path) -> None:
    shutil.rmtree(store / "hosts" / HOST / "keys")


def truncate_keys(store: Path) -> None:
    for path in (store / "hosts" / HOST / "keys").iterdir():
        path.write_bytes(path.read_bytes()[:-16])


def swap_sequences(store: Path) -> None:
    """Each row has the sequence of the next one."""
    for path in (store / "hosts" / HOST / "keys").iterdir():
        data = path.read_bytes()
        rows = [data[at : at + 16] for at in range(0, len(data), 16)]
        moved = [row[:10] + other[10:] for row, other in zip(rows, rows[1:] + rows[:1], strict=True)]
        path.write_bytes(b"".join(moved))


def lose_hints(store: Path) -> None:
    (store / hints.tail_path(HOST)).unlink()


@pytest.mark.parametrize("damage", [lambda _: None, lose_keys, truncate_keys, swap_sequences, lose_hints])
def test_a_sealed_key_is_recorded_once(store: Path, damage: Callable[[Path], object]) -> None:
    """Whatever became of what makes it quick."""
    damage(store)
    for sequence in (1, 100, 256, 257, 768, 769, 1_100):
        again = put(store, f"run/core/{sequence}")
        assert (again.new, again.record.sequence) == (False, sequence)
    assert put(store, "new").record.sequence == 1_101
    assert verify(store, strict=True).records == 1_101


def test_keys_are_kept_in_few_files() -> None:
    """Never more than three of a size, whole, without gap or overlap."""
    for bundles in range(300):
        found = keys.runs(bundles)
        assert [first for first, _ in found] == [
            sum(size for _, size in found[:at]) for at in range(len(found))
        ]
        assert sum(size for _, size in found) == bundles
        assert all([size for _, size in found].count(one) <= 3 for _, one in found)


def test_files_of_keys_are_merged(tmp_path: Path) -> None:
    """Six bundles: 4 + 1 + 1; and each of their keys is found."""
    write_log(tmp_path, 6 * BUNDLE)
    assert seal_log(tmp_path) == 6
    assert names(tmp_path, "keys") == ["000000000-4", "000000004-1", "000000005-1"]
    records = Records(FolderFiles(tmp_path), HOST)
    for sequence in range(1, 6 * BUNDLE + 1, 97):
        assert keys.find_sealed(records, 6, f"run/core/{sequence}") == sequence
    assert keys.find_sealed(records, 6, "another") is None


class StopError(Exception):
    """Stands for a process that dies."""


@pytest.mark.parametrize("fault", [StopError, OutputError("cannot be written: No space left on device")])
@pytest.mark.parametrize("at", [0, 1, 2, 3, 60, 200, 256, 257, 258])
def test_a_seal_that_was_interrupted_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, fault: Exception | type[Exception]
) -> None:
    """A process dies, or the disk is full, at any step: the log verifies, and the next append goes on."""
    write_log(tmp_path, 512)
    put(tmp_path, "run/core/1")
    calls = 0

    def dying(name: str) -> Callable[..., object]:
        real = getattr(FolderFiles, name)

        def call(*arguments: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls > at:
                raise fault
            return real(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("create", "replace", "remove", "note"):
            patch.setattr(FolderFiles, name, dying(name))
        with pytest.raises((StopError, OutputError)):
            put(tmp_path, "new")
    assert verify(tmp_path, strict=True).records == 512
    assert [record.sequence for _, record in read(tmp_path)] == list(range(1, 513))
    assert put(tmp_path, "new").record.sequence == 513
    assert not put(tmp_path, "run/core/200").new
    assert len(names(tmp_path, "records")) == 257
    assert verify(tmp_path, strict=True).records == 513


def test_a_record_beside_its_bundle_must_be_the_same(store: Path, sealed: tuple[Path, list[bytes]]) -> None:
    """What a seal left is harmless, and removed; another record, or no file, is a divergence there."""
    own = record_path(store, HOST, 300)
    own.write_bytes(sealed[1][299])
    assert verify(store).ok
    own.write_bytes(sealed[1][300])
    found = verify(store).divergence
    assert found is not None
    assert (found.position, Path(found.file)) == (300, own)
    lose_hints(store)
    with pytest.raises(TamperError, match="expected what its bundle has"):
        put(store, "new")
    own.unlink()
    own.mkdir()
    found = verify(store).divergence
    assert found is not None
    assert found.position == 300
    own.rmdir()
    own.write_bytes(sealed[1][299])
    put(store, "new")
    assert not own.exists()


def other_name(folder: Path) -> int:
    (folder / "000000001.txt").write_text("hello")
    return 0


def longer(folder: Path) -> int:
    path = folder / "000000001.jsonl"
    path.write_bytes(path.read_bytes() + b"{}\n")
    return 512


def missing(folder: Path) -> int:
    (folder / "000000001.jsonl").unlink()
    return 257


def linked(folder: Path) -> int:
    path = folder / "000000001.jsonl"
    path.rename(folder.parent / "moved")
    path.symlink_to(folder.parent / "moved")
    return 257


def swapped(folder: Path) -> int:
    one, other = folder / "000000001.jsonl", folder / "000000002.jsonl"
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    return 257


def empty(folder: Path) -> int:
    (folder / "000000000.jsonl").write_bytes(b"")
    return 1


def is_a_link(folder: Path) -> int:
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")
    return 0


@pytest.mark.parametrize("damage", [other_name, longer, missing, linked, swapped, empty, is_a_link])
def test_damage_to_bundles_is_found(store: Path, damage: Callable[[Path], int]) -> None:
    """At the first record that it concerns; 0 for what is no record."""
    position = damage(store / "hosts" / HOST / "sealed")
    found = verify(store).divergence
    assert found is not None
    assert (found.position, "sealed" in found.file or position == 257) == (position, True)
    if position and damage is not swapped:  # reading does not verify
        with pytest.raises((InputError, TamperError)):
            list(read(store))


def test_what_does_not_verify_is_not_sealed(tmp_path: Path) -> None:
    """The append is refused, and everything stays where it was."""
    write_log(tmp_path, 512)
    path = record_path(tmp_path, HOST, 100)
    path.write_bytes(path.read_bytes().replace(b"pass", b"fail"))
    with pytest.raises(TamperError, match="record 100: expected"):
        put(tmp_path, "new")
    assert len(names(tmp_path, "records")) == 512
    assert not (tmp_path / bundle_path(HOST, 0)).exists()


def test_a_bundle_is_never_replaced(tmp_path: Path) -> None:
    """Another one in its place stops the append."""
    files = write_log(tmp_path, 512)
    path = tmp_path / bundle_path(HOST, 0)
    path.parent.mkdir()
    path.write_bytes(b"".join(files[: BUNDLE - 1]))
    with pytest.raises(TamperError):
        put(tmp_path, "new")
    assert len(names(tmp_path, "records")) == 512


def test_a_seal_that_cannot_be_written_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The append that would have sealed fails, and the next one does both."""
    write_log(tmp_path, 512)

    def full(*arguments: object) -> None:
        raise OutputError("cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "index_bundle", full)
        with pytest.raises(OutputError):
            put(tmp_path, "new")
    assert verify(tmp_path).records == 512
    assert put(tmp_path, "new").record.sequence == 513
    assert names(tmp_path, "sealed") == ["000000000.jsonl"]
