"""In which order both revisions run: by lot within a block, and derivable again from what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal

from benchgov.canonical import canonical_json, sha256_hex
from benchgov.rim import Clock
from benchgov.statistics.looks import PAIRS_PER_BLOCK

Side = Literal["here", "there"]
"""This work tree, or that of the other revision."""

_MARKS: dict[Side, str] = {"here": "h", "there": "t"}


@dataclass(frozen=True)
class Lot:
    """What the order of a paired measurement is drawn from; the same four give the same order.

    The SHA-256 digests of both manifests, and both revisions (None outside of Git).
    """

    suite_sha256: str
    other_suite_sha256: str
    revision: str | None
    other_revision: str

    def order(self, key: str, block: int, pairs: int) -> tuple[Side, ...]:
        """The sides of the `2 × pairs` runs of block number `block` (from 0) of the run `key`.

        The i-th of `pairs` times here, then as many times there, gets the ticket SHA-256(seed ‖ i), where
        seed is the SHA-256 of the canonical JSON of `[suite, other suite, revision, other revision, key,
        block]` and i is eight bytes, big-endian; they run in the order of their tickets.
        """
        parts = [*vars(self).values(), key, block]
        seed = bytes.fromhex(sha256_hex(canonical_json(parts)))
        tickets = [sha256(seed + index.to_bytes(8, "big")).digest() for index in range(2 * pairs)]
        drawn = sorted(range(2 * pairs), key=tickets.__getitem__)
        return tuple("here" if index < pairs else "there" for index in drawn)


def marks(order: Sequence[Side]) -> str:
    """An order as text: `hthhtttthh`."""
    return "".join(_MARKS[side] for side in order)


def blocks_between(done: int, pairs: int) -> Iterator[tuple[int, int]]:
    """(number, pairs) of every block from the pair `done`, which begins one, up to the pair `pairs`."""
    for start in range(done, pairs, PAIRS_PER_BLOCK):
        yield start // PAIRS_PER_BLOCK, min(PAIRS_PER_BLOCK, pairs - start)


class Budget:
    """A time after which nothing more is looked at; without `minutes` there is none."""

    def __init__(self, now: Clock, minutes: float | None) -> None:
        self.minutes = minutes
        self._now = now
        self._end = None if minutes is None else now() + timedelta(minutes=minutes)

    def is_over(self) -> bool:
        """Whether the time has been used up."""
        return self._end is not None and self._now() >= self._end
