"""Which log a setting or option means: a folder, or `git:` and a branch."""

from __future__ import annotations

from pathlib import Path

from benchgov.audit.files import LogFiles
from benchgov.audit.folder import FolderFiles
from benchgov.audit.git_files import GitFiles
from benchgov.git_branch import LocalBranch, find_repository
from benchgov.rim import Clock, RunProcess

GIT = "git:"
"""What a log on a branch of the repository begins with, as in `git:benchgov-audit`."""


def open_log(spec: str, folder: Path, run: RunProcess, now: Clock) -> LogFiles:
    """The log that `spec` names: of the repository around `folder`, or at a path that is relative to it.

    Raises:
        InputError: there is no repository, or the branch's name can be none.
    """
    if spec.startswith(GIT):
        return open_branch(spec.removeprefix(GIT), folder, run, now)
    return FolderFiles(folder / spec)


def open_branch(name: str, folder: Path, run: RunProcess, now: Clock) -> GitFiles:
    """The log on the branch `name` of the repository around `folder`; raises `InputError` without one."""
    repository = find_repository(run, folder)
    return GitFiles(repository.git_dir, LocalBranch(repository, name), now)
