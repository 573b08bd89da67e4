"""The server of a lane: imports the system under test once, and forks for each case.

It runs the SUT's code, is confined before it does, and is trusted with nothing: all that it can do wrong is to give
no answer, and the harness waits for that no longer than the case may take.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchgov.eval.sut.channel import receive, send
from benchgov.eval.sut.worker import work

DETAIL = 200


def main(channel_number: int) -> None:
    """Serve on the channel until it is closed.

    The first message is `{"root", "module", "name", "cassettes"}` with a file for what is printed; the answer is
    `{"ready": true}` or `{"failed": …}`. Each further one is a request (`worker.work`), and is answered by
    `{"status": …}` when its process has ended.
    """
    channel = socket.socket(fileno=channel_number)
    channel.set_inheritable(False)
    first = receive(channel)
    if first is None:
        return
    start, (log,) = first
    _print_to(log)
    try:
        target = _load(start) if start["module"] else None
    except BaseException as error:  # noqa: BLE001 - an import may raise anything
        traceback.print_exc()
        send(channel, {"failed": f"{type(error).__name__}: {error}"[:DETAIL]})
        return
    _flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    _print_to(nothing)
    gc.collect()
    gc.freeze()  # so that a fork copies no page for the sake of a counter in it
    send(channel, {"ready": True})
    while (message := receive(channel)) is not None:
        send(channel, {"status": _serve(*message, channel, target)})


def _serve(
    request: dict[str, Any], files: list[int], channel: socket.socket, target: Callable[..., Any] | None
) -> int | None:
    pid = os.fork()
    if not pid:
        try:
            channel.close()
            work(request, files, target)
        finally:
            os._exit(125)
    for number in files:
        os.close(number)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # the SUT ignores the end of its children, so nobody is told it
        return None


def _load(start: dict[str, Any]) -> Callable[..., Any]:
    sys.path.insert(0, start["root"])
    import benchgov.eval.models  # noqa: F401 - here rather than after each fork

    if start["cassettes"]:
        import benchgov.eval.cassettes

        benchgov.eval.cassettes.preload()
    target: Any = import_module(start["module"])
    for name in start["name"].split("."):
        target = getattr(target, name)
    if not callable(target):
        raise TypeError(f"{start['module']}:{start['name']} is not callable")
    return target  # type: ignore[no-any-return]


def _print_to(number: int) -> None:
    os.dup2(number, 1)
    os.dup2(number, 2)
    os.close(number)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
