"""A fork server: code that is not trusted is imported once, and each question is answered by a fork of it.

The harness's side of `keeper` and `worker`. One server answers one question at a time; `ForkServers` hands
questions to several. Whatever goes wrong ends the whole tree of processes, and the next question starts
another.
"""

from __future__ import annotations

import contextlib
import json
import queue
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from benchgov.canonical import Json
from benchgov.errors import InputError
from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.family import Family
from benchgov.eval.isolation.keeper import LOADED, SWEEP
from benchgov.eval.isolation.launch import END_SECONDS, Started
from benchgov.eval.isolation.limits import Limits
from benchgov.eval.isolation.streams import Collector, Kind, Printed, ProcessFailure, Streams, Watch
from benchgov.eval.isolation.worker import READY, UNCONFINED

START_SECONDS = 60.0
MAX_STARTS = 2
"""So often in a row a start may fail: code that cannot be loaded is not tried for each question."""
_NONCE_BYTES = 16
_ENCODER = json.JSONEncoder(allow_nan=False)


@dataclass(frozen=True)
class Program:
    """What a server runs.

    `target`, `module:function` of ours, is imported first. Then the process is confined, and the function
    is called with `setup`: it imports what is not trusted and returns the handler (`answering.Handler`).
    `sweeps`: look for processes that an answer left behind; needless where none can be started. `lasting`:
    let the server answer further questions; not where an answer's process could reach into it. `reused`: let
    one process answer question after question, as long as each leaves it as it was (`footprint`); what the
    code keeps in its memory reaches the next question. `environ`: variables besides those that it is started
    with.
    """

    target: str
    setup: Json
    confinement: Confinement | None = None
    limits: Limits | None = None
    sweeps: bool = True
    lasting: bool = True
    reused: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)


class Starts(Protocol):
    """What starts a keeper: a `Launch`, or a `Starter`."""

    def start(self) -> Started:
        """Start one; raises `OSError`."""


@dataclass(frozen=True)
class Task:
    """One question; `folder` is where its process works, and the rest tightens what the server may do."""

    question: Json
    folder: Path | None = None
    confinement: Confinement | None = None
    limits: Limits = field(default_factory=Limits)
    environ: Mapping[str, str] = field(default_factory=dict)
    problem: Callable[[], str | None] = lambda: None


@dataclass(frozen=True)
class Answered:
    """The answer, what its process printed to standard error, and how long it took from question to end."""

    answer: Any
    stdout: bytes
    stderr: bytes
    seconds: float


