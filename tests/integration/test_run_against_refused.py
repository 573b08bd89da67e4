"""`run --against`: what is refused, blocked, interrupted or only planned, and what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.against_builders import (
    PINNED,
    SOURCE,
    Repository,
    against,
    command,
    empty_repository,
    nothing_is_left,
)

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.report import Reference


@pytest.fixture
def repository(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository that is the current folder; temporary files have a folder of their own."""
    return empty_repository(git_repo, tmp_path, monkeypatch)


@pytest.mark.parametrize("ref", ["no-such-revision", "--upload-pack=touch hacked", "HEAD:bench", ""])
def test_what_is_no_revision_is_blocked(
    repository: Repository, ref: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything runs, in one line, and without a report."""
    repository.commit(command("one", "true"))
    assert against(ref=ref) == 2
    assert capsys.readouterr().err.count("benchgov: ") == 1
    assert not (repository.root / ".benchgov" / "out" / "report.json").exists()
    assert not (repository.root / "hacked").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--pairs=10"],
        ["--max-minutes=1"],
        ["--against=HEAD", "--runs=10"],
        ["--against=HEAD", "--pairs=4"],
        ["--against=HEAD", "--max-minutes=0"],
        ["--against=HEAD", "--max-minutes=nan"],
    ],
)
def test_flags_that_do_not_belong_together_are_wrong_usage(
    repository: Repository, arguments: list[str]
) -> None:
    """Exit code 64, before anything runs."""
    repository.commit(command("one", "true"))
    assert run_cli(["run", "s", *arguments]) == 64


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_measurement_leaves_nothing_behind(
    repository: Repository, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, and what a cancelled job gets: no work tree, no temporary files, no half-written run."""
    repository.commit(command("one", "sleep 0.2"))
    package = Path(benchgov.environment.__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchgov", "run", "s", "--against", "HEAD", "--pairs", "1000"],
        cwd=repository.root,
        env={**os.environ, "PYTHONPATH": str(package), "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any((tmp_path / "temporary").glob("benchgov-*/0/output")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert nothing_is_left(repository, tmp_path)
    assert not list((repository.root / ".benchgov" / "out" / "runs").iterdir())


def test_a_dry_run_says_how_many_pairs_and_how_long(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is measured; the time is known once there is a report to learn from."""
    repository.commit(command("one", "true"))
    assert against("--dry-run", ref="HEAD", pairs="") == 0
    said = capsys.readouterr().err
    assert said == "against HEAD: 10, then 20, then 40 pairs of each run, each sample a process of its own\n"
    against(ref="HEAD")
    assert "expected" not in capsys.readouterr().err
    assert run_cli(["run", "s", "--dry-run"]) == 0
    assert capsys.readouterr().err == ""
    assert against("--dry-run", ref="HEAD", pairs="") == 0
    assert "expected, by the latest report: 0.0 minutes for 10 pairs" in capsys.readouterr().err
    (repository.root / ".benchgov" / "out" / "report.json").write_text("{")
    assert against("--dry-run", ref="HEAD", pairs="--pairs=20") == 0
    assert capsys.readouterr().err.splitlines() == [
        "against HEAD: 20 pairs of each run, each sample a process of its own"
    ]


def test_a_selection_that_no_source_meets_is_blocked(repository: Repository) -> None:
    """As without another revision."""
    entry = "  - {id: go, family: from-group, source: {command: '{python} go.py'}}\n"
    repository.commit(entry, bench__s__go="TIME = 300\n" + SOURCE)
    assert against("--only=family:f", ref="HEAD") == 2
    assert against("--only=go/nothing", ref="HEAD") == 2
    assert against("--only=go/demo/Sort", ref="HEAD") == 0


def test_without_git_there_is_nothing_to_check_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is no repository has no revisions."""
    folder = tmp_path / "plain"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: PINNED, raising=False)
    Repository(folder).write(command("one", "true"))
    assert against(ref="HEAD") == 2
    assert "this revision is not in the clone" in capsys.readouterr().err


def test_a_shallow_clone_in_a_workspace_fetches_the_base_once(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `actions/checkout` leaves it: one commit, and Git told where the work tree is."""
    repository.commit(command("one", "true"))
    base = repository.git("rev-parse", "HEAD").strip()
    repository.commit(command("one", "true"))
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", repository.root.as_uri(), str(clone)], check=True)
    monkeypatch.chdir(clone)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(clone))
    assert against(ref=base) in (0, 2)
    shallow = Repository(clone)
    assert shallow.run_of("one/v").reference == Reference(overall="pass", family="f")
    assert nothing_is_left(shallow, tmp_path)
    assert shallow.git("status", "--porcelain") == ""


def test_a_repository_that_cannot_be_written_blocks(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git's own reason is said in one line, and nothing was measured."""
    repository.commit(command("one", "true"))
    (repository.root / ".git" / "worktrees").write_text("a file where a folder should be")
    assert against(ref="HEAD") == 2
    assert "this revision cannot be checked out" in capsys.readouterr().err
    assert not (repository.root / ".benchgov" / "out" / "report.json").exists()
