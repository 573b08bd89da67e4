"""Whether a report is what it says: its hashes, its summary, and where its protocols lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchgov.errors import InputError
from benchgov.files import inside
from benchgov.replay.section import replay_section
from benchgov.report import Report, summarize

_REMEDY = "Take the report as `benchgov run` wrote it; a report is never edited."


def check_claims(report: Report, root: Path, where: str) -> None:
    """Check that `report` can be replayed in the repository at `root`.

    Raises:
        InputError: it was imported, its hashes or its summary are not those of its runs, or a protocol is
            not below `root`: one detail each.
    """
    if "import" in report.config.options:
        raise InputError(
            "an imported report: another tool ran it, so it cannot be replayed",
            where=where,
            remedy="Replay a report of `benchgov run`.",
        )
    faults = [*_hash_faults(report), *_summary_faults(report), *_path_faults(report, root)]
    if faults:
        raise InputError("not a report that can be replayed", where=where, details=faults, remedy=_REMEDY)


def _hash_faults(report: Report) -> Iterator[str]:
    stated = report.replay.model_dump(mode="json")
    made = replay_section(report.config, report.runs).model_dump(mode="json")
    for name, value in made.items():
        if stated[name] != value:
            yield f"replay.{name} is {stated[name]!r}, but its config and runs give {value!r}"


def _summary_faults(report: Report) -> Iterator[str]:
    made = summarize(report.runs, report.environment.gate)
    for name in ("status", "passed", "failed", "blocked"):
        stated, counted = getattr(report.summary, name), getattr(made, name)
        if stated != counted:
            yield f"summary.{name} is {stated!r}, but its runs give {counted!r}"
    if report.summary.authoritative and not made.authoritative:
        yield f"summary.authoritative is true, but the environment's gate is {report.environment.gate!r}"


def _path_faults(report: Report, root: Path) -> Iterator[str]:
    for path in dict.fromkeys(run.protocol for run in report.runs):
        try:
            inside(root, path)
        except InputError as error:
            yield f"protocol: {error.message}"
