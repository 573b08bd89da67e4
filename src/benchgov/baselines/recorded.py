"""The runs that `benchgov run` recorded below the output folder, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchgov.documents import json_model
from benchgov.errors import InputError
from benchgov.files import decode, read_bytes
from benchgov.names import is_name
from benchgov.report import Report
from benchgov.suggest import did_you_mean

REPORT_FILE = "report.json"


@dataclass(frozen=True)
class Recorded:
    """One run: its id, its report and the bytes of the report's file; or why that cannot be read."""

    run_id: str
    report: Report | None
    data: bytes = b""
    fault: str = ""


def recorded(folder: Path, until: str | None = None) -> Iterator[Recorded]:
    """The runs below `folder` by falling id, which is falling time; none that is newer than `until`."""
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    for name in sorted(filter(is_name, names), reverse=True):
        if until is None or name <= until:
            yield _read(folder, name)


def find(folder: Path, run_id: str) -> Report:
    """The report of the run `run_id` below `folder`.

    Raises:
        InputError: there is no such run, or its report is malformed.
    """
    known = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if not is_name(run_id) or run_id not in known:
        latest = f"; the latest is {known[-1]!r}" if known else ""
        raise InputError(
            f"run not found: {run_id!r}{did_you_mean(run_id, known) or latest}",
            where=str(folder),
            remedy="Name a run that is recorded there; `benchgov run SUITE` records one.",
        )
    return _load(folder, run_id)[0]


def _read(folder: Path, run_id: str) -> Recorded:
    try:
        return Recorded(run_id, *_load(folder, run_id))
    except InputError as error:
        return Recorded(run_id, None, fault=error.message)


def _load(folder: Path, run_id: str) -> tuple[Report, bytes]:
    path = folder / run_id / REPORT_FILE
    data = read_bytes(path)
    return json_model(decode(data, str(path)), Report, str(path)), data
