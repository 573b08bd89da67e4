"""Reading what a process prints, with bounds on how much and how long."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from benchgov.eval.isolation.limits import Limits

_CHUNK_BYTES = 1 << 16
_TICK_SECONDS = 0.2

Kind = Literal[
    "not_started", "timeout", "killed", "crashed", "output_limit", "malformed_output", "wrong_nonce"
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


def collect(pipes: tuple[int, int], control: int, watch: Watch) -> tuple[Printed, bytes]:
    """(what is printed until a message comes on `control`, that message); empty when the other end is gone.

    What has come down the pipes by then is all that counts: a process that holds them open keeps nobody waiting.

    Raises:
        ProcessFailure: `timeout`, or `output_limit`.
    """
    printed = Printed()
    deadline = time.monotonic() + watch.seconds
    for pipe in pipes:
        os.set_blocking(pipe, False)
    sinks = {
        pipes[0]: (printed.stdout, watch.limits.output_bytes, "standard output"),
        pipes[1]: (printed.stderr, watch.limits.error_bytes, "standard error"),
    }
    with selectors.DefaultSelector() as selector:
        for descriptor in (*pipes, control):
            selector.register(descriptor, selectors.EVENT_READ)
        next_look = time.monotonic() + _TICK_SECONDS
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise printed.failure("timeout", f"did not answer within {watch.seconds:g} s")
            ready = {key.fd for key, _ in selector.select(min(left, _TICK_SECONDS))}
            ended = control in ready
            for pipe in pipes if ended else ready:
                if not _drain(pipe, *sinks[pipe], printed) and not ended:
                    selector.unregister(pipe)
            if ended:
                return printed, _message(control)
            if time.monotonic() >= next_look:
                next_look += _TICK_SECONDS
                if problem := watch.problem():
                    raise printed.failure("output_limit", problem)


def _drain(pipe: int, sink: bytearray, limit: int, name: str, printed: Printed) -> bool:
    """Read what is there; whether more may come."""
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(pipe, _CHUNK_BYTES):
            sink += chunk[: limit - len(sink)]
            if len(sink) >= limit:
                raise printed.failure("output_limit", f"more than {limit:,} bytes on {name}")
        return False
    return True


def _message(control: int) -> bytes:
    with contextlib.suppress(ConnectionError):
        return os.read(control, 64)
    return b""
