"""The outside world as values, built once by `cli/` or `actions/` and handed to the rooms."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

MAX_OUTPUT_BYTES = 64 * 1024 * 1024
"""How much of each stream of a process is kept, in bytes."""


@dataclass(frozen=True)
class Completed:
    """A finished process: exit status (negative: killed by that signal) and what it printed."""

    status: int
    stdout: str
    stderr: str


RunProcess = Callable[[Sequence[str], Path, float], Completed]
"""(command, folder, timeout in seconds) → result. Raises OSError or subprocess.TimeoutExpired."""

Clock = Callable[[], datetime]
"""The current moment, aware, in UTC."""


@dataclass(frozen=True)
class Rim:
    """Everything that a command may touch besides its arguments."""

    cwd: Path
    environ: Mapping[str, str]
    now: Clock
    run: RunProcess
    stdout: TextIO
    stderr: TextIO

    @property
    def colour(self) -> bool:
        """Whether to colour what goes to stdout: a terminal, and NO_COLOR unset or empty."""
        return self.stdout.isatty() and not self.environ.get("NO_COLOR")


def run_process(command: Sequence[str], folder: Path, timeout: float) -> Completed:
    """Run `command` in `folder`, without a shell and without standard input.

    Output beyond `MAX_OUTPUT_BYTES` a stream is read and dropped. When the time is over, the whole process
    group is killed: a grandchild that holds a pipe open cannot make the caller wait.
    """
    deadline = time.monotonic() + timeout
    with subprocess.Popen(
        list(command),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = _collect(process, command, deadline, timeout)
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return Completed(status, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


def _collect(
    process: subprocess.Popen[bytes], command: Sequence[str], deadline: float, timeout: float
) -> tuple[bytes, bytes]:
    """What the process prints until both of its streams are closed."""
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, kept in ((process.stdout, output), (process.stderr, errors)):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ, kept)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(list(command), timeout)
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                key.data.extend(chunk[: MAX_OUTPUT_BYTES - len(key.data)])
    return bytes(output), bytes(errors)


def real_rim() -> Rim:
    """The rim of this process."""
    return Rim(
        cwd=Path.cwd(),
        environ=os.environ,
        now=lambda: datetime.now(UTC),
        run=run_process,
        stdout=sys.stdout,
        stderr=sys.stderr,
    )
