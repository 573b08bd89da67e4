"""Verify the chains of a store: the first place, if any, where the log is not what was written.

This finds any change relative to a head that is kept elsewhere. Without one it cannot find a cut tail, or a
chain that someone who may write the whole store has linked again: nothing in the store could tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchgov.audit.anchors import Anchor, parse_anchor
from benchgov.audit.checkpoint import Checkpoint
from benchgov.audit.divergence import Divergence
from benchgov.audit.files import LogFiles
from benchgov.audit.folder import as_files
from benchgov.audit.jobs import HostChain, Job, Outcome, Spread
from benchgov.audit.records import Extent, Records
from benchgov.audit.sealing import leftovers, strange_leftover
from benchgov.audit.states import assign
from benchgov.audit.store import list_hosts, require_store
from benchgov.audit.walk import Cursor, first_since, verify_tail
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


def verify(
    store: LogFiles | Path,
    *,
    strict: bool = False,
    anchor: Anchor | None = None,
    kept: Sequence[Anchor | Checkpoint] = (),
    since: datetime | None = None,
    states: Sequence[Anchor | Checkpoint] = (),
    spread: Spread = map,
) -> Verification:
    """Walk every chain of the store, and say where the first one breaks.

    A bundle that the record behind it covers is hashed as a whole (`Cursor`). `strict` looks at every record
    instead, parses it as its type and writes it again. `anchor`, and every head and
    checkpoint that was `kept`, must be held by a chain: that finds a cut tail, and a chain that was linked
    again from before.

    `since` leaves out what was recorded before it, but for the link to it. `states` are heads that were
    verified before: of their hosts' chains only what comes after is walked, without listing the folder.

    Raises:
        InputError: there is no store, or a file of it cannot be read. Tampering raises nothing.
        UsageError: `states` name a host twice, or lack a sequence; or are given with what was `kept`.
    """
    files = as_files(store)
    require_store(files)
    anchors = tuple(one for one in (anchor, *kept) if isinstance(one, Anchor))
    checkpoints = tuple(one for one in kept if isinstance(one, Checkpoint))
    if (anchors or checkpoints) and (since or states):
        raise UsageError("to hold the log against what was kept, it is verified from its beginning")
    listing = list_hosts(files)
    chosen = assign(files, listing.names, states)
    if isinstance(chosen, Divergence):
        return Verification((), chosen)
    sizes = tuple(checkpoint.size for checkpoint in checkpoints)
    jobs = [Job(files, host, strict, anchors, sizes, since, chosen.get(host)) for host in listing.names]
    outcomes: list[Outcome] = []
    for outcome in spread(verify_host, jobs):
        outcomes.append(outcome)
        if outcome.divergence:
            break
    chains = tuple(outcome.chain for outcome in outcomes)
    divergence = outcomes[-1].divergence if outcomes else None
    if divergence is None and listing.strangers:
        divergence = _stranger(files, f"hosts/{listing.strangers[0]}")
    for one in anchors:
        divergence = divergence or _held(one, outcomes)
    for checkpoint in checkpoints:
        divergence = divergence or _covered(checkpoint, outcomes)
    return Verification(chains, divergence)


def verify_host(job: Job) -> Outcome:
    """Verify one host's chain, as the job says."""
    cursor = Cursor(job.files, job.host, job.strict, job.anchors, sizes=job.sizes)
    if job.state and job.state.sequence:
        divergence = cursor.resume(job.state.sequence, job.state.head)
        start = job.state.sequence if divergence is None else cursor.sequence
        divergence = divergence or _probe(cursor)
    else:
        extent = cursor.records.extent()
        start, divergence = _start(job, cursor, extent.last)
        divergence = divergence or cursor.advance(extent.last if job.last is None else job.last)
        if job.last is None:
            divergence = divergence or _beside(cursor.records, extent)
            divergence = divergence or _odd(job.files, extent)
    chain = HostChain(job.host, cursor.sequence - start, cursor.complete, cursor.head, start)
    return Outcome(job, chain, cursor.noted, cursor.roots, divergence)


def verify_since(files: LogFiles, host: str, checkpoint: Checkpoint) -> Divergence | None:
    """Walk what a host recorded since a checkpoint, after seeing that the log holds that.

    Raises:
        InputError: a file cannot be read.
    """
    chosen = assign(files, (host,), [checkpoint])
    if isinstance(chosen, Divergence):
        return chosen
    return verify_host(Job(files, host, state=chosen[host])).divergence


def _beside(records: Records, extent: Extent) -> Divergence | None:
    """The first record that has another content in a file of its own than in its bundle."""
    doubled = leftovers(records, extent.bundles) if extent.leftovers else []
    return next((found for one in doubled if (found := strange_leftover(records, one))), None)


def _odd(files: LogFiles, extent: Extent) -> Divergence | None:
    return _stranger(files, extent.stranger) if extent.stranger is not None else None


def _start(job: Job, cursor: Cursor, last: int) -> tuple[int, Divergence | None]:
    """Put the cursor where the walk begins; the sequence before that."""
    if job.since is None:
        divergence = cursor.resume(job.first) if job.first else None
        return cursor.sequence, divergence
    first, divergence = first_since(cursor.records, job.since, last)
    if divergence is None and first > 1:
        divergence = cursor.resume(first - 1)
    return cursor.sequence, divergence


def _probe(cursor: Cursor) -> Divergence | None:
    """Walk on as long as there is a next record: the names of all the others need not be read for that."""
    while True:
        while cursor.records.exists(cursor.sequence + 1):
            if divergence := cursor.advance(cursor.sequence + 1):
                return divergence
        if cursor.records.later(cursor.sequence) is None:
            return None
        if divergence := cursor.advance(cursor.sequence + 1):
            return divergence


def _stranger(files: LogFiles, path: str) -> Divergence:
    name = path.rpartition("/")[2]
    return Divergence(files.where(path), 0, "nothing but the log's own files", repr(name))


def _held(anchor: Anchor, outcomes: Sequence[Outcome]) -> Divergence | None:
    """Where the log would have to hold `anchor`, and does not."""
    concerned = [outcome for outcome in outcomes if anchor.concerns(outcome.chain.host)]
    if any(anchor.names(*noted) for outcome in concerned for noted in outcome.noted.items()):
        return None
    for outcome in concerned:
        if anchor.sequence in outcome.noted:
            found = outcome.noted[anchor.sequence]
            return outcome.job.at(anchor.sequence, f"chain_head {anchor.head}", found)
    return _too_short(concerned, anchor.sequence or 1, f"a chain that holds {anchor.head}")


def _covered(checkpoint: Checkpoint, outcomes: Sequence[Outcome]) -> Divergence | None:
    """Where the log would have to be what `checkpoint` says, and is not."""
    size, root = checkpoint.size, checkpoint.root
    found = [outcome for outcome in outcomes if size in outcome.roots]
    if size == 0 or any(outcome.roots[size] == root for outcome in found):
        return None
    if found:
        wanted = f"root {root.hex()} over the first {size} records"
        return found[0].job.at(size, wanted, found[0].roots[size].hex())
    return _too_short(outcomes, size, f"a chain of {size} records or more")


def _too_short(outcomes: Sequence[Outcome], position: int, expected: str) -> Divergence:
    if not outcomes:
        return Divergence("the log", position, expected, "no record at all")
    longest = max(outcomes, key=lambda outcome: outcome.chain.last)
    return longest.job.at(longest.chain.last + 1, expected, f"the chain ends at {longest.chain.anchor}")
