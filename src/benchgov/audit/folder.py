"""A folder as store of the audit log. Writers queue at `<store>/.lock`."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from benchgov.audit.files import MAX_RECORD_BYTES, FileKind, LogFiles, NotARecordError
from benchgov.errors import InputError, OutputError
from benchgov.files import sync_folder, write_atomic

# Not blocking, because opening a named pipe would wait for a writer for ever.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOTE = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# A name that is too long cannot be that of a file.
_NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
_LEFTOVER = re.compile(r"\..*\.tmp", re.DOTALL)


class FolderFiles:
    """The files of a log below one folder."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self._base = f"{folder}/"
        self._holder: int | None = None

    def where(self, path: str = "") -> str:
        """The path of the file, or of the folder."""
        return str(self.home / path)

    def present(self) -> bool:
        """Whether the folder is there."""
        return self.home.is_dir()

    def read(self, path: str, limit: int = MAX_RECORD_BYTES) -> bytes:
        """The bytes of a regular file, links not followed; raises as `LogFiles.read`."""
        try:
            descriptor = os.open(self._base + path, _READ)
            try:
                return _read_regular(descriptor, 0, limit, whole=True)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unread(path, error) from error

    def read_part(self, path: str, offset: int, length: int) -> bytes:
        """At most `length` bytes of a regular file from `offset` on; raises as `read`."""
        try:
            descriptor = os.open(self._base + path, _READ)
            try:
                return _read_regular(descriptor, offset, length, whole=False)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unread(path, error) from error

    def _unread(self, path: str, error: OSError) -> NotARecordError | InputError:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return NotARecordError("no such file")
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return NotARecordError("a symbolic link or a special file")
        return InputError(f"cannot be read: {error.strerror}", where=self.where(path))

    def kind(self, path: str) -> FileKind | None:
        """What lies at `path`, links not followed; raises `InputError` when that cannot be told."""
        try:
            mode = os.lstat(self._base + path).st_mode
        except OSError as error:
            if error.errno in _NOTHING:
                return None
            raise InputError(f"cannot be read: {error.strerror}", where=self.where(path)) from error
        return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"

    def entries(self, folder: str) -> Iterator[tuple[str, FileKind]]:
        """The names in a folder, one pass over them, of which none is kept; raises `InputError`."""
        try:
            with os.scandir(self._base + folder) as found:
                for entry in found:
                    if not _LEFTOVER.fullmatch(entry.name):
                        yield entry.name, _kind_of(entry)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=self.where(folder)) from error

    def create(self, path: str, data: bytes) -> bool:
        """Put `data` at `path` durably, only if nothing is there; raises `OutputError`.

        It is synced before it gets its name, which `link` never takes from another, and so is the name.
        """
        folder, _, name = path.rpartition("/")
        with self._reporting(path):
            try:
                descriptor = os.open(self._base + folder, _FOLDER)
            except FileNotFoundError:
                self._make(folder)
                descriptor = os.open(self._base + folder, _FOLDER)
            try:
                if not _link_new(descriptor, name, data):
                    return False
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            return True

    def replace(self, path: str, data: bytes) -> None:
        """Put `data` at `path` durably, whatever is there; raises `OutputError`."""
        write_atomic(self.home / path, data)

    def remove(self, path: str) -> None:
        """Take the file at `path` away; raises `OutputError`."""
        with self._reporting(path):
            (self.home / path).unlink(missing_ok=True)

    def note(self, path: str, data: bytes, *, anew: bool = False) -> None:
        """Add `data` to a hint, or put it in its place, not synced; raises `OutputError`."""
        with self._reporting(path):
            try:
                descriptor = os.open(self._base + path, _NOTE, 0o644)
            except FileNotFoundError:
                self._make(path.rpartition("/")[0])
                descriptor = os.open(self._base + path, _NOTE, 0o644)
            try:
                if anew:
                    os.ftruncate(descriptor, 0)
                os.write(descriptor, data)
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store's lock; the kernel gives it back when its holder dies. Raises `OutputError`."""
        if self._holder == threading.get_ident():
            yield
            return
        with self._reporting(".lock"):
            try:
                descriptor = self._open_lock()
            except FileNotFoundError:
                self.home.mkdir(parents=True, exist_ok=True)
                descriptor = self._open_lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._holder = threading.get_ident()
            yield
        finally:
            self._holder = None
            os.close(descriptor)

    def _open_lock(self) -> int:
        return os.open(self._base + ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)

    def _make(self, folder: str) -> None:
        """Make a folder, durably up to the store and the name of the store itself."""
        path = self.home / folder
        path.mkdir(parents=True, exist_ok=True)
        while path != self.home:
            path = path.parent
            sync_folder(path)
        with contextlib.suppress(OSError):  # it need not be ours to read
            sync_folder(self.home.parent)

    @contextlib.contextmanager
    def _reporting(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", where=self.where(path)) from error


def as_files(store: LogFiles | Path) -> LogFiles:
    """The files of a log; a path is that of a folder."""
    return FolderFiles(store) if isinstance(store, Path) else store


def _read_regular(descriptor: int, offset: int, limit: int, *, whole: bool) -> bytes:
    """What a regular file has from `offset` on: `whole`, if that is within the limit, or up to the limit."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise NotARecordError("a folder or a special file")
    if whole and status.st_size > limit:
        raise NotARecordError(f"more than {limit:,} bytes")
    wanted = min(limit, status.st_size - offset)
    data = os.pread(descriptor, wanted, offset) if offset else os.read(descriptor, wanted)
    # As a rule one call; a file system may give less at a time.
    while len(data) < wanted and (more := os.pread(descriptor, wanted - len(data), offset + len(data))):
        data += more
    return data


def _kind_of(entry: os.DirEntry[str]) -> FileKind:
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "folder" if entry.is_dir(follow_symlinks=False) else "other"


def _link_new(folder: int, name: str, data: bytes) -> bool:
    """Give `name` in the open folder to a new file with `data`, already synced; False when it is taken."""
    temporary = f".{name}.{os.urandom(6).hex()}.tmp"
    descriptor = os.open(temporary, _NEW, 0o644, dir_fd=folder)
    try:
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])
