"""Verify the chains of a store: the first place, if any, where the log is not what was written.

This finds any change relative to a head that is kept elsewhere. Without one it cannot find a cut tail, or a
chain that someone who may write the whole store has linked again: nothing in the store could tell.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchgov.audit.anchors import Anchor, parse_anchor
from benchgov.audit.encoding import unseal
from benchgov.audit.hints import later_record
from benchgov.audit.store import (
    NotARecordError,
    list_hosts,
    read_record,
    record_path,
    records_folder,
    require_store,
    scan_records,
)
from benchgov.audit.walk import Cursor, Divergence, first_since, verify_tail
from benchgov.errors import UsageError

__all__ = [
    "Anchor",
    "Divergence",
    "HostChain",
    "Verification",
    "parse_anchor",
    "verify",
    "verify_tail",
]


@dataclass(frozen=True)
class HostChain:
    """What was verified of one host: how many records, how many of them complete, and the chain's head.

    `skipped` records before them were left out, because an earlier verification, or `since`, said so.
    """

    host: str
    records: int
    complete: int
    head: str
    skipped: int = 0

    @property
    def last(self) -> int:
        """The sequence of the last record that was verified."""
        return self.skipped + self.records

    @property
    def anchor(self) -> str:
        """`sequence:head`: what to keep elsewhere, and give to `verify` later."""
        return f"{self.last}:{self.head}"


@dataclass(frozen=True)
class Verification:
    """What a verification found. `hosts` counts the records before the first divergence."""

    hosts: tuple[HostChain, ...]
    divergence: Divergence | None = None

    @property
    def ok(self) -> bool:
        """Whether every record is what was written."""
        return self.divergence is None

    @property
    def records(self) -> int:
        """How many records verified."""
        return sum(chain.records for chain in self.hosts)

    @property
    def complete(self) -> int:
        """How many of them are complete."""
        return sum(chain.complete for chain in self.hosts)


@dataclass(frozen=True)
class Job:
    """One host's chain to verify: from its beginning, from a time, or from a head verified before."""

    store: Path
    host: str
    strict: bool = False
    anchors: tuple[Anchor, ...] = ()
    since: datetime | None = None
    state: Anchor | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a job; `noted` has the heads at the sequences that anchors name."""

    chain: HostChain
    noted: dict[int, str]
    divergence: Divergence | None = None


Spread = Callable[[Callable[[Job], Outcome], Sequence[Job]], Iterable[Outcome]]
"""Does the jobs, here or in other processes, and gives their outcomes in the order of the jobs."""


def verify(
    store: Path,
    *,
    strict: bool = False,
    anchor: Anchor | None = None,
    anchors: Sequence[Anchor] = (),
    since: datetime | None = None,
    states: Sequence[Anchor] = (),
    spread: Spread = map,
) -> Verification:
    """Walk every chain of the store, and say where the first one breaks.

    `strict` also parses every record as its type and writes it again. Every one of the anchors must be held
    by a chain: that finds a cut tail, and a chain that was linked again from before the anchor.

    `since` leaves out what was recorded before it, but for the link to it. `states` are heads that were
    verified before: of their hosts' chains only what comes after is walked, without listing the folder.

    Raises:
        InputError: there is no store, or a file of it cannot be read. Tampering raises nothing.
    """
    require_store(store)
    wanted = (anchor, *anchors) if anchor else tuple(anchors)
    listing = list_hosts(store)
    chosen, lost = _assign(store, listing.names, states)
    if lost:
        return Verification((), lost)
    jobs = [Job(store, host, strict, wanted, since, chosen.get(host)) for host in listing.names]
    outcomes: list[Outcome] = []
    for outcome in spread(verify_host, jobs):
        outcomes.append(outcome)
        if outcome.divergence:
            break
    chains = tuple(outcome.chain for outcome in outcomes)
    divergence = outcomes[-1].divergence if outcomes else None
    if divergence is None and listing.strangers:
        divergence = _stranger(store / "hosts", listing.strangers[0])
    for one in wanted:
        divergence = divergence or _held(store, one, outcomes)
    return Verification(chains, divergence)


def verify_host(job: Job) -> Outcome:
    """Verify one host's chain, as the job says."""
    cursor = Cursor(job.store, job.host, job.strict, job.anchors)
    if job.state and job.state.sequence:
        divergence = cursor.resume(job.state.sequence, job.state.head)
        start = job.state.sequence if divergence is None else cursor.sequence
        divergence = divergence or _probe(cursor)
    else:
        extent = scan_records(job.store, job.host)
        start, divergence = _start(job, cursor, extent.last)
        divergence = divergence or cursor.advance(extent.last)
        if divergence is None and extent.stranger is not None:
            divergence = _stranger(records_folder(job.store, job.host), extent.stranger)
    chain = HostChain(job.host, cursor.sequence - start, cursor.complete, cursor.head, start)
    return Outcome(chain, cursor.noted, divergence)


