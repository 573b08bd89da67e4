"""How the process is started that imports code that is not trusted: which Python, with what around it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import benchgov
from benchgov.eval.isolation.sweep import kill_group

END_SECONDS = 5.0

FIXED_FLAGS = ("-s", "-P", "-S", "-B")
"""No user's or site's packages by themselves, nothing from the current folder, no bytecode written.

Not `-I`: it would ignore PYTHONHASHSEED, and with it the order of sets would differ from run to run.
"""

SCRUBBED: Mapping[str, str] = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    # Libraries of linear algebra reserve memory for each thread of a large machine.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Memory in one piece rather than in many, so that it fits large pages (`heap`).
    "PYTHONMALLOC": "malloc",
    # They would be looked for among all that is installed, and are no part of a score.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
"""All of the environment that a rubric has."""

_BOOT = "import sys; sys.path.extend(sys.argv[3:]); "
_KEEP = "from benchgov.eval.isolation.keeper import main; main(int(sys.argv[1]), int(sys.argv[2]))"


class Process(Protocol):
    """A process that can be waited for, as a `subprocess.Popen` is."""

    pid: int

    def wait(self, timeout: float | None = None) -> object:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""


@dataclass
class Started:
    """A keeper that runs: its process, the socket that it takes orders on, and the worker's."""

    process: Process
    orders: socket.socket
    control: socket.socket
    kill: Callable[[], object] = lambda: None

    def close(self) -> None:
        """End it and all that it started: it does that itself when its sockets close, unless it is stuck."""
        for end in (self.orders, self.control):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            kill_group(self.process.pid)
            self.process.wait()


@dataclass(frozen=True)
class Launch:
    """How a keeper is started: `wrapper` (bwrap and its options, say), Python, and where its modules lie."""

    wrapper: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: dict(SCRUBBED))
    python: str = sys.executable
    flags: tuple[str, ...] = FIXED_FLAGS
    path: tuple[str, ...] = field(default_factory=lambda: tuple(map(str, package_paths())))

    def start(self) -> Started:
        """Start a keeper that inherits its sockets.

        Raises:
            OSError: there is no such program, or no process can be made.
        """
        keeping, orders = socket.socketpair()
        serving, control = socket.socketpair()
        handed = (keeping.fileno(), serving.fileno())
        with keeping, serving:
            try:
                process = self.run(_KEEP, handed, *handed)
            except OSError:
                orders.close()
                control.close()
                raise
        return Started(process, orders, control)

    def run(self, code: str, given: tuple[object, object], *handed: int) -> subprocess.Popen[bytes]:
        """Start a Python that runs `code` with two arguments, and has these descriptors.

        Raises:
            OSError: there is no such program, or no process can be made.
        """
        command = [*self.wrapper, self.python, *self.flags, "-c", _BOOT + code, *map(str, given)]
        return spawn([*command, *self.path], self.environ, handed)


def spawn(
    command: Sequence[str], environ: Mapping[str, str], descriptors: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, without standard streams."""
    return subprocess.Popen(
        command,
        env=dict(environ),
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )


def package_paths() -> tuple[Path, ...]:
    """The folders that this Python finds installed packages in, and the one that benchgov lies in."""
    own = Path(benchgov.__file__).resolve().parent.parent
    installed = [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    others = [Path(entry) for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    return tuple(dict.fromkeys(path for path in (own, *installed, *others) if path.is_dir()))
