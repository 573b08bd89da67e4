"""A shard as it travels: the matrix entry that a plan prints, and what a report records of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from benchgov.canonical import Json, digest_of
from benchgov.documents import describe_fault, parse_json
from benchgov.errors import BlockedError, InputError, UsageError
from benchgov.report import scale_text
from benchgov.suites.load import Suite
from benchgov.suites.manifest import Benchmark, Entry
from benchgov.suites.source import SourceEntry
from benchgov.wire import Blake3, Wire

MAX_SHARDS = 256
"""The most jobs that one matrix of GitHub Actions has."""

OPTION = "shard"
"""Where a report's `config.options` records its shard."""

Position = Annotated[int, Field(ge=0)]


class MatrixEntry(Wire):
    """One job of the matrix. `select` holds the items of the shard, apart by a space.

    An item is a benchmark's id, or `id@scale` where not every scale was planned; ids of manifests hold
    neither white space nor `@`. `plan` is the digest of the whole assignment; `whole` says that the plan
    leaves nothing of the suite out.
    """

    shard: Annotated[int, Field(ge=1, le=MAX_SHARDS)]
    shards: Annotated[int, Field(ge=1, le=MAX_SHARDS)]
    select: Annotated[str, Field(min_length=1)]
    plan: Blake3
    whole: bool

    @model_validator(mode="after")
    def _one_of_them(self) -> MatrixEntry:
        if self.shard > self.shards:
            raise ValueError(f"there is no shard {self.shard} of {self.shards}")
        return self

    @property
    def items(self) -> tuple[str, ...]:
        """The items, in manifest order."""
        return tuple(self.select.split())


class ShardRecord(Wire):
    """What a shard's report says of it in `config.options.shard`.

    `positions` are the places in the manifest of the benchmarks that `config.selection` names, item by item.
    """

    shard: Annotated[int, Field(ge=1, le=MAX_SHARDS)]
    shards: Annotated[int, Field(ge=1, le=MAX_SHARDS)]
    plan: Blake3
    whole: bool
    positions: tuple[Position, ...]


@dataclass(frozen=True)
class Shard:
    """A matrix entry, looked up in the suite: what one job is to measure."""

    entry: MatrixEntry
    benchmarks: tuple[Entry, ...]
    positions: tuple[int, ...]

    @property
    def record(self) -> Json:
        """For the report's `config.options`."""
        fields = self.entry.model_dump(exclude={"select"})
        return ShardRecord(**fields, positions=self.positions).to_json()


def parse_entry(text: str) -> MatrixEntry:
    """The matrix entry that `--shard` was given: JSON, as `toJSON(matrix)` writes it.

    Other keys, which a workflow may add to its matrix, are passed over.

    Raises:
        UsageError: it is none; one detail per fault.
    """
    where = "--shard"
    remedy = "Give it `toJSON(matrix)` of a matrix that `benchgov plan` printed."
    try:
        value = parse_json(text, where)
    except InputError as error:
        raise UsageError(f"not a matrix entry: {error}", remedy=remedy) from error
    if not isinstance(value, dict):
        raise UsageError(f"{where}: not a matrix entry", remedy=remedy)
    known: dict[str, Any] = {name: value[name] for name in MatrixEntry.model_fields if name in value}
    try:
        return MatrixEntry.model_validate(known)
    except ValidationError as error:
        faults = [describe_fault(fault, MatrixEntry, where, {}) for fault in error.errors(include_url=False)]
        raise UsageError("not a matrix entry", details=faults, remedy=remedy) from error


def take(suite: Suite, entry: MatrixEntry) -> Shard:
    """Look up the shard's items in `suite`, by name and not by pattern.

    Raises:
        BlockedError: the suite does not have one of them: the plan is another suite's, or an older one.
    """
    places = {item.id: (at, item) for at, item in enumerate(_as_measured(suite))}
    chosen: dict[int, tuple[Entry, list[str]]] = {}
    positions = []
    for item in entry.items:
        name, at, size = item.partition("@")
        if name not in places or (at and size not in _sizes(places[name][1])):
            raise BlockedError(
                f"suite {suite.manifest.suite!r} has no {item!r}, which shard {entry.shard} is to measure",
                remedy="Plan again with `benchgov plan`, from the same revision that the shards run.",
            )
        position, benchmark = places[name]
        positions.append(position)
        chosen.setdefault(position, (benchmark, []))[1].append(size)
    benchmarks = tuple(_scaled(*chosen[position]) for position in sorted(chosen))
    return Shard(entry, benchmarks, tuple(positions))


def _as_measured(suite: Suite) -> list[Entry]:
    """The suite's entries in the order in which one job measures them: what has variants, then sources."""
    return sorted(suite.manifest.benchmarks, key=lambda item: isinstance(item, SourceEntry))


def _sizes(item: Entry) -> list[str]:
    return [scale_text(scale) for scale in item.scale] if isinstance(item, Benchmark) else []


def _scaled(item: Entry, sizes: Sequence[str]) -> Entry:
    if "" in sizes or not isinstance(item, Benchmark):
        return item
    kept = tuple(scale for scale in item.scale if scale_text(scale) in sizes)
    return item.model_copy(update={"scale": kept})


def items_of(selected: Entry, full: Entry) -> tuple[str, ...]:
    """`selected`, of the manifest's entry `full`, as items. A source is one, whole."""
    if _sizes(selected) == _sizes(full):
        return (selected.id,)
    return tuple(f"{selected.id}@{size}" for size in _sizes(selected))


def plan_digest(suite: str, suite_sha256: str, shards: Sequence[Sequence[str]]) -> str:
    """What ties the shards of one plan together: the digest of the suite and of every shard's items."""
    return digest_of(
        {"suite": suite, "suite_sha256": suite_sha256, "shards": [list(items) for items in shards]}
    )


def benchmark_of(name: str) -> str:
    """The manifest's id behind a run's or an item's name: what stands before the first `/` or `@`."""
    return name.partition("@")[0].partition("/")[0]


def record_of(options: Mapping[str, Json]) -> Json:
    """What `config.options` records of a shard; None for a report that is of no plan."""
    return options.get(OPTION)
