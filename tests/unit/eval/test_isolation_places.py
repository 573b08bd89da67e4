"""What a rubric may read, where its case lies, and which level is chosen."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from benchgov.errors import IsolationUnavailableError
from benchgov.eval.isolation import bubblewrap, case_folder, levels, limits, places
from benchgov.eval.isolation.bench_finder import BenchFinder
from benchgov.eval.isolation.case_folder import MAX_DEPTH, CaseFolder
from benchgov.eval.isolation.confine import Confinement, everything_but
from benchgov.eval.isolation.copies import wipe
from benchgov.eval.isolation.limits import MIB, Limits


def _file(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_bench_is_read_without_its_cases_and_links(tmp_path: Path) -> None:
    """A link could lead anywhere, and the cases hold the answers of all others."""
    for name in ("rubric.py", "helpers/versions.py", "cases/one/expected/a", "cassettes/one.yaml"):
        _file(tmp_path / name)
    (tmp_path / "link").symlink_to("/")
    assert places.of_bench(tmp_path) == (tmp_path / "helpers", tmp_path / "rubric.py")


def test_a_folder_that_reaches_the_bench_is_on_no_path(tmp_path: Path) -> None:
    """The repository's root on `sys.path` would open every case in it."""
    bench = tmp_path / "bench" / "one"
    (tmp_path / "src").mkdir()
    entries = (str(tmp_path), str(tmp_path / "src"), str(tmp_path / "bench"), "/")
    assert places.importable(entries, bench) == (str(tmp_path / "src"),)


def test_of_nested_folders_the_outermost_is_enough() -> None:
    """The order does not matter, and names that only begin alike are not nested."""
    paths = [Path(text) for text in ("/a/b/c", "/a/b", "/a/bc", "/d", "/a/b")]
    assert places.outermost(paths) == (Path("/d"), Path("/a/b"), Path("/a/bc"))


def test_python_s_own_libraries_are_among_the_places() -> None:
    """Where `os` lies can be read; the root and the home folder cannot."""
    found = places.interpreter(())
    assert any(Path(os.__file__).is_relative_to(path) for path in found)
    assert not {Path("/"), Path.home(), Path("/etc"), Path("/proc")} & set(found)


def test_everything_but_some_folders(tmp_path: Path) -> None:
    """Siblings of each folder above are allowed, and nothing at or below a denied one."""
    for name in (
        "repo/bench/one/sut.py",
        "repo/bench/one/cases/a",
        "repo/.git/config",
        "repo/README",
        "other/x",
    ):
        _file(tmp_path / name)
    (tmp_path / "repo" / "way-in").symlink_to("bench/one/cases")
    denied = [tmp_path / "repo/bench/one/cases", tmp_path / "repo/.git", tmp_path / "repo/.git/objects"]
    allowed = everything_but(denied)
    for name, reached in {
        "repo/bench/one/sut.py": True,
        "repo/README": True,
        "other/x": True,
        "repo/bench/one/cases/a": False,
        "repo/.git/config": False,
        "repo/way-in": False,
    }.items():
        assert any((tmp_path / name).is_relative_to(path) for path in allowed) == reached, name
    assert Path("/usr") in allowed


def test_confinement_and_limits_pass_through_json() -> None:
    """The process that they are for reads what was meant."""
    confinement = Confinement((Path("/a"),), (Path("/b"),), (Path("/c"),), network=True, guarded=(7,))
    assert Confinement.from_json(confinement.to_json()) == confinement
    some = Limits(cpu_seconds=None, processes=9)
    assert Limits.from_json(some.to_json()) == some


def test_bubblewrap_binds_what_is_given_and_nothing_else() -> None:
    """Every namespace is new; there is no `/proc`, and no end with the thread that started it."""
    command = bubblewrap.wrapper([Path("/lib")], [Path("/work")])
    assert "--unshare-all" in command
    bound = [command[at + 1] for at, word in enumerate(command) if word in {"--bind", "--ro-bind"}]
    assert bound == ["/lib", "/work"]
    assert not {"--proc", "--die-with-parent", "--share-net"} & set(command)


def test_files_of_a_case_come_and_go(tmp_path: Path) -> None:
    """What a case makes is gone after it, and its copies with the next; the folders stay the same."""
    source, answer = _file(tmp_path / "input" / "a"), _file(tmp_path / "expected.json")
    folder = CaseFolder(tmp_path / "case")
    folder.make()
    places_before = [path.stat().st_ino for path in (folder.given, folder.work)]
    with folder.holding(input=source.parent, expected=answer) as copies:
        assert (copies["input"] / "a").read_text() == copies["expected"].read_text() == "x"
        assert copies["input"] != source.parent
        _file(folder.work / "made")
        _file(folder.given / "made")
    assert [path.name for path in folder.given.iterdir()] == ["case"]
    assert not list(folder.work.iterdir())
    with folder.holding(expected=answer) as copies:
        assert [path.name for path in copies["expected"].parent.iterdir()] == ["expected"]
    assert [path.stat().st_ino for path in (folder.given, folder.work)] == places_before
    assert source.read_text() == "x"


