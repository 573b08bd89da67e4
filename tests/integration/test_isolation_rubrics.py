"""An honest rubric, isolated: what it sees, what is kept of it, and what that costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.forks import in_a_fork
from tests.rubric_cases import bench_case

from benchgov.eval import BenchCase
from benchgov.eval.isolation import levels, sweep
from benchgov.eval.isolation.levels import Level
from benchgov.eval.isolation.rubric_worker import prepare
from benchgov.eval.isolation.rubrics import RubricFailure, open_rubric

LEVELS = ["subprocess", "landlock", "bubblewrap", pytest.param("container", marks=pytest.mark.slow)]

REGISTRATION = """
from pathlib import Path
from benchgov.eval import register_task_class
from .rubric import SumRubric

here = Path(__file__).parent
register_task_class("sums", bench_path=here, min_cases_for_promotion={"bronze": 1})(SumRubric)
"""

RUBRIC = """
import os, sys, tempfile
from pathlib import Path
from benchgov.eval.models import BenchScore

class SumRubric:
    def score(self, case, harness_output):
        right = int((case.expected_path / "sum").read_text()) == harness_output["sum"]
        if harness_output.get("look"):
            with tempfile.NamedTemporaryFile(delete=False) as kept:
                kept.write(b"kept")
            print(sorted(os.environ), Path.cwd(), case.input_path, sorted(sys.path))
            print("to standard error", file=sys.stderr)
        return BenchScore(passed=right, score=float(right), breakdown={"right": float(right)})

if __name__ == "__main__":
    from benchgov.eval.rubric import main
    raise SystemExit(main(SumRubric))
"""


@pytest.fixture
def level(request: pytest.FixtureRequest) -> Level:
    """The level that a test asks for, where this machine has it; else the one that would be chosen."""
    wanted: Level | None = getattr(request, "param", None)
    if wanted is not None and not levels.works(wanted):
        pytest.skip(f"{wanted} does not work on this machine")
    return wanted or levels.choose()


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A bench whose rubric compares sums."""
    folder = tmp_path / "repository" / "bench" / "sums"
    for name, text in {
        "registration.py": REGISTRATION,
        "rubric.py": RUBRIC,
        "cases/one/input/numbers": "1 2",
        "cases/one/expected/sum": "3",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def case(bench: Path) -> BenchCase:
    """The bench's case."""
    return bench_case(bench, "one")


def _plainly(bench: Path, case: BenchCase, output: dict[str, Any]) -> Any:
    """The answer of `python rubric.py`, and the seconds that it took."""
    question = json.dumps({"case": case.to_json(), "harness_output": output, "nonce": "n"})
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, str(bench / "rubric.py")], input=question, capture_output=True, text=True, check=True
    )
    return json.loads(ended.stdout)["score"], time.perf_counter() - began


@pytest.mark.parametrize("level", LEVELS, indirect=True)
def test_a_score_is_the_same_however_far_it_is_isolated(level: Level, bench: Path, case: BenchCase) -> None:
    """As `python rubric.py` gives it; the harness adds how far the rubric was isolated."""
    with open_rubric(bench, bench.parents[1], level=level) as rubric:
        score = rubric.score(case, {"sum": 3}, timeout=20).score
        plain, _ = _plainly(bench, case, {"sum": 3})
        own = {"isolation_class", "wall_clock_ms"}
        assert score.model_dump(exclude=own, mode="json") == {
            key: value for key, value in plain.items() if key not in own
        }
        assert (score.passed, score.isolation_class) == (True, level)


