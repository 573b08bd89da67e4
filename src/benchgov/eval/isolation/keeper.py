"""The parent of the worker: trusted, small, and there to leave nothing of it behind.

It outlives the worker, adopts what detaches itself, and ends all of it when it is told to, or when whoever
started it is gone: both are read from one socket.
"""

from __future__ import annotations

import os
import socket
from typing import NoReturn

from benchgov.eval.isolation import worker
from benchgov.eval.isolation.kernel import LINUX, adopt_orphans, hide_process
from benchgov.eval.isolation.sweep import kill_group, sweep

SWEEP = b"s"


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
    """Sweep whenever told to; return when nobody is there to tell it."""
    while orders.recv(1) == SWEEP:
        sweep(spare={child})
        orders.sendall(SWEEP)