def test_folders_that_were_replaced_are_made_again(tmp_path: Path) -> None:
    """A link in the place of a folder is not followed, and nothing is removed behind it."""
    victim = _file(tmp_path / "victim" / "file")
    folder = CaseFolder(tmp_path / "case")
    folder.make()
    folder.work.rmdir()
    folder.work.symlink_to(victim.parent)
    folder.empty()
    assert victim.read_text() == "x"
    assert folder.work.is_dir()
    assert not folder.work.is_symlink()


def test_too_much_in_a_folder_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Size, number and depth are bounded; what is not too much is no problem."""
    monkeypatch.setattr(case_folder, "MAX_ENTRIES", 100)
    folder = CaseFolder(tmp_path / "case")
    folder.make()
    assert folder.problem(Limits()) is None
    _file(folder.work / "large", "x" * 2 * MIB)
    assert "bytes" in (folder.problem(Limits(disk_bytes=MIB)) or "")
    assert folder.problem(Limits()) is None
    _file(folder.work.joinpath(*"d" * (MAX_DEPTH + 1), "file"))
    assert "deep" in (folder.problem(Limits()) or "")
    folder.empty()
    for number in range(101):
        (folder.work / str(number)).touch()
    assert "files" in (folder.problem(Limits()) or "")


def test_what_is_not_there_is_wiped_already(tmp_path: Path) -> None:
    """Wiping is about what is left afterwards: nothing."""
    wipe(tmp_path / "missing")
    wipe(_file(tmp_path / "file"))
    wipe(_file(tmp_path / "folder" / "file").parent)
    assert not list(tmp_path.iterdir())


@pytest.mark.effects
def test_what_python_cannot_remove_is_removed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be entered, and what is nested too deeply for it."""
    closed = _file(tmp_path / "folder" / "closed" / "file").parent
    closed.chmod(0)

    def fail(path: Path) -> None:
        raise RecursionError

    monkeypatch.setattr("shutil.rmtree", fail)
    wipe(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_a_limit_that_is_refused_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux it is an error; macOS has kinds that it only knows by name."""

    def refuse(kind: int, wanted: tuple[int, int]) -> None:
        raise ValueError("refused")

    monkeypatch.setattr("resource.setrlimit", refuse)
    monkeypatch.setattr(limits, "LINUX", False)
    Limits().apply()
    monkeypatch.setattr(limits, "LINUX", True)
    with pytest.raises(ValueError, match="refused"):
        Limits().apply()


def test_a_bench_s_modules_are_found_without_listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the plain name, hyphens and folders of any name included; all else is somebody else's to find."""
    bench = tmp_path / "tasks" / "my-class"
    _file(bench / "registration.py", "from .helpers.versions import ORDER\n")
    _file(bench / "helpers" / "versions.py", "ORDER = 'semver'\n")
    _file(bench / "package" / "__init__.py", "HERE = True\n")
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for name in [name for name in sys.modules if name.split(".")[0] == "bench"]:
        monkeypatch.delitem(sys.modules, name)
    known = set(sys.modules)
    BenchFinder(bench).install()
    try:
        assert importlib.import_module("bench.my-class.registration").ORDER == "semver"
        assert importlib.import_module("bench.my-class.package").HERE
        for missing in ("bench.my-class.nothing", "bench.other"):
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(missing)
    finally:
        for name in set(sys.modules) - known:
            del sys.modules[name]


@pytest.mark.parametrize(
    ("works", "wanted", "minimum", "chosen"),
    [
        ("subprocess landlock bubblewrap", "auto", None, "landlock"),
        ("subprocess landlock bubblewrap", "auto", "bubblewrap", "bubblewrap"),
        ("subprocess bubblewrap", "auto", None, "bubblewrap"),
        ("subprocess", "auto", None, "subprocess"),
        ("subprocess landlock", "subprocess", None, "subprocess"),
        ("subprocess", "auto", "landlock", None),
        ("subprocess landlock", "subprocess", "landlock", None),
        ("subprocess landlock", "bubblewrap", None, None),
        ("subprocess landlock", "microvm", None, None),
        ("", "auto", None, None),
    ],
)
def test_a_level_is_chosen_or_refused(
    works: str, wanted: str, minimum: str | None, chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for and does not work here, or is too weak, fails; nothing weaker takes its place."""
    monkeypatch.setattr(levels, "works", lambda level: level in works.split())
    if chosen is not None:
        assert levels.choose(wanted, minimum) == chosen  # type: ignore[arg-type]
        return
    with pytest.raises(IsolationUnavailableError, match="isolation"):
        levels.choose(wanted, minimum)  # type: ignore[arg-type]


def test_levels_come_from_the_weakest_to_the_strongest(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the wire types."""
    monkeypatch.setattr(levels, "works", lambda level: level in {"bubblewrap", "subprocess"})
    assert levels.available() == ("subprocess", "bubblewrap")
    assert not levels.confines("subprocess")
    assert not levels.confines("bubblewrap")
