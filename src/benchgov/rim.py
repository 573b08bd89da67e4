"""The outside world as values, built once by `cli/` or `actions/` and handed to the rooms."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO


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
    """Run `command` in `folder`, without a shell and without standard input."""
    done = subprocess.run(
        list(command),
        cwd=folder,
        timeout=timeout,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
    )
    return Completed(done.returncode, done.stdout, done.stderr)


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
