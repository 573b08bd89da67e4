"""What is verified by itself: one host's chain, or a part of a long one, perhaps in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from itertools import groupby

from benchgov.audit.anchors import Anchor
from benchgov.audit.divergence import Divergence
from benchgov.audit.files import LogFiles
from benchgov.audit.records import BUNDLE, Records

WORTH_SPREADING = 1_000_000
"""How many records a second process must find to do: about the work of the second that it takes to start."""

WORTH_SPREADING_STRICT = 8_000
"""The same where each record is parsed and written again."""


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
class Job:
    """One host's chain to verify: from its beginning, from a time, or from a head verified before.

    A part of one begins behind the record at `first`, whose head another part confirms, and ends at `last`.
    """

    files: LogFiles
    host: str
    strict: bool = False
    anchors: tuple[Anchor, ...] = ()
    sizes: tuple[int, ...] = ()
    since: datetime | None = None
    state: Anchor | None = None
    first: int = 0
    last: int | None = None

    def at(self, sequence: int, expected: str, found: str) -> Divergence:
        """A divergence of this chain."""
        return Divergence(Records(self.files, self.host).where(sequence), sequence, expected, found)


@dataclass(frozen=True)
class Outcome:
    """What came of a job: heads where the anchors are, and roots at the job's sizes."""

    job: Job
    chain: HostChain
    noted: dict[int, str]
    roots: dict[int, bytes]
    divergence: Divergence | None = None


Spread = Callable[[Callable[[Job], Outcome], Sequence[Job]], Iterable[Outcome]]
"""Does the jobs, here or in other processes, and gives their outcomes in the order of the jobs."""


def split(jobs: Sequence[Job], workers: int) -> list[Job]:
    """The jobs, and those with long chains in parts, so that so many workers have as much to do each.

    The part behind a record starts from the head that the record claims; the part before walks up to that
    record, and finds out whether that is its head. That record is the first of a bundle, so that what it
    covers lies in the part before. A tree is not cut.
    """
    parts: list[Job] = []
    for job in jobs:
        whole = workers < 2 or job.state or job.since or job.sizes
        last = 0 if whole else Records(job.files, job.host).extent().last
        if last < 2 * _worth(job):
            parts.append(job)
            continue
        step = -(-last // (workers * BUNDLE)) * BUNDLE
        starts = [0, *range(step + 1, last, step)]
        ends = [*starts[1:], None]
        parts += [replace(job, first=first, last=end) for first, end in zip(starts, ends, strict=True)]
    return parts


def join(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """One outcome a host; those of its parts come one after the other."""
    for _, parts in groupby(outcomes, key=lambda one: one.job.host):
        yield reduce(_joined, parts)


def _joined(before: Outcome, after: Outcome) -> Outcome:
    """What came of two parts; of the first one alone, where the chain breaks in it."""
    if before.divergence:
        return before
    one, other = before.chain, after.chain
    chain = HostChain(one.host, one.records + other.records, one.complete + other.complete, other.head)
    return Outcome(before.job, chain, before.noted | after.noted, {}, after.divergence)


def side_by_side(
    work: Callable[[Job], Outcome], jobs: Sequence[Job], spread: Spread, workers: int
) -> Iterable[Outcome]:
    """Do the jobs by `spread`, long chains in parts, where that saves more than starting processes costs."""
    parts = split(jobs, workers)
    return join(spread(work, parts)) if is_worth_spreading(parts) else map(work, jobs)


def is_worth_spreading(jobs: Sequence[Job]) -> bool:
    """Whether the jobs besides the longest one have more to do than starting processes costs."""
    if len(jobs) < 2 or any(job.state for job in jobs):
        return False
    return sum(sorted(map(_length, jobs))[:-1]) >= _worth(jobs[0])


def _worth(job: Job) -> int:
    return WORTH_SPREADING_STRICT if job.strict else WORTH_SPREADING


def _length(job: Job) -> int:
    last = Records(job.files, job.host).extent().count if job.last is None else job.last
    return last - job.first
