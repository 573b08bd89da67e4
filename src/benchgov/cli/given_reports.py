"""Files, folders and globs on a command line → the reports that they name, in a fixed order."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.errors import InputError

REPORT = "report.json"
MAX_REPORTS = 100_000
_REMEDY = "Name report files, folders of results such as .benchgov/out, or a glob."


@dataclass(frozen=True)
class GivenReport:
    """A report's file, how it was named, and whether it was named itself and not found in a folder."""

    path: Path
    name: str
    named: bool


def given_reports(names: Sequence[str], cwd: Path, pattern: str = REPORT) -> list[GivenReport]:
    """The files that `names` mean, each once: files, globs (`**` too), and folders with what is below them.

    Below a folder these are the files that fit `pattern`. What is hidden below it is passed over: a folder
    that is being written starts with a dot.

    Raises:
        InputError: a name that means nothing, or more than `MAX_REPORTS` files.
    """
    found: dict[Path, GivenReport] = {}
    for name in names:
        for given in _given(name, cwd, pattern):
            found.setdefault(given.path.resolve(), given)
            if len(found) > MAX_REPORTS:
                raise InputError(f"more than {MAX_REPORTS:,} reports", where=name, remedy="Name fewer.")
    return list(found.values())


def _given(name: str, cwd: Path, pattern: str) -> Iterator[GivenReport]:
    if "\0" in name or not name:
        raise InputError("not a file's name", where=repr(name), remedy=_REMEDY)
    if (cwd / name).exists() or not glob.has_magic(name):
        yield from _of(cwd / name, name, pattern)
        return
    matches = sorted(glob.glob(name, root_dir=cwd, recursive=True))
    if not matches:
        raise InputError("nothing fits this pattern", where=name, remedy=_REMEDY)
    for match in matches:
        yield from _of(cwd / match, match, pattern)


def _of(path: Path, name: str, pattern: str) -> Iterator[GivenReport]:
    if not path.is_dir():
        yield GivenReport(path, name, named=True)
        return
    below = [file.relative_to(path) for file in sorted(path.rglob(pattern)) if file.is_file()]
    files = [file for file in below if not any(part.startswith(".") for part in file.parts)]
    if not files:
        raise InputError(f"there is no {pattern} in this folder", where=name, remedy=_REMEDY)
    yield from (GivenReport(path / file, str(Path(name) / file), named=False) for file in files)
