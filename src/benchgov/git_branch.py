"""A branch that is read and moved without a checkout: where it stands, here and at a remote, and moving it.

Moves are fast-forward only, and only from where the branch was when it was read.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchgov.errors import (
    BlockedError,
    InputError,
    LostRaceError,
    RemoteError,
    TamperError,
    UnreachableError,
)
from benchgov.git_objects import STAGED, git_command
from benchgov.rim import Completed, RunProcess
from benchgov.text import one_line

_SECONDS = 120.0
_REMOTE_SECONDS = 900.0
_FETCHED = "refs/benchgov/fetched"
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_NAME = re.compile(r"(?!-)[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*", re.ASCII)
# What a remote says when somebody else moved the branch, or is about to.
_RACE = re.compile(
    r"\[rejected\]|fetch first|non-fast-forward|cannot lock ref|failed to update ref|already exists"
)


class Branch(Protocol):
    """Where a log's branch stands, and how it moves on."""

    name: str

    def tip(self) -> str | None:
        """The commit to read, and to continue; None when the branch has none yet."""

    def move(self, old: str | None, new: str) -> None:
        """Make `new`, which continues `old`, the tip. Raises `LostRaceError` when `old` is not the tip."""


@dataclass(frozen=True)
class Repository:
    """A Git repository: the folder of its objects, and how to run Git there."""

    git_dir: Path
    run: RunProcess

    def ask(self, *arguments: str, seconds: float = _SECONDS) -> Completed:
        """Run Git; raises `BlockedError` when it cannot be started, or takes longer than `seconds`."""
        try:
            return self.run(git_command(self.git_dir, *arguments), self.git_dir, seconds)
        except subprocess.TimeoutExpired as error:
            raise BlockedError(f"git {arguments[0]} took longer than {seconds:g} s") from error
        except OSError as error:
            raise BlockedError(f"Git cannot be started: {error.strerror}") from error

    def commit(self, ref: str) -> str | None:
        """The commit that a full ref name stands for."""
        done = self.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return done.stdout.strip() if done.status == 0 else None

    def continues(self, new: str, old: str) -> bool:
        """Whether `old` is `new`, or one of its ancestors."""
        return new == old or self.ask("merge-base", "--is-ancestor", old, new).status == 0

    def move_ref(self, ref: str, old: str | None, new: str) -> None:
        """Set `ref` when it still is `old` (None: when there is none); raises `LostRaceError` otherwise."""
        done = self.ask("update-ref", "-m", "benchgov audit", ref, new, old or "0" * len(new))
        if done.status != 0:
            raise LostRaceError(f"{ref} was moved meanwhile: {one_line(done.stderr, 300)}")


