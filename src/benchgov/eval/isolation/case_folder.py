"""The files of one case at a time: copies to read, and one place to write, wiped afterwards."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from benchgov.eval.isolation.copies import Copies, wipe
from benchgov.eval.isolation.limits import Limits

MAX_ENTRIES = 1_000
MAX_DEPTH = 32


class CaseFolder:
    """A folder for one case after the other: `given` holds copies to read, `work` is the place to write.

    Both stay the same folders, so that a process that was confined to them stays so; what is in them is new
    for each case.
    """

    def __init__(self, root: Path, *, guarded: bool = False) -> None:
        """`guarded`: whoever is shown the folder can write in `work` only."""
        self.root = root
        self._guarded = guarded
        self.given = root / "given"
        self.work = root / "work"
        self._copies = Copies(self.given / "case")

    def make(self) -> None:
        """Make the folders."""
        for folder in (self.root, self.given, self.work):
            folder.mkdir(mode=0o700)

    @contextlib.contextmanager
    def holding(self, **sources: Path) -> Iterator[dict[str, Path]]:
        """Copies of `sources`, by the same names.

        Afterwards whatever was made there is gone; the copies go, or are written over, with the next ones.
        """
        try:
            yield self._copies.put(sources)
        finally:
            self.empty()

    def empty(self) -> None:
        """Remove what a case left; or make the folders again, where something has taken their places."""
        if self._guarded:
            self._copies.trust()
        else:
            self._empty_given()
        for name in os.listdir(self.work):
            wipe(self.work / name)

    def _empty_given(self) -> None:
        if not all(stat.S_ISDIR(_mode(folder)) for folder in (self.given, self.work)):
            wipe(self.root)
            self.make()
        kept = {self._copies.folder.name} if self._copies.tidy() else set()
        for name in set(os.listdir(self.given)) - kept:
            wipe(self.given / name)

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


def _mode(path: Path) -> int:
    """What is at `path`, which is not followed; 0 for nothing."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


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
