"""A run that was recorded before is found at once; whatever changed meanwhile, it is not believed unseen."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.eval_builders import STUB, add_case, copy_bench, write_digests

import benchgov
from benchgov.cli import eval_run
from benchgov.cli.common import open_project
from benchgov.cli.main import run_cli

ENVIRON = {**os.environ, "PYTHONPATH": str(Path(benchgov.__file__).parents[1])}
RUN = ["eval", "run", f"--task-class={STUB}", "--concurrency=1"]


@pytest.fixture
def bench(git_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stub, once run: with the report recorded."""
    monkeypatch.chdir(git_repo)
    bench = copy_bench(git_repo)
    assert run_cli(RUN) == 0
    return bench


@pytest.fixture
def quickly(bench: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Whether a run is answered the quick way; the long way is closed."""

    class LongWayError(Exception):
        pass

    def long_way(*_: Any) -> None:
        raise LongWayError

    monkeypatch.setattr(eval_run, "open_project", long_way)
    return lambda *more: run_cli([*RUN, *more]) == 0


def test_the_same_run_is_answered_the_quick_way(
    bench: Path, quickly: Callable[..., bool], capfd: pytest.CaptureFixture[str]
) -> None:
    """With the lines of its report, and word of the record."""
    capfd.readouterr()
    assert quickly()
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["score"] for line in lines[:3]] == [1.0, 1.0, 0.5]
    (path,) = Path(".benchgov/eval/runs").glob("*.json")
    report = json.loads(path.read_bytes())
    assert {**lines[3], "per_case": report["per_case"]} == {**report, "cases": 3, "cache_hits": 3}
    assert "record 1 already" in err


def test_what_changed_goes_the_long_way(
    bench: Path, quickly: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An input, the settings, the run file, what was kept; a log also when it was changed and put back."""
    assert quickly()
    for changed in (
        f"bench/{STUB}/rubric.py",
        f"bench/{STUB}/sut.py",
        f"bench/{STUB}/cases/002-ten/case.toml",
        ".benchgov/eval/runs/*.json",
        ".benchgov/eval/cache/finished/*.json",
        ".benchgov/eval/cache/verified.json",
        ".benchgov/audit/hosts/*/records/*.json",
    ):
        (path,) = Path().glob(changed)
        before, times = path.read_bytes(), path.stat()
        path.write_text("{}" if "cache" in changed else before.decode() + "\n")
        assert not quickly(), changed
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert quickly() == ("audit" not in changed), changed
    monkeypatch.setattr(eval_run, "open_project", open_project)
    assert run_cli(RUN) == 0  # the long way verifies the log, and all is well


def test_another_question_goes_the_long_way(
    bench: Path, quickly: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the very run that was recorded is answered, under the very settings."""
    for more in ("--no-cache", "--shard=1/2", "--format=human", "--cases=001-*", "--out=x"):
        assert not quickly(more), more
    assert quickly("--concurrency=1")
    monkeypatch.setenv("BENCHGOV_AUDIT_STORE", "elsewhere")
    assert not quickly()
    monkeypatch.delenv("BENCHGOV_AUDIT_STORE")
    assert quickly()
    Path("benchgov.yaml").write_text("version: 1\n")
    assert not quickly()


def cpu_seconds(command: Sequence[str], times: int) -> float:
    """The least CPU time of a command."""
    found = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, env=ENVIRON)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def test_ten_warm_cases_take_no_longer_than_three_imports_of_pydantic(bench: Path) -> None:
    """Side by side, by CPU time of whole processes."""
    for number in range(7):
        add_case(bench, f"1{number}-more", number)
    write_digests(bench)
    assert run_cli(RUN) == 0
    command = [sys.executable, "-m", "benchgov", *RUN]
    subprocess.run(command, check=True, capture_output=True, env=ENVIRON)  # leaves compiled modules behind
    assert cpu_seconds(command, 5) <= 3 * cpu_seconds([sys.executable, "-c", "import pydantic"], 5)


@pytest.mark.slow
def test_a_thousand_cases_are_all_hits_the_second_time(
    bench: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The same id, the same scores, and a tenth of the processor time at most; also without the report."""
    for number in range(997):
        add_case(bench, f"case-{number:03}", number)
    write_digests(bench)
    command = [sys.executable, "-m", "benchgov", *RUN]
    cold = cpu_seconds(command, 1)
    warm = cpu_seconds(command, 2)
    assert warm <= cold / 10
    capfd.readouterr()
    assert run_cli([*RUN, "--out=elsewhere"]) == 0
    last = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (last["cases"], last["cache_hits"]) == (1000, 1000)
