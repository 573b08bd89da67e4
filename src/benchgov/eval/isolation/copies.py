"""Copies of a case's files in a folder: the last case's are written over where nobody touched them.

A short case would else spend more on making and removing files than on anything but its processes: ext4
looks at every inode that was freed in the last seconds before it gives out one.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

_CHUNK_BYTES = 1 << 20

Found = dict[str, os.stat_result]
"""What there is, folders after what is in them: by path, the status of each folder and file of one name."""


class Copies:
    """A folder that holds copies of one case's files, then of the next one's, and nothing else.

    With a `workshop`, they are made there and moved into their place as a whole, and moved back to be looked
    at: who is confined to where the folder is shown cannot put a link between the steps of who makes them.
    """

    def __init__(self, folder: Path, workshop: Path | None = None) -> None:
        self.folder = folder
        self._workshop = workshop or folder
        self._made: dict[str, bool] | None = None
        """By path, whether that is a folder."""
        self._tidied = False
        self._places: dict[str, Path] = {}

    def place(self, name: str) -> Path:
        """Where the copy of that name lies, if there is one."""
        return self._places.get(name) or self._places.setdefault(name, self.folder / name)

    def put(self, sources: Mapping[str, Path]) -> dict[str, Path]:
        """Hold copies of `sources`, files or folders, by these names: bytes, modes and times.

        Links are copied as links: one that leads out of its folder leads nowhere, or to what is there.

        Raises:
            OSError: something cannot be read or written.
        """
        if not self._tidied:
            self.tidy()
        self._tidied = False
        found = _found(sources)
        if found is None or not (_kinds(found) == self._made and self._written_over(sources, found)):
            self._made = None
            self._emptied()
            for name, source in sources.items():
                _copy(source, self._workshop / name)
            self._made = _kinds(found) if found is not None else None
        if self._workshop != self.folder:
            self._workshop.rename(self.folder)
        return {name: self.place(name) for name in sources}

    def tidy(self) -> bool:
        """Leave nothing behind but the copies, to be written over; whether that is so.

        Nobody who was shown them may run afterwards, until the next ones are put.
        """
        self._tidied = True
        try:
            self._take_back()
        except OSError:
            self._made = None
            return False
        if self._made is not None and _kinds_in(self._workshop) == self._made:
            return True
        self._made = None
        return wipe(self._workshop)

    def trust(self) -> None:
        """As `tidy`, where those who were shown the copies cannot have changed them."""
        self._tidied = True

    def _take_back(self) -> None:
        """Move the copies to where they are made; of a link that is there instead, the link."""
        if self._workshop != self.folder and os.path.lexists(self.folder):
            os.rename(self.folder, self._workshop)  # noqa: PTH104 - as it says of links

    def _emptied(self) -> None:
        wipe(self._workshop)
        self._workshop.mkdir(mode=0o700)

    def _written_over(self, sources: Mapping[str, Path], found: Found) -> bool:
        """Give the files that are there the new contents; not so where one cannot be written."""
        workshop = f"{self._workshop}{os.sep}"
        try:
            for path, status in found.items():
                if stat.S_ISDIR(status.st_mode):
                    _restate(status, workshop + path)
                else:
                    name, slash, below = path.partition(os.sep)
                    _rewrite(f"{sources[name]}{slash}{below}", status, workshop + path)
        except OSError:
            return False
        return True


def wipe(path: Path) -> bool:
    """Remove a file, or a folder and all in it: what cannot be entered, or is nested too deeply, too.

    Links are removed and never followed. Whether it is gone.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except (OSError, RecursionError):
        if os.path.lexists(path):
            subprocess.run(["chmod", "-R", "u+rwx", str(path)], check=False, capture_output=True)
            subprocess.run(["rm", "-rf", str(path)], check=False, capture_output=True)
    return not os.path.lexists(path)


def _found(sources: Mapping[str, Path]) -> Found | None:
    """What a folder with copies of `sources` holds; None where that is more than folders and plain files."""
    found: Found = {}
    try:
        for name, source in sources.items():
            status = os.lstat(source)
            if stat.S_ISDIR(status.st_mode):
                _walk(str(source), name + os.sep, found)
            elif not _is_plain(status):
                return None
            found[name] = status
    except (_NeitherError, RecursionError):
        return None
    return found


def _kinds(found: Found) -> dict[str, bool]:
    return {path: stat.S_ISDIR(status.st_mode) for path, status in found.items()}


def _kinds_in(folder: Path) -> dict[str, bool] | None:
    """The kinds of what lies below `folder`; None where it is none, or holds more than `_found` knows."""
    found: Found = {}
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            return None
        _walk(str(folder), "", found)
    except (OSError, _NeitherError, RecursionError):
        return None
    return _kinds(found)


class _NeitherError(Exception):
    """Something is neither a folder nor a file of one name."""


def _is_plain(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _walk(folder: str, prefix: str, found: Found) -> None:
    """Add all that lies below `folder`: the contents of a folder before the folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                _walk(entry.path, f"{prefix}{entry.name}{os.sep}", found)
            elif not _is_plain(status):
                raise _NeitherError
            found[prefix + entry.name] = status


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _rewrite(source: str, status: os.stat_result, target: str) -> None:
    """The bytes of `source`, whose mode and times are those of `status`, in the file that `target` is."""
    write = os.open(target, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        read = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            size = 0
            while size < status.st_size and (chunk := os.read(read, _CHUNK_BYTES)):
                size += len(chunk)
                while chunk:
                    chunk = chunk[os.write(write, chunk) :]
        finally:
            os.close(read)
        # After, not before: a file that was cut to nothing is brought to the disk when it is closed.
        os.ftruncate(write, size)
        os.fchmod(write, stat.S_IMODE(status.st_mode))
        os.utime(write, ns=(status.st_atime_ns, status.st_mtime_ns))
    finally:
        os.close(write)


def _restate(status: os.stat_result, target: str) -> None:
    """The mode and times of a folder."""
    os.chmod(target, stat.S_IMODE(status.st_mode))  # noqa: PTH101
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
