"""Bounded reading and whole writing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from benchgov import files
from benchgov.errors import InputError, OutputError


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_reading_says_what_is_wrong(tmp_path: Path) -> None:
    """Missing, a folder, too large, not UTF-8: each has its own sentence with the path."""
    with pytest.raises(InputError, match="none: no such file"):
        files.read_bytes(tmp_path / "none")
    with pytest.raises(InputError, match="cannot be read"):
        files.read_bytes(tmp_path)
    (tmp_path / "big").write_bytes(b"12345")
    with pytest.raises(InputError, match="larger than 4 bytes"):
        files.read_bytes(tmp_path / "big", limit=4)
    assert files.read_bytes(tmp_path / "big", limit=5) == b"12345"
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="not UTF-8: byte 0xe9 at offset 3"):
        files.read_text(tmp_path / "latin")
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfx")
    assert files.read_text(tmp_path / "bom") == "x"


def test_an_atomic_write_replaces_the_whole_file(tmp_path: Path) -> None:
    """Folders are made, the old content is gone, and no temporary file stays."""
    path = tmp_path / "a" / "b"
    files.write_atomic(path, b"one")
    files.write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["b"]


def test_a_failed_write_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full, the old file is untouched and nothing half-written is left."""
    path = tmp_path / "f"
    files.write_atomic(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        files.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["f"]


def test_writing_over_a_folder_is_an_output_error(tmp_path: Path) -> None:
    """A folder in the way is named, and no temporary file stays beside it."""
    (tmp_path / "f").mkdir()
    with pytest.raises(OutputError, match="f: cannot be written"):
        files.write_atomic(tmp_path / "f", b"x")
    assert names(tmp_path) == ["f"]


def test_exclusive_creation_never_replaces(tmp_path: Path) -> None:
    """The second creator is told so, and the first one's bytes stay."""
    path = tmp_path / "r"
    assert files.create_exclusive(path, b"first")
    assert not files.create_exclusive(path, b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["r"]


def write_and_fail(target: Path) -> None:
    with files.new_folder(target) as folder:
        (folder / "x").write_text("1")
        raise RuntimeError("half way")


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """An exception inside leaves nothing; an existing folder is never replaced."""
    target = tmp_path / "published"
    with pytest.raises(RuntimeError, match="half way"):
        write_and_fail(target)
    assert names(tmp_path) == []
    with files.new_folder(target) as folder:
        (folder / "x").write_text("1")
    assert names(target) == ["x"]
    with pytest.raises(OutputError, match="never replaced"), files.new_folder(target):
        pass
    assert (target / "x").read_text() == "1"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "link/x", "nul\0"])
def test_paths_that_leave_the_repository_are_refused(tmp_path: Path, path: str) -> None:
    """Absolute paths, `..`, links that lead out and NUL bytes are one error."""
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(InputError, match="leaves the repository"):
        files.inside(tmp_path, path)
    assert files.inside(tmp_path, "a/../b") == (tmp_path / "b").resolve()
