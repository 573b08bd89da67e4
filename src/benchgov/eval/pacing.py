"""A system under test with a measure: so many cases at a time, and none once the money is spent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from benchgov.eval.hosts import SutHost
    from benchgov.eval.models import BenchCase
    from benchgov.eval.sut.answer import SutAnswer


class LeftOutError(Exception):
    """A case whose turn came when the money was spent: the system under test was not asked."""


class Paced:
    """`sut`, asked for `most` cases at a time, until its answers cost more than `max_cost_usd`.

    Costs count when there is an answer, and not when that has been judged. Safe from many threads; those of
    further cases wait for their turn.
    """

    def __init__(self, sut: SutHost, most: int, max_cost_usd: float) -> None:
        self._sut = sut
        self._turn = threading.Semaphore(most)
        self._max_cost_usd = max_cost_usd
        self._answered: set[str] = set()
        self._spent_usd = 0.0
        self._lock = threading.Lock()

    @property
    def is_spent(self) -> bool:
        """Whether no further case is asked."""
        return self._spent_usd > self._max_cost_usd

    def is_waited_for(self, cases: Collection[str]) -> bool:
        """Whether one of `cases` has an answer, which was paid for."""
        return not self._answered.isdisjoint(cases)

    def invoke(self, case: BenchCase, *, timeout: float, tag: str, canary: str) -> SutAnswer:
        """As `SutHost.invoke`.

        Raises:
            LeftOutError: the money is spent.
        """
        with self._turn:
            if self.is_spent:
                raise LeftOutError(case.case_id)
            answer = self._sut.invoke(case, timeout=timeout, tag=tag, canary=canary)
            with self._lock:
                self._answered.add(case.case_id)
                self._spent_usd += answer.cost_usd
            return answer
