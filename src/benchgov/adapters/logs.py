"""Files, globs and folders → logs, in a fixed order."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.adapters.interface import MAX_LOG_BYTES, Log
from benchgov.errors import InputError
from benchgov.files import read_text

MAX_LOGS = 100_000


@dataclass(frozen=True)
class Place:
    """A file to read. One that was found in a folder need not be a log: it may be passed over.

    `name` is what it is called when it is outside the repository.
    """

    path: Path
    must_be_a_log: bool
    name: str

    def read(self, root: Path) -> Log:
        """The log in the file, named by its path below `root` where it is there.

        Raises:
            InputError: missing, unreadable, too large, not UTF-8.
        """
        return Log(shown_path(self.path, root, self.name), read_text(self.path, MAX_LOG_BYTES))


def find_logs(given: Sequence[str], cwd: Path) -> list[Place]:
    """The files that `given` names, each once: files, globs (`**` too), folders with all that is below them.

    Raises:
        InputError: a name that fits nothing, or more than `MAX_LOGS` files.
    """
    found: dict[Path, Place] = {}
    for name in given:
        for place in _of(name, cwd):
            found.setdefault(place.path.resolve(), place)
            if len(found) > MAX_LOGS:
                raise InputError(f"more than {MAX_LOGS:,} files", where=name, remedy="Name fewer at a time.")
    return list(found.values())


def _of(name: str, cwd: Path) -> Iterator[Place]:
    path = cwd / name
    if "\0" in name:
        raise InputError("not a file's name", where=repr(name))
    if path.is_dir():
        yield from _below(path, name)
    elif path.exists() or not glob.has_magic(name):
        yield Place(path, must_be_a_log=True, name=path.name)
    else:
        matches = sorted(glob.glob(name, root_dir=cwd, recursive=True))
        files = [cwd / match for match in matches if (cwd / match).is_file()]
        if not files:
            raise InputError("no file fits this pattern", where=name, remedy="Let the tool run first.")
        base = _fixed_folder(path)
        yield from (Place(file, must_be_a_log=True, name=_name_below(base, file)) for file in files)


def _fixed_folder(pattern: Path) -> Path:
    """The folder that a pattern's first variable part is in."""
    return next(folder for folder in pattern.parents if not glob.has_magic(str(folder)))


def _name_below(folder: Path, file: Path) -> str:
    """`folder/a/file`, with the name of the folder alone: in a tree, folders say what is what."""
    return Path(folder.resolve().name, file.relative_to(folder)).as_posix()


def _below(folder: Path, name: str) -> Iterator[Place]:
    hidden = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    files = [folder / path for path in hidden if not any(part.startswith(".") for part in path.parts)]
    if not files:
        raise InputError("there is no file in this folder", where=name, remedy="Let the tool run first.")
    yield from (Place(file, must_be_a_log=False, name=_name_below(folder, file)) for file in files)


def shown_path(path: Path, root: Path, otherwise: str) -> str:
    """`path` as reports name it: below `root` relative to that; `otherwise` elsewhere."""
    resolved, base = path.resolve(), root.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else otherwise
