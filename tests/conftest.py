"""Fixtures for all tests; a unit test may not start a process, open a connection or sleep by accident."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

UNIT = Path(__file__).parent / "unit"


class AccidentalEffectError(AssertionError):
    """A unit test reached the outside world without saying so with the mark `effects`."""


def _forbid(what: str) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise AccidentalEffectError(f"a unit test may not {what}; hand it in, or mark the test `effects`")

    return refuse


@pytest.fixture(autouse=True)
def _no_accidental_effects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if UNIT in request.path.parents and not request.node.get_closest_marker("effects"):
        monkeypatch.setattr(subprocess, "Popen", _forbid("start a process"))
        monkeypatch.setattr(socket.socket, "connect", _forbid("open a connection"))
        monkeypatch.setattr(time, "sleep", _forbid("sleep"))


@pytest.fixture
def now() -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.fixture
def git_repo(tmp_path: Path) -> Path:
    """A real Git repository with one commit, in a folder of its own."""
    root = tmp_path / "repository"
    root.mkdir()
    for command in (
        ["git", "init", "--quiet", "--initial-branch=main"],
        ["git", "config", "user.name", "benchgov tests"],
        ["git", "config", "user.email", "tests@benchgov.invalid"],
        ["git", "config", "commit.gpgsign", "false"],
        ["git", "commit", "--quiet", "--allow-empty", "-m", "start"],
    ):
        subprocess.run(command, cwd=root, check=True, capture_output=True)
    return root
