"""The cache of scores: one JSON file a score, named by the digest of everything that it depends on.

    <folder>/scores/<key>.json     the score, and the parts of its key
    <folder>/latest/<case>.json    the parts of the last key of a case: what `eval explain-cache` compares
    <folder>/.lock                 writers queue here

A file that is not what it should be is a miss. Failures of the harness are never kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchgov.canonical import blake3_hex, canonical_json, canonical_object, digest_of
from benchgov.errors import InputError, OutputError
from benchgov.files import read_bytes

if TYPE_CHECKING:
    from benchgov.eval.models import BenchScore

RETAIN_DAYS = 90
MAX_ENTRY_BYTES = 4 * 1024 * 1024
_DAY = 86_400


class CorruptEntryError(Exception):
    """A cached score is not one; the text says why."""


class Cache:
    """Scores below a folder, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> BenchScore | None:
        """The score of a key, or None.

        Raises:
            CorruptEntryError: what lies there is no score of that key.
        """
        from benchgov.eval.models import BenchScore

        entry = self._read(self._score(key))
        if entry is None:
            return None
        try:
            if digest_of(entry["parts"]) != f"blake3:{key}" or digest_of(entry["score"]) != entry["digest"]:
                raise CorruptEntryError("its digests are not those of what it holds")
            return BenchScore.model_validate_json(json.dumps(entry["score"]))
        except (KeyError, TypeError, ValueError, InputError) as error:
            raise CorruptEntryError(f"not a score: {error}") from error

    def put(self, key: str, score: BenchScore, parts: Mapping[str, str], case: str) -> None:
        """Keep a score, whole or not at all, and the parts of its key as the latest of `case`.

        Raises:
            OutputError: the folder cannot be written.
        """
        value, kept = canonical_json(score.to_json()), canonical_json(dict(parts))
        entry = {"parts": kept, "score": value, "digest": canonical_json(blake3_hex(value))}
        latest = {"parts": kept, "key": canonical_json(key)}
        with self._locked():
            put_file(self._score(key), canonical_object(entry) + b"\n")
            put_file(self._latest(case), canonical_object(latest) + b"\n")

    def latest(self, case: str) -> dict[str, str] | None:
        """The parts of the key under which `case` (`<task class>/<case id>`) was last kept."""
        with contextlib.suppress(CorruptEntryError):
            entry = self._read(self._latest(case))
            if entry and isinstance(entry.get("parts"), dict):
                return {str(name): str(part) for name, part in entry["parts"].items()}
        return None

    def has(self, key: str) -> bool:
        """Whether something is kept under a key."""
        return Path(self._score(key)).is_file()

    def knows(self, task_class: str) -> bool:
        """Whether a score of a task class was ever kept."""
        return (self.folder / "latest" / task_class).is_dir()

    def gc(self, now: float, retain_days: int = RETAIN_DAYS) -> int:
        """Remove what was written, or last used, more than `retain_days` days ago; returns how many files."""
        removed = 0
        for path in [*self.folder.glob("*/*.json"), *self.folder.glob("*/*/*.json")]:
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > retain_days * _DAY:
                    path.unlink()
                    removed += 1
        return removed

    def gc_daily(self, now: float) -> int:
        """`gc`, unless it was done, or the cache was begun, within the last day."""
        mark = self.folder / ".gc"
        is_new = not mark.exists()
        with contextlib.suppress(OSError):
            if not self.folder.is_dir() or not (is_new or now - mark.stat().st_mtime >= _DAY):
                return 0
            mark.touch()
        return 0 if is_new else self.gc(now)

    def touch(self, key: str) -> None:
        """Note that a score was used: it is kept for longer."""
        path = Path(self._score(key))
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)

    def _score(self, key: str) -> str:
        return f"{self.folder}/scores/{key}.json"

    def _latest(self, case: str) -> str:
        return f"{self.folder}/latest/{case}.json"

    def _read(self, path: str) -> dict[str, Any] | None:
        if not os.path.exists(path):  # noqa: PTH110 - for each case of a run that is new
            return None
        try:
            value = json.loads(read_bytes(Path(path), MAX_ENTRY_BYTES))
        except (InputError, ValueError, RecursionError) as error:
            raise CorruptEntryError(str(error)) from error
        if not isinstance(value, dict):
            raise CorruptEntryError("not an object")
        return value

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            descriptor = _made_with_folder(f"{self.folder}/.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", where=str(self.folder)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def put_file(path: str | Path, data: bytes) -> None:
    """Put a file in its place at once. It is not synced: what a crash loses is scored again."""
    folder, name = os.path.split(path)
    temporary = f"{folder or os.curdir}/.{name}.{os.getpid()}.tmp"
    try:
        descriptor = _made_with_folder(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error


def _made_with_folder(path: str, flags: int) -> int:
    """A descriptor of a file that may be made; its folder is made when it is not there."""
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o666)
