"""Where `run` and `import` put a report: a folder of its own that is never edited, and the latest report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchgov.canonical import Json
    from benchgov.cli.common import Project
    from benchgov.report import Report


@contextmanager
def run_folder(project: Project) -> Iterator[tuple[str, Path]]:
    """(id, folder) of a new run; the folder is there, whole, when the block ends well.

    Raises:
        OutputError: the output folder cannot be written.
    """
    from benchgov.files import new_folder

    run_id = project.rim.now().astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    with new_folder(project.output_dir / "runs" / run_id) as folder:
        yield run_id, folder


def store(project: Project, folder: Path, report: Report, raw: Mapping[str, Json]) -> None:
    """Write the run's folder, then the latest report.

    Raises:
        InputError: the report is larger than what the commands after this one read; nothing is written.
        OutputError: the output folder cannot be written.
    """
    from benchgov.canonical import canonical_json
    from benchgov.errors import InputError
    from benchgov.files import MAX_DOCUMENT_BYTES, write_atomic

    data = report.to_bytes()
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InputError(
            f"a report of {len(data):,} bytes; {MAX_DOCUMENT_BYTES:,} is the limit",
            remedy="Take fewer benchmarks at a time.",
        )
    for name, value in raw.items():
        write_atomic(folder / "raw" / name, canonical_json(value) + b"\n")
    write_atomic(folder / "report.json", data)
    write_atomic(project.output_dir / "report.json", data)
