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

Shape = dict[str, bool]
"""What lies below a folder: by path in it, whether that is a folder; all others are files of one name."""


class Copies:
    """A folder that holds copies of one case's files, then of the next one's, and nothing else.

    With a `workshop`, they are made there and moved into their place as a whole, and moved back to be looked
    at: who is confined to where the folder is shown cannot put a link between the steps of who makes them.
    """

    def __init__(self, folder: Path, workshop: Path | None = None) -> None:
        self.folder = folder
        self._workshop = workshop or folder
        self._made: Shape | None = None
        self._tidied = False

    def put(self, sources: Mapping[str, Path]) -> dict[str, Path]:
        """Hold copies of `sources`, files or folders, by these names: bytes, modes and times.

        Links are copied as links: one that leads out of its folder leads nowhere, or to what is there.

        Raises:
            OSError: something cannot be read or written.
        """
        if not self._tidied:
            self.tidy()
        self._tidied = False
        shape = _together(sources)
        if shape is None or not (shape == self._made and self._written_over(sources, shape)):
            self._made = None
            self._emptied()
            for name, source in sources.items():
                _copy(source, self._workshop / name)
            self._made = shape
        if self._workshop != self.folder:
            self._workshop.rename(self.folder)
        return {name: self.folder / name for name in sources}

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
        if self._made is not None and _shape(self._workshop) == self._made:
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

    def _written_over(self, sources: Mapping[str, Path], shape: Shape) -> bool:
        """Give the files that are there the new contents; not so where one cannot be written."""
        try:
            for path, is_folder in shape.items():
                name, _, below = path.partition(os.sep)
                source = os.path.join(sources[name], below) if below else sources[name]  # noqa: PTH118
                (_restate if is_folder else _rewrite)(source, os.path.join(self._workshop, path))  # noqa: PTH118
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


def _together(sources: Mapping[str, Path]) -> Shape | None:
    """What a folder with copies of `sources` holds, contents of a folder before the folder."""
    found: Shape = {}
    for name, source in sources.items():
        status = source.stat()
        if stat.S_ISDIR(status.st_mode):
            inside = _shape(source)
            if inside is None:
                return None
            found |= {f"{name}{os.sep}{path}": is_folder for path, is_folder in inside.items()}
        found[name] = stat.S_ISDIR(status.st_mode)
    return found


def _shape(folder: Path) -> Shape | None:
    """What lies below `folder`; None where that is more than folders, and files that have one name each."""
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            return None
        return _walk(str(folder), "", {})
    except (OSError, _NeitherError, RecursionError):
        return None


class _NeitherError(Exception):
    """Something is neither a folder nor a file of one name."""


def _walk(folder: str, prefix: str, found: Shape) -> Shape:
    """`found`, with all that lies below `folder`: the contents of a folder before the folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                _walk(entry.path, path + os.sep, found)
                found[path] = True
            elif entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_nlink == 1:
                found[path] = False
            else:
                raise _NeitherError
    return found


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _rewrite(source: str | Path, target: str) -> None:
    """The bytes, mode and times of `source`, in the file that `target` is."""
    write = os.open(target, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        read = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status, size = os.fstat(read), 0
            while size < status.st_size and (chunk := os.read(read, _CHUNK_BYTES)):
                size += len(chunk)
                while chunk:
                    chunk = chunk[os.write(write, chunk) :]
            # After, not before: a file that was cut to nothing is brought to the disk when it is closed.
            os.ftruncate(write, size)
            os.fchmod(write, stat.S_IMODE(status.st_mode))
            os.utime(write, ns=(status.st_atime_ns, status.st_mtime_ns))
        finally:
            os.close(read)
    finally:
        os.close(write)


def _restate(source: str | Path, target: str) -> None:
    """The mode and times of a folder."""
    status = os.stat(source)  # noqa: PTH116
    os.chmod(target, stat.S_IMODE(status.st_mode))  # noqa: PTH101
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
