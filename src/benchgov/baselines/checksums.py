"""Is a published folder byte for byte what was published: its checksums, made and checked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchgov.baselines.model import Checksum, Checksums
from benchgov.canonical import blake3_hex, file_digests, sha256_hex
from benchgov.documents import load_json_model
from benchgov.errors import InputError

CHECKSUMS_FILE = "checksums.json"


def describe(files: Mapping[str, bytes]) -> Checksums:
    """The checksums of `files` (path in the folder → content)."""
    return Checksums(
        schema_version=1,
        files={
            name: Checksum(size=len(data), blake3=blake3_hex(data), sha256=sha256_hex(data))
            for name, data in sorted(files.items())
        },
    )


def faults(folder: Path) -> list[str]:
    """Every way in which `folder` is not what its `checksums.json` says, each with the file's path.

    A changed, missing or additional file is a fault, and so is a link, or checksums that cannot be read.
    """
    if folder.is_symlink() or not folder.is_dir():
        return [f"{folder}: not a folder of its own"]
    try:
        listed = load_json_model(folder / CHECKSUMS_FILE, Checksums).files
    except InputError as error:
        return [str(error)]
    found = dict(_listing(folder))
    found.pop(CHECKSUMS_FILE, None)
    names = sorted(set(listed) | set(found))
    checked = ((name, _fault(folder / name, listed.get(name), found.get(name))) for name in names)
    return [f"{folder / name}: {fault}" for name, fault in checked if fault]


def _listing(folder: Path) -> Iterator[tuple[str, bool]]:
    """(path in `folder`, whether it is a regular file) of everything but plain sub-folders."""
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(folder).as_posix(), path.is_file() and not path.is_symlink()


def _fault(path: Path, wanted: Checksum | None, regular: bool | None) -> str | None:
    if regular is None or wanted is None:
        return "missing" if regular is None else "not one of the published files"
    if not regular:
        return "not a regular file"
    try:
        size = path.stat().st_size
        if size != wanted.size:
            return f"{size:,} bytes, published with {wanted.size:,}"
        fast, wide = file_digests(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if (fast, wide) == (wanted.blake3, wanted.sha256):
        return None
    return f"content changed: BLAKE3 {fast}, published with {wanted.blake3}"
