"""Read and write Git's objects without a work tree, an index or a checkout.

Reading goes through one `git cat-file --batch` process; writing is one `git fast-import`, which moves no
branch. Nothing that is read here is believed: names, modes and sizes may be anybody's.
"""

from __future__ import annotations

import contextlib
import subprocess
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from benchgov.errors import InputError, OutputError
from benchgov.text import one_line

MAX_TREE_BYTES = 64 * 1024 * 1024
"""Largest folder that is read, in bytes of its tree object; about a million entries."""

STAGED = "refs/benchgov/staged"
"""Holds a commit that is written and on no branch yet, so that Git does not clean it away."""

_IDENTITY = "benchgov <audit@benchgov.invalid>"
_WRITE_SECONDS = 600.0
_CHUNK = 1 << 16
_KINDS: dict[bytes, Kind] = {b"40000": "folder", b"100644": "file", b"100755": "file"}

Kind = Literal["file", "folder", "other"]


class TooLargeError(Exception):
    """An object has more bytes than its reader takes."""


@dataclass(frozen=True)
class Entry:
    """What a name in a tree stands for; `other` is a symbolic link or a submodule."""

    kind: Kind
    oid: str


def git_command(git_dir: Path, *arguments: str) -> list[str]:
    """The command line of Git for a repository that is named, so that it is neither searched nor doubted.

    Replacement refs would show other objects than those that are pushed, so they are ignored.
    """
    return ["git", f"--git-dir={git_dir}", "--no-replace-objects", "-c", "core.fsync=all", *arguments]


class ObjectReader:
    """Objects of one repository, by one process that is started with the first question."""

    def __init__(self, git_dir: Path) -> None:
        self._git_dir = git_dir
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, name: str, kind: str, limit: int) -> bytes:
        """The content of the object `name`, an object id with or without `^{type}`.

        Raises:
            TooLargeError: it has more than `limit` bytes.
            InputError: there is no such object, or it is of another kind than `kind`.
        """
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(name.encode() + b"\n")
            process.stdin.flush()
            header = process.stdout.readline().split()
            if len(header) != 3 or not header[2].isdigit():
                raise self._broken(name, b" ".join(header[1:]).decode("utf-8", "replace") or "nothing")
            size = int(header[2])
            if size > limit:
                self.close()  # what follows is not read
                raise TooLargeError(f"more than {limit:,} bytes")
            data = process.stdout.read(size + 1)
        except BrokenPipeError as error:
            raise self._broken(name, "git cat-file ended") from error
        if len(data) != size + 1:
            raise self._broken(name, "less than its size")
        if header[1] != kind.encode():
            raise self._broken(name, f"a {header[1].decode('utf-8', 'replace')} in place of a {kind}")
        return data[:-1]

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    git_command(self._git_dir, "cat-file", "--batch"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                raise InputError(f"Git cannot be started: {error.strerror}") from error
            self._end = weakref.finalize(self, _end, self._process)
        return self._process

    def _broken(self, name: str, found: str) -> InputError:
        return InputError(
            f"Git object {name[:64]} cannot be read: {one_line(found, 200)}",
            where=str(self._git_dir),
            remedy="Fetch the branch again; `git fsck` says what is broken.",
        )

    def close(self) -> None:
        """End the process; the next question starts another one. Without this it ends with the reader."""
        if self._process is not None:
            self._end()
            self._process = None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    process.wait()


def parse_tree(data: bytes, id_bytes: int, where: str) -> dict[str, Entry]:
    """The entries of a tree object, name → entry. Names that are not UTF-8 keep their bytes as surrogates.

    Raises:
        InputError: not a tree object, or one that has a name twice.
    """
    entries: dict[str, Entry] = {}
    for mode, name, oid in _entries(data, id_bytes, where):
        if name in entries:
            raise InputError(f"the folder has {one_line(repr(name), 80)} twice", where=where)
        entries[name] = Entry(_KINDS.get(mode, "other"), oid)
    return entries


def _entries(data: bytes, id_bytes: int, where: str) -> Iterator[tuple[bytes, str, str]]:
    at = 0
    while at < len(data):
        end = data.find(b"\0", at)
        mode, space, name = data[at:end].partition(b" ")
        oid = data[end + 1 : end + 1 + id_bytes]
        if end < 0 or not space or not name or len(oid) != id_bytes:
            raise InputError("not a Git tree", where=where)
        yield mode, name.decode("utf-8", "surrogateescape"), oid.hex()
        at = end + 1 + id_bytes


def write_commit(
    git_dir: Path, changes: Mapping[str, bytes | None], *, parent: str | None, message: str, when: datetime
) -> str:
    """Write a commit that puts each content at its path, or removes the path for None; its id.

    It is reachable by `STAGED` alone. Paths are plain: no quotes, spaces or control characters.

    Raises:
        OutputError: Git could not write it; nothing but unreachable objects was left behind.
    """
    text = message.encode()
    parts = [
        f"commit {STAGED}\nmark :1\ncommitter {_IDENTITY} {int(when.timestamp())} +0000\n".encode(),
        b"data %d\n%s\n" % (len(text), text),
        # `from` nothing: without the line the commit would continue what STAGED was before.
        f"from {parent}\n".encode() if parent else b"",
    ]
    for path, data in changes.items():
        if data is None:
            parts.append(f"D {path}\n".encode())
        else:
            parts.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    parts.append(b"get-mark :1\ndone\n")
    reset = f"reset {STAGED}\n".encode()
    command = git_command(git_dir, "fast-import", "--quiet", "--force", "--done")
    try:
        done = subprocess.run(
            command,
            input=(b"" if parent else reset) + b"".join(parts),
            capture_output=True,
            timeout=_WRITE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OutputError(f"Git could not write: {error}", where=str(git_dir)) from error
    if done.returncode != 0:
        reason = one_line(done.stderr.decode("utf-8", "replace"), 300)
        raise OutputError(f"Git could not write: {reason}", where=str(git_dir))
    return done.stdout.decode().strip()
