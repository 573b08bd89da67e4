"""The process that imports code that is not trusted: confined first, then forked once for each question.

Its standard streams are whatever came with the request: the question on 0, the answer on 1, and all that is
printed on 2. Standard library only, so that it starts quickly.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import socket
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.kernel import LINUX, drop_capabilities, no_new_privileges
from benchgov.eval.isolation.limits import Limits
from benchgov.eval.isolation.seccomp import Filter, no_processes

READY, UNCONFINED = b"ready\n", b"unconfined\n"
STREAMS = 3

Handler = Callable[[Any], Any]
"""Question → answer, both plain JSON; called in a fork that nothing else is asked of."""


def serve(control: socket.socket) -> NoReturn:
    """Start as the first request says, then answer each further one in a fork, until the other end closes."""
    os.setsid()
    warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
    nothing = os.open(os.devnull, os.O_RDWR)
    _adopt(_receive(control))
    message = _question()
    handler = _start(message, control)
    last = _last_filter(message["confinement"])
    for stream in range(STREAMS):
        os.dup2(nothing, stream)
    gc.collect()
    gc.freeze()
    os.write(control.fileno(), READY)
    while True:
        streams = _receive(control)
        child = os.fork()
        if child == 0:
            control.close()
            _adopt(streams)
            _answer(handler, nothing, last)
        _close(streams)
        _, status = os.waitpid(child, 0)
        os.write(control.fileno(), b"%d\n" % os.waitstatus_to_exitcode(status))


def _receive(control: socket.socket) -> list[int]:
    """The three streams of the next request; the process ends when there is none any more."""
    descriptors = array.array("i")
    data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(STREAMS * descriptors.itemsize))
    for _, _, payload in ancillary:
        descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
    if not data or len(descriptors) != STREAMS:
        os._exit(0)
    return list(descriptors)


def _adopt(streams: Sequence[int]) -> None:
    for standard, descriptor in enumerate(streams):
        os.dup2(descriptor, standard)
    _close(streams)
    # Open as long as the process is: nothing that is printed is lost.
    errors = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = errors  # type: ignore[misc]


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _question() -> Any:
    with open(0, "rb", closefd=False) as stream:
        return json.loads(stream.read())


def _start(message: dict[str, Any], control: socket.socket) -> Handler:
    """Prepare as told: our modules are imported first, and what `prepare` imports after the confinement."""
    module, _, name = message["target"].partition(":")
    prepare = getattr(importlib.import_module(module), name)
    try:
        if LINUX:
            no_new_privileges()
            drop_capabilities()
        # A server has to fork. Where answers may not, `_last_filter` sees to it in each.
        _restrict(message, forks=True)
    except (OSError, ValueError):
        traceback.print_exc()
        os.write(control.fileno(), UNCONFINED)
        os._exit(1)
    try:
        handler: Handler = prepare(message["setup"])
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    return handler


def _last_filter(confinement: dict[str, Any] | None) -> Filter | None:
    if confinement is None or confinement["forks"] or confinement["programs"]:
        return None
    return Filter(no_processes())


def _answer(handler: Handler, nothing: int, last: Filter | None) -> NoReturn:
    """Answer the question on 0 and end, without what the code below left to be done at exit."""
    status = 1
    try:
        message = _question()
        os.dup2(nothing, 0)
        if message["folder"]:
            os.chdir(message["folder"])
        os.environ.update(message["environ"])
        if last is not None:
            last.install()
        _restrict(message)
        answer = {"nonce": message["nonce"], "answer": handler(message["question"])}
        _write(json.dumps(answer, allow_nan=False).encode() + b"\n")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _restrict(message: dict[str, Any], **allowed: bool) -> None:
    if message["limits"]:
        Limits.from_json(message["limits"]).apply()
    if message["confinement"]:
        Confinement.from_json({**message["confinement"], **allowed}).apply()


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]