class ForkServer:
    """One server; started by the first question, and again after it has been ended."""

    def __init__(self, program: Program, launch: Starts) -> None:
        self._program = program
        self._launch = launch
        self._started: Started | None = None
        self._family: Family | None = None
        self._failed_starts: list[ProcessFailure] = []

    def ask(self, task: Task, timeout: float) -> Answered:
        """The answer to one question, within `timeout` seconds (which the start of a server is no part of).

        Raises:
            ProcessFailure: there is none; afterwards no process that the question started is left.
        """
        nonce = secrets.token_hex(_NONCE_BYTES)
        printed, status, seconds = self.run(task, timeout, nonce)
        _check_end(printed, status)
        try:
            answer = one_answer(printed, nonce)
        except ProcessFailure:
            if self._program.reused:  # whatever its process is about, it is not asked again
                self.close()
            raise
        return Answered(answer, bytes(printed.stdout), bytes(printed.stderr), seconds)

    def run(self, task: Task, timeout: float, nonce: str = "") -> tuple[Printed, int, float]:
        """What the process of one question printed, its exit code, and its seconds.

        For a handler that becomes another program, which knows nothing of nonces.

        Raises:
            ProcessFailure: as `ask`, but for what the process says and how it ends.
        """
        self.start()
        heading: dict[str, Json] = {
            "folder": str(task.folder) if task.folder else None,
            "environ": dict(task.environ),
            **_restrictions(task.confinement, task.limits),
        }
        message = _lines(heading, {"nonce": nonce, "question": task.question})
        began = time.monotonic()
        try:
            printed, status = self._exchange(message, Watch(task.limits, timeout, task.problem))
            self._sweep(printed, status)
        except BaseException:
            self.close()
            raise
        seconds = time.monotonic() - began
        if not self._program.lasting:
            self.close()
        return printed, int(status), seconds

    def interrupt(self) -> None:
        """End the question that another thread waits for; it fails there as `killed`."""
        if (started := self._started) is not None:
            with contextlib.suppress(OSError):
                started.orders.shutdown(socket.SHUT_RDWR)

    def start(self) -> None:
        """Start the server unless it runs.

        Raises:
            ProcessFailure: mostly `not_started`, with what it printed.
        """
        if self._started is not None:
            return
        if len(self._failed_starts) >= MAX_STARTS:
            last = self._failed_starts[-1]
            raise ProcessFailure(last.kind, last.detail, stderr=last.stderr)
        try:
            self._started = self._launch.start()
        except OSError as error:
            raise ProcessFailure("not_started", f"cannot be started: {error}") from error
        self._prepare()

    def _prepare(self) -> None:
        assert self._started is not None
        program = self._program
        heading: dict[str, Json] = {
            "target": program.target,
            "setup": program.setup,
            "reused": program.reused,
            "environ": dict(program.environ),
            **_restrictions(program.confinement, program.limits),
        }
        try:
            printed, status = self._exchange(
                _lines(heading), Watch(program.limits or Limits(), START_SECONDS)
            )
            if status != READY:
                kind: Kind = "not_confined" if status == UNCONFINED else "not_started"
                raise printed.failure(kind, f"cannot be loaded: {_last_line(printed.stderr)}")
            if program.sweeps:
                self._order(LOADED, printed)
                with contextlib.suppress(OSError, ValueError):
                    self._family = Family(self._started.process.pid, answering=int(program.reused))
        except ProcessFailure as failure:
            self._failed_starts.append(failure)
            self.close()
            raise
        except BaseException:
            self.close()
            raise
        self._failed_starts.clear()

    def _exchange(self, message: bytes, watch: Watch) -> tuple[Printed, bytes]:
        """Send a message with three streams, and gather what comes until the worker says something."""
        assert self._started is not None
        control = self._started.control
        streams = Streams(message)
        try:
            try:
                socket.send_fds(control, [b"?"], streams.handed)
            except OSError:
                raise ProcessFailure("killed", "its process was gone before it was asked") from None
            streams.hand_over()
            collector = Collector(streams.kept, control.fileno(), watch)
            return collector.printed, collector.collect()
        finally:
            streams.close()

    def _sweep(self, printed: Printed, status: bytes) -> None:
        """Leave nothing behind of what was asked; a server that is gone is ended wholly by whoever called."""
        if not status.strip(b"-\n").isdigit():
            raise printed.failure("killed", "the process that serves it ended")
        if self._program.sweeps and not (self._family and self._family.is_alone()):
            self._order(SWEEP, printed)
            if self._family and self._family.has_stray():
                self.close()

    def _order(self, order: bytes, printed: Printed) -> None:
        assert self._started is not None
        orders = self._started.orders
        try:
            orders.settimeout(END_SECONDS)
            orders.sendall(order)
            if orders.recv(1) != order:
                raise ConnectionError
        except OSError:
            raise printed.failure("killed", "what keeps its processes ended") from None

    def close(self) -> None:
        """End the server and all that it started; a further question starts another."""
        started, self._started = self._started, None
        self._family = None
        if started is not None:
            started.close()

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ForkServers:
    """Several servers; a question waits for the next that is free. Safe from many threads."""

    def __init__(self, servers: Sequence[ForkServer]) -> None:
        self._servers = servers
        self._free: queue.LifoQueue[int] = queue.LifoQueue()
        for index in reversed(range(len(servers))):
            self._free.put(index)

    @contextlib.contextmanager
    def lend(self) -> Iterator[tuple[int, ForkServer]]:
        """A server that nobody else asks meanwhile, and which one it is."""
        index = self._free.get()
        try:
            yield index, self._servers[index]
        finally:
            self._free.put(index)

    def ask(self, task: Task, timeout: float) -> Answered:
        """As `ForkServer.ask`; waiting for a server takes nothing off `timeout`."""
        with self.lend() as (_, server):
            return server.ask(task, timeout)

    def __enter__(self) -> ForkServers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()


def _check_end(printed: Printed, code: int) -> None:
    if code < 0:
        raise printed.failure("killed", f"killed by signal {-code}")
    if code > 0:
        raise printed.failure("crashed", f"ended with exit code {code}: {_last_line(printed.stderr)}")


def one_answer(printed: Printed, nonce: str) -> Any:
    """The one JSON document on standard output, if it carries the nonce.

    Raises:
        ProcessFailure: `malformed_output` or `wrong_nonce`.
    """
    from benchgov.documents import parse_json  # loads pydantic, which the worker does without

    try:
        text = printed.stdout.decode("utf-8")
        document = parse_json(text, "its standard output")
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (UnicodeError, InputError) as error:
        raise printed.failure("malformed_output", f"not one JSON document: {error}") from None
    if not isinstance(document, dict) or set(document) != {"nonce", "answer"}:
        raise printed.failure("malformed_output", "not an object of a nonce and an answer")
    if document["nonce"] != nonce:
        raise printed.failure("wrong_nonce", "the answer is not to this question")
    return document["answer"]


def _restrictions(confinement: Confinement | None, limits: Limits | None) -> dict[str, Json]:
    return {
        "confinement": confinement.to_json() if confinement else None,
        "limits": dict(limits.to_json()) if limits else None,
    }


def _lines(*documents: dict[str, Json]) -> bytes:
    """The heading of a question, and the question (`answering`): a line each."""
    return b"".join(_ENCODER.encode(document).encode() + b"\n" for document in documents)


def _last_line(stderr: bytes | bytearray) -> str:
    lines = bytes(stderr).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
