"""Stores that were damaged, or made to hurt: a divergence or one clear error, never a crash."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from blake3 import blake3
from tests.audit_builders import record_path

from benchgov.audit.chain import Draft, append, find, read, verify
from benchgov.audit.encoding import identity
from benchgov.audit.files import MAX_RECORD_BYTES
from benchgov.audit.hints import tail_path
from benchgov.audit.record import Record
from benchgov.audit.verification import Anchor, parse_anchor
from benchgov.canonical import canonical_json
from benchgov.errors import InputError, OutputError, TamperError, UsageError

HOST = "host-a"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def draft(key: str) -> Draft:
    """A draft with that key."""
    return Draft("run", key, True, (), None, {"suite": "core"})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A log of three records."""
    for index in range(3):
        append(tmp_path / "store", draft(f"key-{index}"), host=HOST, now=lambda: NOW)
    return tmp_path / "store"


def duplicate_key(data: bytes) -> bytes:
    """The record with `complete` twice, correctly hashed: a re-link of the last record."""
    record = Record.model_validate_json(data)
    content = record.to_json()
    content.pop("chain_head")
    body = b'{"complete":false,' + canonical_json(content)[1:]
    return b'{"chain_head":"' + identity(record.prev_hash, body).encode() + b'",' + body[1:] + b"\n"


def replace(path: Path, data: bytes) -> None:
    """Put other bytes in a record's place."""
    path.write_bytes(data)


@pytest.mark.parametrize("sequence", [1, 2, 3])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"null\n",
        b"[]\n",
        b"\xff\xfe{}\n",
        b"{" * 100_000,
        b'{"chain_head":"' + b"0" * 64 + b'","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n",
        b'{"chain_head":"' + b"0" * 64 + b'","a":"\xff"}\n',
        b'{"chain_head":"' + b"0" * 64 + b'","a":NaN}\n',
        b'{"chain_head":"' + b"0" * 64 + b'","prev_hash":["x"]}\n',
        b'{"chain_head":"' + b"0" * 64 + b'","prev_hash":"' + b"zz" * 32 + b'"}\n',
        b"x" * (MAX_RECORD_BYTES + 1),
    ],
    ids=["empty", "line", "null", "list", "utf16", "braces", "deep", "latin1", "nan", "type", "hex", "huge"],
)
def test_garbage_is_a_divergence_at_its_position(store: Path, sequence: int, content: bytes) -> None:
    """Both walks say where; appending refuses as soon as the tail is concerned, and writes nothing."""
    replace(record_path(store, HOST, sequence), content)
    for strict in (False, True):
        divergence = verify(store, strict=strict).divergence
        assert divergence is not None
        assert (divergence.position, Path(divergence.file).name) == (sequence, f"{sequence:012d}.json")
        assert len(divergence.expected + divergence.found) < 500
    if sequence > 1:
        before = sorted(path.name for path in store.rglob("*"))
        with pytest.raises(TamperError, match=f"record {sequence}: expected"):
            append(store, draft("new"), host=HOST, now=lambda: NOW)
        assert sorted(path.name for path in store.rglob("*")) == before


def test_a_duplicate_key_is_a_divergence_even_when_its_hash_is_right(store: Path) -> None:
    """Two readers could read it differently."""
    path = record_path(store, HOST, 3)
    replace(path, duplicate_key(path.read_bytes()))
    divergence = verify(store).divergence
    assert divergence is not None
    assert "duplicate key 'complete'" in divergence.found


@pytest.mark.parametrize("kind", ["link", "dangling", "loop", "folder", "fifo"])
def test_what_is_no_regular_file_is_not_followed(store: Path, kind: str) -> None:
    """A link to the very same bytes is refused too, and a named pipe does not block."""
    path = record_path(store, HOST, 2)
    elsewhere = path.rename(store / "elsewhere")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": elsewhere, "dangling": store / "nothing", "loop": path}[kind])
    divergence = verify(store).divergence
    assert divergence is not None
    assert divergence.position == 2
    with pytest.raises(TamperError):
        append(store, draft("new"), host=HOST, now=lambda: NOW)
    with pytest.raises(InputError, match="not a record"):
        list(read(store))


def test_leftovers_of_a_crash_are_ignored_and_other_files_are_not(store: Path) -> None:
    """A temporary name is what a killed writer leaves; anything else was put there."""
    folder = record_path(store, HOST, 1).parent
    (folder / ".000000000004.json.abcdef.tmp").write_bytes(b"half a rec")
    assert verify(store).ok
    (folder / "notes.txt").write_text("hello")
    divergence = verify(store).divergence
    assert divergence is not None
    assert (divergence.position, Path(divergence.file).name) == (0, "notes.txt")


def test_strangers_among_the_hosts_are_a_divergence(store: Path, tmp_path: Path) -> None:
    """A file, or a link to a folder elsewhere, is no host."""
    (store / "hosts" / "linked").symlink_to(tmp_path)
    divergence = verify(store).divergence
    assert divergence is not None
    assert divergence.found == "'linked'"


def test_a_records_folder_that_is_a_link_is_not_followed(store: Path, tmp_path: Path) -> None:
    """It could be exchanged behind the log's back."""
    folder = record_path(store, HOST, 1).parent
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    assert not verify(store).ok