def _start(job: Job, cursor: Cursor, last: int) -> tuple[int, Divergence | None]:
    """Put the cursor where the walk begins; the sequence before that."""
    if job.since is None:
        return 0, None
    first, divergence = first_since(job.store, job.host, job.since, last)
    if divergence is None and first > 1:
        divergence = cursor.resume(first - 1)
    return cursor.sequence, divergence


def _probe(cursor: Cursor) -> Divergence | None:
    """Walk on as long as there is a next record: the names of all the others need not be read for that."""
    while True:
        while os.path.lexists(record_path(cursor.store, cursor.host, cursor.sequence + 1)):
            if divergence := cursor.advance(cursor.sequence + 1):
                return divergence
        if later_record(cursor.store, cursor.host, cursor.sequence) is None:
            return None
        if divergence := cursor.advance(cursor.sequence + 1):
            return divergence


def _assign(
    store: Path, hosts: tuple[str, ...], states: Sequence[Anchor]
) -> tuple[dict[str, Anchor], Divergence | None]:
    """Host → the head that its chain was verified up to; or where the log does not hold such a head."""
    chosen: dict[str, Anchor] = {}
    for state in states:
        if state.sequence is None:
            raise UsageError("to go on from a head, its sequence is needed: `sequence:head`")
        host = state.host or _holder(store, hosts, state)
        if host not in hosts:
            path = record_path(store, host, state.sequence) if host else store
            return {}, Divergence(str(path), state.sequence, f"chain_head {state.head}", "no such record")
        if host in chosen:
            raise UsageError(f"two heads to go on from for host {host}; give the later one")
        chosen[host] = state
    return chosen, None


def _holder(store: Path, hosts: tuple[str, ...], state: Anchor) -> str:
    """The host whose record has that head; the only host, whatever its record has; else none."""
    if len(hosts) == 1:
        return hosts[0]
    assert state.sequence is not None
    for host in hosts:
        with contextlib.suppress(NotARecordError):
            sealed = unseal(read_record(record_path(store, host, state.sequence)))
            if sealed and sealed.head == state.head:
                return host
    return ""


def _stranger(folder: Path, name: str) -> Divergence:
    return Divergence(str(folder / name), 0, "nothing but the log's own files", repr(name))


def _held(store: Path, anchor: Anchor, outcomes: Sequence[Outcome]) -> Divergence | None:
    """Where the log would have to hold `anchor`, and does not."""
    concerned = [outcome for outcome in outcomes if anchor.concerns(outcome.chain.host)]
    if any(anchor.names(*noted) for outcome in concerned for noted in outcome.noted.items()):
        return None
    if not concerned:
        return Divergence(str(store), anchor.sequence or 1, f"chain_head {anchor.head}", "no record at all")
    for outcome in concerned:
        if anchor.sequence in outcome.noted:
            path = record_path(store, outcome.chain.host, anchor.sequence)
            found = outcome.noted[anchor.sequence]
            return Divergence(str(path), anchor.sequence, f"chain_head {anchor.head}", found)
    longest = max((outcome.chain for outcome in concerned), key=lambda chain: chain.last)
    path = record_path(store, longest.host, longest.last + 1)
    found = f"the chain ends at {longest.anchor}"
    return Divergence(str(path), longest.last + 1, f"a chain that holds {anchor.head}", found)
