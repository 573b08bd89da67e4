"""Mutation testing of a rubric: which wrong answers does it let pass.

Right answers are those of the system under test, and those in `expected/`, that the rubric passes. Each is
made wrong in many ways; a mutant that passes, or scores no less than what it was made from, has survived.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchgov.canonical import Json, digest_of
from benchgov.errors import EvalError, InputError
from benchgov.eval.canary import canary_of
from benchgov.eval.hosts import Hosts, Pair
from benchgov.eval.isolation.rubrics import RubricFailure
from benchgov.eval.models import BenchCase, BenchScore
from benchgov.eval.mutants import Mutant, mutants
from benchgov.eval.registry import TaskClass
from benchgov.eval.sut.answer import SutFailure
from benchgov.eval.taxonomy import failed, resolved
from benchgov.files import read_text

MAX_INPUT_BYTES = 256 * 1024
_TAG = "mutation"


@dataclass(frozen=True)
class Right:
    """A right answer to a case, and its score."""

    case: BenchCase
    output: Mapping[str, Json]
    score: float
    made_by: str


@dataclass(frozen=True)
class Survivor:
    """A wrong answer that the rubric let pass, or did not score lower."""

    case_id: str
    operator: str
    where: str
    score: float
    passed: bool


@dataclass(frozen=True)
class MutationResult:
    """What became of all mutants: (killed, made) by operator, and those that survived."""

    task_class: str
    answers: tuple[Right, ...]
    by_operator: Mapping[str, tuple[int, int]]
    survivors: tuple[Survivor, ...]

    @property
    def made(self) -> int:
        """How many mutants there were."""
        return sum(made for _, made in self.by_operator.values())

    @property
    def score(self) -> float:
        """The share that was killed."""
        return (self.made - len(self.survivors)) / self.made


def mutate(
    task_class: TaskClass,
    cases: Sequence[BenchCase],
    hosts: Hosts,
    *,
    per_case: int = 40,
    concurrency: int = 2,
    timeout: float = 600.0,
) -> MutationResult:
    """Make right answers wrong and let the rubric judge them.

    The same cases, answers and rubric give the same result: digests of case and answer choose the mutants.

    Raises:
        EvalError: there is no right answer to begin with, or none that can be made wrong.
    """
    with hosts(concurrency) as pair, ThreadPoolExecutor(concurrency) as pool:
        answers = tuple(
            one for one in pool.map(lambda case: _right(case, pair, task_class, timeout), cases) if one
        )
        if not answers:
            raise EvalError(
                f"the rubric of {task_class.name!r} passes no answer of the SUT and none in expected/",
                remedy="Name a SUT that solves some cases (--sut), or put a right answer into expected/.",
            )
        made = [(right, mutant) for right in answers for mutant in _mutants(right, answers, per_case)]
        scores = list(pool.map(lambda one: _judge(one[0].case, one[1].output, pair, task_class), made))
    return _result(task_class.name, answers, made, scores)


def _right(case: BenchCase, pair: Pair, task_class: TaskClass, timeout: float) -> Right | None:
    for made_by, output in _candidates(case, pair, timeout):
        score = _judge(case, output, pair, task_class)
        if score.passed:
            return Right(case, output, score.score, made_by)
    return None


def _candidates(case: BenchCase, pair: Pair, timeout: float) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """The SUT's answer, and then every JSON object in `expected/`."""
    try:
        canary = canary_of(case.cassette_canary_pin)
        yield "sut", pair.sut.invoke(case, timeout=timeout, tag=_TAG, canary=canary).output
    except SutFailure:
        pass
    for path in sorted(case.expected_path.glob("*.json")):
        try:
            value = json.loads(read_text(path, MAX_INPUT_BYTES))
        except (InputError, ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield path.name, value


def _judge(case: BenchCase, output: Mapping[str, Json], pair: Pair, task_class: TaskClass) -> BenchScore:
    try:
        answer = pair.rubric.score(case, output, timeout=case.rubric_wall_clock_seconds)
    except RubricFailure as failure:
        return failed(failure.code, failure.detail)
    return resolved(answer.score, task_class)


def _mutants(right: Right, answers: Sequence[Right], limit: int) -> tuple[Mutant, ...]:
    seed = int(digest_of([right.case.case_digest, dict(right.output)]).removeprefix("blake3:")[:16], 16)
    others = [one.output for one in answers if one.case.case_id != right.case.case_id]
    given = _texts(right.case.input_path)
    return mutants(right.output, seed=seed, limit=limit, others=others, given=given)


def _texts(folder: Path) -> dict[str, str]:
    """The small text files below `folder`, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            try:
                found[path.relative_to(folder).as_posix()] = read_text(path, MAX_INPUT_BYTES)
            except InputError:
                continue
    return found


def _result(
    name: str,
    answers: tuple[Right, ...],
    made: Sequence[tuple[Right, Mutant]],
    scores: Sequence[BenchScore],
) -> MutationResult:
    counts: dict[str, tuple[int, int]] = {}
    survivors = []
    for (right, mutant), score in zip(made, scores, strict=True):
        survived = score.passed or score.score >= right.score
        killed, total = counts.get(mutant.operator, (0, 0))
        counts[mutant.operator] = (killed + (not survived), total + 1)
        if survived:
            survivors.append(
                Survivor(right.case.case_id, mutant.operator, mutant.where, score.score, score.passed)
            )
    return MutationResult(name, answers, dict(sorted(counts.items())), tuple(survivors))
