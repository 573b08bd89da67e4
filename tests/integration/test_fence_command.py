"""The fence as a command and as a pytest plugin; and this repository's own benches behind it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchgov.cli.main import run_cli
from benchgov.eval.fence import Floors, check
from benchgov.promotion.floors import floors_of

ROOT = Path(__file__).parents[2]
STUB = ROOT / "tests" / "data" / "benches" / "stub-task-class"


@pytest.fixture
def repository(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one bench, which honours the contract."""
    shutil.copytree(STUB, git_repo / "bench" / STUB.name)
    monkeypatch.chdir(git_repo)
    return git_repo


def many_cases(bench: Path, count: int) -> None:
    """Copy a case until there are `count`."""
    digests = bench / "cases" / "digests.yaml"
    lines = digests.read_text().splitlines()
    digest = next(line.split(": ")[1] for line in lines if line.startswith("001-two"))
    for number in range(len(lines), count):
        name = f"{number:04}-more"
        shutil.copytree(bench / "cases" / "001-two", bench / "cases" / name)
        file = bench / "cases" / name / "case.toml"
        file.write_text(file.read_text().replace("001-two", name))
        lines.append(f"{name}: {digest}")
    digests.write_text("\n".join(lines) + "\n")


def test_a_breach_is_one_line_with_its_path(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On standard output, relative to the repository; exit code 1."""
    assert run_cli(["fence"]) == 0
    assert capfd.readouterr().out == ""
    (repository / "bench" / STUB.name / "failure_modes.yaml").unlink()
    assert run_cli(["fence"]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines == [
        f"bench/{STUB.name}/failure_modes.yaml: missing, or not a plain file [directory-contract]"
    ]
    assert run_cli(["fence", "--format", "json"]) == 1
    value = json.loads(capfd.readouterr().out)
    assert value["task_classes"] == [STUB.name]
    assert [one["assertion"] for one in value["breaches"]] == ["directory-contract"]


def test_no_folder_of_benches_is_its_own_exit_code(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4, as for `eval run`."""
    monkeypatch.chdir(git_repo)
    assert run_cli(["fence"]) == 4


def untested() -> dict[str, str]:
    """This process's variables, without those by which one pytest speaks to another."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH"))
    }


TEMPROOT = "PYTEST_DEBUG_TEMPROOT"


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests in `folder` with the plugin."""
    plugins = ["-p", "benchgov.cli.pytest_fence", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-q", "test_one.py"],
        cwd=folder,
        env={**untested(), "PYTHONPATH": str(ROOT / "src"), TEMPROOT: os.environ[TEMPROOT]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_plugin_is_silent_until_it_is_asked(repository: Path) -> None:
    """No item and no import; with the flag an item a class, which fails with its breaches."""
    (repository / "bench" / STUB.name / "breakdown_keys.py").unlink()
    (repository / "test_one.py").write_text(
        "import sys\ndef test_one():\n    assert 'benchgov.eval.fence' not in sys.modules\n"
    )
    quiet = run_pytest(repository)
    assert quiet.returncode == 0, quiet.stdout
    (repository / "pytest.ini").write_text("[pytest]\nbenchgov_fence = true\n")
    asked = run_pytest(repository)
    assert asked.returncode == 1
    assert f"fence[{STUB.name}]" in asked.stdout
    assert "breakdown_keys.py: missing" in asked.stdout
    assert "Traceback" not in asked.stdout


@pytest.mark.parametrize("count", [200, pytest.param(1_000, marks=pytest.mark.slow)])
def test_many_cases_take_little_more_than_reading_them(repository: Path, count: int) -> None:
    """At most 25 times as long as reading the bytes of each case.toml, in CPU time side by side."""
    bench = repository / "bench" / STUB.name
    many_cases(bench, count)
    files = sorted(bench.glob("cases/*/case.toml"))
    assert len(files) == count
    ratios = []
    for _ in range(3):
        start = time.process_time()
        for file in files:
            file.read_bytes()
        between = time.process_time()
        assert check(bench.parent, Floors()) == ()
        ratios.append((time.process_time() - between) / (between - start))
    assert min(ratios) < 25, ratios


def test_the_benches_of_this_repository_honour_the_contract() -> None:
    """Those that are checked in, with the floors of docs/trust-tiers.yaml."""
    assert [str(breach) for breach in check(ROOT / "bench", floors_of(ROOT))] == []
