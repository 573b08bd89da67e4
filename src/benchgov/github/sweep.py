"""Find artifacts of recent workflow runs that never made it into the log, and fetch their evidence."""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from benchgov.archives import Bounds, unpack
from benchgov.audit.artifacts import (
    MAX_DEPTH,
    MAX_ENTRIES,
    Fault,
    Haul,
    gather_one,
    is_evidence,
    run_environ,
    together,
)
from benchgov.audit.record import Record
from benchgov.errors import InputError, OutputError
from benchgov.files import MAX_DOCUMENT_BYTES
from benchgov.github.artifacts import Uploaded
from benchgov.github.client import RefusedByGitHubError

MAX_ZIP_BYTES = 1 << 30
"""Largest artifact that is downloaded, in bytes, and the most that its evidence may have together."""

BOUNDS = Bounds(
    files=MAX_ENTRIES,
    unpacked=MAX_ZIP_BYTES,
    packed=MAX_ZIP_BYTES,
    each=MAX_DOCUMENT_BYTES,
    depth=MAX_DEPTH,
)

Place = tuple[str, str]
"""(id of a workflow run, name of its artifact)."""


class Source(Protocol):
    """What a sweep asks of `github.artifacts.ArtifactClient`."""

    def since(self, moment: datetime) -> Iterator[Uploaded]:
        """The artifacts that were made at `moment` or later."""

    def download(self, artifact: Uploaded, path: Path, limit: int) -> None:
        """Write the zip of an artifact."""


@dataclass(frozen=True)
class Choice:
    """Which artifacts are looked for: since when, of which names, and whether those of forks too."""

    since: datetime
    pattern: str = "benchgov-*"
    forks: bool = False


@dataclass(frozen=True)
class Missing:
    """Artifacts that the log does not have: what can be fetched, what is gone, what a fork made.

    `seen` counts the artifacts that were looked for, the recorded ones too.
    """

    there: tuple[Uploaded, ...]
    expired: tuple[Uploaded, ...]
    foreign: tuple[Uploaded, ...]
    seen: int


def recorded_places(records: Iterable[Record]) -> set[Place]:
    """The artifacts that records were made of."""
    found: set[Place] = set()
    for record in records:
        workflow = record.subject.get("workflow")
        if isinstance(workflow, dict) and "run_id" in workflow and "artifact" in workflow:
            found.add((str(workflow["run_id"]), str(workflow["artifact"])))
    return found


def find_missing(source: Source, recorded: Set[Place], choice: Choice) -> Missing:
    """The artifacts of the choice that no record was made of, the oldest first."""
    chosen = [one for one in source.since(choice.since) if fnmatch.fnmatchcase(one.name, choice.pattern)]
    missing = [one for one in chosen if (str(one.run_id), one.name) not in recorded]
    missing.sort(key=lambda one: (one.created_at, one.id))
    foreign = [one for one in missing if one.fork and not choice.forks]
    ours = [one for one in missing if not one.fork or choice.forks]
    return Missing(
        tuple(one for one in ours if not one.expired),
        tuple(one for one in ours if one.expired),
        tuple(foreign),
        len(chosen),
    )


def fetch(source: Source, missing: Missing, folder: Path) -> Haul:
    """The evidence of the artifacts that are there, downloaded one by one below `folder`, and not kept."""
    return together([_fetch_one(source, one, folder / str(one.id)) for one in missing.there])


def _fetch_one(source: Source, one: Uploaded, folder: Path) -> Haul:
    packed, place = folder / "artifact.zip", folder / "artifact"
    try:
        folder.mkdir(parents=True)
        source.download(one, packed, MAX_ZIP_BYTES)
        unpack(packed, place, BOUNDS, is_evidence)
        return gather_one(one.name, place, run_environ(str(one.run_id)))
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(folder)) from error
    except RefusedByGitHubError as error:
        return _nothing(one, f"GitHub does not give it: {error}")
    except InputError as error:
        return _nothing(one, str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _nothing(one: Uploaded, reason: str) -> Haul:
    return Haul((one.name,), (), (Fault(one.name, "", reason),))
