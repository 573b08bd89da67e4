"""Copies of a case's files: new contents in the same files, and nothing of an earlier case beside them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchgov.eval.isolation.copies import Copies


def _case(root: Path, text: str, *more: str) -> Path:
    """A folder with `a` and `below/b`, and further files."""
    for name in ("a", "below/b", *more):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text} {name}")
    return root


def _found(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _inodes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.rglob("*")}


@pytest.fixture(params=["in place", "moved there"])
def copies(tmp_path: Path, request: pytest.FixtureRequest) -> Copies:
    """A folder for copies, which is not there yet."""
    if request.param == "in place":
        return Copies(tmp_path / "copies")
    return Copies(tmp_path / "copies", tmp_path / "workshop")


def test_a_case_of_the_same_files_is_written_over(copies: Copies, tmp_path: Path) -> None:
    """Bytes, modes and times are the new ones, shorter ones too; the files are the same."""
    first = copies.put({"input": _case(tmp_path / "1", "a long first")})
    before = _inodes(copies.folder)
    assert copies.tidy()
    source = _case(tmp_path / "2", "2nd")
    (source / "a").chmod(0o600)
    os.utime(source / "below", ns=(5, 7))
    assert copies.put({"input": source}) == first == {"input": copies.folder / "input"}
    assert _found(first["input"]) == _found(source)
    assert _inodes(copies.folder) == before
    assert (first["input"] / "a").stat().st_mode & 0o777 == 0o600
    assert (first["input"] / "below").stat().st_mtime_ns == 7
    assert (first["input"] / "a").stat().st_mtime_ns == (source / "a").stat().st_mtime_ns


def test_a_case_of_other_files_leaves_none_of_the_last(copies: Copies, tmp_path: Path) -> None:
    """More files, fewer files, and a file instead of a folder."""
    expected = tmp_path / "expected.json"
    expected.write_text("{}")
    cases = [_case(tmp_path / "1", "one", "extra"), _case(tmp_path / "2", "two"), expected]
    for source in cases:
        made = copies.put({"input": source, "expected": expected})
        assert sorted(path.name for path in copies.folder.iterdir()) == ["expected", "input"]
        if source.is_dir():
            assert _found(made["input"]) == _found(source)
        else:
            assert made["input"].read_text() == "{}"
        assert copies.tidy()


def _linked(folder: Path, victim: Path) -> None:
    (folder / "input" / "a").unlink()
    (folder / "input" / "a").symlink_to(victim)


def _hard_linked(folder: Path, victim: Path) -> None:
    (folder / "input" / "a").unlink()
    (folder / "input" / "a").hardlink_to(victim)


def _replaced(folder: Path, victim: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(victim.parent)


def _shut(folder: Path, _victim: Path) -> None:
    (folder / "input" / "below").chmod(0)


def _added(folder: Path, _victim: Path) -> None:
    (folder / "input" / "below" / "left").write_text("a note to the next case")


def _removed(folder: Path, _victim: Path) -> None:
    (folder / "input" / "below" / "b").unlink()


@pytest.mark.parametrize("touch", [_linked, _hard_linked, _replaced, _shut, _added, _removed])
@pytest.mark.parametrize("tidied", [True, False])
def test_what_a_case_made_of_its_copies_is_not_written_over(
    copies: Copies, tmp_path: Path, touch: Callable[[Path, Path], None], *, tidied: bool
) -> None:
    """Nothing is written through a link, and the next case finds its own files and no others."""
    victim = tmp_path / "elsewhere" / "victim"
    victim.parent.mkdir()
    victim.write_text("untouched")
    copies.put({"input": _case(tmp_path / "1", "one")})
    touch(copies.folder, victim)
    if tidied:
        assert copies.tidy()
    made = copies.put({"input": _case(tmp_path / "2", "two")})
    assert victim.read_text() == "untouched"
    assert [path.name for path in victim.parent.iterdir()] == ["victim"]
    assert not copies.folder.is_symlink()
    assert _found(made["input"]) == _found(tmp_path / "2")


def test_contents_that_a_case_changed_are_the_next_ones(copies: Copies, tmp_path: Path) -> None:
    """An answer that a case writes into its input is gone, though the file is the same."""
    made = copies.put({"input": _case(tmp_path / "1", "one")})
    (made["input"] / "a").write_text("x" * 10_000)
    (made["input"] / "a").chmod(0o777)
    assert copies.tidy()
    copies.put({"input": _case(tmp_path / "2", "two")})
    assert _found(made["input"]) == _found(tmp_path / "2")
    assert (made["input"] / "a").stat().st_mode & 0o777 == (tmp_path / "2" / "a").stat().st_mode & 0o777


def test_links_of_a_case_are_copied_as_links(copies: Copies, tmp_path: Path) -> None:
    """And such a case is copied anew each time."""
    source = _case(tmp_path / "1", "one")
    (source / "link").symlink_to("a")
    for _ in range(2):
        made = copies.put({"input": source})
        assert (made["input"] / "link").readlink() == Path("a")
        assert copies.tidy()
        assert not copies.folder.exists()


def test_a_case_that_cannot_be_read_is_an_error_and_the_next_is_whole(copies: Copies, tmp_path: Path) -> None:
    """A file that vanished, at first and in the place of one that was copied."""
    with pytest.raises(OSError, match="missing"):
        copies.put({"input": tmp_path / "missing"})
    made = copies.put({"input": _case(tmp_path / "1", "one")})
    assert _found(made["input"]) == _found(tmp_path / "1")
