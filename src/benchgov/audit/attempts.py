"""Trying again to write a log that others push to as well: after a wait that grows, and is never the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from benchgov.errors import BenchgovError, LostRaceError, UnreachableError, UsageError

LONGEST_WAIT_SECONDS = 30.0
_FIRST_WAIT_SECONDS = 0.5
_UNREACHABLE = 4

T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """How often to try, how to wait, and a random number from 0 to 1 that keeps two writers apart."""

    sleep: Callable[[float], None]
    random: Callable[[], float]
    attempts: int = 20

    def wait(self, attempt: int) -> None:
        """Wait after the attempt of this number, counted from 1."""
        longest = min(LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** min(attempt - 1, 10))
        # Never nearly nothing: who lost has to read what the winner wrote.
        self.sleep(longest * (0.25 + 0.75 * self.random()))


def persist(write: Callable[[], T], pace: Pace, *, remedy: str) -> tuple[T, int]:
    """What `write` returns, and at which attempt: again when somebody else pushed first.

    A remote that does not answer is asked four times. `remedy` says what to do after the last attempt.

    Raises:
        LostRaceError, UnreachableError: so at the last attempt.
        UsageError: not even one attempt is wanted.
    """
    if pace.attempts < 1:
        raise UsageError("at least one attempt is needed")
    unreachable = 0
    for attempt in range(1, pace.attempts + 1):
        try:
            return write(), attempt
        except LostRaceError as error:
            last: BenchgovError = error
        except UnreachableError as error:
            unreachable += 1
            if unreachable == _UNREACHABLE:
                raise
            last = error
        if attempt < pace.attempts:
            pace.wait(attempt)
    raise type(last)(
        f"given up after {pace.attempts} attempts: {last.message}", where=last.where, remedy=remedy
    )
