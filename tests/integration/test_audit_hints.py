"""Hints are not synced: whatever becomes of them, no record is lost and no key recorded twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.audit_builders import record_path, records_folder

from benchgov.audit.chain import Draft, append, verify
from benchgov.audit.folder import FolderFiles
from benchgov.audit.hints import tail_path
from benchgov.errors import OutputError, TamperError

HOST = "host-a"
KEYS = [f"key-{number}" for number in range(6)]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def put(store: Path, key: str) -> tuple[int, bool]:
    """Append a record with that key: its sequence, and whether it is new."""
    draft = Draft("run", key, True, (), None, {"suite": "core"})
    done = append(store, draft, host=HOST, now=lambda: NOW)
    return done.record.sequence, done.new


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A log of six records."""
    for key in KEYS:
        put(tmp_path / "log", key)
    return tmp_path / "log"


def hints_of(store: Path) -> Path:
    return store / tail_path(HOST)


def lines_of(store: Path) -> list[str]:
    return hints_of(store).read_text().splitlines(keepends=True)


def lose_all(store: Path) -> None:
    hints_of(store).unlink()


def lose_latest(store: Path) -> None:
    hints_of(store).write_text("".join(lines_of(store)[:3]))


def tear(store: Path) -> None:
    hints_of(store).write_text("".join(lines_of(store))[:-30])


def empty(store: Path) -> None:
    hints_of(store).write_bytes(b"")


def blank(store: Path) -> None:
    """Blocks that were given out and never written."""
    data = hints_of(store).read_bytes()
    hints_of(store).write_bytes(data[:100] + bytes(len(data) - 100))


def lie(store: Path) -> None:
    """Each key has the sequence of another."""
    lines = lines_of(store)
    keys = [line[13:] for line in lines]
    hints_of(store).write_text(
        "".join(f"{line[:13]}{key}" for line, key in zip(lines, keys[1:] + keys[:1], strict=True))
    )


def point_behind(store: Path) -> None:
    lines = lines_of(store)
    hints_of(store).write_text("".join(f"{number:012d}{line[12:]}" for number, line in enumerate(lines, 300)))


def lack_one(store: Path) -> None:
    lines = lines_of(store)
    hints_of(store).write_text("".join(lines[:2] + lines[3:]))


def garbage(store: Path) -> None:
    hints_of(store).write_bytes(b"\xff\x00" * 100)


def link(store: Path) -> None:
    hints_of(store).unlink()
    hints_of(store).symlink_to(record_path(store, HOST, 1))


DAMAGE = [lose_all, lose_latest, tear, empty, blank, lie, point_behind, lack_one, garbage]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("first", range(6))
def test_a_key_is_recorded_once_whatever_became_of_its_hint(
    store: Path, damage: Callable[[Path], None], first: int
) -> None:
    """Each key is asked for first once; none is appended again, and a new one comes at the end."""
    damage(store)
    for key in KEYS[first:] + KEYS[:first]:
        assert put(store, key) == (KEYS.index(key) + 1, False)
    assert put(store, "new") == (7, True)
    for key in KEYS:
        assert put(store, key) == (KEYS.index(key) + 1, False)
    assert verify(store, strict=True).records == 7


def test_hints_that_were_lost_are_made_again(store: Path) -> None:
    """Afterwards none of them needs a search."""
    lose_all(store)
    put(store, "new")
    assert [int(line[:12]) for line in lines_of(store)] == [1, 2, 3, 4, 5, 6, 7]


def test_hints_that_are_links_are_not_followed(store: Path) -> None:
    """Nothing is written through them: one clear error, and the chain as it was."""
    link(store)
    before = record_path(store, HOST, 1).read_bytes()
    with pytest.raises(OutputError, match="cannot be written"):
        put(store, "new")
    assert record_path(store, HOST, 1).read_bytes() == before
    assert verify(store, strict=True).records == 6


def test_a_record_that_hints_cannot_be_made_from_stops_the_append(store: Path) -> None:
    """Its key would be unknown."""
    lose_all(store)
    record_path(store, HOST, 2).write_bytes(b"garbage")
    with pytest.raises(TamperError, match="record 2"):
        put(store, "new")


def test_an_append_lists_no_folder(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its hints it takes the same time in a long log as in a short one."""

    def refuse(*arguments: object) -> None:
        raise AssertionError("listed")

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        patch.setattr(os, "listdir", refuse)
        assert put(store, "new") == (7, True)
        assert put(store, "key-2") == (3, False)


def test_only_the_record_and_its_name_are_synced(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two syncs an append: the file, and the folder that it is named in."""
    synced = []
    real = os.fsync

    def sync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "fsync", sync)
    put(store, "new")
    folder = str(records_folder(store, HOST))
    assert len(synced) == 2
    assert Path(synced[0]).parent == Path(folder)
    assert synced[1] == folder


def test_a_hint_that_cannot_be_written_is_no_failure(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is there already, and the next append makes the hints again."""

    def fail(*arguments: object, **named: object) -> None:
        raise OutputError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FolderFiles, "note", fail)
        assert put(store, "new") == (7, True)
    assert put(store, "newer") == (8, True)
    assert put(store, "new") == (7, False)
