"""Join the reports of shards: the same bytes in any order, or every reason why they don't belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from benchgov.canonical import Json
from benchgov.environment.pinned import difference
from benchgov.errors import BlockedError
from benchgov.replay import replay_section
from benchgov.replay.section import BUILD_OUTSIDE_PLAN_FIELDS
from benchgov.report import Against, Gate, Report, Run, summarize
from benchgov.sharding.shard import OPTION, ShardRecord, benchmark_of, plan_digest, record_of
from benchgov.text import one_line

_REMEDY = "Merge the reports of one plan, one of each shard, measured at one revision on equal machines."
_MAX_NAMED = 20


@dataclass(frozen=True)
class Part:
    """One report, and the file that it came from, for messages."""

    name: str
    report: Report


@dataclass(frozen=True)
class Merged:
    """The joined report, and the parts in the order of their shards."""

    report: Report
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class _Place:
    """A part, and its shard; None for an import, which is of no plan."""

    part: Part
    record: ShardRecord | None

    @property
    def told(self) -> str:
        number = f"shard {self.record.shard}" if self.record else "report"
        return f"{number} ({self.part.name})"


def merge(parts: Sequence[Part], planned: Sequence[str] = ()) -> Merged:
    """The report that one job would have given, from the reports of all shards of one plan.

    Imported reports, which are of no plan, are joined too; what may be missing of them cannot be known.
    Runs are in the manifest's order, those of imports by name. The gates are not evaluated yet. `planned`
    are the benchmarks of the whole suite, when they are known: they name what a missing shard leaves out.

    Raises:
        BlockedError: the parts don't belong together; one detail for each reason.
    """
    places = _sorted([_place(part) for part in parts])
    reports = [place.part.report for place in places]
    faults = [*_mixed(places), *_twice(places)]
    if places[0].record is not None and not faults:
        faults = [*_gaps(places, planned)]
    if faults:
        raise BlockedError("these reports don't belong together", details=faults, remedy=_REMEDY)
    runs = _in_order(places)
    first = reports[0]
    config = first.config.model_copy(
        update={
            "options": _options(places),
            "selection": _selection(places),
            "warmup": min(report.config.warmup for report in reports),
            "runs": min(report.config.runs for report in reports),
            "against": _against(reports),
        },
    )
    summary = summarize(runs, first.environment.gate)
    authoritative = all(report.summary.authoritative for report in reports)
    return Merged(
        Report(
            schema_version=1,
            started_at_utc=min(report.started_at_utc for report in reports),
            finished_at_utc=max(report.finished_at_utc for report in reports),
            config=config,
            environment=first.environment,
            summary=summary.model_copy(update={"authoritative": summary.authoritative and authoritative}),
            performance_gate=Gate(status="not-evaluated", reason="no baseline was compared"),
            scale_band_gate=Gate(status="not-evaluated", reason=first.scale_band_gate.reason),
            replay=replay_section(config, runs),
            runs=runs,
        ),
        tuple(place.part for place in places),
    )


def _against(reports: Sequence[Report]) -> Against | None:
    """The other revision of a paired measurement, with everything that any shard knows it to have."""
    found = [report.config.against for report in reports if report.config.against]
    if not found:
        return None
    runs = dict.fromkeys(key for against in found for key in against.runs)
    return found[0].model_copy(update={"runs": tuple(sorted(runs))})


def _place(part: Part) -> _Place:
    report = part.report
    found = replay_section(report.config, report.runs)
    if (found.plan_sha256, found.result_sha256) != (report.replay.plan_sha256, report.replay.result_sha256):
        raise BlockedError(
            "its runs are not those that its replay section was made of", where=part.name, remedy=_REMEDY
        )
    value = record_of(report.config.options)
    if value is None and "import" in report.config.options:
        return _Place(part, None)
    try:
        record = ShardRecord.model_validate(value)
    except ValidationError as error:
        raise BlockedError(
            "not the report of a shard",
            where=part.name,
            remedy="Measure with `benchgov run SUITE --shard`; `benchgov plan` prints the shards.",
        ) from error
    if len(record.positions) != len(report.config.selection):
        raise BlockedError(
            "its shard does not have one position for each item of its selection",
            where=part.name,
            remedy=_REMEDY,
        )
    return _Place(part, record)


def _sorted(places: Sequence[_Place]) -> list[_Place]:
    """By shard; by what is in them otherwise, so that the order in which they were given does not matter."""

    def key(place: _Place) -> tuple[int, list[str], bytes]:
        number = place.record.shard if place.record else 0
        return number, sorted(run.key for run in place.part.report.runs), place.part.report.to_bytes()

    return sorted(places, key=key)


def _mixed(places: Sequence[_Place]) -> Iterator[str]:
    """Every way in which a part differs from the first although it must not."""
    first = places[0]
    wanted = _common(first)
    for place in places[1:]:
        found = _common(place)
        for name in sorted(wanted.keys() | found.keys()):
            if wanted.get(name) != found.get(name):
                yield (
                    f"{place.told}: {_shown(name)} is {_shown(found.get(name))}, "
                    f"that of {first.told} {_shown(wanted.get(name))}"
                )
        here, there = first.part.report.environment.facts, place.part.report.environment.facts
        for one in difference(here, there):
            name, here_is, there_is = map(_shown, (one.name, one.found, one.wanted))
            yield f"{place.told}: environment: {name} is {here_is}, that of {first.told} {there_is}"


def _common(place: _Place) -> Mapping[str, Json]:
    """What all parts must have in common."""
    report, record = place.part.report, place.record
    # Of an import they are the fewest that any log had; of a measurement they are what was asked for.
    counts = set() if record else {"warmup", "runs"}
    left_out: dict[str, Any] = dict.fromkeys(("options", "selection", "against", *counts), True)
    left_out["build"] = set(BUILD_OUTSIDE_PLAN_FIELDS)  # what a build prints differs from job to job
    config = report.config.model_dump(mode="json", exclude=left_out)
    if against := report.config.against:  # each shard knows its own part of the other revision
        config["against"] = against.model_dump(mode="json", exclude={"runs"})
    options = {f"option {name}": value for name, value in report.config.options.items() if name != OPTION}
    plan = {"plan": record.plan, "number of shards": record.shards, "whole": record.whole} if record else {}
    # That fingerprints are equal follows from the facts; a forged one is caught by its own line.
    environment = {
        "environment fingerprint": report.environment.fingerprint,
        "environment gate": report.environment.gate,
    }
    return {**config, **options, **plan, **environment, "of a plan": record is not None}


def _shown(value: Json) -> str:
    return one_line(str(value), 80)


def _twice(places: Sequence[_Place]) -> Iterator[str]:
    shards: dict[int, _Place] = {}
    runs: dict[str, _Place] = {}
    for place in places:
        if place.record and (other := shards.setdefault(place.record.shard, place)) is not place:
            yield f"shard {place.record.shard} is there twice: {other.part.name} and {place.part.name}"
            continue
        both = [run.key for run in place.part.report.runs if runs.setdefault(run.key, place) is not place]
        for key in both[:_MAX_NAMED]:
            yield f"run {key} is in {runs[key].told} and in {place.told}"
        if len(both) > _MAX_NAMED:
            yield f"{len(both) - _MAX_NAMED:,} more runs are in two reports"


def _gaps(places: Sequence[_Place], planned: Sequence[str]) -> Iterator[str]:
    """Shards and benchmarks that are missing, or that are of no plan."""
    records = {place.record.shard: place for place in places if place.record}
    count = max(place.record.shards for place in places if place.record)
    missing = [number for number in range(1, count + 1) if number not in records]
    for number in missing:
        yield f"shard {number} of {count} is missing"
    if missing:
        yield from _unmeasured(places, planned)
        return
    for place in records.values():
        yield from _incomplete(place)
    config = places[0].part.report.config
    items = [records[number].part.report.config.selection for number in range(1, count + 1)]
    wanted = places[0].record.plan if places[0].record else ""
    if plan_digest(config.suite, config.suite_sha256, items) != wanted:
        yield f"the benchmarks of the {count} shards are not those of the plan {wanted}"


def _unmeasured(places: Sequence[_Place], planned: Sequence[str]) -> Iterator[str]:
    """The names behind missing shards, when the plan was the whole suite's."""
    if not planned or not all(place.record and place.record.whole for place in places):
        return
    seen = {benchmark_of(item) for place in places for item in place.part.report.config.selection}
    names = [name for name in planned if name not in seen]
    for name in names[:_MAX_NAMED]:
        yield f"benchmark {name} is missing"
    if len(names) > _MAX_NAMED:
        yield f"{len(names) - _MAX_NAMED:,} more benchmarks are missing"


