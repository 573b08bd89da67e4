"""What a log is kept in, whatever that is: small files under relative paths, with slashes between names.

    hosts/<host>/records/<sequence>.json    one canonical JSON file a record of the open tail
    hosts/<host>/sealed/…                   records in bundles
    hosts/<host>/tile/…, checkpoint, …      what is made from them

A path is only ever built from names that the log chose itself: hosts are names, everything else is a number.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

MAX_RECORD_BYTES = 1 << 20
"""Largest record that is written or read, in bytes; large evidence goes in by digest."""

FileKind = Literal["file", "folder", "other"]


class NotARecordError(Exception):
    """What lies where a file of the log belongs is something else; the text says what was found."""


class LogFiles(Protocol):
    """The files of one log. Reading needs no lock; who writes holds `locked()`.

    A `NotARecordError` means that something else than a good file lies there, or nothing: that is evidence.
    An `InputError` means that the store cannot be read, an `OutputError` that it cannot be written.
    """

    @property
    def home(self) -> Path:
        """A folder of this machine's own, outside of what is shared: who it is, and where writers queue."""

    def where(self, path: str = "") -> str:
        """What a message calls the file at `path`, or the log."""

    def present(self) -> bool:
        """Whether there is a log at all, be it an empty one."""

    def read(self, path: str, limit: int = MAX_RECORD_BYTES) -> bytes:
        """The bytes of the file at `path`.

        Raises:
            NotARecordError: missing, no regular file, or larger than `limit`.
            InputError: it is there, and cannot be read.
        """

    def read_part(self, path: str, offset: int, length: int) -> bytes:
        """At most `length` bytes of the file at `path` from `offset` on; raises as `read`."""

    def kind(self, path: str) -> FileKind | None:
        """What lies at `path`, links not followed; None when nothing does. Raises `InputError`."""

    def entries(self, folder: str) -> Iterator[tuple[str, FileKind]]:
        """The names in a folder, in no order, and what they are; none when there is no such folder.

        What a killed writer left behind is not among them.

        Raises:
            InputError: it cannot be read.
        """

    def create(self, path: str, data: bytes) -> bool:
        """Put `data` at `path` whole and durably, if nothing is there; False when something already is.

        Raises:
            OutputError: it cannot be written; nothing was left behind.
        """

    def replace(self, path: str, data: bytes) -> None:
        """Put `data` at `path` whole and durably, whatever is there; raises `OutputError`."""

    def remove(self, path: str) -> None:
        """Take the file at `path` away, if there is one; not durably. Raises `OutputError`."""

    def note(self, path: str, data: bytes, *, anew: bool = False) -> None:
        """Add `data` to the end of a hint, or begin it `anew`. A crash may lose it, and so may the store.

        Raises:
            OutputError: it cannot be written.
        """

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Hold the log: one writer at a time, the others wait; given back however its holder dies.

        Who holds it may take it again; where the store can, what was written lands together at the end.

        Raises:
            OutputError: the log cannot be written.
        """
