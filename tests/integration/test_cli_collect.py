"""`benchgov audit collect` and `sweep` on the command line, and a log on a branch in every other command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.artifact_hub import Hub, packed, running
from tests.collect_builders import BRANCH, bare_remote, clone_of, git, write_artifact

from benchgov.cli.main import run_cli

STORE = f"--store=git:{BRANCH}"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository that everybody pushes to."""
    return bare_remote(tmp_path)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """GitHub, with artifacts."""
    with running() as started:
        yield started


@pytest.fixture
def clone(remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of it, as current folder, outside of any job."""
    for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    folder = clone_of(remote, tmp_path / "clone")
    monkeypatch.chdir(folder)
    return folder


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Exit code, JSON result and messages of a command."""
    code = run_cli([*arguments, "--format=json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out) if captured.out else None, captured.err


def test_the_whole_way_of_a_log_on_a_branch(
    remote: Path,
    clone: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Collected, pushed, and from a fresh clone verified, shown, exported, published and proved."""
    for name in ("a", "b"):
        write_artifact(tmp_path / "in", name, name)
    code, value, _ = outcome(
        capsys, "audit", "collect", str(tmp_path / "in"), STORE, "--push=origin", "--host=ci", "--run-id=12"
    )
    assert (code, value["new"], value["known"], value["faults"]) == (0, 2, 0, [])
    assert [one["subject"]["workflow"] for one in value["records"]] == [
        {"run_id": "12", "artifact": "a"},
        {"run_id": "12", "artifact": "b"},
    ]
    assert git(remote, "log", "-1", "--format=%s", BRANCH) == "audit: run 12"
    assert (
        outcome(capsys, "audit", "collect", str(tmp_path / "in"), STORE, "--push=origin", "--run-id=12")[1][
            "known"
        ]
        == 2
    )

    monkeypatch.chdir(clone_of(remote, tmp_path / "fresh"))
    assert outcome(capsys, "audit", "verify", "--strict", STORE)[1]["records"] == 2
    assert outcome(capsys, "audit", "show", "HEAD", STORE)[1]["sequence"] == 2
    assert run_cli(["audit", "export", STORE]) == 0
    assert capsys.readouterr().out.count("\n") == 2
    monkeypatch.setenv("BENCHGOV_AUDIT_STORE", f"git:{BRANCH}")
    code, value, _ = outcome(capsys, "audit", "checkpoint", "--origin=example.org/log")
    assert (code, value["size"], value["new"]) == (0, 2, True)
    assert run_cli(["audit", "prove", "--record=1", "--out=proof.json"]) == 0
    assert run_cli(["audit", "check-proof", "proof.json"]) == 0
    assert git(Path.cwd(), "rev-list", "--count", BRANCH) == "2"
    assert sorted(path.name for path in Path.cwd().iterdir()) == [".git", "proof.json"]


def test_bad_artifacts_are_named_and_good_ones_land(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1; the table has the good one, standard error the bad one."""
    write_artifact(tmp_path / "in", "good")
    (tmp_path / "in" / "bad").mkdir()
    (tmp_path / "in" / "bad" / "report.json").write_text("{}")

    assert run_cli(["audit", "collect", str(tmp_path / "in"), "--store=log", "--host=ci"]) == 1
    captured = capsys.readouterr()
    assert "head: 1:" in captured.out
    assert "not recorded: bad/report.json: neither a report" in captured.err
    (tmp_path / "in" / "good" / "report.json").write_text("{}")
    assert run_cli(["audit", "collect", str(tmp_path / "in" / "bad"), "--store=log", "--host=ci"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--store=log", "--push=origin"], 64, "only a log on a branch can be pushed"),
        ([STORE, "--host=a/b"], 64, "not the name of a host"),
        (["--store=git:a..b"], 65, "not the name of a branch"),
        ([STORE, "--push=nowhere", "--attempts=1"], 74, "cannot be asked"),
    ],
)
def test_what_cannot_be_done_is_said(
    clone: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """One clear line, the right exit code, and no log."""
    write_artifact(tmp_path / "in", "a")

    assert run_cli(["audit", "collect", str(tmp_path / "in"), *arguments]) == code
    assert message in capsys.readouterr().err
    assert git(clone, "branch", "--list", BRANCH) == ""
    assert not (clone / "log").exists()


def test_a_sweep_records_what_is_missing(
    hub: Hub,
    clone: Path,
    remote: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once; what has expired stays missing, and a fork's is named without being an error."""
    monkeypatch.setenv("GH_TOKEN", "secret-token")
    monkeypatch.setenv("GITHUB_API_URL", hub.url)
    for name in ("benchgov-a", "benchgov-b"):
        hub.add(name, packed(tmp_path / "in", name), run=8)
    hub.add("benchgov-fork", run=9, head_repository_id=2)
    sweep = ["audit", "sweep", STORE, "--push=origin", "--host=ci", "--days=400", "--repository=acme/widgets"]

    code, value, _ = outcome(capsys, *sweep, "--dry-run")
    assert (code, value["new"], [one["why"] for one in value["missing"]]) == (
        1,
        0,
        ["fork", "there", "there"],
    )
    code, value, _ = outcome(capsys, *sweep)
    assert (code, value["new"], [one["why"] for one in value["missing"]]) == (0, 2, ["fork"])
    assert git(remote, "log", "-1", "--format=%s", BRANCH) == "audit: a sweep"

    hub.add("benchgov-late", run=9, expired=True)
    assert run_cli(sweep) == 1
    captured = capsys.readouterr()
    assert "4 artifacts, of which the log lacks 2" in captured.out
    assert "missing: run 9, benchgov-late: it has expired" in captured.out


def test_a_sweep_needs_a_token_and_an_answer(
    hub: Hub,
    clone: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without one it is wrong usage; when GitHub refuses, the permission is named."""
    assert run_cli(["audit", "sweep", STORE, "--repository=acme/widgets"]) == 64
    assert "without a token and a repository" in capsys.readouterr().err
    monkeypatch.setenv("GITHUB_TOKEN", "secret-token")
    monkeypatch.setenv("GITHUB_API_URL", hub.url)
    hub.status = 403
    assert run_cli(["audit", "sweep", STORE, "--repository=acme/widgets"]) == 74
    assert "actions: read" in capsys.readouterr().err
