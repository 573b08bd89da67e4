"""The launcher for real: a private environment from the locked packages, and how soon it is ready again."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from tests.e2e.consumer import Consumer
from tests.e2e.support import BIN, ROOT

pytestmark = pytest.mark.e2e

LAUNCH = ["sh", str(ROOT / "actions" / "launch.sh")]


def call(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command as a step of a job would."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "RUNNER_"))}
    kept["PATH"] = path if path is not None else f"{BIN}{os.pathsep}{kept['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder as the job's workspace."""
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> Path:
    """A tool cache in which two jobs at once, on one runner, made the environment."""
    cache = tmp_path_factory.mktemp("tools")
    environ = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TOOL_CACHE": str(cache),
        "GITHUB_WORKSPACE": str(workspace),
    }
    jobs = [
        subprocess.Popen([*LAUNCH, "verify-env"], env=environ, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    logs = [job.communicate()[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], logs
    return cache


def job(tools: Path, workspace: Path, **more: str) -> dict[str, str]:
    """The variables of a job."""
    return {"RUNNER_TOOL_CACHE": str(tools), "GITHUB_WORKSPACE": str(workspace), **more}


def test_two_jobs_at_once_make_one_environment(tools: Path) -> None:
    """One builds, the other waits for it; the environment is marked complete."""
    (complete,) = tools.glob("benchgov-*/*/complete")

    assert (complete.parent / "bin" / "python").exists()


def test_the_second_action_starts_at_once(tools: Path, workspace: Path) -> None:
    """From the shell line to benchgov's own code costs at most a few plain starts of Python with click."""
    environ = job(tools, workspace)

    def seconds(command: Sequence[str], status: int) -> float:
        begin = time.perf_counter()
        done = call(command, environ, workspace)
        assert done.returncode == status, done.stdout
        return time.perf_counter() - begin

    plain, launched = [], []
    for _ in range(7):
        plain.append(seconds([sys.executable, "-c", "import click"], 0))
        launched.append(seconds([*LAUNCH, "no-such-action"], 64))
    ratio = statistics.median(launched) / statistics.median(plain)
    assert ratio < 5, f"{ratio:.1f} × `python -c 'import click'`"


def test_nothing_of_the_caller_s_python_is_used_or_changed(
    tools: Path, workspace: Path, tmp_path: Path
) -> None:
    """Neither PYTHON* nor modules in the workspace are imported, and no variable is exported."""
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for name in ("click.py", "pydantic.py", "sitecustomize.py", "hashlib.py", "benchgov.py"):
        (hostile / name).write_text("raise SystemExit('imported from the workspace')")
    exported = tmp_path / "env"
    exported.write_text("")
    environ = job(tools, hostile, PYTHONPATH=str(hostile), PYTHONHOME="/nowhere", PYTHONSTARTUP="/x")

    done = call([*LAUNCH, "verify-env"], {**environ, "GITHUB_ENV": str(exported)}, hostile)

    assert done.returncode == 0, done.stdout
    assert exported.read_text() == ""


@pytest.mark.parametrize("kind", ["folder", "link", "copy", "root"])
def test_the_launcher_is_found_from_every_kind_of_folder(
    tools: Path, workspace: Path, tmp_path: Path, kind: str
) -> None:
    """GITHUB_ACTION_PATH may name the action's folder, a link to it, or what a runner made of the link."""
    product = tmp_path / "v1"
    product.mkdir()
    for name in ("actions", "src", "requirements"):
        (product / name).symlink_to(ROOT / name)
    (product / "verify-env").symlink_to("actions/verify-env")
    (product / "copied").mkdir()
    shutil.copy(ROOT / "actions" / "verify-env" / "action.yml", product / "copied")
    places = {"folder": "actions/verify-env", "link": "verify-env", "copy": "copied", "root": "."}
    action = yaml.safe_load((ROOT / "actions" / "verify-env" / "action.yml").read_text())
    script = action["runs"]["steps"][0]["run"]

    environ = job(tools, workspace, GITHUB_ACTION_PATH=str(product / places[kind]))
    done = call(["sh", "-e", "-c", script], environ, workspace)

    assert done.returncode == 0, done.stdout
    assert "fingerprint" in done.stdout


def bare_path(folder: Path, **programs: Path) -> str:
    """A PATH on which there is nothing but what a shell needs, and `programs`."""
    folder.mkdir()
    for name in ("dirname", "sh"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, target in programs.items():
        (folder / name.replace("_", ".")).symlink_to(target)
    return str(folder)


def test_without_a_python_the_message_says_what_to_add(tmp_path: Path) -> None:
    """One annotation, exit code 78."""
    path = bare_path(tmp_path / "bin")
    environ = {"RUNNER_TOOL_CACHE": str(tmp_path), "pythonLocation": ""}

    done = call([str(shutil.which("sh")), *LAUNCH[1:], "verify-env"], environ, tmp_path, path)

    assert done.returncode == 78
    assert "::error title=benchgov::no Python 3.11 or newer was found" in done.stdout


def test_an_old_python_is_passed_over(tools: Path, workspace: Path, tmp_path: Path) -> None:
    """`python3` is too old, `python3.11` is there: that one is taken."""
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    path = bare_path(tmp_path / "bin", python3=old, python3_11=Path(sys.executable))

    done = call([*LAUNCH, "no-such-action"], job(tools, workspace), workspace, path)

    assert done.returncode == 64, done.stdout


def test_a_python_that_was_named_is_not_replaced_by_another(tmp_path: Path) -> None:
    """BENCHGOV_PYTHON that is none is an error, not a hint."""
    done = call([*LAUNCH, "verify-env"], {"BENCHGOV_PYTHON": "/bin/false"}, tmp_path)

    assert done.returncode == 78
    assert "BENCHGOV_PYTHON" in done.stdout


def test_a_package_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    """A hash that does not match ends the step with an annotation, and leaves no complete environment."""
    product = tmp_path / "v1"
    (product / "requirements").mkdir(parents=True)
    (product / "src").symlink_to(ROOT / "src")
    shutil.copytree(ROOT / "actions", product / "actions")
    lock = f"annotated-types==0.7.0 --hash=sha256:{'0' * 64}\n"
    (product / "requirements" / "runtime.txt").write_text(lock)

    done = call(
        ["sh", str(product / "actions" / "launch.sh"), "verify-env"],
        {"RUNNER_TOOL_CACHE": str(tmp_path / "tools"), "GITHUB_WORKSPACE": str(tmp_path)},
        tmp_path,
    )

    assert done.returncode == 70, done.stdout
    assert "::error title=benchgov::no private environment" in done.stdout
    assert not list((tmp_path / "tools").rglob("complete"))


def test_benchmarks_run_with_the_job_s_own_python(tools: Path, consumer: Consumer, tmp_path: Path) -> None:
    """The private environment is benchgov's alone: a benchmark sees the packages that the job installed."""
    work = consumer.folder / "bench" / "demo" / "work.py"
    work.write_text(
        f"import sys\n\n\ndef sum_of_squares(size: int) -> int:\n    assert sys.prefix == {sys.prefix!r}\n"
        "    return size\n"
    )
    output = tmp_path / "output"
    environ = job(tools, consumer.folder, INPUT_SUITE="demo", GITHUB_OUTPUT=str(output))

    done = call([*LAUNCH, "run-bench"], environ, consumer.folder)

    assert done.returncode == 0, done.stdout
    assert "\npass\n" in output.read_text(), done.stdout
