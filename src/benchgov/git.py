"""What benchgov asks of the user's Git repository: its root, its revision, and files of another revision."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchgov.errors import BlockedError, OutputError
from benchgov.files import inside
from benchgov.rim import Completed, RunProcess
from benchgov.text import one_line

_TIMEOUT_SECONDS = 120.0
_CHECKOUT_SECONDS = 600.0
_REFUSED = "safe.directory"
"""What Git's advice on dubious ownership names in every language."""


def in_workspace(run: RunProcess, environ: Mapping[str, str]) -> RunProcess:
    """`run`, with which Git reads the job's own checkout although it belongs to another user.

    The runner's user checks out, and a container job is mostly root: there Git refuses the work tree as of
    "dubious ownership". A Git directory that is named on the command line is not refused; `-c safe.directory`
    would need Git 2.38. Only for work trees inside `GITHUB_WORKSPACE`; nobody's Git settings are changed.
    """
    named = environ.get("GITHUB_WORKSPACE")
    if not named:
        return run
    workspace = Path(named).resolve()

    def run_in_workspace(command: Sequence[str], folder: Path, timeout: float) -> Completed:
        top = _top(folder.resolve(), workspace) if command[0] == "git" else None
        if top is not None:
            # Without optional locks `git status` writes no index, which would be root's from then on.
            place = [f"--git-dir={top / '.git'}", f"--work-tree={top}", "--no-optional-locks"]
            command = ["git", *place, *command[1:]]
        return run(command, folder, timeout)

    return run_in_workspace


def _top(folder: Path, workspace: Path) -> Path | None:
    """The innermost folder with a `.git` (a file in a linked work tree), from `folder` up to `workspace`."""
    for place in (folder, *folder.parents):
        if not place.is_relative_to(workspace):
            return None
        if (place / ".git").exists():
            return place
    return None


def repository_root(run: RunProcess, folder: Path) -> Path:
    """The top of the work tree around `folder`, or `folder` itself outside of Git.

    Raises:
        BlockedError: Git refuses the work tree, as another user owns it.
    """
    top = _ask(run, folder, "rev-parse", "--show-toplevel")
    return Path(top) if top else folder


