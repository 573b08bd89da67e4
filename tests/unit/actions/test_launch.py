"""The launcher's choices: where environments are kept, what names them, which of them count."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from benchgov.actions.registry import ACTIONS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def launch(tmp_path: Path) -> ModuleType:
    """A copy of launch.py with a small source and lock of its own."""
    actions = tmp_path / "product" / "actions"
    actions.mkdir(parents=True)
    (actions / "launch.py").write_bytes((ROOT / "actions" / "launch.py").read_bytes())
    source = tmp_path / "product" / "src" / "benchgov"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("")
    (tmp_path / "product" / "requirements").mkdir()
    (tmp_path / "product" / "requirements" / "runtime.txt").write_text("click==8\n")
    spec = importlib.util.spec_from_file_location("launch_copy", actions / "launch.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MINE = f"benchgov-{os.getuid()}"


def test_the_tool_cache_comes_first(
    launch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It outlives the job on a self-hosted runner; next best are the temporary and the user's folder."""
    both = {"RUNNER_TOOL_CACHE": str(tmp_path / "tools"), "RUNNER_TEMP": str(tmp_path / "temp")}
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert launch.cache_folder(both) == tmp_path / "tools" / MINE
    assert launch.cache_folder({"RUNNER_TEMP": str(tmp_path / "temp")}) == tmp_path / "temp" / MINE
    assert launch.cache_folder({}) == tmp_path / "home" / ".cache" / MINE


def test_a_tool_cache_that_cannot_be_written_is_passed_over(launch: ModuleType, tmp_path: Path) -> None:
    """Container jobs may see one that is not theirs."""
    (tmp_path / "file").write_text("")
    environ = {"RUNNER_TOOL_CACHE": str(tmp_path / "file" / "x"), "RUNNER_TEMP": str(tmp_path)}

    assert launch.cache_folder(environ) == tmp_path / MINE


def test_users_do_not_share_a_folder(
    launch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container job of root leaves nothing in the tool cache that a later job cannot lock or replace."""
    environ = {"RUNNER_TOOL_CACHE": str(tmp_path)}
    mine = launch.cache_folder(environ)
    monkeypatch.setattr(launch.os, "getuid", lambda: 4711)

    assert launch.cache_folder(environ) != mine


@pytest.mark.parametrize("home", ["file", "~"])
def test_without_any_folder_the_error_names_the_variables(
    launch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    """A user without a home, in a container that is read-only; `~` is what is left of an unknown home."""
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / home) if home == "file" else home)

    with pytest.raises(OSError, match="RUNNER_TEMP"):
        launch.cache_folder({})


@pytest.mark.parametrize(
    "changed", ["requirements/runtime.txt", "src/benchgov/__init__.py", "src/benchgov/new.py"]
)
def test_lock_and_source_name_the_environment(launch: ModuleType, tmp_path: Path, changed: str) -> None:
    """Another lock or another source is another environment."""
    before = launch.environment_key()
    (tmp_path / "product" / changed).write_text("# changed\n")

    assert launch.environment_key() != before


def test_the_interpreter_names_the_environment(launch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extension module of one Python does not load in another."""
    before = launch.environment_key()
    monkeypatch.setattr(launch.sys, "version", "3.99")

    assert launch.environment_key() != before


def test_compiled_files_do_not_matter(launch: ModuleType, tmp_path: Path) -> None:
    """Importing the package from its source changes nothing."""
    before = launch.environment_key()
    cache = tmp_path / "product" / "src" / "benchgov" / "__pycache__"
    cache.mkdir()
    (cache / "x.pyc").write_bytes(b"x")

    assert launch.environment_key() == before


def test_a_complete_environment_is_used_as_it_is(
    launch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No lock is taken and nothing is built; one without its mark is not used."""
    folder = tmp_path / "cache" / launch.environment_key()
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/sh")
    (folder / "complete").touch()

    assert launch.ready_python(tmp_path / "cache", {}) == python
    assert not list((tmp_path / "cache").glob("*.lock"))

    (folder / "complete").unlink()
    builds: list[Path] = []
    monkeypatch.setattr(launch, "_build", lambda where, _python, _environ: builds.append(where))
    launch.ready_python(tmp_path / "cache", {})
    assert builds == [folder]


def test_what_one_action_needs_more_is_installed_once_per_lock(
    launch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without dependencies, hash-locked, into the same environment; a new lock is installed again."""
    python = tmp_path / "cache" / "key" / "bin" / "python"
    python.parent.mkdir(parents=True)
    lock = tmp_path / "history.txt"
    calls: list[list[str]] = []
    monkeypatch.setattr(launch, "_pip", lambda *_: ["pip"])
    monkeypatch.setattr(launch, "_call", lambda command, *_: calls.append(command))

    for text in ("one", "one", "two"):
        lock.write_text(text)
        launch.add_extra(python, lock, {"PIP_TARGET": "elsewhere"})

    command = ["pip", "install", "--quiet", "--no-compile", "--no-deps", "--require-hashes", "-r", str(lock)]
    assert calls == [command] * 2


def test_extras_are_of_actions_that_there_are(launch: ModuleType) -> None:
    """A renamed action does not lose what it needs."""
    assert set(launch.EXTRAS) <= set(ACTIONS)
