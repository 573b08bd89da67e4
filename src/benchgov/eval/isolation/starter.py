"""Keepers as forks of one process that has loaded what all of them need: that is paid for once.

It holds nothing but trusted code, and the environment that all of its keepers have.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import NoReturn

from benchgov.eval.isolation import forking
from benchgov.eval.isolation.kernel import hide_process
from benchgov.eval.isolation.launch import END_SECONDS, Launch, Started
from benchgov.eval.isolation.sweep import kill_group

_CODE = "from benchgov.eval.isolation.starter import main; main(int(sys.argv[1]), sys.argv[2])"
_ATTEMPTS = 2
_PID_BYTES = 32


class Starter:
    """Starts keepers as `launch` would. Safe from many threads.

    `loads` are modules of ours; the function of `module:function` is called once, too.
    """

    def __init__(self, launch: Launch, loads: Sequence[str]) -> None:
        self._launch = launch
        self._loads = ",".join(loads)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._has_forked = False

    def begin(self) -> None:
        """Start the process that keepers are forked from, unless it runs; nobody waits for it here.

        Where that fails, it is `start` that says so.
        """
        if _can_wait():
            with self._lock, contextlib.suppress(OSError):
                self._begin()

    def _begin(self) -> socket.socket:
        if self._requests is None:
            serving, requests = socket.socketpair()
            with serving:
                try:
                    self._process = self._launch.run(_CODE, (serving.fileno(), self._loads), serving.fileno())
                except OSError:
                    requests.close()
                    raise
            self._requests = requests
            self._has_forked = False
        return self._requests

    def start(self) -> Started:
        """Start a keeper.

        Raises:
            OSError: there is no such program, or no process can be made; or it ends before it has made one.
        """
        if not _can_wait():
            return self._launch.start()
        with self._lock:
            for attempt in range(_ATTEMPTS):
                try:
                    return self._forked(self._begin())
                except OSError:  # what a keeper kept may have ended the process that they come from
                    self._end()
                    if attempt == _ATTEMPTS - 1:
                        raise
        raise AssertionError("unreachable")

    def _forked(self, requests: socket.socket) -> Started:
        keeping, orders = socket.socketpair()
        serving, control = socket.socketpair()
        with keeping, serving:
            self._has_forked = True
            try:
                keeper = Fork(_asked(requests, (keeping.fileno(), serving.fileno())))
                return Started(keeper, orders, control, keeper.kill)
            except OSError:
                orders.close()
                control.close()
                raise

    def close(self) -> None:
        """End the process; its keepers end when their sockets are closed."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        process, self._process = self._process, None
        if process is not None:
            if not self._has_forked:  # it may still be loading, and nobody needs it
                process.kill()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                kill_group(process.pid)
                process.wait()


@cache
def _can_wait() -> bool:
    """Whether one can wait for somebody else's child: not on macOS, before Linux 5.3, or if forbidden."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _asked(requests: socket.socket, handed: Sequence[int]) -> int:
    """The number of a keeper that was forked to have these descriptors."""
    said = b""
    with contextlib.suppress(ConnectionError):
        socket.send_fds(requests, [b"?"], handed)
        said = requests.recv(_PID_BYTES)
    if not said:
        raise ConnectionError("the process that keepers are forked from has ended")
    return int(said)


class Fork:
    """A process that is another one's child, to be waited for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it has not come within `timeout` seconds.
        """
        if self._descriptor < 0:
            return
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if not poll.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        os.close(self._descriptor)
        self._descriptor = -1

    def kill(self) -> None:
        """Kill it alone."""
        if self._descriptor >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)


def main(serving: int, loads: str) -> NoReturn:
    """Load, and fork a keeper for each pair of sockets that comes on `serving`, until nobody asks."""
    hide_process()
    forking.watch()  # what is loaded here is loaded in every server
    for load in loads.split(","):
        module, _, function = load.partition(":")
        loaded = import_module(module)
        if function:
            getattr(loaded, function)()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=serving) as requests:
        while _fork_one(requests):
            pass
    _take_leave(0)
    os._exit(0)


def _fork_one(requests: socket.socket) -> bool:
    asked, descriptors, _, _ = socket.recv_fds(requests, 1, 2)
    if not asked:
        return False
    _take_leave(os.WNOHANG)  # and not after the answer: until the next request its number is the child's
    child = os.fork()
    if child == 0:
        from benchgov.eval.isolation import keeper

        requests.close()
        os.setsid()
        keeper.main(*descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    requests.sendall(b"%d" % child)
    return True


def _take_leave(options: int) -> None:
    """Wait for keepers that have ended; with no options, for all of them."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass
