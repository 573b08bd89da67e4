"""Append what many jobs left behind: in one order, all or nothing, and once, however often it is tried.

When somebody else moved the branch first, the records are made again behind the new head: a chain cannot be
rebased, as each record holds the hash of the one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchgov.audit.anchors import Anchor
from benchgov.audit.artifacts import Fault, Item
from benchgov.audit.chain import Appended, append, find, rehearse
from benchgov.audit.files import LogFiles
from benchgov.audit.hints import Tail, find_key
from benchgov.audit.record import Record
from benchgov.audit.records import Records
from benchgov.audit.sealing import open_tail
from benchgov.audit.store import list_hosts
from benchgov.audit.verification import Verification, verify, verify_tail
from benchgov.errors import BenchgovError, LostRaceError, UnreachableError, UsageError
from benchgov.rim import Clock

LONGEST_WAIT_SECONDS = 30.0
_FIRST_WAIT_SECONDS = 0.5
_UNREACHABLE = 4


@dataclass(frozen=True)
class Pace:
    """How often to try, how to wait, and a random number from 0 to 1 that keeps two collectors apart."""

    sleep: Callable[[float], None]
    random: Callable[[], float]
    attempts: int = 20

    def wait(self, attempt: int) -> None:
        """Wait after the attempt of this number, counted from 1."""
        longest = min(LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** min(attempt - 1, 10))
        # Never nearly nothing: who lost has to read what the winner wrote.
        self.sleep(longest * (0.25 + 0.75 * self.random()))


@dataclass(frozen=True)
class Writer:
    """Whose chain is continued, when, and what may be recorded although it looks like a secret."""

    host: str
    now: Clock
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """What became of each item, what was refused, how many attempts it took, and the head of the chain.

    `head` is `sequence:hash`, or empty for a chain without a record.
    """

    done: tuple[tuple[Item, Appended], ...] = ()
    refused: tuple[Fault, ...] = ()
    attempts: int = 0
    head: str = ""

    @property
    def new(self) -> int:
        """How many records are new."""
        return sum(appended.new for _, appended in self.done)


def collect(files: LogFiles, items: Sequence[Item], writer: Writer, pace: Pace) -> Collection:
    """Append every item that may be recorded and is not there yet, whichever host recorded it.

    The log is verified first, and after a lost race the part of it that is new.

    Raises:
        TamperError: the log does not verify, or was rewritten; nothing was appended.
        LostRaceError, UnreachableError: so after the last attempt; nothing was appended.
        OutputError: it cannot be written.
    """
    if pace.attempts < 1:
        raise UsageError("at least one attempt is needed")
    good, refused = _examined(items, writer)
    states: tuple[Anchor, ...] = ()
    unreachable = 0
    for attempt in range(1, pace.attempts + 1):
        try:
            with files.locked():
                states = _verified(files, states)
                done = _append_all(files, good, writer)
                head = _head(files, writer.host)
            return Collection(done, refused, attempt, head)
        except LostRaceError as error:
            last: BenchgovError = error
        except UnreachableError as error:
            unreachable += 1
            if unreachable == _UNREACHABLE:
                raise
            last = error
        if attempt < pace.attempts:
            pace.wait(attempt)
    raise _given_up(last, pace.attempts)


def _given_up(error: BenchgovError, attempts: int) -> BenchgovError:
    return type(error)(
        f"given up after {attempts} attempts: {error.message}",
        where=error.where,
        remedy="Nothing was recorded, and the artifacts are as they were: collect them again.",
    )


def _examined(items: Sequence[Item], writer: Writer) -> tuple[list[Item], tuple[Fault, ...]]:
    """The items that a record can be made of, and why the others cannot."""
    good: list[Item] = []
    refused: list[Fault] = []
    for item in items:
        try:
            rehearse(item.draft, host=writer.host, now=writer.now, allow=writer.allow)
            good.append(item)
        except UsageError:  # an expression of `allow`, which is no item's fault
            raise
        except BenchgovError as error:
            reason = "; ".join((error.message, *error.details))
            refused.append(Fault(item.artifact, item.file, reason))
    return good, tuple(refused)


def _verified(files: LogFiles, states: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    """Verify the log, from where it was verified before; the heads up to which it is now."""
    if not files.present():
        return ()
    found: Verification = verify(files, states=states)
    if found.divergence:
        raise found.divergence.error()
    return tuple(Anchor(chain.head, chain.last, chain.host) for chain in found.hosts if chain.last)


def _append_all(files: LogFiles, items: Iterable[Item], writer: Writer) -> tuple[tuple[Item, Appended], ...]:
    others = _others(files, writer.host)
    done = []
    for item in items:
        known = _recorded(others, item.draft.idempotency_key)
        done.append(
            (item, known or append(files, item.draft, host=writer.host, now=writer.now, allow=writer.allow))
        )
    return tuple(done)


def _head(files: LogFiles, host: str) -> str:
    last = verify_tail(files, host, open_tail(Records(files, host)).last)
    return f"{last.sequence}:{last.chain_head}" if last else ""


_Chain = tuple[Records, Tail, Record | None]


def _others(files: LogFiles, host: str) -> list[_Chain]:
    """The chains besides the one that is continued, which finds its keys itself."""
    names = list_hosts(files).names if files.present() else ()
    chains = [
        (records, open_tail(records)) for records in (Records(files, name) for name in names if name != host)
    ]
    return [(records, tail, verify_tail(files, records.host, tail.last)) for records, tail in chains]


def _recorded(chains: Iterable[_Chain], key: str) -> Appended | None:
    """The record that a chain has of `key` already."""
    for records, tail, last in chains:
        sequence = find_key(records, tail, last, key)
        if sequence is not None:
            record = find(records.files, str(sequence), host=records.host)
            return Appended(record, records.path(sequence), new=False)
    return None