def find_repository(run: RunProcess, folder: Path) -> Repository:
    """The repository around `folder`, or the bare one that it is.

    Raises:
        InputError: there is none.
    """
    try:
        done = run(["git", "rev-parse", "--git-common-dir"], folder, _SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BlockedError(f"Git cannot be started: {error}") from error
    if done.status != 0:
        raise InputError(
            f"not a Git repository: {one_line(done.stderr, 200)}",
            where=str(folder),
            remedy="A log on a branch needs one; run inside of it, or keep the log in a folder.",
        )
    return Repository((folder / done.stdout.rstrip("\n")).resolve(), run)


def require_branch_name(name: str) -> str:
    """`name`, when it can be that of a branch; raises `InputError`."""
    if not _NAME.fullmatch(name) or ".." in name or name.endswith((".lock", ".")):
        raise InputError(f"not the name of a branch: {name[:80]!r}")
    return name


class LocalBranch:
    """A branch of this repository; where it has none, or an older one, what `remote` was seen to have.

    Moving it moves the local branch alone.
    """

    def __init__(self, repository: Repository, name: str, remote: str = "origin") -> None:
        self.name = require_branch_name(name)
        self.repository = repository
        self.local = f"refs/heads/{name}"
        self.seen = f"refs/remotes/{remote}/{name}"

    def tip(self) -> str | None:
        """The later one of the local branch and what the remote was seen to have.

        Raises:
            TamperError: neither continues the other.
        """
        ours, theirs = self.repository.commit(self.local), self.repository.commit(self.seen)
        if ours is None or theirs is None:
            return ours or theirs
        if self.repository.continues(theirs, ours):
            return theirs
        if self.repository.continues(ours, theirs):
            return ours
        raise TamperError(
            f"two logs on one branch: {ours[:12]} here, {theirs[:12]} at the remote",
            where=self.name,
            remedy="Neither continues the other, and they are never merged: keep both as evidence, and decide"
            " which one to go on with.",
        )

    def move(self, old: str | None, new: str) -> None:
        """Set the local branch.

        Raises:
            LostRaceError: it is not what it was, or what was read is no longer its tip.
            BlockedError: it is checked out, so that its files would no longer be the branch's.
        """
        self._require_not_checked_out()
        ours = self.repository.commit(self.local)
        if old != self.tip():
            raise LostRaceError("the branch was moved meanwhile", where=self.name)
        self.repository.move_ref(self.local, ours, new)
        self.repository.ask("update-ref", "-d", STAGED, new)

    def _require_not_checked_out(self) -> None:
        listed = self.repository.ask("worktree", "list", "--porcelain")
        if f"branch {self.local}" in listed.stdout.splitlines():
            raise BlockedError(
                "the branch is checked out in a work tree, whose files would no longer be the branch's",
                where=self.name,
                remedy="Check out another branch there; the log needs no checkout.",
            )


class PushedBranch(LocalBranch):
    """A branch that is fetched before it is read, and pushed when it moves."""

    def __init__(self, repository: Repository, name: str, remote: str = "origin") -> None:
        super().__init__(repository, name, remote)
        self.remote = remote

    def tip(self) -> str | None:
        """The tip at the remote, fetched now; the local branch where that is ahead.

        Raises:
            TamperError: the remote's branch does not continue what was fetched before, or the local one.
            RemoteError: it cannot be reached.
        """
        self._fetch()
        return super().tip()

    def _fetch(self) -> None:
        theirs = self._ask_remote()
        before = self.repository.commit(self.seen)
        if theirs is None:
            if before is not None:
                raise self._rewritten(before, "the branch is gone")
            return
        if theirs == before:
            return
        # A shallow clone, as actions/checkout makes it, is not deepened for the log's sake.
        shallow = self.repository.ask("rev-parse", "--is-shallow-repository").stdout.strip() == "true"
        depth = ["--depth=1"] if shallow and before is None else []
        # An empty refmap: Git would set the remote-tracking branch by force.
        options = ["--quiet", "--no-tags", "--no-recurse-submodules", "--refmap=", *depth]
        refs = f"+{self.local}:{_FETCHED}"
        done = self._at_remote("-c", "transfer.fsckObjects=true", "fetch", *options, self.remote, refs)
        if done.status != 0:
            raise UnreachableError(f"cannot be fetched: {one_line(done.stderr, 300)}", where=self.name)
        fetched = self.repository.commit(_FETCHED)
        if fetched is None or (before and not self.repository.continues(fetched, before)):
            raise self._rewritten(
                before or "", f"{(fetched or 'no commit')[:12]}, which does not continue it"
            )
        self.repository.ask("update-ref", self.seen, fetched)

    def _rewritten(self, before: str, found: str) -> TamperError:
        return TamperError(
            f"the remote's branch was rewritten: it had {before[:12]}, and now {found}",
            where=self.name,
            remedy=f"{self.seen} still holds what was there before: keep it as evidence.",
        )

    def _ask_remote(self) -> str | None:
        done = self._at_remote("ls-remote", "--quiet", self.remote, self.local)
        if done.status != 0:
            raise UnreachableError(
                f"the remote cannot be asked: {one_line(done.stderr, 300)}", where=self.remote
            )
        oid = done.stdout.split("\t")[0]
        return oid if _OID.fullmatch(oid) else None

    def _at_remote(self, *arguments: str) -> Completed:
        return self.repository.ask(*arguments, seconds=_REMOTE_SECONDS)

    def move(self, old: str | None, new: str) -> None:
        """Push `new`, and set the local branch when the remote has taken it.

        Raises:
            LostRaceError: the remote's branch is no longer what was read.
            RemoteError: the remote refuses for another reason.
        """
        self._require_not_checked_out()
        options = ["--porcelain", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"]
        done = self._at_remote("push", *options, self.remote, f"{new}:{self.local}")
        if done.status != 0:
            raise self._refusal(old, done)
        self.repository.ask("update-ref", self.seen, new)
        self.repository.ask("update-ref", self.local, new)
        self.repository.ask("update-ref", "-d", STAGED, new)

    def _refusal(self, old: str | None, done: Completed) -> Exception:
        said = f"{done.stdout}\n{done.stderr}"
        if _RACE.search(said) or self._ask_remote() != old:
            return LostRaceError(
                f"the remote's branch was moved meanwhile: {one_line(said, 300)}", where=self.name
            )
        return RemoteError(f"the remote refuses the commit: {one_line(said, 300)}", where=self.name)
