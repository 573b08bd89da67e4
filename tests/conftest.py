"""Fixtures for all tests; a unit test may not start a process, open a connection or sleep by accident."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

UNIT = Path(__file__).parent / "unit"


# A shell's background job ignores interrupts, and so does all that it starts: tests of them would wait.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session", autouse=True)
def _pytest_in_pytest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests that start pytest give it a root of its own: else it tidies away old runs' folders, for long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DEBUG_TEMPROOT", str(tmp_path_factory.mktemp("inner")))
        yield


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


def _mount(folder: Path, options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 16 KiB, of which 4 KiB are free."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    _mount(folder, "size=16k,mode=777")
    (folder / "filler").write_bytes(b"x" * 12_000)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """An empty folder that nobody can write to: by its mode, and for root as a read-only file system."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    _mount(folder, "ro,size=16k")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
