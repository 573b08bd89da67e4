"""A branch of a Git repository as store of the audit log: read and written without a checkout.

Writes are staged while the log is locked, and become one commit when the lock is given back: all of them, or
none. What is read is what the branch had when the lock was taken, or when the hosts were last listed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from benchgov.audit.files import MAX_RECORD_BYTES, FileKind, NotARecordError
from benchgov.errors import InputError, OutputError, TamperError
from benchgov.git_branch import Branch, PushedBranch, Repository
from benchgov.git_objects import MAX_TREE_BYTES, Entry, ObjectReader, TooLargeError, parse_tree, write_commit
from benchgov.rim import Clock

ATTRIBUTES = ".gitattributes"
_AS_IT_IS = b"* -text\n"
_PATH = re.compile(r"[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*", re.ASCII)
_FOLDER = Entry("folder", "")
_LARGEST = 256 * MAX_RECORD_BYTES + (1 << 20)  # a full bundle, with room for what frames the records
_Tree = dict[str, Entry]


class GitFiles:
    """The files of a log in the tree of a branch's tip."""

    def __init__(self, git_dir: Path, branch: Branch, now: Clock) -> None:
        self.git_dir, self.branch = git_dir, branch
        self.home = git_dir / "benchgov" / branch.name
        self.message = ""
        self._now = now
        self._tip: str | None = None
        self._looked = False
        self._depth = 0
        self._objects = ObjectReader(git_dir)
        self._trees: dict[str, _Tree] = {}
        self._latest = ("", b"")
        self._staged: dict[str, bytes | None] = {}
        self._folders: set[str] = set()
        self._hints: dict[str, bytearray] = {}

    def pushing(self, repository: Repository, remote: str) -> GitFiles:
        """The same log, fetched from `remote` before it is read, and pushed there when it is written."""
        return GitFiles(self.git_dir, PushedBranch(repository, self.branch.name, remote), self._now)

    def __reduce__(self) -> tuple[object, ...]:
        """In another process: the same commit, to be read only."""
        return _reopened, (self.git_dir, self.branch.name, self.commit)

    @property
    def commit(self) -> str | None:
        """The commit that is read; None for a branch without one."""
        if not self._looked:
            self._look()
        return self._tip

    def _look(self) -> None:
        tip = self.branch.tip()
        self._looked = True
        if tip != self._tip:
            self._tip = tip
            self._trees.clear()
            self._hints.clear()

    def where(self, path: str = "") -> str:
        """`branch:path`, by which Git shows the file."""
        return f"{self.branch.name}:{path}" if path else f"git:{self.branch.name}"

    def present(self) -> bool:
        """Whether the branch has a commit."""
        return self.commit is not None

    def read(self, path: str, limit: int = MAX_RECORD_BYTES) -> bytes:
        """The content of a file; raises as `LogFiles.read`."""
        kept = self._kept(path)
        if kept is not None:
            if len(kept) > limit:
                raise NotARecordError(f"more than {limit:,} bytes")
            return kept
        return self._blob(self._file(path), limit)

    def read_part(self, path: str, offset: int, length: int) -> bytes:
        """At most `length` bytes of a file from `offset` on; raises as `read`."""
        kept = self._kept(path)
        if kept is None:
            oid = self._file(path)
            if self._latest[0] != oid:  # Git gives objects whole, and parts are asked for in turn
                self._latest = oid, self._blob(oid, _LARGEST)
            kept = self._latest[1]
        return kept[offset : offset + length]

    def _kept(self, path: str) -> bytes | None:
        """What was noted or staged at `path`."""
        if path in self._hints:
            return bytes(self._hints[path])
        return self._staged.get(path)

    def _file(self, path: str) -> str:
        """The object of the file that the tip has at `path`."""
        entry = self._entry(path)
        if entry is None:
            raise NotARecordError("no such file")
        if entry.kind != "file":
            folder = entry.kind == "folder"
            raise NotARecordError(
                "a folder or a special file" if folder else "a symbolic link or a submodule"
            )
        return entry.oid

    def _blob(self, oid: str, limit: int) -> bytes:
        try:
            return self._objects.read(oid, "blob", limit)
        except TooLargeError as error:
            raise NotARecordError(str(error)) from error

    def kind(self, path: str) -> FileKind | None:
        """What lies at `path`."""
        if self._kept(path) is not None:
            return "file"
        entry = self._entry(path)
        return entry.kind if entry else None

    def entries(self, folder: str) -> Iterator[tuple[str, FileKind]]:
        """The names in a folder; raises `InputError` when it is no folder."""
        if folder == "hosts":
            self._look_again()
        entry = self._entry(folder)
        if entry is not None and entry.kind != "folder":
            raise InputError("cannot be read: not a folder", where=self.where(folder))
        found: dict[str, FileKind] = {
            name: one.kind
            for name, one in self._tree(folder).items()
            if self._staged.get(f"{folder}/{name}", b"") is not None
        }
        yield from (found | self._staged_in(folder)).items()

    def _look_again(self) -> None:
        if not self._depth:
            self._look()
        links = sorted(name for name, entry in self._tree("").items() if entry.kind == "other")
        if links:
            raise InputError(f"{links[0]!r} is a symbolic link or a submodule", where=self.where())

    def _staged_in(self, folder: str) -> dict[str, FileKind]:
        """Names that were staged below a folder."""
        found: dict[str, FileKind] = {}
        for path, data in self._staged.items():
            if data is not None and path.startswith(f"{folder}/"):
                name, slash, _ = path[len(folder) + 1 :].partition("/")
                found[name] = "folder" if slash else "file"
        return found

    def _entry(self, path: str) -> Entry | None:
        """What the tip has at `path`, without what was removed since."""
        if path in self._staged and self._staged[path] is None:
            return None
        folder, _, name = path.rpartition("/")
        found = self._tree(folder).get(name)
        return _FOLDER if found is None and path in self._folders else found

    def _tree(self, folder: str) -> _Tree:
        """The entries of a folder; none where there is no such folder."""
        if folder in self._trees or self.commit is None:
            return self._trees.get(folder, {})
        if folder == "":
            oid = f"{self.commit}^{{tree}}"
        else:
            above, _, name = folder.rpartition("/")
            entry = self._tree(above).get(name)
            if entry is None or entry.kind != "folder":
                return {}
            oid = entry.oid
        self._trees[folder] = self._parsed(folder, oid)
        return self._trees[folder]

    def _parsed(self, folder: str, oid: str) -> _Tree:
        where = self.where(folder)
        try:
            data = self._objects.read(oid, "tree", MAX_TREE_BYTES)
        except TooLargeError as error:
            raise InputError(f"a folder of {error}", where=where) from error
        return parse_tree(data, len(self.commit or "") // 2, where)

    def create(self, path: str, data: bytes) -> bool:
        """Put `data` at `path`, if nothing is there; raises `OutputError`."""
        with self.locked():
            if self.kind(path) is not None:
                return False
            self._stage(path, data)
            return True

    def replace(self, path: str, data: bytes) -> None:
        """Put `data` at `path`, whatever is there; raises `OutputError`."""
        with self.locked():
            self._stage(path, data)

    def remove(self, path: str) -> None:
        """Take the file at `path` away; raises `OutputError`."""
        with self.locked():
            if self.kind(path) is not None:
                self._stage(path, None)

    def note(self, path: str, data: bytes, *, anew: bool = False) -> None:
        """Keep a hint in memory: a branch would have to carry every version of it for ever."""
        if anew:
            self._hints[path] = bytearray()
        self._hints.setdefault(path, bytearray()).extend(data)

    def _stage(self, path: str, data: bytes | None) -> None:
        if not _PATH.fullmatch(path):
            raise OutputError("not a path of the log", where=self.where(path))
        self._staged[path] = data
        if data is not None:
            self._folders.update(str(one) for one in PurePosixPath(path).parents)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the log among the processes of this machine; what was written is committed at the end.

        An error discards it, but for heads that contradict each other, which are evidence.

        Raises:
            LostRaceError: somebody else moved the branch meanwhile.
            OutputError: it cannot be written.
        """
        if self._depth:
            yield
            return
        with self._queued():
            self._look()
            self._depth += 1
            try:
                yield
                self._land(dict(self._staged))
            except TamperError:
                self._land({path: data for path, data in self._staged.items() if "/forks/" in path})
                raise
            except BaseException:
                self._hints.clear()
                raise
            finally:
                self._depth -= 1
                self._staged.clear()
                self._folders.clear()

    @contextlib.contextmanager
    def _queued(self) -> Iterator[None]:
        path = self.home / ".lock"
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _land(self, changes: dict[str, bytes | None]) -> None:
        if not changes:
            return
        if self.kind(ATTRIBUTES) is None:
            changes[ATTRIBUTES] = _AS_IT_IS
        message = self.message or f"audit: {len(changes)} files"
        new = write_commit(self.git_dir, changes, parent=self._tip, message=message, when=self._now())
        self.branch.move(self._tip, new)
        self._tip = new
        self._trees.clear()

    def close(self) -> None:
        """End the process that reads."""
        self._objects.close()


class _Commit:
    """A commit in place of a branch: it stays where it is."""

    def __init__(self, name: str, commit: str | None) -> None:
        self.name, self._commit = name, commit

    def tip(self) -> str | None:
        return self._commit

    def move(self, old: str | None, new: str) -> None:
        raise OutputError(f"{old} can only be read here: not moved to {new}", where=self.name)


def _reopened(git_dir: Path, name: str, commit: str | None) -> GitFiles:
    return GitFiles(git_dir, _Commit(name, commit), _no_clock)


def _no_clock() -> datetime:
    raise AssertionError("nothing is written here")
