"""A run from its plan to its report: order, cache, failures as data, the cost cap, and interruptions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.eval_builders import STUB, Hosts, Observed, copy_bench, mode, score

from benchgov.errors import OutputError, UsageError
from benchgov.eval.isolation.rubrics import RubricFailure
from benchgov.eval.models import BenchCase, BenchScore
from benchgov.eval.plan import parse_shard
from benchgov.eval.prepare import Prepared, Request, prepare
from benchgov.eval.runner import Finished, Options, World, run_eval
from benchgov.eval.sut.answer import SutFailure

pytestmark = pytest.mark.effects

NAMES = ["001-two", "002-ten", "003-thousand"]


class Scene:
    """A repository with the stub bench, and how it is run."""

    def __init__(self, root: Path, now: Callable[[], datetime]) -> None:
        self.root, self.now = root, now
        self.bench = copy_bench(root)
        self.hosts = Hosts()
        self.observed = Observed()
        self.options = Options(root / "cache", root / "runs", concurrency=2)

    def request(self, **more: Any) -> Request:
        return Request(STUB, self.root, self.bench.parent, isolation="subprocess", **more)

    def prepared(self, **more: Any) -> Prepared:
        return prepare(self.request(**more), {})

    def run(self, **more: Any) -> Finished:
        world = World({}, self.now, "host", self.observed, hosts=lambda _prepared, _task_class: self.hosts)
        return run_eval(self.request(**more), self.prepared(**more), self.options, world)


@pytest.fixture
def scene(tmp_path: Path, now: Callable[[], datetime]) -> Scene:
    return Scene(tmp_path, now)


def test_a_report_holds_every_case_by_id(scene: Scene) -> None:
    """However the cases end, the order is that of their ids; all hosts are closed; each case had its tag."""
    gate = threading.Event()

    def answer(case: BenchCase) -> dict[str, Any]:
        if case.case_id == "001-two":
            assert gate.wait(30)
        return {}

    def judge(case: BenchCase, output: Mapping[str, Any]) -> BenchScore:
        judged.append(case.case_id)
        if len(judged) == 2:
            gate.set()
        return score()

    judged: list[str] = []
    scene.hosts.answer, scene.hosts.judge = answer, judge
    report = scene.run().report
    assert [case_id for case_id, _ in report.per_case] == NAMES
    assert judged[-1] == "001-two"
    assert (report.complete, report.held_out_count, report.mean_score) == (True, 2, 1.0)
    assert scene.hosts.open == 0
    assert scene.hosts.tags["001-two"] == f"bench:2026-01-02T03:04:05.000678Z:{STUB}:001-two"


def test_a_second_run_asks_nobody(scene: Scene) -> None:
    """All scores come from the cache, byte for byte, and the run has the same id."""
    first = scene.run()
    scene.hosts = Hosts(judge=lambda case, output: score(0.0))
    second = scene.run()
    assert (first.hits, second.hits) == (0, 3)
    assert scene.hosts.asked == []
    assert second.report.to_bytes() == first.report.to_bytes()


def test_without_a_cache_nothing_is_read_or_kept(scene: Scene) -> None:
    """Every case is scored anew."""
    scene.options = replace(scene.options, cache=None)
    scene.run()
    scene.run()
    assert len(scene.hosts.asked) == 6
    assert not (scene.root / "cache").exists()


def failing(code: str) -> Hosts:
    def answer(case: BenchCase) -> dict[str, Any]:
        if case.case_id == "002-ten" and code.startswith("sut."):
            raise SutFailure(code, "why")
        return {}

    def judge(case: BenchCase, _output: Any) -> Any:
        if case.case_id != "002-ten" or code.startswith("sut."):
            return score()
        if code == "rubric.unknown_breakdown_key":
            return score(breakdown={"why": 1.0})
        if code == "rubric.unknown_failure_mode":
            return score(failure_modes=(mode("why"),))
        raise RubricFailure(code, "why")

    return Hosts(answer, judge)


@pytest.mark.parametrize(
    "code",
    [
        "sut.exception",
        "sut.timeout",
        "sut.malformed_output",
        "rubric.malformed_output",
        "rubric.timeout",
        "rubric.unknown_breakdown_key",
        "rubric.unknown_failure_mode",
    ],
)
def test_a_failure_is_that_cases_score_and_the_run_goes_on(scene: Scene, code: str) -> None:
    """It blocks, says why, scores 0, and is asked again next time: no failure is cached."""
    scene.hosts = failing(code)
    report = scene.run().report
    found = dict(report.per_case)
    assert found["002-ten"].failure_modes == (mode(code, "block", "why"),)
    assert (found["002-ten"].score, found["002-ten"].passed) == (0.0, False)
    assert (found["001-two"].score, found["003-thousand"].score) == (1.0, 1.0)
    assert report.block_severity_failure_modes == (code,)
    assert report.complete
    scene.hosts = Hosts()
    assert scene.run().hits == 2
    assert scene.hosts.asked == ["002-ten"]


def test_the_run_stops_when_the_money_is_spent(scene: Scene) -> None:
    """Cases that wait are left out; the report is partial, under the same number."""
    scene.hosts = Hosts(cost_usd=0.5)
    scene.options = replace(scene.options, concurrency=1, max_cost_usd=0.9)
    report = scene.run().report
    whole = scene.prepared().plan
    assert [case_id for case_id, _ in report.per_case] == NAMES[:2]
    assert (report.run_id, report.complete) == (f"partial:{whole.run_id}", False)
    assert report.total_cost_usd == 1.0
    assert [event for event, _ in scene.observed.warnings] == ["cost.near"]
    scene.options = replace(scene.options, max_cost_usd=5.0)
    finished = scene.run()
    assert (finished.hits, finished.report.complete, finished.report.run_id) == (2, True, whole.run_id)


def test_an_answer_that_was_paid_for_is_judged(scene: Scene) -> None:
    """However long the rubric takes: the money ran out with another answer, which was judged before."""
    answered = threading.Event()

    def answer(case: BenchCase) -> dict[str, Any]:
        if case.case_id == "002-ten":
            answered.set()
        return {}

    def judge(case: BenchCase, output: Mapping[str, Any]) -> BenchScore:
        assert answered.wait(30)
        if case.case_id == "001-two":
            time.sleep(0.3)
        return score()

    scene.hosts = Hosts(answer, judge, cost_usd=0.5)
    scene.options = replace(scene.options, concurrency=1, max_cost_usd=0.9)
    report = scene.run().report
    assert [case_id for case_id, _ in report.per_case] == NAMES[:2]
    assert scene.hosts.asked == NAMES[:2]


def test_no_more_cases_are_asked_at_a_time_than_was_said(scene: Scene) -> None:
    """While the rubric judges one, the next is asked; so each has a case when there is one at a time."""
    asked, both = [], threading.Barrier(2, timeout=30)

    def answer(case: BenchCase) -> dict[str, Any]:
        asked.append(case.case_id)
        if case.case_id == "002-ten":
            both.wait()
        assert len(asked) == 1 + NAMES.index(case.case_id)
        return {}

    def judge(case: BenchCase, output: Mapping[str, Any]) -> BenchScore:
        if case.case_id == "001-two":
            both.wait()
        return score()

    scene.hosts = Hosts(answer, judge)
    scene.options = replace(scene.options, concurrency=1)
    assert scene.run().report.complete


def test_a_case_that_is_being_scored_is_cancelled_with_the_run(scene: Scene) -> None:
    """Its processes are ended at once: the run does not wait for an answer that nobody wants."""
    ended = threading.Event()

    class Closing(Hosts):
        def __call__(self, concurrency: int) -> Any:
            from contextlib import contextmanager

            @contextmanager
            def opened() -> Any:
                with self._opened() as pair:
                    try:
                        yield pair
                    finally:
                        ended.set()

            return opened()

    def answer(case: BenchCase) -> dict[str, Any]:
        if case.case_id == "002-ten":
            assert ended.wait(30)
            raise SutFailure("sut.exception", "the run has ended")
        return {}

    scene.hosts = Closing(answer, cost_usd=1.0)
    scene.options = replace(scene.options, max_cost_usd=0.5)
    report = scene.run().report
    assert "002-ten" not in dict(report.per_case)
    assert not report.complete


def test_what_no_case_is_to_blame_for_ends_the_run(scene: Scene) -> None:
    """A score that cannot be kept, say: who waits for the threads is told, and the hosts are closed."""
    (scene.root / "cache").write_text("in the way")
    with pytest.raises(OutputError):
        scene.run()
    assert scene.hosts.asked
    assert not scene.hosts.open


def test_an_interruption_leaves_a_consistent_cache(scene: Scene) -> None:
    """What was scored before is in the cache; the hosts are closed."""

    class Impatient(Observed):
        def scored(self, case_id: str, score: Any, *, hit: bool) -> None:
            raise KeyboardInterrupt

    scene.observed = Impatient()
    scene.options = replace(scene.options, concurrency=1)
    with pytest.raises(KeyboardInterrupt):
        scene.run()
    assert scene.hosts.open == 0
    scene.observed = Observed()
    assert scene.run().hits == 1


def test_a_corrupt_entry_is_a_miss_with_a_warning(scene: Scene) -> None:
    """The case is scored again, and the entry is whole again."""
    scene.run()
    entry = next((scene.root / "cache" / "scores").iterdir())
    entry.write_text("{")
    assert scene.run().hits == 2
    assert [event for event, _ in scene.observed.warnings] == ["cache.corrupt"]
    assert scene.run().hits == 3


def test_what_a_case_left_behind_is_kept_beside_the_report(scene: Scene) -> None:
    """The answer and what was printed; bounded, whatever a SUT answers."""
    import json

    scene.hosts.answer = lambda case: {"text": "x" * (2_000_000 if case.case_id == "001-two" else 3)}
    report = scene.run().report
    folder = scene.root / "runs" / report.run_id / "cases"
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.json" for name in NAMES]
    assert "left_out" in json.loads((folder / "001-two.json").read_text())["harness_output"]
    detail = json.loads((folder / "002-ten.json").read_text())
    assert (detail["harness_output"], detail["rubric_stderr"]) == ({"text": "xxx"}, "printed")


@pytest.mark.parametrize(
    ("path", "missed"),
    [
        ("rubric.py", NAMES),
        ("failure_modes.yaml", NAMES),
        ("sut.py", NAMES),
        ("cases/002-ten/case.toml", ["002-ten"]),
    ],
)
def test_a_space_more_makes_other_scores_necessary(scene: Scene, path: str, missed: list[str]) -> None:
    """In the rubric for all cases; in a case.toml for that case alone. The run has another id."""
    before = scene.run().report
    changed = scene.bench / path
    changed.write_text(changed.read_text() + "\n")
    scene.hosts = Hosts()
    after = scene.run().report
    assert sorted(scene.hosts.asked) == missed
    assert after.run_id != before.run_id


def test_a_selection_is_incomplete_and_has_an_id_of_its_own(scene: Scene) -> None:
    """Unless it selects everything; nothing selected is refused."""
    report = scene.run(pattern="00[12]-*").report
    assert [case_id for case_id, _ in report.per_case] == NAMES[:2]
    assert (report.complete, report.selection) == (False, ("00[12]-*",))
    whole = scene.run(pattern="*").report
    assert (whole.complete, whole.selection) == (True, ())
    assert whole.run_id != report.run_id
    with pytest.raises(UsageError, match="matches"):
        scene.run(pattern="nothing")


def test_a_shard_scores_its_part_under_the_id_of_the_whole(scene: Scene) -> None:
    """Each case in exactly one shard; a lone shard is not complete; no shard is empty."""
    reports = [scene.run(shard=(index, 2)).report for index in (1, 2)]
    assert [[case_id for case_id, _ in report.per_case] for report in reports] == [NAMES[::2], NAMES[1::2]]
    assert {report.complete for report in reports} == {False}
    assert {report.run_id for report in reports} == {scene.prepared().plan.run_id}
    with pytest.raises(UsageError, match="4 shards for 3 cases"):
        scene.run(shard=(1, 4))


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/2", "1/2/3", "-1/2", "1/99999999", "²/3"])
def test_a_shard_is_one_of_several(text: str) -> None:
    """I/N with I from 1 to N."""
    with pytest.raises(UsageError):
        parse_shard(text)
    assert parse_shard("2/3") == (2, 3)


def test_an_old_case_is_warned_of(scene: Scene) -> None:
    """The run goes on."""
    moment = scene.now().replace(year=2028)
    scene.now = lambda: moment
    scene.run()
    assert [event for event, _ in scene.observed.warnings] == ["case.stale"] * 3


def test_a_waiting_case_takes_little_memory(scene: Scene) -> None:
    """Far less than a megabyte each, whatever the SUT answers for those before it."""
    import tracemalloc

    from benchgov.eval.execution import Execution
    from benchgov.eval.loader import load_task_class, parse_cases
    from benchgov.eval.scoring import Bench
    from benchgov.eval.spans import SILENT

    count = 200
    plan = scene.prepared().plan
    task_class = load_task_class(STUB, scene.bench.parent)
    (case,) = parse_cases(plan.cases[:1], task_class, scene.root)
    cases = [case.model_copy(update={"case_id": f"{number:03}"}) for number in range(count)]
    files = tuple(replace(plan.cases[0], case_id=one.case_id) for one in cases)
    scene.hosts.answer = lambda _case: {"text": "x" * 500_000}
    bench = Bench(task_class, "subprocess", "now", 1.0, None, SILENT)
    execution = Execution(replace(plan, cases=files), bench, scene.hosts, None, 2, 5.0, Observed())
    tracemalloc.start()
    try:
        done = execution.run(cases, SILENT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(done.scores) == count
    assert peak < count * 100_000
