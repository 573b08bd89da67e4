"""Signing with a job's identity, as far as that goes without one; and a checkpoint that is pushed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.e2e.support import git

from benchgov.audit import ambient
from benchgov.audit.attempts import Pace
from benchgov.audit.checkpoint import Checkpoint, unsigned
from benchgov.audit.statements import of_checkpoint
from benchgov.cli.main import run_cli
from benchgov.errors import BlockedError
from benchgov.git_branch import PushedBranch

STATEMENT = of_checkpoint(
    unsigned(Checkpoint("example.com/log", 3, b"r" * 32)), "2026-01-31T00:00:00.000000Z"
)
SMOKE = Path(__file__).resolve().parents[2] / "bench" / "protocols" / "smoke.json"


def test_outside_of_a_job_there_is_no_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked of any service then."""
    pytest.importorskip("sigstore")
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BlockedError, match="no ambient identity") as caught:
        ambient.sign(STATEMENT)
    assert "id-token: write" in caught.value.remedy


def test_a_job_without_the_permission_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub gives no token then."""
    pytest.importorskip("sigstore")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for name in ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BlockedError, match="ambient identity cannot be used"):
        ambient.sign(STATEMENT)


def test_the_statement_is_one_for_sigstore_s_client() -> None:
    """It takes the bytes as they are, and checks their form."""
    dsse = pytest.importorskip("sigstore.dsse")
    assert dsse.Statement(json.dumps(STATEMENT.to_json()).encode())


def clone(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty repository beside `remote.git`, which it knows as `origin`; the current folder from now on."""
    git(folder, "init", "--quiet", name)
    monkeypatch.chdir(folder / name)
    git(Path(), "remote", "add", "origin", str(folder / "remote.git"))


@pytest.fixture
def pushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """A log of one record on a remote's branch; the current folder is a clone. The options that name it."""
    for name in ("BENCHGOV_AUDIT_STORE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    clone(tmp_path, "clone", monkeypatch)
    log = ("--host", "ci", "--store", "git:benchgov-audit", "--push", "origin")
    artifact = tmp_path / "artifacts" / "benchgov-core"
    artifact.mkdir(parents=True)
    (artifact / "report.json").write_bytes(SMOKE.read_bytes())
    assert run_cli(["audit", "collect", str(artifact.parent), *log]) == 0
    return log


@pytest.mark.parametrize("attempts", ["1", "3"])
def test_a_checkpoint_is_published_again_when_somebody_else_pushed_first(
    tmp_path: Path,
    pushed: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    attempts: str,
) -> None:
    """Behind what the other one pushed; with a single attempt nothing is published, and it is said."""
    remote = tmp_path / "remote.git"
    git(tmp_path, "clone", "--quiet", "--branch=benchgov-audit", str(remote), "other")
    git(tmp_path / "other", "config", "user.name", "octocat")
    git(tmp_path / "other", "config", "user.email", "octocat@example.invalid")
    git(tmp_path / "other", "commit", "--quiet", "--allow-empty", "--message=first")
    move = PushedBranch.move
    waits: list[int] = []

    def second(self: PushedBranch, old: str | None, new: str) -> None:
        git(tmp_path / "other", "push", "--quiet", "origin", "benchgov-audit")
        move(self, old, new)

    monkeypatch.setattr(PushedBranch, "move", second)
    monkeypatch.setattr(Pace, "wait", lambda _self, attempt: waits.append(attempt))
    code = run_cli(["audit", "checkpoint", "--attempts", attempts, *pushed])
    told = capsys.readouterr()
    listed = git(remote, "log", "--format=%s", "benchgov-audit").splitlines()
    if attempts == "1":
        assert code != 0
        assert "given up after 1 attempts" in told.err
        assert listed[0] == "first"
        assert waits == []
        return
    assert code == 0
    assert listed[1] == "first"
    assert waits == [1]
    there = git(remote, "show", "benchgov-audit:hosts/ci/checkpoint")
    assert there.strip() in told.out


def test_a_checkpoint_is_pushed_with_the_log(
    tmp_path: Path,
    pushed: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It stands on the remote's branch beside the records, and a log that went back there is refused."""
    seen = ("--seen", "../state/seen.txt")
    assert run_cli(["audit", "collect", "../artifacts", *pushed, *seen]) == 0
    assert run_cli(["audit", "checkpoint", "--incremental", *pushed, *seen]) == 0
    printed = capsys.readouterr().out
    there = git(tmp_path / "remote.git", "show", "benchgov-audit:hosts/ci/checkpoint")
    assert there.strip() in printed
    assert base64.b64decode(there.splitlines()[2])
    git(tmp_path / "remote.git", "update-ref", "-d", "refs/heads/benchgov-audit")
    clone(tmp_path, "other", monkeypatch)
    assert run_cli(["audit", "collect", "../artifacts", *pushed, *seen]) == 5
    assert "the log went back" in capsys.readouterr().err
