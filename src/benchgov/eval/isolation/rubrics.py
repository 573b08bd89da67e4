"""Scores by a rubric that is not trusted: in a process of its own for each case, as isolated as chosen."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchgov.canonical import Json
from benchgov.eval.isolation import places
from benchgov.eval.isolation.bubblewrap import wrapper
from benchgov.eval.isolation.case_folder import CaseFolder
from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.container import ContainerLaunch
from benchgov.eval.isolation.copies import wipe
from benchgov.eval.isolation.forkserver import Answered, ForkServer, ForkServers, Program, Task
from benchgov.eval.isolation.kernel import hidden
from benchgov.eval.isolation.launch import Launch
from benchgov.eval.isolation.levels import Level, confines
from benchgov.eval.isolation.limits import Limits
from benchgov.eval.isolation.starter import Starter
from benchgov.eval.isolation.streams import Kind, ProcessFailure
from benchgov.eval.models import BANNED_WORDS, BenchCase, BenchScore
from benchgov.eval.starters import WRAPPED, rubric_launch, rubric_starter
from benchgov.text import one_line

_MAX_DETAIL = 500
_BANNED = re.compile("|".join(BANNED_WORDS))

_CODES: Mapping[Kind, str] = {
    "not_started": "rubric.malformed_output",
    "not_confined": "harness.isolation",
    "timeout": "rubric.timeout",
    "killed": "rubric.killed",
    "crashed": "rubric.malformed_output",
    "output_limit": "rubric.output_limit",
    "malformed_output": "rubric.malformed_output",
    "wrong_nonce": "rubric.wrong_nonce",
}


class RubricFailure(Exception):  # noqa: N818 (data about a case, not an error of the harness)
    """A case that its rubric gave no valid score: the code of the failure mode that this is, and why."""

    def __init__(self, code: str, detail: str, stderr: bytes = b"") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = one_line(detail, _MAX_DETAIL)
        self.stderr = stderr


@dataclass(frozen=True)
class RubricAnswer:
    """A valid score, and what the rubric's process printed."""

    score: BenchScore
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True)
class _Plan:
    """What all servers of one rubric have in common."""

    bench_path: Path
    level: Level
    launch: Launch
    starter: Starter | None
    reads: tuple[Path, ...]
    limits: Limits

    def server(self, folder: CaseFolder) -> ForkServer:
        """One that sees its bench and what is put into `folder`."""
        confined = confines(self.level)
        reads, writes = (*self.reads, folder.given), (folder.work,)
        program = Program(
            target="benchgov.eval.isolation.rubric_worker:prepare",
            setup={"bench_path": str(self.bench_path)},
            confinement=Confinement(reads=reads, writes=writes) if confined else None,
            limits=replace(self.limits, cpu_seconds=None),  # it serves any number of cases
            sweeps=not confined,
            lasting=confined,
            # Not with each question: a variable that a fork sets is a dozen pages that it copies.
            environ={"TMPDIR": str(folder.work)},
        )
        return ForkServer(program, self.starter or self._wrapped(reads, writes))

    def _wrapped(self, reads: tuple[Path, ...], writes: tuple[Path, ...]) -> Launch:
        if self.level == "bubblewrap":
            return replace(self.launch, wrapper=wrapper(reads, writes))
        plain = {part.name: getattr(self.launch, part.name) for part in fields(Launch)}
        return ContainerLaunch(**plain, reads=reads, writes=writes)


