"""Is everything that a revision had published still there, byte for byte and in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from benchgov.baselines.model import is_baseline_id
from benchgov.git import blobs
from benchgov.rim import RunProcess


def changes(run: RunProcess, root: Path, ref: str, folder: str, *, whole: bool = False) -> list[str]:
    """Every file below `folder` that was published at `ref` and has changed, vanished or moved since.

    `folder` is a suite's baselines, relative to `root`. A regime's index and the thresholds derived for its
    next baseline are not evidence, and may change; in a `whole` folder every file is evidence.

    Raises:
        BlockedError: there is no such revision, or Git cannot read it.
    """
    published = {
        path: blob
        for path, blob in blobs(run, root, ref, folder).items()
        if whole or _is_evidence(path, folder)
    }
    known = {path for path in published if _blob(root / path, 40) is not None}
    moved = _by_content(root, folder, known)
    faults = []
    for path, blob in sorted(published.items()):
        now = _blob(root / path, len(blob))
        if now is None:
            to = moved.get(blob)
            faults.append(f"{path}: " + (f"moved to {to}" if to else "vanished") + f" since {ref}")
        elif now != blob:
            faults.append(f"{path}: changed since {ref}")
    return faults


def _is_evidence(path: str, folder: str) -> bool:
    """Whether `path` is `<folder>/<regime>/<baseline id>/…`."""
    parts = path.removeprefix(folder.rstrip("/") + "/").split("/")
    return len(parts) > 2 and is_baseline_id(parts[1])


def _by_content(root: Path, folder: str, known: set[str]) -> Mapping[str, str]:
    """Object id → path of the files below `folder` that the revision did not have in this place."""
    found = {}
    for path in sorted((root / folder).rglob("*")):
        name = path.relative_to(root).as_posix()
        if name not in known:
            for length in (40, 64):
                if blob := _blob(path, length):
                    found[blob] = name
    return found


def _blob(path: Path, length: int) -> str | None:
    """The Git object id (SHA-1 or SHA-256, by its length) of a regular file as it lies there, or None."""
    if path.is_symlink() or not path.is_file():
        return None
    data = path.read_bytes()
    hasher = hashlib.sha256 if length == 64 else hashlib.sha1
    return hasher(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
