"""Plan shards: longest processing time first, the same for the same input, every benchmark once. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchgov.canonical import Json
from benchgov.errors import UsageError
from benchgov.sharding.durations import fill_in
from benchgov.sharding.shard import MAX_SHARDS, MatrixEntry, items_of, plan_digest
from benchgov.suites.load import Suite
from benchgov.suites.manifest import Entry

MAX_ENTRY_BYTES = 100_000
"""The longest matrix entry: a job gets it in a variable, and Linux lets one be 128 KiB long."""

MAX_MATRIX_BYTES = 1_000_000
"""The longest matrix: the output of a job may be 1 MB long."""


@dataclass(frozen=True)
class PlannedShard:
    """One shard: its items in manifest order, how many benchmarks they are, and the seconds expected."""

    items: tuple[str, ...]
    benchmarks: int
    seconds: float


@dataclass(frozen=True)
class ShardPlan:
    """The shards, the digest that ties them together, and the benchmarks whose duration is not known."""

    suite: str
    digest: str
    whole: bool
    shards: tuple[PlannedShard, ...]
    unknown: tuple[str, ...]

    def matrix(self) -> Json:
        """What `fromJSON` makes a matrix of: `{"include": [...]}`.

        Raises:
            UsageError: it is longer than what GitHub or a job's variable takes.
        """
        entries = [entry.to_json() for entry in self.entries()]
        longest = max(len(entry["select"]) for entry in entries)
        if longest > MAX_ENTRY_BYTES or sum(len(entry["select"]) for entry in entries) > MAX_MATRIX_BYTES:
            raise UsageError(
                f"a shard names its benchmarks in {longest:,} bytes; {MAX_ENTRY_BYTES:,} a shard and "
                f"{MAX_MATRIX_BYTES:,} in all is the limit",
                remedy="Plan more shards, or split the suite.",
            )
        return {"include": entries}

    def entries(self) -> tuple[MatrixEntry, ...]:
        """One entry a job."""
        count = len(self.shards)
        return tuple(
            MatrixEntry(
                shard=number, shards=count, select=" ".join(one.items), plan=self.digest, whole=self.whole
            )
            for number, one in enumerate(self.shards, 1)
        )


def plan_shards(
    suite: Suite, selected: Sequence[Entry], seconds: Mapping[str, float], count: int
) -> ShardPlan:
    """Spread the `selected` benchmarks (in manifest order) over at most `count` shards, none of them empty.

    All variants and scales of a benchmark are on one shard, as they are held against each other.
    Longest processing time first (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", 1969): the
    longest shard takes at most 4/3 of what the best plan's would.

    Raises:
        UsageError: `count` is not from 1 to 256.
    """
    if not 1 <= count <= MAX_SHARDS:
        raise UsageError(f"--shards {count}: 1 to {MAX_SHARDS}, which is the most that a matrix has")
    known, unknown = fill_in(seconds, [benchmark.id for benchmark in selected])
    full = {benchmark.id: benchmark for benchmark in suite.manifest.benchmarks}
    shards = tuple(
        PlannedShard(
            tuple(item for benchmark in part for item in items_of(benchmark, full[benchmark.id])),
            len(part),
            sum(known[benchmark.id] for benchmark in part),
        )
        for part in _pack(selected, known, min(count, len(selected)))
    )
    manifest = suite.manifest
    digest = plan_digest(manifest.suite, suite.sha256, [one.items for one in shards])
    return ShardPlan(manifest.suite, digest, tuple(selected) == manifest.benchmarks, shards, unknown)


def _pack(selected: Sequence[Entry], seconds: Mapping[str, float], count: int) -> list[list[Entry]]:
    """The parts, each in manifest order. Of equal loads, the one of fewer benchmarks goes first."""
    order = sorted(range(len(selected)), key=lambda at: (-seconds[selected[at].id], at))
    parts: list[list[int]] = [[] for _ in range(count)]
    loads = [(0.0, 0, number) for number in range(count)]
    for at in order:
        load, length, number = heapq.heappop(loads)
        parts[number].append(at)
        heapq.heappush(loads, (load + seconds[selected[at].id], length + 1, number))
    return [[selected[at] for at in sorted(part)] for part in parts]
