"""Reading with bounds and writing whole: no huge file is loaded, nothing half-written is left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchgov.errors import InputError, OutputError

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""Largest report, baseline or comparison that is read, in bytes; 100,000 benchmarks × 10 need 90 MB."""

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
"""Largest hand-written file (benchgov.yaml, suite.yaml) that is read, in bytes."""


def read_bytes(path: Path, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
    """The content of `path`.

    Raises:
        InputError: missing, a folder, unreadable, or larger than `limit` bytes.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError as error:
        raise InputError("no such file", where=str(path)) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(data) > limit:
        raise InputError(f"larger than {limit:,} bytes, which is the limit", where=str(path))
    return data


def read_text(path: Path, limit: int = MAX_DOCUMENT_BYTES) -> str:
    """The content of `path` as UTF-8 (a leading byte-order mark is dropped).

    Raises:
        InputError: as `read_bytes`, or not UTF-8 (names the byte offset).
    """
    return decode(read_bytes(path, limit), str(path))


def decode(data: bytes, where: str) -> str:
    """`data` as UTF-8, without a leading byte-order mark.

    Raises:
        InputError: not UTF-8 (names the byte offset).
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            where=where,
            remedy="Save the file as UTF-8.",
        ) from error


def write_atomic(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing what was there: afterwards it is all there or untouched.

    Raises:
        OutputError: the folder is read-only, the disk is full, or `path` is a folder.
    """
    with _reporting(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _write_beside(path, data)
        try:
            os.replace(temporary, path)
        except OSError:
            _discard(temporary)
            raise
        sync_folder(path.parent)


def write_together(files: Mapping[Path, bytes]) -> None:
    """Put every content at its path, replacing what was there: afterwards all are there, or none.

    All are written beside their places before the first one is moved.

    Raises:
        OutputError: as `write_atomic`.
    """
    before: dict[Path, bytes | None] = {}
    for path in files:
        with _reporting(path):
            before[path] = path.read_bytes() if path.is_file() else None
    staged: dict[Path, Path] = {}
    try:
        for path, data in files.items():
            with _reporting(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                staged[path] = _write_beside(path, data)
        done: list[Path] = []
        for path, temporary in staged.items():
            try:
                with _reporting(path):
                    os.replace(temporary, path)
            except OutputError:
                for one in done:
                    put_back(one, before[one])
                raise
            done.append(path)
    finally:
        for temporary in staged.values():
            _discard(temporary)


def put_back(path: Path, data: bytes | None) -> None:
    """Undo a write: `data` is what was at `path` before, None when nothing was."""
    if data is None:
        _discard(path)
    else:
        write_atomic(path, data)


def create_exclusive(path: Path, data: bytes, mode: int = 0o644) -> bool:
    """Put `data` at `path` durably, only if nothing is there; False when something already is.

    A reader sees the whole file or none: `link` both publishes and refuses to replace. `mode`: whose it is.

    Raises:
        OutputError: as `write_atomic`.
    """
    with _reporting(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _write_beside(path, data, mode)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            _discard(temporary)
        sync_folder(path.parent)
        return True


@contextlib.contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it is missing: who holds it too waits. Given back however its holder dies.

    Raises:
        OutputError: it cannot be made or held.
    """
    with _reporting(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with _reporting(folder):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that becomes `path` when the block ends well, and vanishes otherwise.

    Raises:
        OutputError: `path` exists already, or cannot be written.
    """
    with _reporting(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        temporary.chmod(0o755)
    try:
        yield temporary
        if path.exists():
            raise OutputError("exists already, and is never replaced", where=str(path))
        with _reporting(path):
            sync_folder(temporary)
            temporary.rename(path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def inside(root: Path, relative: str, *, where: str | None = None) -> Path:
    """`root / relative`, resolved, when it stays inside `root`.

    Raises:
        InputError: it is absolute, climbs out with `..` or through a link, or holds a NUL.
    """
    if "\0" not in relative and not Path(relative).is_absolute():
        base = root.resolve()
        resolved = (base / relative).resolve()
        if resolved.is_relative_to(base):
            return resolved
    raise InputError(
        f"path {relative!r} leaves the repository",
        where=where,
        remedy=f"Use a path below {root.name or root}/.",
    )


@contextlib.contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error


def _write_beside(path: Path, data: bytes, mode: int = 0o644) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        _discard(temporary)
        raise
    return temporary


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
