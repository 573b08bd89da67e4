"""Score the cases of a plan: those in the cache at once, others side by side, until the money is spent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from benchgov.eval.cache import Cache, CorruptEntryError
from benchgov.eval.crew import Crew
from benchgov.eval.lower_bound import preload
from benchgov.eval.pacing import Paced
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
    """Told of what happens, as it happens: of scores by one thread at a time, warned by any."""

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
            pool.submit(preload, len(keys))  # while the first processes start
            pair = stack.enter_context(self.hosts(min(self.concurrency, len(cases))))
            paced = Paced(pair.sut, self.concurrency, self.max_cost_usd)
            crew = Crew(cases, self._task(replace(pair, sut=paced), span), self._kept(keys, done), paced)
            try:
                for _ in range(workers):
                    pool.submit(crew.work)
                crew.wait()
                done.complete = len(done.scores) == len(keys)
            finally:
                stack.close()  # now: threads that wait for an answer get none, and the pool can end

    def _task(self, pair: Pair, span: Span) -> Callable[[BenchCase], BenchScore]:
        def scored(case: BenchCase) -> BenchScore:
            tracer = self.bench.tracer
            with tracer.span("case", span, case_id=case.case_id, curation_class=case.curation_class) as one:
                return score_case(case, pair, self.bench, one)

        return scored

    def _kept(self, keys: Mapping[str, Key], done: Executed) -> Callable[[str, BenchScore], None]:
        def keep(case_id: str, score: BenchScore) -> None:
            before = done.spent_usd
            done.scores[case_id] = score
            done.spent_usd = math.fsum((before, score.cost_usd))
            if before <= _NEARLY * self.max_cost_usd < done.spent_usd:
                self.observer.warned("cost.near", spent_usd=done.spent_usd, max_cost_usd=self.max_cost_usd)
            if self.cache is not None and not is_of_harness(score):
                key = keys[case_id]
                self.cache.put(key.digest, score, key.parts, f"{self.plan.task_class}/{case_id}")
            self.observer.scored(case_id, score, hit=False)

        return keep
