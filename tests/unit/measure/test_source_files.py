"""Which files count as written by an execution: real files, without a process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchgov.measure import source_files
from benchgov.measure.session import SampleError
from benchgov.measure.source_files import Folders, Watch
from benchgov.suites.source import LogPattern, SourceSpec


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """A folder to run in and an empty output folder."""
    found = Folders(tmp_path / "suite", tmp_path / "scratch" / "files")
    found.run_in.mkdir()
    found.output.mkdir(parents=True)
    return found


def watch(folders: Folders, *names: str) -> Watch:
    """A watch over these patterns of the folder."""
    started = folders.output.stat().st_mtime_ns
    return Watch([LogPattern(name, False) for name in names], folders, started)


def rewrite(path: Path, text: str) -> None:
    """Write a file as a moment later would: file systems keep time in ticks of some milliseconds."""
    path.write_text(text)
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 50_000_000))


def written(given: Watch) -> dict[str, bytes]:
    """What was written: name → content."""
    return {file.where: file.data for file in given.written()[0]}


def test_new_and_rewritten_files_are_read_and_others_are_not(folders: Folders) -> None:
    """Of a glob what is older is passed over, and a note says so."""
    for name in ("old.json", "again.json"):
        (folders.run_in / name).write_text("1")
    given = watch(folders, "*.json")
    rewrite(folders.run_in / "again.json", "2")
    (folders.run_in / "new.json").write_text("3")
    files, notes = given.written()
    assert {file.where: file.data for file in files} == {"again.json": b"2", "new.json": b"3"}
    assert notes == ["not read: 1 of the files that fit '*.json', older than the run"]


@pytest.mark.parametrize("pattern", ["old.json", "*.json", "**/old.json"])
def test_a_file_of_last_week_is_no_result(folders: Folders, pattern: str) -> None:
    """When nothing that fits was written, the execution has failed."""
    (folders.run_in / "old.json").write_text("1")
    given = watch(folders, pattern)
    with pytest.raises(SampleError, match="was there before, and this execution did not write it"):
        given.written()


def test_an_old_file_that_is_put_there_is_no_result_either(folders: Folders) -> None:
    """A copy that keeps the time of a file of last week was not measured now."""
    given = watch(folders, "new.json")
    path = folders.run_in / "new.json"
    path.write_text("1")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    with pytest.raises(SampleError, match="this execution did not write it"):
        given.written()


def test_a_file_that_was_appended_to_is_refused(folders: Folders) -> None:
    """It holds the results of the execution before, too."""
    path = folders.run_in / "log.txt"
    path.write_text("one\n")
    given = watch(folders, "log.txt")
    rewrite(path, "one\ntwo\n")
    with pytest.raises(SampleError, match=r"log\.txt: was appended to"):
        given.written()


def test_an_empty_file_that_is_filled_is_new(folders: Folders) -> None:
    """Nothing of before is in it."""
    path = folders.run_in / "log.txt"
    path.touch()
    given = watch(folders, "log.txt")
    rewrite(path, "two\n")
    assert written(given) == {"log.txt": b"two\n"}


@pytest.mark.parametrize("pattern", ["none.json", "*.json", "**/x/*.json"])
def test_a_file_that_is_not_there_is_named(folders: Folders, pattern: str) -> None:
    """With the pattern that it should have met."""
    with pytest.raises(SampleError) as caught:
        watch(folders, pattern).written()
    assert caught.value.reason == f"{pattern}: it wrote no such file"


def test_a_folder_is_all_that_is_below_it_and_need_not_be_logs(folders: Folders) -> None:
    """Hidden files and files of before are left out; links out of the folder are refused here too."""
    tree = folders.run_in / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "old.json").write_text("1")
    given = watch(folders, "tree", "tree/deep/new.json")
    for name in (".hidden", "deep/.hidden/a", "plot.svg", "deep/new.json"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(name)
    files, notes = given.written()
    assert [(file.where, file.must_be_a_log) for file in files] == [
        ("tree/deep/new.json", False),
        ("tree/plot.svg", False),
    ]
    assert notes == ["not read: 1 of the files that fit 'tree', older than the run"]
    (tree / "out").symlink_to(folders.output.parent)
    (tree / "file").symlink_to("/etc/passwd")
    with pytest.raises(SampleError, match="tree: a link leads out of the folder"):
        given.written()


def test_a_folder_that_is_a_link_out_is_refused(folders: Folders) -> None:
    """Nothing below it is even listed."""
    given = watch(folders, "tree")
    (folders.run_in / "tree").symlink_to(folders.output.parent)
    with pytest.raises(SampleError, match="tree: a link leads out of the folder"):
        given.written()


def test_the_whole_output_folder_may_be_read(folders: Folders) -> None:
    """By its own name."""
    (pattern,) = SourceSpec(command=("x",), files=("{output}",)).patterns
    given = Watch([pattern], folders, folders.output.stat().st_mtime_ns)
    with pytest.raises(SampleError, match=r"^\{output\}: it wrote no such file"):
        given.written()
    (folders.output / "a").write_text("1")
    assert written(given) == {"{output}/a": b"1"}


def test_every_pattern_must_be_met_and_every_file_is_read_once(folders: Folders) -> None:
    """Overlapping patterns name a file twice; it stays one."""
    given = watch(folders, "b.json", "*.json", "**/c.json")
    for name in ("a.json", "b.json", "deep/er/c.json"):
        (folders.run_in / name).parent.mkdir(parents=True, exist_ok=True)
        (folders.run_in / name).write_text(name)
    assert list(written(given)) == ["b.json", "a.json", "deep/er/c.json"]


def test_a_name_with_brackets_is_a_file_before_it_is_a_glob(folders: Folders) -> None:
    """`a[1].json` may be a file's own name."""
    given = watch(folders, "a[1].json")
    (folders.run_in / "a[1].json").write_text("1")
    assert written(given) == {"a[1].json": b"1"}


