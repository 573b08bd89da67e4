"""The parent of the worker: trusted, small, and there to leave nothing of it behind.

It outlives the worker, adopts what detaches itself, and ends all of it when it is told to, or when whoever
started it is gone: both are read from one socket.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Collection
from typing import NoReturn

from benchgov.eval.isolation import worker
from benchgov.eval.isolation.kernel import LINUX, adopt_orphans, hide_process
from benchgov.eval.isolation.sweep import MAX_ROUNDS, PAUSE_SECONDS, children, kill_group, sweep

LOADED, SWEEP = b"l", b"s"
"""Orders: what runs below the worker now may stay; end all else but the worker, and who answers for it."""


def main(keeping: int, serving: int) -> NoReturn:
    """Fork the worker, which serves on descriptor `serving`, and keep it, as told on `keeping`."""
    if LINUX:
        adopt_orphans()
    hide_process()
    with socket.socket(fileno=keeping) as orders:
        child = os.fork()
        if child == 0:
            orders.close()
            worker.serve(socket.socket(fileno=serving))
        os.close(serving)
        try:
            _obey(orders, child)
        finally:
            kill_group(child)
            sweep()
            os._exit(0)


def connect(path: str) -> NoReturn:
    """As `main`, with sockets that are connected to whoever listens at `path`: a container inherits none."""
    for name in ("HOME", "HOSTNAME"):  # which every container is given
        os.environ.pop(name, None)
    ends = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for end in ends:
        end.connect(path)
    main(ends[0].detach(), ends[1].detach())


def _obey(orders: socket.socket, child: int) -> None:
    """Do as told, until nobody is there to tell."""
    loaded: set[int] = set()
    while order := orders.recv(1):
        if order == LOADED:
            loaded = set(children(child))
        else:
            _end_parents(set(children(child)) - loaded)
            sweep(spare={child})
        orders.sendall(order)


def _end_parents(pids: Collection[int]) -> None:
    """End those of the worker's children that have some: one that answers again is alone between answers.

    Theirs are orphans then, which are swept.
    """
    for pid in pids:
        for _ in range(MAX_ROUNDS):
            if not children(pid):
                break
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(PAUSE_SECONDS)
