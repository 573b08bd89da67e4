"""Which paths a system under test is left with."""

from __future__ import annotations

import os
from pathlib import Path

from tests.sut_builders import make_repository

from benchgov.eval.sut.confinement import sut_confinement


def reaches(root: Path, path: Path, *, deny: tuple[Path, ...] = ()) -> bool:
    """Whether the confinement of a SUT of `root` lets it read `path`."""
    confinement = sut_confinement(root, root.parent / "lane", deny=deny)
    return any(path.is_relative_to(place) for place in (*confinement.reads, *confinement.writes))


def test_the_repository_is_readable_but_for_answers_and_history(tmp_path: Path) -> None:
    """The cases of a bench, of those beside it, and cassettes are not; rubrics and other code are."""
    root = make_repository(tmp_path / "repository")
    cases = root / "bench/t-x/cases"
    other = root / "bench/t-y/cassettes"
    other.mkdir(parents=True)
    for path in (cases / "001", other / "a.yaml", root / ".git/config", root / ".benchgov/eval"):
        assert not reaches(root, path, deny=(cases,)), path
    for path in (root / "bench/t-x/sut.py", root / "bench/t-x/rubric.py", Path(os.__file__)):
        assert reaches(root, path, deny=(cases,)), path
    assert not reaches(root, tmp_path / "another-lane/case", deny=(cases,))


def test_the_history_of_a_further_working_tree_is_hidden_where_it_lies(tmp_path: Path) -> None:
    """`.git` is a file there, and names a folder in the repository that it belongs to."""
    main = make_repository(tmp_path / "main")
    (main / ".git/worktrees/second").mkdir(parents=True)
    second = make_repository(tmp_path / "main/trees/second")
    (second / ".git/config").unlink()
    (second / ".git").rmdir()
    (second / ".git").write_text(f"gitdir: {main}/.git/worktrees/second\n", encoding="utf-8")
    for root in (main, second):
        assert not reaches(root, main / ".git/config")


def test_a_repository_inside_what_is_denied_is_not_opened_again(tmp_path: Path) -> None:
    """What the caller denies wins over what a SUT needs."""
    root = make_repository(tmp_path / "repository")
    assert not reaches(root, root / "bench/t-x/sut.py", deny=(tmp_path,))
