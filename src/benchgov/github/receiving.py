"""Stage two: which reports of a finished run are judged, and on which pull request they are published.

What decides comes from GitHub's API. The artifact is data of whoever opened the pull request: it may say
anything, and it is believed in nothing that can be known otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol

from benchgov.archives import Bounds, unpack
from benchgov.documents import json_model
from benchgov.errors import BenchgovError, InputError
from benchgov.files import decode, read_bytes
from benchgov.github.event import Event
from benchgov.github.runs import Artifact, PullRequest, WorkflowRun
from benchgov.github.session import RefusedByGitHubError
from benchgov.report import Report
from benchgov.text import one_line

BOUNDS = Bounds()
MAX_REPORTS = 20
"""How many artifacts of one run are opened."""

MAX_REPORT_BYTES = 64 * 1024 * 1024
REPORT_FILE = "report.json"

MAX_FAULTS = 3
"""How many faults of a refused report are told."""


@dataclass(frozen=True)
class Target:
    """Where to publish, and the base commit whose policy and baselines count."""

    event: Event
    base_sha: str


@dataclass(frozen=True)
class Targets:
    """The targets of a run; where there are none, `reason` says why."""

    found: tuple[Target, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Received:
    """A report that may be judged, and the artifact that it came in: its name, and its number at GitHub."""

    artifact: str
    number: int
    path: Path
    report: Report


@dataclass
class Reception:
    """What came of a run's artifacts: reports, one per suite, and what was refused, in plain lines."""

    reports: list[Received] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Downloads(Protocol):
    """What is asked of `github.runs.RunReader`."""

    def download(self, artifact: Artifact, path: Path, limit: int) -> None:
        """Write the bytes of an artifact."""


def targets_of(run: WorkflowRun, repository: str, pulls: Sequence[PullRequest]) -> Targets:
    """Where the results of `run` belong.

    Only a pull request whose head is still the commit that was measured gets a comment. One that has moved on
    gets the check run of the measured commit alone: its own run will tell of the new head.
    """
    if run.repository.lower() != repository.lower():
        return Targets(reason="the run is of another repository")
    if run.event != "pull_request":
        return Targets(reason=f"a run for {run.event} has published its results itself")
    if not pulls:
        return Targets(reason="there is no open pull request from this branch any more")
    current = [pull for pull in pulls if pull.head_sha == run.head_sha]
    if not current:
        moved = min(pulls, key=lambda pull: pull.number)
        return Targets((_target(run, moved, comment=False),))
    return Targets(tuple(_target(run, pull, comment=True) for pull in current))


def _target(run: WorkflowRun, pull: PullRequest, *, comment: bool) -> Target:
    event = Event(
        name="pull_request",
        repository=run.repository,
        head_sha=run.head_sha,
        base_sha=pull.base_sha,
        pull_request=pull.number if comment else None,
        fork=(run.head_repository or "").lower() != run.repository.lower(),
        run_url=run.url or None,
    )
    return Target(event, pull.base_sha)


def receive(
    reader: Downloads,
    artifacts: Sequence[Artifact],
    folder: Path,
    *,
    commits: Sequence[str | None],
) -> Reception:
    """Download the artifacts that may hold a report into `folder`, and read them.

    A report must be of one of `commits` (the measured head, or its merge with the base): one of another
    repository or of another commit is refused. Of two reports of one suite neither is believed.
    """
    reception = Reception()
    candidates = [one for one in artifacts if not one.expired]
    for artifact in candidates[MAX_REPORTS:]:
        reception.refused.append(
            f"artifact {one_line(artifact.name, 100)}: more than {MAX_REPORTS} artifacts"
        )
    for number, artifact in enumerate(candidates[:MAX_REPORTS]):
        place = folder / str(number)
        try:
            found = _read(reader, artifact, place)
            if found is not None:
                _check_commit(found.report, commits)
                reception.reports.append(found)
        except (BenchgovError, RefusedByGitHubError, OSError) as error:
            details = getattr(error, "details", ())[:MAX_FAULTS]
            told = "; ".join((str(error), *details))
            reception.refused.append(f"artifact {one_line(artifact.name, 100)}: {one_line(told, 500)}")
    _one_per_suite(reception)
    return reception


def _read(reader: Downloads, artifact: Artifact, place: Path) -> Received | None:
    place.mkdir(parents=True)
    packed = place / "artifact.zip"
    reader.download(artifact, packed, BOUNDS.packed)
    files = unpack(packed, place / "files", BOUNDS)
    packed.unlink()
    found = latest_of(files)
    if found is None:
        return None
    path = place / "files" / found
    report = json_model(decode(read_bytes(path, MAX_REPORT_BYTES), REPORT_FILE), Report, REPORT_FILE)
    return Received(artifact.name, artifact.number, path, report)


def latest_of(files: Iterable[PurePath]) -> PurePath | None:
    """The latest report among the files of an artifact, which has those of single runs too."""
    found = [path for path in files if path.name == REPORT_FILE and "runs" not in path.parts]
    return min(found, key=lambda path: (len(path.parts), str(path))) if found else None


def _check_commit(report: Report, commits: Sequence[str | None]) -> None:
    known = {commit for commit in commits if commit}
    if report.config.revision not in known:
        raise InputError(
            f"is of commit {report.config.revision or 'unknown'}, and not of what was measured here",
            where=REPORT_FILE,
        )


def _one_per_suite(reception: Reception) -> None:
    by_suite: dict[str, list[Received]] = {}
    for one in reception.reports:
        by_suite.setdefault(one.report.config.suite, []).append(one)
    reception.reports = [found[0] for found in by_suite.values() if len(found) == 1]
    for suite, found in by_suite.items():
        if len(found) > 1:
            names = ", ".join(one_line(one.artifact, 100) for one in found)
            reception.refused.append(
                f"suite {suite}: reported by {len(found)} artifacts ({names}); none counts"
            )