def revision(run: RunProcess, folder: Path) -> tuple[str | None, bool | None]:
    """(commit id, whether tracked files differ from it); (None, None) outside of Git."""
    commit = _ask(run, folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None, None
    changes = _ask(run, folder, "status", "--porcelain", "--untracked-files=no")
    return commit, bool(changes)


def _ask(run: RunProcess, folder: Path, *arguments: str) -> str | None:
    try:
        done = run(["git", *arguments], folder, _TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.status != 0 and _REFUSED in done.stderr:
        raise BlockedError(
            "Git refuses this repository, as another user owns it",
            where=str(folder),
            remedy="Run as its owner, or allow it: git config --global --add safe.directory <its top folder>",
        )
    return done.stdout.strip() if done.status == 0 else None


def export(run: RunProcess, root: Path, ref: str, paths: list[str], target: Path) -> None:
    """Write the files that `ref` has under `paths` below `target`; links and other kinds are left out.

    A path that the revision does not have is left out too. When the revision is not in a shallow
    clone, it is fetched once from `origin`.

    Raises:
        BlockedError: there is no such revision, or Git cannot read it.
    """
    commit = commit_of(run, root, ref)
    listed = _ask(run, root, "ls-tree", "-r", "--name-only", "-z", commit, "--", *paths)
    if not listed:
        return
    archive = target / ".export.tar"
    done = run(
        ["git", "archive", "--format=tar", f"--output={archive}", commit, "--", *_present(listed, paths)],
        root,
        _TIMEOUT_SECONDS,
    )
    if done.status != 0:
        raise BlockedError(f"git archive failed: {done.stderr.strip()}", where=ref)
    try:
        _extract(archive, target)
    finally:
        archive.unlink(missing_ok=True)


def blobs(run: RunProcess, root: Path, ref: str, folder: str) -> dict[str, str]:
    """Path → Git object id of every file that `ref` has below `folder`, both relative to `root`.

    Raises:
        BlockedError: there is no such revision, or Git cannot read it.
    """
    commit = commit_of(run, root, ref)
    listed = _ask(run, root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", folder)
    if listed is None:
        raise BlockedError("git ls-tree failed", where=ref)
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    return {path: fields.split()[2] for fields, _, path in entries}


def changed_since(run: RunProcess, reference: Path, folder: Path) -> tuple[str, ...]:
    """The files below `folder` that differ from the commit that last touched the file `reference`.

    Each is `<M, A, D or T> <path below folder>`, new files that nobody added included. Nothing is returned
    where Git cannot tell: there is no repository, or `reference` was never committed.
    """
    if not folder.is_dir():
        return ()
    commit = _ask(run, reference.parent, "log", "-1", "--format=%H", "--", reference.name)
    if not commit:
        return ()
    changed = _ask(
        run, folder, "diff", "--name-status", "--no-renames", "--relative", "-z", commit, "--", "."
    )
    fields = (changed or "").split("\0")
    found = {path: letter for letter, path in zip(fields[::2], fields[1::2], strict=False) if path}
    new = _ask(run, folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    found |= {path: "A" for path in (new or "").split("\0") if path}
    return tuple(f"{letter} {path}" for path, letter in sorted(found.items()))


def commit_of(run: RunProcess, root: Path, ref: str) -> str:
    """The commit that `ref` names; fetched once from `origin` when a shallow clone lacks it.

    Raises:
        BlockedError: there is no such revision.
    """
    if ref.startswith("-"):
        raise BlockedError("not a revision", where=ref)
    commit = _ask(run, root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if commit is None:
        _ask(run, root, "fetch", "--no-tags", "--depth=1", "origin", ref)
        commit = _ask(run, root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if commit is None:
        raise BlockedError(
            "this revision is not in the clone, and could not be fetched",
            where=ref,
            remedy="Check out with `fetch-depth: 0`, or fetch the revision first.",
        )
    return commit


@contextmanager
def checkout(run: RunProcess, root: Path, commit: str) -> Iterator[Path]:
    """A work tree of `commit` in a temporary folder outside of `root`; removed when the block ends.

    It belongs to the repository at `root`, so that tools which ask Git for a version get one. No hook runs,
    and submodules stay empty.

    Raises:
        BlockedError: Git cannot make it.
        OutputError: the folder for temporary files cannot be written.
    """
    try:
        home = tempfile.TemporaryDirectory(prefix="benchgov-", ignore_cleanup_errors=True)
    except OSError as error:
        raise OutputError(
            f"the folder for temporary files cannot be written: {error.strerror}", where=tempfile.gettempdir()
        ) from error
    with home as folder:
        tree = Path(folder).resolve() / (root.name or "tree")
        quiet = ["git", "-c", f"core.hooksPath={os.devnull}", "worktree"]
        try:
            done = _tried(run, [*quiet, "add", "--detach", str(tree), commit], root)
            if done.status != 0:
                raise BlockedError(
                    f"this revision cannot be checked out: {one_line(done.stderr, 500)}", where=commit
                )
            yield tree
        finally:
            _tried(run, [*quiet, "remove", "--force", str(tree)], root)


def _tried(run: RunProcess, command: Sequence[str], root: Path) -> Completed:
    try:
        return run(command, root, _CHECKOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return Completed(-1, "", f"it took longer than {_CHECKOUT_SECONDS:g} s")
    except OSError as error:
        return Completed(-1, "", f"Git cannot be started: {error.strerror}")


def _present(listed: str, paths: list[str]) -> list[str]:
    names = [name for name in listed.split("\0") if name]
    return [
        path
        for path in paths
        if any(name == path or name.startswith(path.rstrip("/") + "/") for name in names)
    ]


def _extract(archive: Path, target: Path) -> None:
    with tarfile.open(archive, "r:") as tar:
        for member in tar:
            if not member.isfile():
                continue
            path = inside(target, member.name)
            stream = tar.extractfile(member)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((stream or io.BytesIO()).read())


def origin_branch(run: RunProcess, root: Path, branch: str) -> str:
    """The commit of `branch` as `origin` has it; fetched once when this clone does not know it.

    Raises:
        BlockedError: it cannot be had.
    """
    ref = f"refs/remotes/origin/{branch}"
    commit = _ask(run, root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if commit is None:
        _ask(run, root, "fetch", "--no-tags", "--depth=1", "origin", f"+refs/heads/{branch}:{ref}")
    return commit or commit_of(run, root, ref)


def user_name(run: RunProcess, folder: Path) -> str | None:
    """What Git calls the person at this machine (`user.name`); None when it is not set."""
    return _ask(run, folder, "config", "user.name") or None
