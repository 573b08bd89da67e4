"""Reading what a process prints, with bounds on how much and how long."""

from __future__ import annotations

import contextlib
import math
import os
import select
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from benchgov.eval.isolation.limits import Limits

_CHUNK_BYTES = 1 << 16
_TICK_SECONDS = 0.2
_PATIENCE_SECONDS = 0.03

Kind = Literal[
    "not_started",  # nothing could be asked: the code could not be imported, or the process not be made
    "not_confined",  # the kernel refused a part of the confinement
    "timeout",
    "killed",  # by a signal: a limit of the kernel, or its own doing
    "crashed",  # with an exit code, which is what an exception is too
    "output_limit",
    "malformed_output",
    "wrong_nonce",
]


class ProcessFailure(Exception):  # noqa: N818 (data about a case, not an error of the harness)
    """A process did not answer as it should have: in what way, and what it printed."""

    def __init__(self, kind: Kind, detail: str, *, stdout: bytes = b"", stderr: bytes = b"") -> None:
        super().__init__(detail)
        self.kind: Kind = kind
        self.detail = detail
        self.stdout = stdout
        self.stderr = stderr


@dataclass
class Printed:
    """What came on a process's two streams so far."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def failure(self, kind: Kind, detail: str) -> ProcessFailure:
        """A failure that carries what was printed until then."""
        return ProcessFailure(kind, detail, stdout=bytes(self.stdout), stderr=bytes(self.stderr))


@dataclass(frozen=True)
class Watch:
    """What is held against a process while it runs.

    `problem` is asked a few times a second, and says what is wrong by now, if anything is.
    """

    limits: Limits
    seconds: float
    problem: Callable[[], str | None] = lambda: None


class Streams:
    """A question's three streams: a file that holds it, and two pipes for what is printed.

    The file has no name, so a process that never reads its question keeps nobody waiting. `handed` are
    somebody else's when they have been sent, `kept` the ends of the pipes that are read here.
    """

    def __init__(self, question: bytes) -> None:
        self.handed: list[int] = [_nameless()]
        self._kept: list[int] = []
        try:
            while question:
                question = question[os.write(self.handed[0], question) :]
            os.lseek(self.handed[0], 0, os.SEEK_SET)
            for _ in range(2):
                read, write = os.pipe()
                self._kept.append(read)
                self.handed.append(write)
        except OSError:
            self.close()
            raise

    @property
    def kept(self) -> tuple[int, int]:
        """The ends to read standard output and standard error from."""
        return self._kept[0], self._kept[1]

    def hand_over(self) -> None:
        """Close what somebody else has by now."""
        while self.handed:
            os.close(self.handed.pop())

    def close(self) -> None:
        """Close all that is open here."""
        self.hand_over()
        while self._kept:
            os.close(self._kept.pop())


def _nameless() -> int:
    if hasattr(os, "memfd_create"):  # it needs no disk
        return os.memfd_create("question")
    with tempfile.TemporaryFile() as stream:
        return os.dup(stream.fileno())


class Collector:
    """Reads what a process prints until a message comes on its control socket."""

    def __init__(self, pipes: tuple[int, int], control: int, watch: Watch) -> None:
        self.printed = Printed()
        self._control = control
        self._watch = watch
        limits = watch.limits
        self._sinks = {
            pipes[0]: (self.printed.stdout, limits.output_bytes, "standard output"),
            pipes[1]: (self.printed.stderr, limits.error_bytes, "standard error"),
        }
        for pipe in pipes:
            os.set_blocking(pipe, False)

    def collect(self) -> bytes:
        """The message; empty when the other end is gone.

        What has come down the pipes by then is all that counts: whoever holds them open keeps nobody waiting.

        Raises:
            ProcessFailure: `timeout`, or `output_limit`.
        """
        deadline = time.monotonic() + self._watch.seconds
        next_look = time.monotonic() + _TICK_SECONDS
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        # What is answered at once fits into the pipes, and is read when its process has ended, without being
        # woken for it before.
        ready = self._wait(poll, deadline, _PATIENCE_SECONDS)
        if not ready:
            for pipe in self._sinks:
                poll.register(pipe, select.POLLIN)
        while self._control not in ready:
            for pipe in ready:
                if not self._drain(pipe):
                    poll.unregister(pipe)
            if time.monotonic() >= next_look:
                next_look += _TICK_SECONDS
                self._look()
            ready = self._wait(poll, deadline, _TICK_SECONDS)
        for pipe in self._sinks:
            self._drain(pipe)
        return _message(self._control)

    def _wait(self, poll: select.poll, deadline: float, most: float) -> list[int]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise self.printed.failure("timeout", f"did not answer within {self._watch.seconds:g} s")
        return [descriptor for descriptor, _ in poll.poll(math.ceil(1000 * min(left, most)))]

    def _look(self) -> None:
        if problem := self._watch.problem():
            raise self.printed.failure("output_limit", problem)

    def _drain(self, pipe: int) -> bool:
        """Read what is there; whether more may come."""
        sink, limit, name = self._sinks[pipe]
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(pipe, _CHUNK_BYTES):
                sink += chunk[: limit - len(sink)]
                if len(sink) >= limit:
                    raise self.printed.failure("output_limit", f"more than {limit:,} bytes on {name}")
            return False
        return True


def _message(control: int) -> bytes:
    with contextlib.suppress(ConnectionError):
        return os.read(control, 64)
    return b""
