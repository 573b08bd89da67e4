"""Mutation testing of rubrics: mutants differ, are repeatable, and a weak rubric lets them pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchgov.canonical import canonical_json
from benchgov.errors import EvalError
from benchgov.eval.hosts import Hosts, Pair
from benchgov.eval.isolation.rubrics import RubricAnswer, RubricFailure
from benchgov.eval.loader import load_cases, load_task_class
from benchgov.eval.models import BenchCase, BenchScore
from benchgov.eval.mutants import mutants
from benchgov.eval.mutation import MutationResult, mutate
from benchgov.eval.sut.answer import SutAnswer, SutFailure

BENCHES = Path(__file__).parents[2] / "data" / "benches"
ANSWER = {
    "files": {"go.mod": "module a\nrequire b v1.2.3\nrequire c v2.0.0\n"},
    "version": "1.2.3",
    "tries": 2,
    "safe": True,
    "steps": ["read", "edit", "check"],
    "notes": [],
}
OPERATORS = {
    "claim",
    "drop",
    "duplicate-key",
    "echo",
    "empty",
    "flip",
    "line-doubled",
    "line-dropped",
    "lines-reversed",
    "list-cut",
    "list-doubled",
    "list-empty",
    "list-invented",
    "list-reversed",
    "list-shuffled",
    "negate",
    "null",
    "number",
    "swap",
    "text-cut",
    "text-doubled",
    "text-empty",
    "text-number",
    "text-word",
    "zero",
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_every_way_of_being_wrong_is_tried() -> None:
    """And round after round: no operator crowds out another."""
    options = {"others": [{"version": "9"}], "given": {"go.mod": "module a\n"}}
    made = mutants(ANSWER, seed=1, limit=500, **options)  # type: ignore[arg-type]
    assert {one.operator for one in made} == OPERATORS
    few = mutants(ANSWER, seed=1, limit=len(OPERATORS), **options)  # type: ignore[arg-type]
    assert {one.operator for one in few} == OPERATORS


def test_an_echo_puts_the_input_in_the_place_of_the_work() -> None:
    """Files that the answer has by name are as they were given."""
    made = mutants(ANSWER, seed=1, limit=500, given={"go.mod": "module a\n"})
    echoes = [one.output for one in made if one.operator == "echo"]
    assert {**ANSWER, "files": {"go.mod": "module a\n"}} in echoes


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4), st.integers(0, 2**64))
def test_mutants_are_wrong_distinct_and_repeatable(output: dict[str, Any], seed: int) -> None:
    """None equals the answer or another one, the answer is left alone, and a seed gives the same ones."""
    before = canonical_json(output)
    made = mutants(output, seed=seed, limit=60)
    texts = [canonical_json(dict(one.output)) for one in made]
    assert before not in texts
    assert len(set(texts)) == len(texts) <= 60
    assert canonical_json(output) == before
    assert mutants(output, seed=seed, limit=60) == made


Judge = Callable[[BenchCase, Mapping[str, Any]], BenchScore]


def right(case: BenchCase) -> dict[str, Any]:
    """The answer that the stub's cases want."""
    wanted = {"001-two": 4, "002-ten": 20, "003-thousand": 2000}
    return {"double": wanted[case.case_id]}


def hosts(judge: Judge, answer: Callable[[BenchCase], dict[str, Any]] = right) -> Hosts:
    """Hosts that run in this process."""

    class Sut:
        def invoke(self, case: BenchCase, **_: Any) -> SutAnswer:
            return SutAnswer(answer(case), 0.0, 1, 0.0)

    class Rubric:
        def score(
            self, case: BenchCase, harness_output: Mapping[str, Any], *, timeout: float
        ) -> RubricAnswer:
            return RubricAnswer(judge(case, harness_output), b"", b"")

    @contextmanager
    def opened(concurrency: int) -> Iterator[Pair]:
        yield Pair(Sut(), Rubric())

    return opened


def scored(passed: bool, score: float | None = None) -> BenchScore:
    value = float(passed) if score is None else score
    return BenchScore(passed=passed, score=value, breakdown={"right": value})


def run(judge: Judge, answer: Callable[[BenchCase], dict[str, Any]] = right, **more: Any) -> MutationResult:
    """Mutate the stub task class with such a rubric and SUT."""
    task_class = load_task_class("stub-task-class", BENCHES)
    return mutate(task_class, load_cases(task_class), hosts(judge, answer), **more)


def strict(case: BenchCase, output: Mapping[str, Any]) -> BenchScore:
    return scored(dict(output) == right(case))


def test_a_strict_rubric_kills_all() -> None:
    """The score is one, and no survivor is listed."""
    result = run(strict)
    assert result.survivors == ()
    assert result.score == 1
    assert result.made > 20
    assert [one.made_by for one in result.answers] == ["sut"] * 3


def test_a_rubric_that_passes_everything_kills_nothing() -> None:
    """Every mutant is listed."""
    result = run(lambda *_: scored(True))
    assert result.score == 0
    assert len(result.survivors) == result.made


def test_a_rubric_that_looks_at_half_is_found_out() -> None:
    """One that only asks whether there is a number lets other numbers pass, and extra keys."""
    result = run(lambda _, output: scored(isinstance(output.get("double"), int)))
    assert {one.operator for one in result.survivors} == {"duplicate-key", "number", "negate", "swap", "zero"}
    assert 0 < result.score < 1


def test_not_passing_with_the_same_score_is_no_rejection() -> None:
    """A mutant has to score lower, too."""
    result = run(lambda case, output: scored(dict(output) == right(case), 1.0))
    assert result.score == 0
    assert not any(one.passed for one in result.survivors)


def test_a_rubric_that_fails_on_a_mutant_rejects_it() -> None:
    """It gave no score; the case would be a failure that blocks."""

    def failing(case: BenchCase, output: Mapping[str, Any]) -> BenchScore:
        if dict(output) != right(case):
            raise RubricFailure("rubric.malformed_output", "KeyError")
        return scored(True)

    assert run(failing).score == 1


def test_an_expected_answer_stands_in_for_a_sut_that_fails() -> None:
    """JSON in expected/ that the rubric passes is a right answer."""

    def failing(case: BenchCase) -> dict[str, Any]:
        raise SutFailure("sut.exception", "no")

    result = run(lambda case, output: scored(dict(output) == right(case)), failing)
    assert {one.made_by for one in result.answers} == {"answer.json"}


def test_without_a_right_answer_there_is_nothing_to_say() -> None:
    """Zero mutants are an error, never a perfect score."""
    with pytest.raises(EvalError, match="passes no answer"):
        run(lambda *_: scored(False))


def test_the_same_bench_gives_the_same_mutants() -> None:
    """Digests choose them; a limit is kept by case."""
    first, second = run(lambda *_: scored(True), per_case=5), run(lambda *_: scored(True), per_case=5)
    assert first.survivors == second.survivors
    assert first.made == 15