def test_a_gap_before_the_tail_stops_an_append(store: Path) -> None:
    """The tail's own links always; further back the names alone show it, when they have to be read."""
    record_path(store, HOST, 1).unlink()
    assert not verify(store).ok
    (store / tail_path(HOST)).unlink()
    with pytest.raises(TamperError, match="at least one is missing"):
        append(store, draft("new"), host=HOST, now=lambda: NOW)
    record_path(store, HOST, 2).unlink()
    digest = blake3(b"key-2").hexdigest()
    (store / tail_path(HOST)).write_text("".join(f"{number:012d} {digest}\n" for number in (1, 2, 3)))
    with pytest.raises(TamperError, match="record 2: expected a record, found no such file"):
        append(store, draft("new"), host=HOST, now=lambda: NOW)


def test_a_store_that_is_not_there_is_no_pass(tmp_path: Path) -> None:
    """Verifying nothing is an error; an empty store has 0 records, and holds no anchor."""
    with pytest.raises(InputError, match="no audit log"):
        verify(tmp_path / "nowhere")
    assert (verify(tmp_path).ok, verify(tmp_path).records) == (True, 0)
    assert not verify(tmp_path, anchor=Anchor("0" * 64)).ok


def test_a_store_that_is_a_file(tmp_path: Path) -> None:
    """One clear error from each side, nothing written."""
    path = tmp_path / "file"
    path.write_text("not a folder")
    with pytest.raises(InputError, match="no audit log"):
        verify(path)
    with pytest.raises(OutputError):
        append(path, draft("a"), host=HOST, now=lambda: NOW)
    assert path.read_text() == "not a folder"


def test_a_records_folder_that_is_a_file(store: Path) -> None:
    """A divergence; and hosts/ itself as a file is an error, never a pass."""
    folder = record_path(store, HOST, 1).parent
    folder.rename(store / "moved")
    folder.write_text("")
    assert not verify(store).ok
    (store / "hosts").rename(store / "old-hosts")
    (store / "hosts").write_text("")
    with pytest.raises(InputError, match="cannot be read"):
        verify(store)


def test_a_store_that_cannot_be_written(store: Path) -> None:
    """The hints are a folder, and cannot be made anew: the append fails before its record exists."""
    (store / tail_path(HOST)).unlink()
    (store / tail_path(HOST)).mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        append(store, draft("new"), host=HOST, now=lambda: NOW)
    assert verify(store).records == 3


def test_a_writer_without_the_lock_cannot_be_overwritten(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When another file takes the name in the meantime, the append fails; the chain stays as it was."""
    monkeypatch.setattr("benchgov.audit.folder._link_new", lambda folder, name, data: False)
    with pytest.raises(OutputError, match="without taking the store's lock"):
        append(store, draft("new"), host=HOST, now=lambda: NOW)
    assert verify(store).records == 3


def test_a_record_that_is_too_large_is_refused(store: Path) -> None:
    """Evidence goes in by digest."""
    huge = Draft("run", "huge", True, (), None, {"text": "x" * MAX_RECORD_BYTES})
    with pytest.raises(InputError, match="is the limit"):
        append(store, huge, host=HOST, now=lambda: NOW)
    assert verify(store).records == 3


@pytest.mark.parametrize(
    ("host", "key", "subject"),
    [
        ("../../escape", "k", {}),
        ("", "k", {}),
        (HOST, "", {}),
        (HOST, "k" * 513, {}),
        (HOST, "k", {"n": 2**60}),
        (HOST, "k", {"n": float("nan")}),
        (HOST, "k", {"text": "\ud800"}),
    ],
)
def test_a_draft_that_is_no_record_is_refused(
    store: Path, host: str, key: str, subject: dict[str, object]
) -> None:
    """Nothing is written, inside the store or outside of it."""
    before = sorted(store.parent.rglob("*"))
    with pytest.raises(InputError):
        append(store, Draft("run", key, True, (), None, subject), host=host, now=lambda: NOW)
    assert sorted(store.parent.rglob("*")) == before


@pytest.mark.parametrize(
    "text", ["", "abc", "0:" + "a" * 64, "a" * 63, "a" * 65, "1:2:" + "a" * 64, "é" * 64]
)
def test_what_is_no_head_is_wrong_usage(text: str) -> None:
    """A typing error must not read as tampering."""
    with pytest.raises(UsageError, match="not a chain head"):
        parse_anchor(text)


@pytest.mark.parametrize("which", ["0", "4", "99999999999999999999", "HEAD~1", "²", ""])
def test_finding_what_is_not_there(store: Path, which: str) -> None:
    """One line that says how many there are, or that it is no sequence."""
    with pytest.raises((InputError, UsageError)):
        find(store, which)


def test_finding_in_a_log_of_several_hosts(store: Path) -> None:
    """The host has to be named, and must be one."""
    append(store, draft("b"), host="host-b", now=lambda: NOW)
    with pytest.raises(UsageError, match="2 hosts"):
        find(store, "HEAD")
    assert find(store, "head", host="host-b").sequence == 1
    for host in ("host-c", "../host-b"):
        with pytest.raises(InputError, match="0 records"):
            find(store, "HEAD", host=host)


def test_an_unreadable_record_is_trouble_and_not_tampering(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An I/O error is reported as one."""

    def broken(*arguments: object, **named: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("benchgov.audit.folder.os.open", broken)
    with pytest.raises(InputError, match="Input/output error"):
        verify(store)
