"""Heads that were kept elsewhere: what a log is held against, and where an earlier verification stopped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.audit.checkpoint import Checkpoint, parse_checkpoint
from benchgov.audit.note import Verifier, verify_note
from benchgov.errors import InputError, UsageError
from benchgov.files import read_text
from benchgov.names import is_name

_ANCHOR = re.compile(r"(?:([1-9][0-9]{0,11}):)?([0-9a-f]{64})", re.ASCII)
_LINE = re.compile(r"(?:(?P<host>\S+)\s+)?(?P<anchor>[1-9][0-9]{0,11}:[0-9A-Fa-f]{64})", re.ASCII)
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Anchor:
    """A head that was kept elsewhere, with its sequence and its host where those were kept too."""

    head: str
    sequence: int | None = None
    host: str | None = None

    def __str__(self) -> str:
        return f"{self.sequence}:{self.head}" if self.sequence else self.head

    def concerns(self, host: str) -> bool:
        """Whether the anchor may be one of that host's chain."""
        return self.host in (None, host)

    def names(self, sequence: int, head: str) -> bool:
        """Whether the record at `sequence` is the one that was anchored."""
        return head == self.head and self.sequence in (None, sequence)


def parse_anchor(text: str) -> Anchor:
    """Read `sequence:head`, or a head alone.

    Raises:
        UsageError: it is neither.
    """
    found = _ANCHOR.fullmatch(text.strip().lower())
    if found is None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise UsageError(
            f"not a chain head: {shown!r}",
            remedy="Give 64 hexadecimal digits, or `sequence:head` as `benchgov audit verify` prints it.",
        )
    return Anchor(found[2], int(found[1]) if found[1] else None)


def read_kept(path: Path, verifiers: Sequence[Verifier] = ()) -> tuple[Anchor, ...] | Checkpoint:
    """What was kept in a file: heads, a line each (`[host] sequence:head`), or a C2SP checkpoint.

    With `verifiers` it must be a checkpoint, and one of them must have signed it.

    Raises:
        InputError: the file cannot be read, or holds neither.
        UsageError: heads, which nobody signs, where a signature is wanted.
        TamperError: none of the keys signed the checkpoint, or a signature of one of them is wrong.
    """
    text = read_text(path, _MAX_BYTES)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError("holds neither a head nor a checkpoint", where=str(path))
    if not _LINE.fullmatch(lines[0]) and len(lines) > 2 and lines[1].isdecimal():
        checkpoint = parse_checkpoint(text, str(path))
        if verifiers:
            verify_note(checkpoint.note, verifiers)
        return checkpoint.head
    if verifiers:
        raise UsageError(f"{path} has heads, which nobody signed; give a checkpoint where a key is given")
    return tuple(_parse_line(line, f"{path}:{number}") for number, line in enumerate(lines, 1))


def _parse_line(line: str, where: str) -> Anchor:
    found = _LINE.fullmatch(line)
    host = found["host"] if found else None
    if found is None or (host is not None and not is_name(host)):
        raise InputError(
            "not a head: expected `sequence:head`, and the host before it where there are several",
            where=where,
            remedy="Give a checkpoint, or a file that `benchgov audit verify --save-heads` wrote.",
        )
    anchor = parse_anchor(found["anchor"])
    return Anchor(anchor.head, anchor.sequence, host)
