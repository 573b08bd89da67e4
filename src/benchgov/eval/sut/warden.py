"""The warden of a lane: a process that starts the server of a system under test, and ends whatever that leaves.

It runs none of the SUT's code, and is outside of the SUT's confinement, so the SUT cannot signal it. As a subreaper
it becomes the parent of every process that detaches itself. Between two cases it ends all but the server and what
the server had started when it was ready. When the harness is gone, it ends everything, and itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from typing import Any

from benchgov.eval.isolation import kernel, landlock, sweep
from benchgov.eval.sut.channel import receive

READY, SWEEP = b"r", b"s"
_ROUNDS = 1000


def main(control: int, server: int) -> None:
    """Start the server with `server` as its channel, and sweep when `control` says so.

    The first message on `control` is `{"command", "environ", "rules"}`; afterwards each byte is a request, and is
    answered by itself when it is done.
    """
    channel = socket.socket(fileno=control)
    message = receive(channel)
    if message is None:
        return
    if kernel.LINUX:
        kernel.adopt_orphans()
    pid = _start(message[0], control, server)
    os.close(server)
    spared = {pid}
    while request := channel.recv(1):
        if request == READY:
            spared |= set(sweep.descendants(os.getpid()))
        else:
            _end_all_but(spared)
        channel.sendall(request)
    _end_all_but(set())


def _start(wanted: dict[str, Any], control: int, server: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.close(control)
        os.set_inheritable(server, True)
        if wanted["rules"] is not None:
            confine(wanted["rules"])
        os.execve(wanted["command"][0], wanted["command"], wanted["environ"])  # noqa: S606 - no shell is wanted
    except BaseException as error:  # noqa: BLE001 - nothing may go on as a second warden
        print(f"the SUT's server cannot be started: {error}", file=sys.stderr)  # noqa: T201
    finally:
        os._exit(126)


def confine(rules: list[tuple[str, int]]) -> None:
    """Take from this process, and all it starts, every path but those in `rules`, and signals to others."""
    from pathlib import Path

    kernel.drop_capabilities()
    landlock.restrict(
        [(Path(path), landlock.Access(access)) for path, access in rules], network=True, scoped=True
    )


def _end_all_but(spared: set[int]) -> None:
    """Kill every descendant that is not spared, until there is none: those that fork meanwhile, too."""
    for _ in range(_ROUNDS):
        _reap()
        running = [pid for pid in sweep.descendants(os.getpid()) if pid not in spared]
        if not running:
            return
        for pid in running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
