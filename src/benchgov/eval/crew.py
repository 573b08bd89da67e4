"""Threads that score a run's cases side by side, each one case after the other, until the money is spent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from benchgov.eval.pacing import LeftOutError, Paced

if TYPE_CHECKING:
    from benchgov.eval.models import BenchCase, BenchScore


class Crew:
    """What the threads of a run share; each of them calls `work`, and somebody else `wait`.

    `score` is called from many threads, `keep` from one at a time; cases that wait cost no memory. A thread
    sees a case through from beginning to end: handing it to another would wake that for each case.
    """

    def __init__(
        self,
        cases: Iterable[BenchCase],
        score: Callable[[BenchCase], BenchScore],
        keep: Callable[[str, BenchScore], None],
        paced: Paced,
    ) -> None:
        self._waiting = iter(cases)
        self._score = score
        self._keep = keep
        self._paced = paced
        self._running: set[str] = set()
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        self._over = threading.Event()
        self._error: BaseException | None = None

    def work(self) -> None:
        """Score one case after the other, as long as there are any, and money."""
        try:
            while case := self._next():
                self._see_through(case)
                self._ended(case.case_id)
        except BaseException as error:  # it is raised again where somebody waits
            self._error = self._error or error
            self._over.set()

    def wait(self) -> None:
        """Wait until all cases have ended but those whose answers the money does not suffice for.

        What ends later counts no more, also where the wait was interrupted.

        Raises:
            BaseException: whatever `score` or `keep` raised.
        """
        try:
            self._over.wait()
        finally:
            self._over.set()
        with self._keeping:  # whoever has begun to keep a score does so
            if self._error:
                raise self._error

    def _next(self) -> BenchCase | None:
        with self._lock:
            case = None if self._over.is_set() or self._paced.is_spent else next(self._waiting, None)
            if case:
                self._running.add(case.case_id)
            elif not self._is_waited_for():
                self._over.set()
            return case

    def _see_through(self, case: BenchCase) -> None:
        try:
            score = self._score(case)
        except LeftOutError:
            return
        with self._keeping:
            if not self._over.is_set():
                self._keep(case.case_id, score)

    def _ended(self, case_id: str) -> None:
        with self._lock:
            self._running.discard(case_id)

    def _is_waited_for(self) -> bool:
        """Whether a running case can still end with a score; with the money spent, one that was paid for."""
        if self._paced.is_spent:
            return self._paced.is_waited_for(self._running)
        return bool(self._running)
