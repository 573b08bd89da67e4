"""Unpack a zip archive that may be hostile: nothing outside its folder, no links, no bombs."""

from __future__ import annotations

import errno
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from benchgov.errors import InputError

_CHUNK = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAX_NAME = 240


@dataclass(frozen=True)
class Bounds:
    """How much an archive may hold: files, bytes in all once unpacked, bytes packed, bytes in one file, and
    folders in one another.
    """

    files: int = 2_000
    unpacked: int = 256 * 1024 * 1024
    packed: int = 64 * 1024 * 1024
    each: int = 256 * 1024 * 1024
    depth: int = 32


def unpack(
    archive: Path, folder: Path, bounds: Bounds = Bounds(), wanted: Callable[[str], bool] = lambda _name: True
) -> tuple[PurePosixPath, ...]:
    """Unpack `archive` into the new folder `folder`; the files' paths in it, sorted.

    What an archive says of its own sizes is not believed: bytes are counted as they are written. Files that
    are not `wanted`, by the last part of their names, stay in the archive, whatever they are.

    Raises:
        InputError: it is no zip archive, or holds what no artifact of benchgov holds: a path that leads out,
            a link, a device, two files of one name, an encrypted file, or more than `bounds` allow. What was
            written until then stays in `folder`, for the caller to remove.
        OSError: a file cannot be written.
    """
    where = archive.name
    if archive.stat().st_size > bounds.packed:
        raise InputError(f"larger than {bounds.packed:,} bytes", where=where)
    try:
        with zipfile.ZipFile(archive) as opened:
            return _unpack(opened, folder, bounds, wanted, where)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(f"not a readable zip archive: {error}", where=where) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a seek to where no file has bytes; anything else is the disk's
            raise
        raise InputError("not a readable zip archive: an offset leads nowhere", where=where) from error


def _unpack(
    opened: zipfile.ZipFile, folder: Path, bounds: Bounds, wanted: Callable[[str], bool], where: str
) -> tuple[PurePosixPath, ...]:
    members = [member for member in opened.infolist() if not member.is_dir()]
    if len(members) > bounds.files:
        raise InputError(f"holds {len(members):,} files; {bounds.files:,} are allowed", where=where)
    names: set[str] = set()
    folder.mkdir(parents=True)
    written, left = [], bounds.unpacked
    for member in members:
        if not wanted(member.filename.rpartition("/")[2]):
            continue
        relative = _safe(member, where)
        if len(relative.parts) - 1 > bounds.depth:
            raise InputError(f"holds {str(relative)[:80]!r}, which lies too deep", where=where)
        # Two names that differ in case only are one file on some systems.
        if str(relative).lower() in names:
            raise InputError(f"holds {str(relative)!r} twice", where=where)
        names.add(str(relative).lower())
        target = folder / relative
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(member) as source, target.open("xb") as sink:
                left -= _copy(source, sink, left, bounds, where)
        except (FileExistsError, NotADirectoryError) as error:
            raise InputError(f"holds {str(relative)!r} as a file and as a folder", where=where) from error
        written.append(relative)
    return tuple(sorted(written))


def _safe(member: zipfile.ZipInfo, where: str) -> PurePosixPath:
    """Where a member belongs, relative to the folder."""
    name = member.filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise InputError(f"holds {name!r}, which is no ordinary file", where=where)
    if member.flag_bits & 0x1 or member.compress_type not in _METHODS:
        raise InputError(f"holds {name!r}, which is encrypted or packed in an unusual way", where=where)
    bad = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if bad or not path.parts or not name.isprintable() or max(map(len, path.parts)) > _MAX_NAME:
        raise InputError(f"holds {name!r}, which leads out of its folder or is no plain name", where=where)
    return path


def _copy(source: IO[bytes], sink: IO[bytes], left: int, bounds: Bounds, where: str) -> int:
    copied = 0
    while chunk := source.read(_CHUNK):
        copied += len(chunk)
        if copied > bounds.each:
            raise InputError(f"holds a file of more than {bounds.each:,} bytes", where=where)
        if copied > left:
            raise InputError(f"unpacks to more than {bounds.unpacked:,} bytes", where=where)
        sink.write(chunk)
    return copied
