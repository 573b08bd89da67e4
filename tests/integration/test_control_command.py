"""`control`: false alarms and power on this machine, of a real repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.against_builders import (
    BUSY,
    PINNED,
    Repository,
    command,
    empty_repository,
    function,
    settings,
)

import benchgov.environment
from benchgov.cli.main import run_cli
from benchgov.gate.control_result import Control


@pytest.fixture
def repository(git_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository that is the current folder; temporary files have a folder of their own."""
    return empty_repository(git_repo, tmp_path, monkeypatch)


def test_control_holds_this_machine_against_the_policy(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rounds of the same code, one with a slowdown; the result is a file, and a part of the dossier."""
    (repository.root / "benchgov.yaml").write_text(settings(effect=50))
    repository.commit(command("one", "sleep 0.01") + function("two", "work:f"), bench__s__work=BUSY)
    arguments = ["control", "s", "--rounds=2", "--pairs=5", "--slowdown=400%", "--resplits=20"]
    assert run_cli(arguments) in (0, 1)
    shown = capsys.readouterr()
    assert "round 2 of 2" in shown.err
    assert "power at 400 %, really slower" in shown.out
    found = Control.model_validate_json((repository.root / ".benchgov" / "out" / "control.json").read_text())
    assert (found.alarms.trials, found.resplits.trials, found.looks) == (2, 20, (5,))
    assert found.power is not None
    assert (found.power.events, found.power.trials) == (2, 2)
    assert {one.slowdown_found for one in found.noise} == {True}
    assert run_cli(["run", "s", "--runs=5"]) in (0, 1)
    assert run_cli(["dossier", "render"]) == 0
    page = (repository.root / ".benchgov" / "out" / "dossier" / "index.html").read_text()
    assert '<section id="control">' in page


@pytest.mark.parametrize("slowdown", ["0", "-5%", "fast", "nan", "1e9"])
def test_a_slowdown_that_is_none_is_wrong_usage(repository: Repository, slowdown: str) -> None:
    """Exit code 64."""
    repository.commit(command("one", "true"))
    assert run_cli(["control", "s", f"--slowdown={slowdown}"]) == 64


def test_control_does_not_measure_in_a_drifted_environment(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocked, as `run` is."""
    repository.commit(command("one", "true"))
    drifted = PINNED.model_copy(update={"gate": "drift"})
    monkeypatch.setattr(benchgov.environment, "check", lambda *_, **__: drifted, raising=False)
    assert run_cli(["control", "s"]) == 2
    assert not (repository.root / ".benchgov" / "out" / "control.json").exists()


def test_a_control_of_what_cannot_be_measured_is_blocked(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the run and the reason."""
    repository.commit(command("one", 'sh -c "exit 3"'))
    assert run_cli(["control", "s", "--rounds=1", "--pairs=5"]) == 2
    assert "one/v could not be measured: exit code 3" in capsys.readouterr().err