class RubricHost:
    """Scores cases with one rubric; safe to use from many threads, each of which waits for its own answer."""

    def __init__(
        self, servers: ForkServers, folders: Sequence[CaseFolder], *, level: Level, limits: Limits
    ) -> None:
        self.level = level
        self._servers = servers
        self._folders = folders
        self._limits = limits

    def score(self, case: BenchCase, harness_output: Mapping[str, Json], *, timeout: float) -> RubricAnswer:
        """The score of `harness_output` as an answer to `case`, within `timeout` seconds.

        The score carries the level of isolation and the milliseconds that the rubric took; what it says
        itself of these, of costs and of attempts, is dropped.

        Raises:
            RubricFailure: there is no valid score. The next case is not affected.
        """
        try:
            answered = self._asked(case, harness_output, timeout)
        except ProcessFailure as failure:
            raise RubricFailure(_CODES[failure.kind], failure.detail, failure.stderr) from failure
        except OSError as error:
            raise RubricFailure("harness.isolation", f"no folder for the case: {error}") from error
        measured = {
            "isolation_class": self.level,
            "wall_clock_ms": round(answered.seconds * 1000),
            "cost_usd": 0.0,
            "attempts": 1,
        }
        score = _valid(answered).model_copy(update=measured)
        return RubricAnswer(score, answered.stdout, answered.stderr)

    def _asked(self, case: BenchCase, harness_output: Mapping[str, Json], timeout: float) -> Answered:
        with self._servers.lend() as (index, server):
            folder = self._folders[index]
            with folder.holding(input=case.input_path, expected=case.expected_path) as copies:
                paths = {
                    "input_path": copies["input"],
                    "expected_path": copies["expected"],
                    "cassette_path": None,
                }
                task = Task(
                    question={"case": case.shown(paths), "harness_output": dict(harness_output)},
                    folder=folder.work,
                    limits=_within(self._limits, timeout),
                    problem=lambda: folder.problem(self._limits),
                )
                return server.ask(task, timeout)


@contextlib.contextmanager
def open_rubric(
    bench_path: Path,
    root: Path,
    *,
    level: Level,
    limits: Limits | None = None,
    processes: int = 1,
    starter: Starter | None = None,
) -> Iterator[RubricHost]:
    """Scores by the rubric of the bench at `bench_path`, isolated at `level`, in up to `processes` at a time.

    `root` is the repository, which the rubric cannot read: it sees its bench without the cases, its Python,
    and a copy of its own case. `level` comes from `levels.choose`; `starter` from `eval.starters`, if it
    was begun before. Meanwhile no process of the same user can read this one's memory or environment.
    """
    del root
    limits = limits or Limits()
    with hidden(), _temporary_folder() as base, ExitStack() as stack:
        starter = starter or rubric_starter(bench_path, level)
        if starter:
            starter.begin()
            stack.callback(starter.close)
        plan = _planned(bench_path.resolve(), level, limits, starter)
        guarded = confines(level)
        folders = [CaseFolder(base / str(index), guarded=guarded) for index in range(processes)]
        for folder in folders:
            folder.make()
        with ForkServers([plan.server(folder) for folder in folders]) as servers:
            yield RubricHost(servers, folders, level=level, limits=limits)


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="benchgov-rubric-")).resolve()
    try:
        yield base
    finally:
        wipe(base)


def _planned(bench_path: Path, level: Level, limits: Limits, starter: Starter | None) -> _Plan:
    launch = rubric_launch(bench_path)
    reads = (*places.interpreter(launch.path), *places.of_bench(bench_path))
    if level in WRAPPED:
        reads = (*reads, *places.executable(launch.python))
    return _Plan(bench_path, level, launch, starter, reads, limits)


@lru_cache
def _within(limits: Limits, timeout: float) -> Limits:
    """No more processor time than the clock allows: a busy rubric ends even with nobody there to end it."""
    most = int(timeout) + 1
    return replace(limits, cpu_seconds=min(limits.cpu_seconds or most, most))


def _valid(answered: Answered) -> BenchScore:
    try:
        # As JSON: strictly, a tuple may come as a list there, while "yes" is still no boolean.
        score = BenchScore.model_validate_json(json.dumps(answered.answer), strict=True)
    except ValidationError as error:
        raise RubricFailure("rubric.score_invalid", _first_fault(error), answered.stderr) from None
    _refuse_banned("rubric.unknown_breakdown_key", score.breakdown, answered)
    _refuse_banned("rubric.unknown_failure_mode", [mode.code for mode in score.failure_modes], answered)
    return score


def _refuse_banned(code: str, names: Any, answered: Answered) -> None:
    for name in names:
        if _BANNED.search(name.lower()):
            raise RubricFailure(code, f"{name!r} is what a model says of itself", answered.stderr)


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, fault["loc"])) or "score"
    return f"{place}: {fault['msg']}"
