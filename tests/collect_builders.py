"""Artifacts and repositories for tests of the collector."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.builders import report_of, run_of

from benchgov.audit.artifacts import Item, gather, run_environ
from benchgov.audit.attempts import Pace
from benchgov.audit.collect import Collection, Writer, collect
from benchgov.audit.git_files import GitFiles
from benchgov.git_branch import PushedBranch, find_repository
from benchgov.rim import run_process

BRANCH = "benchgov-audit"
HOST = "collector"
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def write_artifact(folder: Path, name: str, benchmark: str = "parse") -> Path:
    """An artifact as run-bench makes it: the report twice, and raw runs."""
    data = report_of([run_of(benchmark, overall="blocked", ok=False, run_is_valid=False)]).to_bytes()
    place = folder / name
    for path in (place / "report.json", place / "runs" / "one" / "report.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    raw = place / "runs" / "one" / "raw" / "parse.json"
    raw.parent.mkdir()
    raw.write_text("[]")
    return place


def items_of(folder: Path, *names: str, run_id: str = "7") -> tuple[Item, ...]:
    """The evidence of new artifacts with these names."""
    for name in names:
        write_artifact(folder, name, f"bench-{name}")
    return gather([folder], run_environ(run_id)).items


def git(folder: Path, *arguments: str, data: bytes = b"") -> str:
    """What Git prints, with `data` as its input."""
    done = subprocess.run(["git", *arguments], cwd=folder, input=data, check=True, capture_output=True)
    return done.stdout.decode().strip()


def bare_remote(folder: Path) -> Path:
    """A bare repository with one commit on main."""
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    remote = folder / "remote.git"
    tree = git(remote, "hash-object", "-t", "tree", "-w", "/dev/null")
    identity = ["-c", "user.name=benchgov tests", "-c", "user.email=tests@benchgov.invalid"]
    git(remote, "update-ref", "refs/heads/main", git(remote, *identity, "commit-tree", tree, "-m", "start"))
    return remote


def clone_of(remote: Path, folder: Path, *options: str) -> Path:
    """A clone of the remote."""
    git(remote.parent, "clone", "--quiet", *options, remote.as_uri(), str(folder))
    return folder


def pushed_log(clone: Path, remote: str = "origin") -> GitFiles:
    """The log of a clone, which is fetched and pushed."""
    repository = find_repository(run_process, clone)
    return GitFiles(repository.git_dir, PushedBranch(repository, BRANCH, remote), lambda: MOMENT)


def collected(files: GitFiles, items: tuple[Item, ...], pace: Pace | None = None) -> Collection:
    """Collect, without waiting between attempts unless `pace` says how."""
    calm = pace or Pace(sleep=lambda _: None, random=lambda: 0.5, attempts=5)
    return collect(files, items, Writer(HOST, lambda: MOMENT), calm)
