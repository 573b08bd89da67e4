"""A page of Markdown that is cut to a size without breaking: blocks stay whole, rows at their end may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """Markdown that stays whole but for its `rows`, of which the last may be left out."""

    head: str
    rows: tuple[str, ...] = ()
    tail: str = ""


def page(blocks: Sequence[Block], limit: int) -> str:
    """The blocks as Markdown of at most `limit` bytes of UTF-8; rows that do not fit are counted instead.

    Every opened fold and table is closed again: only whole rows are left out.
    """
    frame = sum(_size(block.head) + _size(block.tail) + _size(_more(len(block.rows))) + 3 for block in blocks)
    room = limit - frame
    lines: list[str] = []
    for block in blocks:
        kept = 0
        for row in block.rows:
            if (room := room - _size(row) - 1) < 0:
                break
            kept += 1
        left_out = len(block.rows) - kept
        parts = [block.head, *block.rows[:kept], _more(left_out) if left_out else "", block.tail]
        lines += [part for part in parts if part]
        if block.rows and not block.tail:
            lines.append("")
    return "\n".join(lines)


def _more(count: int) -> str:
    return f"\n… and {count} more; the report has them all." if count else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
