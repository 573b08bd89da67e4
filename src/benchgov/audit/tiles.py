"""Tiles: the hashes of a tree in immutable files of 256, in the layout of C2SP's tlog-tiles.

    tile/<L>/<N>    hashes 256·N to 256·N + 255 of level 8·L; N as 000 to 999, then x001/000

Only full tiles are kept: what a partial one would hold follows from the records, and from the tiles below it.
"""

from __future__ import annotations

from typing import Protocol

from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.merkle import HASH_BYTES
from benchgov.audit.store import host_folder
from benchgov.errors import TamperError

TILE_LEVELS = 8
TILE_WIDTH = 1 << TILE_LEVELS
TILE_BYTES = TILE_WIDTH * HASH_BYTES


class Tiles(Protocol):
    """Where full tiles are kept. They are a cache: what a tile says is believed once a root confirms it."""

    def read(self, level: int, number: int) -> bytes | None:
        """The 8,192 bytes of a tile; None when it is not kept. Raises `TamperError` for any other length."""

    def write(self, level: int, number: int, data: bytes) -> None:
        """Keep a full tile, where none is kept yet."""

    def where(self, level: int, number: int) -> str:
        """What a message calls the tile."""


def tile_path(level: int, number: int) -> str:
    """The path of a tile below `tile/`: `0/x001/x234/067` for number 1234067 of level 0."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03d}")
    return "/".join([str(level), *reversed(parts)])


class LogTiles:
    """The tiles of a host's log, each created once, durably."""

    def __init__(self, files: LogFiles, host: str) -> None:
        self._files, self._folder = files, f"{host_folder(host)}/tile"

    def _path(self, level: int, number: int) -> str:
        return f"{self._folder}/{tile_path(level, number)}"

    def where(self, level: int, number: int) -> str:
        """The tile's file."""
        return self._files.where(self._path(level, number))

    def read(self, level: int, number: int) -> bytes | None:
        """The 8,192 bytes of a tile; None when there is no file.

        Raises:
            TamperError: what is there is no tile.
            InputError: it cannot be read.
        """
        path = self._path(level, number)
        try:
            data = self._files.read(path)
        except NotARecordError as error:
            if self._files.kind(path) is None:
                return None
            raise _no_tile(self._files.where(path), str(error)) from error
        if len(data) != TILE_BYTES:
            raise _no_tile(self._files.where(path), f"{len(data):,} bytes")
        return data

    def write(self, level: int, number: int, data: bytes) -> None:
        """Keep a full tile, where none is kept yet.

        Raises:
            OutputError: it cannot be written.
        """
        self._files.create(self._path(level, number), data)


def _no_tile(where: str, found: str) -> TamperError:
    return TamperError(
        f"expected a tile of {TILE_BYTES:,} bytes, found {found}",
        where=where,
        remedy="Tiles are made from the records: remove it when `benchgov audit verify` finds those good.",
    )
