"""The launcher's choices: where environments are kept, what names them, which of them count."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

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


def test_the_tool_cache_comes_first(launch: ModuleType, tmp_path: Path) -> None:
    """It outlives the job on a self-hosted runner; the temporary folder is the next best."""
    both = {"RUNNER_TOOL_CACHE": str(tmp_path / "tools"), "RUNNER_TEMP": str(tmp_path / "temp")}

    assert launch.cache_folder(both) == tmp_path / "tools" / "benchgov"
    assert launch.cache_folder({"RUNNER_TEMP": str(tmp_path / "temp")}) == tmp_path / "temp" / "benchgov"
    assert launch.cache_folder({}) == Path.home() / ".cache" / "benchgov"


def test_a_tool_cache_that_cannot_be_written_is_passed_over(launch: ModuleType, tmp_path: Path) -> None:
    """Container jobs may see one that is not theirs."""
    (tmp_path / "file").write_text("")
    environ = {"RUNNER_TOOL_CACHE": str(tmp_path / "file" / "x"), "RUNNER_TEMP": str(tmp_path)}

    assert launch.cache_folder(environ) == tmp_path / "benchgov"


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