def test_files_of_the_output_folder_are_found_there(folders: Folders) -> None:
    """They are shown by the name that the manifest gives the folder."""
    given = Watch([LogPattern("*.json", True)], folders, folders.output.stat().st_mtime_ns)
    (folders.output / "a.json").write_text("1")
    assert written(given) == {"{output}/a.json": b"1"}


@pytest.mark.parametrize("pattern", ["x.json", "*.json"])
def test_links_that_leave_the_folder_are_refused(folders: Folders, tmp_path: Path, pattern: str) -> None:
    """Whether the manifest names the link or only fits it."""
    (tmp_path / "secret").write_text("1")
    given = watch(folders, pattern)
    (folders.run_in / "x.json").symlink_to(tmp_path / "secret")
    with pytest.raises(SampleError, match="a link leads out of the folder"):
        given.written()


def test_links_inside_the_folder_are_followed_and_loops_are_refused(folders: Folders) -> None:
    """A link is the file that it names; one that names itself is nothing."""
    given = watch(folders, "x.json")
    (folders.run_in / "real.json").write_text("1")
    (folders.run_in / "x.json").symlink_to("real.json")
    assert written(given) == {"real.json": b"1"}
    (folders.run_in / "x.json").unlink()
    (folders.run_in / "x.json").symlink_to("x.json")
    with pytest.raises(SampleError, match=r"loop of links|not a file"):
        given.written()


def test_a_link_of_before_may_lead_nowhere_yet(folders: Folders) -> None:
    """`latest.json` may name a file that the execution is going to write."""
    (folders.run_in / "latest.json").symlink_to("run-1.json")
    given = watch(folders, "latest.json")
    (folders.run_in / "run-1.json").write_text("1")
    assert written(given) == {"run-1.json": b"1"}


def test_what_the_system_does_not_tell_is_a_reason(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the source, not of benchgov."""

    def fail(*_: object) -> bool:
        raise OSError(5, "Input/output error")

    given = watch(folders, "a.json")
    monkeypatch.setattr(Path, "exists", fail)
    with pytest.raises(SampleError, match="cannot be looked for: Input/output error"):
        given.written()


def test_a_file_that_could_not_be_read_before_may_be_rewritten(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was in it does not matter then."""
    path = folders.run_in / "a.json"
    path.write_text("1" * 20)
    monkeypatch.setattr(source_files, "MAX_LOG_BYTES", 10)
    given = watch(folders, "*.json")
    rewrite(path, "2")
    (folders.run_in / "folder.json").mkdir()
    assert written(given) == {"a.json": b"2"}


def test_what_is_no_file_is_refused_before_it_is_opened(folders: Folders) -> None:
    """A pipe would be waited for; one in a folder too, and an empty folder has nothing."""
    given = watch(folders, "pipe", "folder")
    os.mkfifo(folders.run_in / "pipe")
    with pytest.raises(SampleError, match="pipe: not a file"):
        given.written()
    (folders.run_in / "pipe").unlink()
    (folders.run_in / "pipe").write_text("1")
    (folders.run_in / "folder").mkdir()
    with pytest.raises(SampleError, match="folder: it wrote no such file"):
        given.written()
    os.mkfifo(folders.run_in / "folder" / "pipe")
    with pytest.raises(SampleError, match="folder: not a file"):
        given.written()


def test_too_many_and_too_large_files_are_refused(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before all of them are read."""
    monkeypatch.setattr(source_files, "MAX_FILES", 2)
    monkeypatch.setattr(source_files, "MAX_LOG_BYTES", 10)
    given = watch(folders, "*.json")
    (folders.run_in / "a.json").write_text("1" * 11)
    with pytest.raises(SampleError, match=r"a\.json: larger than 10 bytes"):
        given.written()
    for name in ("b.json", "c.json"):
        (folders.run_in / name).write_text("1")
    with pytest.raises(SampleError, match="more than 2 files fit"):
        given.written()
