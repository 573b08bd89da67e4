"""Which files an execution of a source wrote. What was there before it is nobody's result, and is refused."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchgov.adapters.interface import MAX_LOG_BYTES
from benchgov.canonical import sha256_hex
from benchgov.errors import InputError
from benchgov.files import read_bytes
from benchgov.measure.session import SampleError
from benchgov.suites.source import LogPattern

MAX_FILES = 10_000
_CLOCK_SLACK_NS = 2_000_000_000
"""How far the clock of a file system may be behind: the coarsest keep even seconds."""


@dataclass(frozen=True)
class Folders:
    """Where patterns look: the folder in which the command runs, and its fresh output folder."""

    run_in: Path
    output: Path

    def base(self, pattern: LogPattern) -> Path:
        """The folder, without links, that files of `pattern` must lie in."""
        return (self.output if pattern.in_output else self.run_in).resolve()


@dataclass(frozen=True)
class _State:
    """A file as it was before an execution."""

    identity: tuple[int, int, int, int]
    size: int
    sha256: str


@dataclass(frozen=True)
class Written:
    """A file of an execution: its content, its name as messages show it, and whether it must be a log.

    In a folder there may be other files, such as plots.
    """

    where: str
    data: bytes
    must_be_a_log: bool


class Watch:
    """Looks at a source's files before an execution, and afterwards tells which of them it wrote.

    `started_ns` is the time by the clock of a file system. Both steps raise SampleError.
    """

    def __init__(self, patterns: Sequence[LogPattern], folders: Folders, started_ns: int) -> None:
        self._patterns, self._folders, self._started_ns = patterns, folders, started_ns
        with _reporting():
            self._before = dict(_states(patterns, folders))

    def written(self) -> tuple[list[Written], list[str]]:
        """(the files that were written since, in the order of the patterns; notes on others that fit).

        Raises:
            SampleError: a pattern that no such file fits; a file that lies elsewhere, is none, is too large,
                or was appended to.
        """
        found: dict[Path, Written] = {}
        notes: list[str] = []
        for pattern in self._patterns:
            with _reporting():
                paths = _matches(pattern, self._folders)
                fresh = [path for path in paths if self._is_new(path)]
            if not fresh:
                raise SampleError(_nothing(pattern, paths))
            for path in fresh:
                if path not in found:
                    found[path] = self._read(path, pattern)
            if old := len(paths) - len(fresh):
                notes.append(f"not read: {old} of the files that fit {_shown(pattern)!r}, older than the run")
        return list(found.values()), notes

    def _is_new(self, path: Path) -> bool:
        before = self._before.get(path)
        if before is not None and before.identity == _identity(path):
            return False
        return path.stat().st_mtime_ns >= self._started_ns - _CLOCK_SLACK_NS

    def _read(self, path: Path, pattern: LogPattern) -> Written:
        base = self._folders.base(pattern)
        where = _shown(LogPattern(path.relative_to(base).as_posix(), pattern.in_output))
        try:
            data = read_bytes(path, MAX_LOG_BYTES)
        except InputError as error:
            raise SampleError(f"{where}: {error.message}") from error
        before = self._before.get(path)
        if before and 0 < before.size < len(data) and sha256_hex(data[: before.size]) == before.sha256:
            raise SampleError(f"{where}: was appended to, so it holds results of before this execution")
        return Written(where, data, must_be_a_log=not (base / pattern.relative).is_dir())


@contextlib.contextmanager
def _reporting() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SampleError(f"its files cannot be looked for: {error.strerror}") from error


def _matches(pattern: LogPattern, folders: Folders) -> list[Path]:
    """Files that fit, without links, each once, sorted; raises SampleError for what is no file."""
    found = (_file(path, pattern, folders) for path in _candidates(pattern, folders))
    return sorted({path for path in found if path is not None})


def _states(patterns: Sequence[LogPattern], folders: Folders) -> Iterator[tuple[Path, _State]]:
    """The files that fit now. What is no file may become one, so it is not judged yet."""
    for pattern in patterns:
        for path in _candidates(pattern, folders):
            with contextlib.suppress(SampleError):
                if (file := _file(path, pattern, folders)) is not None:
                    yield file, _state(file)


def _candidates(pattern: LogPattern, folders: Folders) -> list[Path]:
    base = folders.base(pattern)
    plain = base / pattern.relative
    if plain.is_dir() and plain.resolve().is_relative_to(base):
        fit = (path for path in plain.rglob("*") if not path.is_dir() and not _hidden(path, plain))
    elif plain.exists() or plain.is_symlink():
        return [plain]
    elif glob.has_magic(pattern.relative):
        fit = base.glob(pattern.relative)
    else:
        return []
    found = list(islice(fit, MAX_FILES + 1))
    if len(found) > MAX_FILES:
        raise SampleError(f"more than {MAX_FILES:,} files fit {_shown(pattern)!r}")
    return found


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _file(path: Path, pattern: LogPattern, folders: Folders) -> Path | None:
    """The file that `path` is, or leads to inside its folder; None for a folder that a glob fits."""
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError) as error:
        raise SampleError(f"{_shown(pattern)}: a loop of links") from error
    if not resolved.is_relative_to(folders.base(pattern)):
        raise SampleError(f"{_shown(pattern)}: a link leads out of the folder")
    if resolved.is_file():
        return resolved
    if resolved.is_dir() and glob.has_magic(pattern.relative):
        return None
    raise SampleError(f"{_shown(pattern)}: not a file")


def _state(path: Path) -> _State:
    try:
        data = read_bytes(path, MAX_LOG_BYTES)
    except InputError:
        data = b""  # it cannot be read now; whether it is rewritten shows all the same
    return _State(_identity(path), len(data), sha256_hex(data))


def _identity(path: Path) -> tuple[int, int, int, int]:
    """What a file cannot be rewritten without changing: the time of change is set by the system alone."""
    found = path.stat()
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _nothing(pattern: LogPattern, there: Sequence[Path]) -> str:
    if there:
        return f"{_shown(pattern)}: was there before, and this execution did not write it"
    return f"{_shown(pattern)}: it wrote no such file"


def _shown(pattern: LogPattern) -> str:
    if not pattern.in_output:
        return pattern.relative
    return "{output}" if pattern.relative == "." else f"{{output}}/{pattern.relative}"
