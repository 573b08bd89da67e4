"""Score the cases of a plan: those in the cache at once, others side by side, until the money is spent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, Protocol

from benchgov.eval.cache import Cache, CorruptEntryError
from benchgov.eval.lower_bound import preload
from benchgov.eval.pacing import LeftOutError, Paced
from benchgov.eval.plan import Plan, cache_key, key_parts
from benchgov.eval.scoring import Bench, score_case
from benchgov.eval.spans import Span
from benchgov.eval.taxonomy import is_of_harness

if TYPE_CHECKING:
    from benchgov.eval.hosts import Hosts, Pair
    from benchgov.eval.models import BenchCase, BenchScore

_STAGES = 2
"""While the rubric judges a case, the system under test works on another."""

_NEARLY = 0.8
"""The share of the cost cap from which on it is warned of."""


class Observer(Protocol):
    """Told of what happens, as it happens, by one thread."""

    def scored(self, case_id: str, score: BenchScore, *, hit: bool) -> None:
        """A case has its score, from the cache or not."""

    def warned(self, event: str, **facts: str | float) -> None:
        """Something is not as it should be, and the run goes on."""


@dataclass
class Executed:
    """The scores by case id; what this run spent; and whether no case was left out for its cost."""

    scores: dict[str, BenchScore] = field(default_factory=dict)
    hits: int = 0
    spent_usd: float = 0.0
    complete: bool = True


class Key(NamedTuple):
    """What a score depends on, and the digest of it: under that it is kept."""

    digest: str
    parts: dict[str, str]

    @classmethod
    def of(cls, parts: dict[str, str]) -> Key:
        """The key of these parts."""
        return cls(cache_key(parts), parts)


@dataclass(frozen=True)
class Execution:
    """How a plan is carried out: with which hosts and cache, how many at a time, and for how much money."""

    plan: Plan
    bench: Bench
    hosts: Hosts
    cache: Cache | None
    concurrency: int
    max_cost_usd: float
    observer: Observer

    def run(self, cases: Sequence[BenchCase], span: Span) -> Executed:
        """The scores of `cases`, which are the plan's.

        An interruption ends all processes and leaves what is scored in the cache.
        """
        done = Executed()
        keys = {one.case_id: Key.of(key_parts(self.plan, one)) for one in self.plan.cases}
        missing = [case for case in cases if not self._cached(case.case_id, keys[case.case_id], done)]
        if missing:
            self._score(missing, keys, span, done)
        return done

    def _cached(self, case_id: str, key: Key, done: Executed) -> bool:
        if self.cache is None:
            return False
        try:
            score = self.cache.get(key.digest)
        except CorruptEntryError as error:
            self.observer.warned("cache.corrupt", case_id=case_id, reason=str(error))
            return False
        if score is None:
            return False
        self.cache.touch(key.digest)
        done.scores[case_id] = score
        done.hits += 1
        self.observer.scored(case_id, score, hit=True)
        return True

    def _score(
        self,
        cases: Sequence[BenchCase],
        keys: Mapping[str, Key],
        span: Span,
        done: Executed,
    ) -> None:
        workers = min(_STAGES * self.concurrency, len(cases))
        with ThreadPoolExecutor(workers + 1, "eval") as pool, ExitStack() as stack:
            pool.submit(preload)  # while the first processes start
            pair = stack.enter_context(self.hosts(min(self.concurrency, len(cases))))
            waiting = iter(cases)
            running = _Running(pool)
            paced = Paced(pair.sut, self.concurrency, self.max_cost_usd)
            task = self._task(replace(pair, sut=paced), span)
            try:
                running.fill(waiting, task, workers)
                while running.cases:
                    scored = running.next()
                    if scored:
                        self._count(*scored, done)
                    spent = paced.is_spent
                    if not spent:  # before the score is kept, so that no process waits for that
                        running.fill(waiting, task, workers)
                    if scored:
                        self._keep(*scored, keys[scored[0]])
                    if spent and not paced.is_waited_for(running.cases.values()):
                        break
                done.complete = len(done.scores) == len(keys)
            finally:
                stack.close()  # now: threads that wait for an answer get none, and the pool can end

    def _task(self, pair: Pair, span: Span) -> Callable[[BenchCase], BenchScore]:
        def scored(case: BenchCase) -> BenchScore:
            tracer = self.bench.tracer
            with tracer.span("case", span, case_id=case.case_id, curation_class=case.curation_class) as one:
                return score_case(case, pair, self.bench, one)

        return scored

    def _count(self, case_id: str, score: BenchScore, done: Executed) -> None:
        before = done.spent_usd
        done.scores[case_id] = score
        done.spent_usd = math.fsum((before, score.cost_usd))
        if before <= _NEARLY * self.max_cost_usd < done.spent_usd:
            self.observer.warned("cost.near", spent_usd=done.spent_usd, max_cost_usd=self.max_cost_usd)

    def _keep(self, case_id: str, score: BenchScore, key: Key) -> None:
        if self.cache is not None and not is_of_harness(score):
            self.cache.put(key.digest, score, key.parts, f"{self.plan.task_class}/{case_id}")
        self.observer.scored(case_id, score, hit=False)


class _Running:
    """The cases that are in the pool, by their futures. Those that wait outside cost no memory."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.cases: dict[Future[BenchScore], str] = {}
        self._pool = pool
        self._ended: SimpleQueue[Future[BenchScore]] = SimpleQueue()

    def fill(
        self, waiting: Iterator[BenchCase], task: Callable[[BenchCase], BenchScore], workers: int
    ) -> None:
        """Start as many of those that wait as there are idle workers."""
        while len(self.cases) < workers and (case := next(waiting, None)):
            future = self._pool.submit(task, case)
            self.cases[future] = case.case_id
            future.add_done_callback(self._ended.put)

    def next(self) -> tuple[str, BenchScore] | None:
        """Wait for a case to end; its score, or None where the money was spent before its turn."""
        future = self._ended.get()
        case_id = self.cases.pop(future)
        try:
            return case_id, future.result()
        except LeftOutError:
            return None
