"""Asking a system under test: a deadline for each case, no silent retries, a failure for what goes wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchgov.canonical import Json
from benchgov.eval.canary import CANARY_VARIABLE
from benchgov.eval.cost_tag import TAG_VARIABLE
from benchgov.eval.isolation import landlock
from benchgov.eval.isolation.forkserver import Task
from benchgov.eval.isolation.starter import Starter
from benchgov.eval.isolation.streams import ProcessFailure
from benchgov.eval.models import BenchCase, IsolationClass
from benchgov.eval.starters import sut_starter
from benchgov.eval.sut import child
from benchgov.eval.sut.answer import (
    EXCEPTION,
    ISOLATION,
    MALFORMED,
    TIMEOUT,
    SutAnswer,
    SutFailure,
    parse_answer,
)
from benchgov.eval.sut.digest import sut_digest
from benchgov.eval.sut.lanes import Lane, Lanes, Setting
from benchgov.eval.sut.places import Place, lay_out
from benchgov.eval.sut.spec import SutSpec
from benchgov.text import one_line

KEPT_LOG_BYTES = 64 * 1024

_UNCONFINED: tuple[IsolationClass, ...] = ("in-process", "subprocess")
_CODES = {
    "not_confined": ISOLATION,
    "timeout": TIMEOUT,
    "output_limit": MALFORMED,
    "malformed_output": MALFORMED,
    "wrong_nonce": MALFORMED,
}
_DETAIL = 300

Note = Callable[[BenchCase, SutFailure], None]
"""Told of each attempt that failed, also when a later one succeeds."""


class Sut:
    """A system under test that is open; `open_sut` makes one. Safe from many threads."""

    def __init__(self, setting: Setting, lanes: Lanes, digest: str, note: Note) -> None:
        self.spec = setting.spec
        self.confined = setting.confined
        self.digest = digest
        self._setting = setting
        self._lanes = lanes
        self._note = note

    def invoke(self, case: BenchCase, *, timeout: float, tag: str, canary: str) -> SutAnswer:
        """What the SUT answers to `case`, within `timeout` seconds for all attempts together.

        Loading the SUT into a lane that is new takes nothing off them.

        Raises:
            SutFailure: the last attempt failed, or the time is over.
        """
        seconds = 0.0
        for attempt in range(1, self.spec.retries + 2):
            try:
                output, cost, log, took = self._attempt(case, timeout - seconds, tag, canary)
                return SutAnswer(output, cost, attempt, seconds + took, log)
            except SutFailure as failure:
                seconds += failure.seconds
                failure.attempts, failure.seconds = attempt, seconds
                self._note(case, failure)
                if attempt > self.spec.retries or failure.code == TIMEOUT or seconds >= timeout:
                    raise
        raise AssertionError("unreachable")

    def _attempt(
        self, case: BenchCase, timeout: float, tag: str, canary: str
    ) -> tuple[dict[str, Json], float, bytes, float]:
        with self._lanes.lane(cassettes=case.cassette_path is not None) as lane:
            place = _laid_out(case, lane)
            task = self._task(place, tag, canary)
            _started(lane)
            began = time.monotonic()
            try:
                data, log = (self._printed if self.spec.command else self._returned)(lane, task, timeout)
                output, cost = parse_answer(data)
            except SutFailure as failure:
                failure.seconds = time.monotonic() - began
                raise
            return output, cost, log[-KEPT_LOG_BYTES:], time.monotonic() - began

    def _task(self, place: Place, tag: str, canary: str) -> Task:
        environ = {TAG_VARIABLE: tag, CANARY_VARIABLE: canary, "TMPDIR": str(place.folder)}
        folder = self._setting.root if self.spec.command else place.input_path
        said = {**place.question, "tag": tag, "canary": canary, "offline": self.confined}
        return Task(said, folder, environ=environ, limits=self._setting.limits)

    def _returned(self, lane: Lane, task: Task, timeout: float) -> tuple[bytes, bytes]:
        """What the callable returned, as JSON."""
        try:
            answered = lane.server.ask(task, timeout)
        except ProcessFailure as failure:
            raise _failed(failure) from failure
        return _text(answered.answer, answered.stderr), answered.stderr

    def _printed(self, lane: Lane, task: Task, timeout: float) -> tuple[bytes, bytes]:
        """What the command printed, if it ended well."""
        try:
            printed, code, _ = lane.server.run(task, timeout)
        except ProcessFailure as failure:
            raise _failed(failure) from failure
        log = bytes(printed.stderr)
        if code:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise _failure(EXCEPTION, f"the command {how}{_last_line(log)}", log)
        return bytes(printed.stdout), log


@contextmanager
def open_sut(
    spec: SutSpec,
    root: Path,
    *,
    level: IsolationClass,
    environ: Mapping[str, str],
    deny: Sequence[Path] = (),
    note: Note = lambda _case, _failure: None,
    starter: Starter | None = None,
) -> Iterator[Sut]:
    """The system under test `spec` of the repository at `root`, until the block ends; then none of it runs.

    From the level `landlock` on it is confined, where the kernel has Landlock (`Sut.confined`): it cannot
    read what lies below `deny`, which should name every case, nor write the repository. `environ` is the
    caller's environment, of which the SUT gets what `environment` passes on. `note` is told of each failed
    attempt. `starter` comes from `eval.starters`, if it was begun before.

    Raises:
        EvalError: its module or program is not there.
    """
    confined = level not in _UNCONFINED and landlock.abi() > 0
    starter = starter or sut_starter(spec, environ)
    setting = Setting(spec, root.resolve(), dict(environ), tuple(deny), confined, starter)
    digest = sut_digest(spec, setting.root, environ)
    lanes = Lanes(setting)
    try:
        starter.begin()
        yield Sut(setting, lanes, digest, note)
    finally:
        lanes.close()
        starter.close()


def _started(lane: Lane) -> None:
    try:
        lane.server.start()
    except ProcessFailure as failure:
        raise _failed(failure) from failure


def _laid_out(case: BenchCase, lane: Lane) -> Place:
    try:
        return lay_out(case, lane.copies)
    except OSError as error:
        raise SutFailure(ISOLATION, f"the case cannot be copied for the SUT: {error}") from error


def _text(answer: Any, log: bytes) -> bytes:
    """The JSON that the process of a callable hands back.

    Raises:
        SutFailure: it says why there is none; or the SUT has written there itself.
    """
    match answer:
        case {child.JSON: str(text)}:
            return text.encode("utf-8", "surrogatepass")
        case {child.RAISED: str(line)}:
            raise _failure(EXCEPTION, line, log)
        case {child.MALFORMED: str(line)}:
            raise _failure(MALFORMED, line, log)
    raise _failure(MALFORMED, f"the SUT's process answered {json.dumps(answer)[:_DETAIL]}", log)


def _failed(failure: ProcessFailure) -> SutFailure:
    return _failure(_CODES.get(failure.kind, EXCEPTION), failure.detail, failure.stderr)


def _failure(code: str, detail: str, log: bytes) -> SutFailure:
    return SutFailure(code, one_line(detail, _DETAIL), log=log[-KEPT_LOG_BYTES:])


def _last_line(log: bytes) -> str:
    lines = log.decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
