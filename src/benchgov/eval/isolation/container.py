"""Rubrics in containers: an empty image, what Python needs mounted to read, and no network.

Works wherever `docker` does, without pulling anything: the image has no files, and the host's Python is
mounted.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.eval.isolation.copies import wipe
from benchgov.eval.isolation.launch import Launch, Started, spawn

PROGRAM = "docker"
IMAGE = "benchgov-empty:1"
START_SECONDS = 30.0

_CONNECT = (
    "import sys; sys.path.extend(sys.argv[2:]); "
    "from benchgov.eval.isolation.keeper import connect; connect(sys.argv[1])"
)
_OPTIONS = (
    "--rm",
    "--pull=never",
    "--network=none",
    "--ipc=none",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=128",
    "--log-driver=none",
    "--workdir=/",
)


def command(
    name: str, reads: Sequence[Path], writes: Sequence[Path], environ: Sequence[str] = ()
) -> list[str]:
    """`docker run` up to the image, for a container with nothing but these folders."""
    mounts = [f"--mount=type=bind,source={path},target={path},readonly" for path in reads]
    mounts += [f"--mount=type=bind,source={path},target={path}" for path in writes]
    user = f"--user={os.getuid()}:{os.getgid()}"
    variables = [f"--env={variable}" for variable in environ]
    return [_docker(), "run", f"--name={name}", *_OPTIONS, user, *variables, *mounts]


def prepared() -> bool:
    """Make the empty image unless it is there; whether it is now, which needs a running Docker."""
    try:
        if _quietly("image", "inspect", IMAGE) == 0:
            return True
        nothing = io.BytesIO()
        tarfile.open(fileobj=nothing, mode="w").close()
        return _quietly("import", "-", IMAGE, given=nothing.getvalue()) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@dataclass(frozen=True)
class ContainerLaunch(Launch):
    """Starts a keeper in a container that sees only `reads` and `writes`."""

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()

    def start(self) -> Started:
        """Start a container, and wait for it to connect.

        Raises:
            OSError: it did not.
        """
        with _meeting_place() as (place, listening):
            name = f"benchgov-{secrets.token_hex(8)}"
            variables = [f"{key}={value}" for key, value in self.environ.items()]
            inside = [IMAGE, self.python, *self.flags, "-c", _CONNECT, str(place / "socket"), *self.path]
            outside = command(name, (*self.reads, place), self.writes, variables)
            process = spawn([*outside, *inside], os.environ)

            def kill() -> None:
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    _quietly("kill", name)

            try:
                orders, control = (listening.accept()[0] for _ in range(2))
            except OSError:
                kill()
                process.kill()
                process.wait()
                raise
            return Started(process, orders, control, kill)


@contextlib.contextmanager
def _meeting_place() -> Iterator[tuple[Path, socket.socket]]:
    """A folder with a listening socket; gone once both ends have met, so that nobody else can come."""
    place = Path(tempfile.mkdtemp(prefix="benchgov-meet-")).resolve()
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(place / "socket"))
            listening.listen(2)
            listening.settimeout(START_SECONDS)
            yield place, listening
    finally:
        wipe(place)


def _docker() -> str:
    return shutil.which(PROGRAM) or PROGRAM


def _quietly(*arguments: str, given: bytes = b"") -> int:
    ended = subprocess.run(
        [_docker(), *arguments], input=given, capture_output=True, timeout=START_SECONDS, check=False
    )
    return ended.returncode
