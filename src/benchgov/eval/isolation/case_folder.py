"""A folder of its own for each case: copies to read, and one place to write, wiped afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchgov.eval.isolation.limits import Limits

MAX_ENTRIES = 10_000


@dataclass(frozen=True)
class CaseFolder:
    """Where a case's process reads (`given`, by name) and writes (`work`)."""

    given: dict[str, Path]
    work: Path

    def problem(self, limits: Limits) -> str | None:
        """What is wrong with what lies in `work` by now, if it is too much."""
        size = 0
        for entries, status in enumerate(_statuses(self.work), 1):
            size += status.st_blocks * 512
            if limits.disk_bytes is not None and size > limits.disk_bytes:
                return f"more than {limits.disk_bytes:,} bytes in its folder"
            if entries > MAX_ENTRIES:
                return f"more than {MAX_ENTRIES:,} files in its folder"
        return None


@contextlib.contextmanager
def case_folder(base: Path, **sources: Path) -> Iterator[CaseFolder]:
    """A new folder below `base` with a copy of each of `sources`; gone afterwards, whatever is in it."""
    root = Path(tempfile.mkdtemp(dir=base))
    try:
        given = {name: _copied(source, root / name) for name, source in sources.items()}
        work = root / "work"
        work.mkdir()
        yield CaseFolder(given, work)
    finally:
        wipe(root)


def wipe(folder: Path) -> None:
    """Remove a folder and all in it: what cannot be entered, and what is nested too deeply for Python, too.

    Links are removed and never followed.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", str(folder)], check=False, capture_output=True)


def _copied(source: Path, target: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=shutil.copyfile)
    else:
        shutil.copyfile(source, target)
    return target


def _statuses(folder: Path) -> Iterator[os.stat_result]:
    waiting = [str(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
