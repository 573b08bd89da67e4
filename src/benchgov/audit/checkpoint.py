"""Checkpoints, as C2SP's tlog-checkpoint says: origin, size and root of a log's tree, in a note."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from benchgov.audit.merkle import HASH_BYTES
from benchgov.audit.note import Note, parse_note, unbase64
from benchgov.errors import InputError

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True)
class Checkpoint:
    """The head of a tree: which log, how many records, and the root over them."""

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of its note."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extension]
        return "".join(f"{line}\n" for line in lines)

    def __str__(self) -> str:
        return f"{self.size} records, root {self.root.hex()}"


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint and the note that it was read from, with all of its signatures."""

    head: Checkpoint
    note: Note

    def __str__(self) -> str:
        return str(self.note)


def parse_checkpoint(content: str, where: str) -> SignedCheckpoint:
    """Read a checkpoint, signed or not. Signatures are read, not verified.

    Raises:
        InputError: not a note, or not the text of a checkpoint.
    """
    note = parse_note(content, where)
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise InputError("not a checkpoint: origin, size and root were expected, a line each", where=where)
    origin, size, encoded, *extension = lines
    root = unbase64(encoded)
    if not _SIZE.fullmatch(size):
        raise InputError(f"not a checkpoint: its size is {size[:40]!r}", where=where)
    if root is None or len(root) != HASH_BYTES:
        raise InputError(f"not a checkpoint: its root is {encoded[:60]!r}", where=where)
    return SignedCheckpoint(Checkpoint(origin, int(size), root, tuple(extension)), note)


def unsigned(head: Checkpoint) -> SignedCheckpoint:
    """The checkpoint as a note that nobody signed."""
    return SignedCheckpoint(head, Note(head.text))
