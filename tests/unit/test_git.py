"""Git in a checkout of another user, as container jobs have it: the job's own is read, no other is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchgov.cli.common import open_project
from benchgov.errors import BlockedError
from benchgov.git import blobs, export, in_workspace, repository_root, revision
from benchgov.rim import Completed, RunProcess, run_process

pytestmark = pytest.mark.effects


@pytest.fixture
def foreign(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one committed file that another user owns, below a folder without one.

    Only root can give files away; for others Git's own switch for tests makes it see another owner.
    """
    (git_repo / "bench").mkdir()
    (git_repo / "bench" / "suite.yaml").write_text("version: 1\n")
    for command in (["add", "--all"], ["commit", "--quiet", "-m", "suite"]):
        subprocess.run(["git", *command], cwd=git_repo, check=True, capture_output=True)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    if os.geteuid() == 0:
        for path in (git_repo, *git_repo.rglob("*")):
            os.chown(path, 1001, 1001, follow_symlinks=False)
        monkeypatch.delenv("SUDO_UID", raising=False)
    else:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    done = subprocess.run(["git", "status"], cwd=git_repo, capture_output=True, text=True, check=False)
    assert "safe.directory" in done.stderr, "Git does not mind: the test would show nothing"
    return git_repo


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Owner and content of every file, the repository's own ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_uid, path.read_bytes()) for path in files}


def runs_in(workspace: Path) -> RunProcess:
    """How a job with this workspace runs processes."""
    return in_workspace(run_process, {"GITHUB_WORKSPACE": str(workspace)})


def test_the_workspace_of_another_user_is_read(foreign: Path, tmp_path: Path) -> None:
    """Root, revision, changes, file list and files of a revision, from the top and from below."""
    run = runs_in(foreign)

    assert repository_root(run, foreign / "bench") == foreign
    commit, changed = revision(run, foreign / "bench")
    assert commit is not None
    assert (len(commit), changed) == (40, False)
    assert list(blobs(run, foreign, "main", "bench")) == ["bench/suite.yaml"]
    copy = tmp_path / "copy"
    copy.mkdir()
    export(run, foreign, "main", ["bench"], copy)
    assert (copy / "bench" / "suite.yaml").read_text() == "version: 1\n"
    (foreign / "bench" / "suite.yaml").write_text("version: 2\n")
    assert revision(run, foreign) == (commit, True)


def test_a_checkout_below_the_workspace_counts(foreign: Path) -> None:
    """`actions/checkout` with `path:` makes the repository a subfolder; links on the way don't matter."""
    link = foreign.parent / "link"
    link.symlink_to(foreign.parent, target_is_directory=True)

    assert revision(runs_in(foreign.parent), foreign)[0] is not None
    assert revision(runs_in(link), link / foreign.name)[0] is not None


def test_a_linked_work_tree_counts(foreign: Path) -> None:
    """Its `.git` is a file that names the Git directory."""
    tree = foreign.parent / "linked"
    add = [
        "git",
        f"--git-dir={foreign / '.git'}",
        "worktree",
        "add",
        "--quiet",
        "--detach",
        str(tree),
        "main",
    ]
    subprocess.run(add, check=True, capture_output=True)

    assert repository_root(runs_in(tree), tree) == tree
    assert revision(runs_in(tree), tree) == revision(runs_in(foreign), foreign)


@pytest.mark.parametrize("workspace", [None, "", "elsewhere", "repository/bench"])
def test_any_other_repository_of_another_user_is_refused(foreign: Path, workspace: str | None) -> None:
    """Outside of a job, and above or beside its workspace, Git's protection stands, with one clear line."""
    environ = {} if workspace is None else {"GITHUB_WORKSPACE": workspace and str(foreign.parent / workspace)}
    run = in_workspace(run_process, environ)

    for ask in (repository_root, revision):
        with pytest.raises(BlockedError, match="another user owns it") as refused:
            ask(run, foreign / "bench")
        assert "safe.directory" in refused.value.remedy


def test_a_project_in_the_workspace_opens(foreign: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and actions find the repository's root from a subfolder, and change no file and no owner."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(foreign))
    monkeypatch.chdir(foreign / "bench")
    before = contents(foreign)

    project = open_project()

    assert project.root == foreign
    assert revision(project.rim.run, project.root)[0] is not None
    assert contents(foreign) == before


def test_only_git_in_the_workspace_is_told() -> None:
    """Other programs, and Git elsewhere, get the command as it is."""
    seen: list[Sequence[str]] = []

    def record(command: Sequence[str], folder: Path, timeout: float) -> Completed:
        seen.append(command)
        return Completed(0, "", "")

    run = in_workspace(record, {"GITHUB_WORKSPACE": "/nonexistent/workspace"})
    run(["python3", "--version"], Path("/nonexistent/workspace"), 1.0)
    run(["git", "--version"], Path("/nonexistent/workspace"), 1.0)
    run(["git", "--version"], Path("/nonexistent"), 1.0)

    assert seen == [["python3", "--version"], ["git", "--version"], ["git", "--version"]]
