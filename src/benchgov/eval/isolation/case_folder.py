"""The files of one case at a time: copies to read, and one place to write, wiped afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchgov.eval.isolation.limits import Limits

MAX_ENTRIES = 1_000
MAX_DEPTH = 32


@dataclass(frozen=True)
class CaseFolder:
    """A folder for one case after the other: `given` holds copies to read, `work` is the place to write.

    Both stay the same folders, so that a process that was confined to them stays so; what is in them is new
    for each case.
    """

    root: Path

    @property
    def given(self) -> Path:
        """Where the copies are."""
        return self.root / "given"

    @property
    def work(self) -> Path:
        """Where the case's process works and may write."""
        return self.root / "work"

    def make(self) -> None:
        """Make the folders."""
        for folder in (self.root, self.given, self.work):
            folder.mkdir(mode=0o700)

    @contextlib.contextmanager
    def holding(self, **sources: Path) -> Iterator[dict[str, Path]]:
        """Copies of `sources`, by the same names; gone afterwards, and with them whatever was made there."""
        try:
            yield {name: _copied(source, self.given / name) for name, source in sources.items()}
        finally:
            self.empty()

    def empty(self) -> None:
        """Remove what is in the folders; or make them again, where something has taken their places."""
        if any(folder.is_symlink() or not folder.is_dir() for folder in (self.given, self.work)):
            wipe(self.root)
            self.make()
        for folder in (self.given, self.work):
            for entry in folder.iterdir():
                wipe(entry)

    def problem(self, limits: Limits) -> str | None:
        """What is wrong with what lies in `work` by now, if it is too much."""
        size = 0
        for entries, (depth, status) in enumerate(_entries(self.work), 1):
            size += status.st_blocks * 512
            if depth > MAX_DEPTH:
                return f"folders nested more than {MAX_DEPTH} deep in its folder"
            if limits.disk_bytes is not None and size > limits.disk_bytes:
                return f"more than {limits.disk_bytes:,} bytes in its folder"
            if entries > MAX_ENTRIES:
                return f"more than {MAX_ENTRIES:,} files in its folder"
        return None


def wipe(path: Path) -> None:
    """Remove a file, or a folder and all in it: what cannot be entered, or is nested too deeply, too.

    Links are removed and never followed.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        subprocess.run(["chmod", "-R", "u+rwx", str(path)], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", str(path)], check=False, capture_output=True)


def _copied(source: Path, target: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=shutil.copyfile)
    else:
        shutil.copyfile(source, target)
    return target


def _entries(folder: Path) -> Iterator[tuple[int, os.stat_result]]:
    """All that lies below `folder`, each with how deep; what vanishes meanwhile is left out."""
    waiting = [(1, str(folder))]
    while waiting:
        depth, place = waiting.pop()
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                yield depth, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((depth + 1, entry.path))
