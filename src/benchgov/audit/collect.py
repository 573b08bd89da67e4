"""Append what many jobs left behind: in one order, all or nothing, and once, however often it is tried.

When somebody else moved the branch first, the records are made again behind the new head: a chain cannot be
rebased, as each record holds the hash of the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchgov.audit.anchors import Anchor
from benchgov.audit.artifacts import Fault, Item
from benchgov.audit.attempts import Pace, persist
from benchgov.audit.chain import Appended, append, find, rehearse
from benchgov.audit.files import LogFiles
from benchgov.audit.hints import Tail, find_key
from benchgov.audit.record import Record
from benchgov.audit.records import Records
from benchgov.audit.sealing import open_tail
from benchgov.audit.store import list_hosts
from benchgov.audit.verification import Verification, verify, verify_tail
from benchgov.errors import BenchgovError, UsageError
from benchgov.rim import Clock

_REMEDY = "Nothing was recorded, and the artifacts are as they were: collect them again."


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
    good, refused = _examined(items, writer)
    states: tuple[Anchor, ...] = ()

    def write() -> tuple[tuple[tuple[Item, Appended], ...], str]:
        nonlocal states
        with files.locked():
            states = _verified(files, states)
            return _append_all(files, good, writer), _head(files, writer.host)

    (done, head), attempts = persist(write, pace, remedy=_REMEDY)
    return Collection(done, refused, attempts, head)


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