def _incomplete(place: _Place) -> Iterator[str]:
    report = place.part.report
    items = {benchmark_of(item) for item in report.config.selection}
    seen = {benchmark_of(run.benchmark) for run in report.runs}
    for name in sorted(items - seen):
        yield f"benchmark {name} is missing from {place.told}, which was to measure it"
    for name in sorted(seen - items):
        yield f"benchmark {name} is in {place.told}, which was not to measure it"


def _in_order(places: Sequence[_Place]) -> tuple[Run, ...]:
    positions = {
        benchmark_of(item): position
        for place in places
        if place.record
        for item, position in zip(place.part.report.config.selection, place.record.positions, strict=True)
    }
    runs = [run for place in places for run in place.part.report.runs]
    if not positions:
        return tuple(sorted(runs, key=lambda run: run.key))
    # Stable: the runs of a benchmark, which are all of one shard, keep their order.
    return tuple(sorted(runs, key=lambda run: positions[benchmark_of(run.benchmark)]))


def _options(places: Sequence[_Place]) -> dict[str, Json]:
    """The options that all had, and how many shards there were."""
    options = {name: value for name, value in places[0].part.report.config.options.items() if name != OPTION}
    return {**options, "shards": len(places)}


def _selection(places: Sequence[_Place]) -> tuple[str, ...]:
    """Nothing when the whole suite was measured; otherwise every item, in the manifest's order."""
    if all(place.record is None or place.record.whole for place in places):
        return ()
    items = [
        (position, item)
        for place in places
        if place.record
        for item, position in zip(place.part.report.config.selection, place.record.positions, strict=True)
    ]
    return tuple(item for _, item in sorted(items, key=lambda pair: pair[0]))
