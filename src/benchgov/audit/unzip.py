"""The evidence in a zip of an artifact, written into a folder. What is in the zip may be anybody's."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path

from benchgov.audit.artifacts import MAX_DEPTH, MAX_ENTRIES, is_evidence
from benchgov.errors import InputError
from benchgov.files import MAX_DOCUMENT_BYTES, inside

MAX_ZIP_BYTES = 1 << 30
"""Largest zip that is opened, in bytes, and the most that its evidence may have together."""

_CHUNK = 1 << 20


def unzip(source: Path, target: Path) -> None:
    """Write the evidence of the zip at `source` below `target`; everything else is left in it.

    Raises:
        InputError: not a zip, a name that leaves the folder, a link, or more than the limits allow; what was
            written until then is there.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            if len(members) > MAX_ENTRIES:
                raise InputError(f"more than {MAX_ENTRIES:,} files", where=source.name)
            room = MAX_ZIP_BYTES
            for member in members:
                if is_evidence(member.filename.rpartition("/")[2]):
                    room -= _write(archive, member, target, room)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InputError(f"not a zip that can be read: {error}", where=source.name) from error


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: int) -> int:
    """Write one file, and give its size."""
    name = member.filename
    if name.count("/") > MAX_DEPTH or not name.isprintable() or "\\" in name:
        raise InputError(f"not the name of a file: {name[:80]!r}")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"a symbolic link: {name[:80]!r}")
    path = inside(target, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    limit, size = min(room, MAX_DOCUMENT_BYTES), 0
    with archive.open(member) as content, path.open("xb") as stream:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise InputError(f"larger than {limit:,} bytes, which is the limit: {name[:80]!r}")
            stream.write(chunk)
    return size
