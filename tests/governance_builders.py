"""A repository with recorded runs and a store of baselines, for tests of deriving and approving."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders import NOW
from tests.gate_builders import metric, report, run

from benchgov.baselines.model import Baseline
from benchgov.baselines.store import BaselineStore
from benchgov.cli.main import run_cli
from benchgov.report import Report

RUNS = Path(".benchgov/out/runs")
STORE = Path("bench/demo/baselines")
SETTINGS = 'version: 1  # ours\nmaintainers: ["@octocat"]\n'


def empty_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh repository of octocat's, outside of Actions, and the current folder."""
    for name in [name for name in os.environ if name.startswith(("BENCHGOV_", "GIT_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    git("init", "-q", "-b", "main")
    git("config", "user.name", "octocat")
    git("config", "user.email", "octocat@example.invalid")
    Path("benchgov.yaml").write_text(SETTINGS)
    Path(".gitignore").write_text(".benchgov/\n")
    commit()
    return root


def git(*arguments: str) -> str:
    """Git's answer."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def commit() -> None:
    """Everything that is there."""
    git("add", "-A")
    git("commit", "-qm", "change")


def record(number: int, value: float = 100.0, one: Report | None = None, **config: Any) -> str:
    """A run below output_dir/runs, as `benchgov run` stores it; its id."""
    made = one or report(run("a", metric([value] * 5)), run("b", metric([7.0] * 5)), **config)
    moment = NOW + timedelta(minutes=number)
    made = made.model_copy(update={"started_at_utc": moment, "finished_at_utc": moment})
    name = f"20260131T12{number:02}00.000000Z"
    (RUNS / name).mkdir(parents=True)
    for path in (RUNS / name / "report.json", RUNS.parent / "report.json"):
        path.write_bytes(made.to_bytes())
    return name


def three(*values: float) -> str:
    """Three recorded runs; the id of the last."""
    return [record(at, value) for at, value in enumerate(values or (100.0, 101.0, 102.0))][-1]


def approve(name: str, *flags: str, scenario: str = "demo") -> int:
    """`benchgov baseline approve`."""
    return run_cli(["baseline", "approve", "--scenario", scenario, "--run", name, *flags])


def tree() -> dict[str, bytes]:
    """Every file of the repository but Git's own."""
    return {
        str(path): path.read_bytes()
        for path in sorted(Path().rglob("*"))
        if path.is_file() and ".git/" not in str(path)
    }


def only_baseline() -> Baseline:
    """The one that is published."""
    store = BaselineStore(STORE)
    (name,) = store.ids("default")
    return store.read("default", name).baseline
