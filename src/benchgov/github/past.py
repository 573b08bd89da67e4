"""Reports that earlier runs of a branch left as artifacts, fetched into a folder; none of a fork."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from benchgov.archives import Bounds, unpack
from benchgov.documents import load_json_model
from benchgov.errors import InputError
from benchgov.files import write_atomic
from benchgov.github.artifacts import Uploaded
from benchgov.github.receiving import latest_of
from benchgov.github.session import RefusedByGitHubError
from benchgov.github.sweep import Source
from benchgov.report import Report


@dataclass(frozen=True)
class Wanted:
    """Which artifacts: since when, of which name, made for which branch, and the newest how many."""

    since: datetime
    name: str
    branch: str
    most: int


@dataclass(frozen=True)
class Fetched:
    """How many reports are in the folder now; and why others are not, in plain lines."""

    reports: int
    faults: tuple[str, ...]


def fetch_reports(source: Source, wanted: Wanted, folder: Path) -> Fetched:
    """Write `<folder>/<artifact id>/report.json` for each artifact that is wanted and still there.

    Raises:
        RefusedByGitHubError: the artifacts cannot be listed.
    """
    fitting = (one for one in source.since(wanted.since) if _fits(one, wanted))
    count, faults = 0, []
    for one in islice(fitting, wanted.most):
        try:
            _fetch(source, one, folder / str(one.id))
            count += 1
        except (InputError, RefusedByGitHubError) as error:
            faults.append(f"artifact {one.name} of run {one.run_id}: {error}")
    return Fetched(count, tuple(faults))


def _fits(one: Uploaded, wanted: Wanted) -> bool:
    same = one.name == wanted.name and one.branch == wanted.branch
    return same and not one.fork and not one.expired


def _fetch(source: Source, one: Uploaded, place: Path) -> None:
    import tempfile

    bounds = Bounds()
    with tempfile.TemporaryDirectory(prefix="benchgov-") as scratch:
        packed, files = Path(scratch) / "artifact.zip", Path(scratch) / "files"
        source.download(one, packed, bounds.packed)
        found = latest_of(unpack(packed, files, bounds))
        if found is None:
            raise InputError("holds no report", where=one.name)
        report = load_json_model(files / found, Report)
    place.mkdir(parents=True)
    write_atomic(place / "report.json", report.to_bytes())