@pytest.mark.parametrize("level", LEVELS, indirect=True)
def test_what_a_rubric_sees_and_leaves(
    level: Level, bench: Path, case: BenchCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of the caller's variables, a folder of its own that is wiped, a copy of its case."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with open_rubric(bench, bench.parents[1], level=level) as rubric:
        answer = rubric.score(case, {"sum": 3, "look": True}, timeout=20)
        printed = answer.stderr.decode()
        for absent in ("ANTHROPIC_API_KEY", "HOME", "USER", str(bench.parent)):
            assert absent not in printed
        assert "to standard error" in printed
        assert f"{tmp_path}/benchgov-rubric-" in printed
        assert json.loads(answer.stdout)["answer"]["passed"] is True
        places = list(tmp_path.glob("benchgov-rubric-*/*/work"))
        assert places
        assert not [entry for place in places for entry in place.iterdir()]
    assert not list(tmp_path.glob("benchgov-rubric-*"))
    assert not list(tmp_path.glob("benchgov-rubric-*"))


def test_other_answers_get_other_scores(bench: Path, case: BenchCase) -> None:
    """What the worker does with a question, in a fork of this process."""

    def holds() -> bool:
        score = prepare({"bench_path": str(bench)})
        asked = [{"case": case.to_json(), "harness_output": {"sum": total}} for total in (3, 4)]
        return [score(question)["passed"] for question in asked] == [True, False]

    assert in_a_fork(holds)


def test_a_bench_that_registers_no_class_has_no_rubric(bench: Path) -> None:
    """A registration can be called without a class."""
    (bench / "registration.py").write_text(
        "from benchgov.eval.registry import TaskClass, default_registry\n"
        "from pathlib import Path\n"
        "default_registry.register(TaskClass('sums', Path('.'), {}))\n"
    )

    def holds() -> bool:
        with pytest.raises(TypeError, match="names no rubric class"):
            prepare({"bench_path": str(bench)})
        return True

    assert in_a_fork(holds)


def test_a_rubric_that_cannot_be_loaded_fails_each_case(level: Level, bench: Path, case: BenchCase) -> None:
    """With the reason, and without a new attempt for every case."""
    (bench / "rubric.py").write_text("import there_is_no_such_module\n")
    with open_rubric(bench, bench.parents[1], level=level) as rubric:
        for _ in range(3):
            with pytest.raises(RubricFailure, match="there_is_no_such_module") as caught:
                rubric.score(case, {"sum": 3}, timeout=20)
            assert caught.value.code == "rubric.malformed_output"


@pytest.mark.parametrize("level", ["landlock"], indirect=True)
def test_what_runs_while_a_rubric_is_loaded_is_confined_and_ended(
    level: Level, bench: Path, case: BenchCase, tmp_path: Path
) -> None:
    """It may fork, for so does its server; it reaches no file that is not its own, and does not stay."""
    (tmp_path / "secret").write_text("secret")
    hostile = f"""
import os, time
if os.fork() == 0:
    time.sleep(600)
try:
    FOUND = open({str(tmp_path / "secret")!r}).read()
except PermissionError:
    FOUND = "nothing"
"""
    (bench / "rubric.py").write_text(
        hostile + RUBRIC.replace('{"right": float(right)}', '{"right": float(FOUND == "nothing")}')
    )
    before = set(sweep.descendants(os.getpid()))
    with open_rubric(bench, bench.parents[1], level=level) as rubric:
        assert rubric.score(case, {"sum": 3}, timeout=20).score.breakdown == {"right": 1.0}
        during = set(sweep.descendants(os.getpid())) - before
        assert len(during) == 4  # what starts keepers, the keeper, its server, and what was forked
    assert not during & set(sweep.descendants(os.getpid()))


def test_a_registration_of_another_name_is_no_rubric(level: Level, bench: Path, case: BenchCase) -> None:
    """The task class that is asked for must be the one that is registered."""
    (bench / "registration.py").write_text(REGISTRATION.replace('"sums"', '"products"'))
    with (
        open_rubric(bench, bench.parents[1], level=level) as rubric,
        pytest.raises(RubricFailure, match="sums"),
    ):
        rubric.score(case, {"sum": 3}, timeout=20)


def test_a_case_whose_files_are_gone_is_the_harness_s_trouble(
    level: Level, bench: Path, case: BenchCase
) -> None:
    """It is no verdict on the rubric."""
    gone = case.model_copy(update={"input_path": bench / "nothing"})
    with open_rubric(bench, bench.parents[1], level=level) as rubric:
        with pytest.raises(RubricFailure) as caught:
            rubric.score(gone, {"sum": 3}, timeout=20)
        assert caught.value.code == "harness.isolation"
        assert rubric.score(case, {"sum": 3}, timeout=20).score.passed


def test_waiting_cases_cost_little_and_are_all_scored(level: Level, bench: Path, case: BenchCase) -> None:
    """Many threads, two processes: less than 1 MB of this process's memory for each case that waits."""
    waiting = 60
    with open_rubric(bench, bench.parents[1], level=level, processes=2) as rubric:
        rubric.score(case, {"sum": 3}, timeout=20)
        before, gate, grown = _resident(), threading.Barrier(waiting + 1), []

        def scored(total: int) -> bool:
            gate.wait()
            return rubric.score(case, {"sum": total}, timeout=60).score.passed

        with ThreadPoolExecutor(waiting) as threads:
            results = [threads.submit(scored, total) for total in range(waiting)]
            gate.wait()
            grown.append(_resident() - before)
            passed = [result.result() for result in results]
        assert passed == [total == 3 for total in range(waiting)]
        assert grown[0] / waiting < 1_000_000


def _resident() -> int:
    """This process's resident memory in bytes; 0 where it cannot be told."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


@pytest.mark.parametrize("level", ["landlock"], indirect=True)
def test_isolation_costs_a_fifth_of_a_plain_process(level: Level, bench: Path, case: BenchCase) -> None:
    """Measured side by side, `python rubric.py` in turn with a confined fork."""
    isolated, plain = [], []
    with open_rubric(bench, bench.parents[1], level=level) as rubric:
        rubric.score(case, {"sum": 3}, timeout=20)
        for _ in range(4):
            plain.append(_plainly(bench, case, {"sum": 3})[1])
            for _ in range(5):
                began = time.perf_counter()
                rubric.score(case, {"sum": 3}, timeout=20)
                isolated.append(time.perf_counter() - began)
    assert min(isolated) <= min(plain) / 5  # the least is what other work on the machine disturbs least
