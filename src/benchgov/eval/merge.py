"""Join the reports of all shards of a run into the report that one machine would have given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchgov.errors import EvalError
from benchgov.eval.aggregate import weakest
from benchgov.eval.assemble import assemble
from benchgov.eval.models import BenchRunReport, BenchScore

_SAME = (
    "run_id",
    "task_class",
    "harness_version",
    "sut",
    "sut_digest",
    "sut_process",
    "rubric_digest",
    "cassette_corpus_digest",
    "case_corpus_digest",
    "selection",
)


@dataclass(frozen=True)
class Part:
    """The report of a shard, and what to call it in a message."""

    name: str
    report: BenchRunReport


def merge(parts: Sequence[Part], host: str) -> BenchRunReport:
    """The report of the whole run, by `host`, who merged it. The order of the parts does not matter.

    Raises:
        EvalError: the parts are no shards of one run, or one is missing, there twice, or partial; each fault
            is a detail.
    """
    faults = list(_faults(parts))
    if faults:
        raise EvalError(
            "these reports are not the shards of one run",
            details=faults,
            remedy="Give every shard of one run once: same commit, same SUT, same isolation.",
        )
    reports = [part.report for part in parts]
    first = reports[0]
    scored: list[tuple[str, BenchScore]] = sorted(pair for report in reports for pair in report.per_case)
    identity = {name: getattr(first, name) for name in _SAME} | {
        "started_at": min(report.started_at for report in reports),
        "ended_at": max(report.ended_at for report in reports),
        "held_out_count": sum(report.held_out_count for report in reports),
        "complete": not first.selection,
        "host_fingerprint": host,
    }
    return assemble(identity, scored, isolation=weakest([report.isolation_class for report in reports]))


def _faults(parts: Sequence[Part]) -> Iterator[str]:
    if not parts:
        yield "there is no report"
        return
    for part in parts:
        if part.report.shard is None:
            yield f"{part.name}: not the report of a shard"
        elif part.report.run_id != part.report.content_id:
            yield f"{part.name}: partial: the shard reached its cost cap"
    yield from _differences(parts)
    yield from _gaps([part for part in parts if part.report.shard])


def _differences(parts: Sequence[Part]) -> Iterator[str]:
    first = parts[0]
    for part in parts[1:]:
        for name in (*_SAME, "isolation_class"):
            one, other = getattr(first.report, name), getattr(part.report, name)
            if one != other:
                yield f"{name}: {one} in {first.name}, {other} in {part.name}"


def _gaps(parts: Sequence[Part]) -> Iterator[str]:
    shards = [(part.report.shard.index, part.report.shard.count) for part in parts if part.report.shard]
    counts = sorted({count for _, count in shards})
    if len(counts) > 1:
        yield f"shards of {', '.join(map(str, counts))}"
    indexes = [index for index, _ in shards]
    for index in range(1, (counts[0] if len(counts) == 1 else 0) + 1):
        if indexes.count(index) != 1:
            yield f"shard {index}/{counts[0]} is there {indexes.count(index)} times"
    seen: dict[str, str] = {}
    for part in parts:
        for case_id, _ in part.report.per_case:
            if case_id in seen and seen[case_id] != part.name:
                yield f"the case {case_id} is in {seen[case_id]} and in {part.name}"
            seen.setdefault(case_id, part.name)
