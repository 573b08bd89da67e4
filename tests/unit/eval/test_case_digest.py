"""The digest of a case is that of a tar stream which any tar reads, in which only what Git keeps counts."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.eval_builders import copy_bench

from benchgov.eval import digests
from benchgov.eval.digests import case_digest, rubric_digest


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    (folder / "input" / "deep").mkdir(parents=True)
    (folder / "expected").mkdir()
    (folder / "input" / "a").write_bytes(b"a" * 700)
    (folder / "input" / "deep" / ("long-" * 30)).write_text("long name\n")
    (folder / "input" / "ümlaut").write_text("not ASCII\n")
    (folder / "input" / "link").symlink_to("a")
    (folder / "expected" / "empty").touch()
    (folder / "case.toml").write_text("x = 1\n")
    return folder


def test_the_stream_is_a_tar_file(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's tarfile finds the same names, kinds, modes and contents, sorted."""
    stream = io.BytesIO()

    class Kept:
        def update(self, data: bytes) -> None:
            stream.write(data)

        def hexdigest(self) -> str:
            return "0" * 64

    monkeypatch.setattr(digests, "blake3", Kept)
    (case / "input" / "a").chmod(0o700)
    case_digest(case)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        found = {member.name: member for member in archive.getmembers()}
        assert list(found) == sorted(found, key=str.encode)
        names = {path.relative_to(case).as_posix() for path in case.rglob("*") if not path.is_dir()}
        assert set(found) == names - {"case.toml"}
        assert (found["input/a"].mode, found["input/ümlaut"].mode) == (0o755, 0o644)
        assert (found["input/link"].linkname, found["input/link"].issym()) == ("a", True)
        content: Any = archive.extractfile("input/a")
        assert content.read() == b"a" * 700
        assert {member.mtime for member in found.values()} == {0}


def test_what_git_keeps_changes_the_digest_and_nothing_else(case: Path) -> None:
    """Content, name, executable bit and a link's target count; times, other modes, empty folders do not."""
    before = case_digest(case)
    os.utime(case / "input" / "a", (1, 1))
    (case / "input" / "a").chmod(0o600)
    (case / "empty-folder").mkdir()
    (case / "case.toml").write_text("y = 2\n")
    assert case_digest(case) == before
    seen = {before}
    (case / "input" / "a").chmod(0o755)
    seen.add(case_digest(case))
    (case / "input" / "a").write_bytes(b"b" * 700)
    seen.add(case_digest(case))
    (case / "input" / "link").unlink()
    (case / "input" / "link").symlink_to("deep")
    seen.add(case_digest(case))
    (case / "input" / "ümlaut").rename(case / "input" / "umlaut")
    seen.add(case_digest(case))
    (case / "input" / "case.toml").write_text("one level down it is a file as any other\n")
    seen.add(case_digest(case))
    assert len(seen) == 6


def test_contents_do_not_run_into_each_other(tmp_path: Path) -> None:
    """Moving bytes from one file to the next is another case."""
    found = set()
    for first, second in (("ab", "c"), ("a", "bc"), ("abc", "")):
        folder = tmp_path / first
        folder.mkdir()
        (folder / "1").write_text(first)
        (folder / "2").write_text(second)
        found.add(case_digest(folder))
    assert len(found) == 3


def test_the_rubric_is_all_the_code_that_scores(tmp_path: Path) -> None:
    """A space in the rubric, a helper or the taxonomy changes its digest; its tests and cases do not."""
    bench = copy_bench(tmp_path)
    before = rubric_digest(bench)
    (bench / "tests" / "test_rubric_unit.py").write_text("\n")
    (bench / "README.md").write_text("\n")
    (bench / "__pycache__").mkdir()
    (bench / "__pycache__" / "x.py").write_text("\n")
    assert rubric_digest(bench) == before
    seen = {before}
    for name in ("rubric.py", "failure_modes.yaml", "breakdown_keys.py"):
        path = bench / name
        path.write_text(path.read_text() + " \n")
        seen.add(rubric_digest(bench))
    (bench / "helper").mkdir()
    (bench / "helper" / "more.py").write_text("")
    seen.add(rubric_digest(bench))
    assert len(seen) == 5
