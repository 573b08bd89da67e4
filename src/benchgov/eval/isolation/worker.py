"""The process that imports code that is not trusted: confined first, then forked to answer questions.

Once for each question; or, where that was asked for, once for as many as leave its process as it was
(`_Reused`). Its standard streams are whatever came with the request: the question on 0, the answer on 1, and
all that is printed on 2. Standard library only, so that it starts quickly.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TextIO

from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.footprint import footprint
from benchgov.eval.isolation.kernel import LINUX, drop_capabilities, no_new_privileges
from benchgov.eval.isolation.limits import Limits
from benchgov.eval.isolation.seccomp import Filter, no_processes

READY, UNCONFINED = b"ready\n", b"unconfined\n"
STREAMS = 3

Handler = Callable[[Any], Any]
"""Question → answer, both plain JSON, or `Last`; called in a fork."""


@dataclass(frozen=True)
class Last:
    """An answer after which its process is not fit for another question."""

    answer: Any


def serve(control: socket.socket) -> NoReturn:
    """Start as the first request says, then answer each further one in a fork, until the other end closes."""
    os.setsid()
    warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
    nothing = os.open(os.devnull, os.O_RDWR)
    _adopt(_receive(control), _printed())
    message = _question()
    handler = _start(message, control)
    last = _last_filter(message["confinement"])
    for stream in range(STREAMS):
        os.dup2(nothing, stream)
    gc.collect()
    gc.freeze()
    answering = _Answering(handler, nothing, last)
    ask = (_Reused if message["reused"] else _Fresh)(answering, control).ask
    os.write(control.fileno(), READY)
    while True:
        streams = _receive(control)
        os.write(control.fileno(), b"%d\n" % ask(streams))


def _receive(control: socket.socket) -> list[int]:
    """The three streams of the next request; the process ends when there is none any more."""
    descriptors = array.array("i")
    data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(STREAMS * descriptors.itemsize))
    for _, _, payload in ancillary:
        descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
    if not data or len(descriptors) != STREAMS:
        os._exit(0)
    return list(descriptors)


def _printed() -> TextIO:
    """Where all goes that is printed: to 2, whatever that is; open as long as the process is."""
    return open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def _adopt(streams: Sequence[int], printed: TextIO) -> None:
    for standard, descriptor in enumerate(streams):
        os.dup2(descriptor, standard)
    _close(streams)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = printed  # type: ignore[misc,assignment]


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


class _Answering:
    """How a fork answers; `nothing` is a descriptor of /dev/null, `last` what it still gives up."""

    def __init__(self, handler: Handler, nothing: int, last: Filter | None) -> None:
        self.nothing = nothing
        self._handler = handler
        self._last = last
        self._printed = _printed()  # here, rather than after each fork
        self._began = False

    def begin(self, streams: Sequence[int]) -> dict[str, Any]:
        """Read the question of `streams`, and be in its folder, with its environment and its limits."""
        if self._began:
            self._printed = _printed()
        self._began = True
        _adopt(streams, self._printed)
        message: dict[str, Any] = _question()
        os.dup2(self.nothing, 0)
        if message["folder"]:
            os.chdir(message["folder"])
        os.environ.update(message["environ"])
        if self._last is not None:
            self._last.install()
        _restrict(message)
        return message

    def answer(self, message: Mapping[str, Any]) -> bool:
        """Answer on 1; whether its process is fit for another question."""
        given = self._handler(message["question"])
        answer = given.answer if isinstance(given, Last) else given
        _write(json.dumps({"nonce": message["nonce"], "answer": answer}, allow_nan=False).encode() + b"\n")
        with suppress(Exception):  # it may be closed by now
            self._printed.flush()
        return not isinstance(given, Last)


class _Fresh:
    """A process for each question."""

    def __init__(self, answering: _Answering, control: socket.socket) -> None:
        self._answering = answering
        self._control = control

    def ask(self, streams: Sequence[int]) -> int:
        """Have a question answered; how its process ended."""
        child = os.fork()
        if child == 0:
            self._control.close()
            with _fatal():
                self._answering.answer(self._answering.begin(streams))
            # What the code below left to be done at exit is not done.
            os._exit(0)
        _close(streams)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)


class _Reused:
    """One process for question after question; between two it is stopped.

    It stops itself when it has answered, which is seen by who waits for its end: nothing that the answer
    leaves running can hold that up. One that is not as it was before ends instead, and the next question
    gets a new one.
    """

    def __init__(self, answering: _Answering, control: socket.socket) -> None:
        self._answering = answering
        self._control = control
        self._child = 0
        self._questions: socket.socket | None = None

    def ask(self, streams: Sequence[int]) -> int:
        """Have a question answered; 0, or how its process ended."""
        if self._child and os.waitpid(self._child, os.WNOHANG)[0]:
            self._child = 0
        if self._child and self._questions:
            socket.send_fds(self._questions, [b"?"], list(streams))
            os.kill(self._child, signal.SIGCONT)
        else:
            self._fork(streams)
        _close(streams)
        _, status = os.waitpid(self._child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return 0
        self._child = 0
        return os.waitstatus_to_exitcode(status)

    def _fork(self, streams: Sequence[int]) -> None:
        if self._questions:
            self._questions.close()
        self._questions, asked = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            self._control.close()
            self._questions.close()
            with _fatal():
                self._answer_on(streams, asked)
        asked.close()

    def _answer_on(self, streams: Sequence[int], asked: socket.socket) -> NoReturn:
        """Answer the question of `streams`, and then those that come on `asked`."""
        own = dict(os.environ)
        while True:
            message = self._answering.begin(streams)
            before = footprint()
            if not self._answering.answer(message) or _tightened(message) or footprint() != before:
                os._exit(0)
            for stream in range(STREAMS):
                os.dup2(self._answering.nothing, stream)
            _restore_environment(own)
            os.kill(os.getpid(), signal.SIGSTOP)
            streams = _receive(asked)


@contextmanager
def _fatal() -> Iterator[None]:
    """Whatever is raised in the block ends the process."""
    try:
        yield
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _restore_environment(own: Mapping[str, str]) -> None:
    """Take back what the question added to the variables of the process."""
    for name, value in list(os.environ.items()):
        if name not in own:
            del os.environ[name]
        elif value != own[name]:
            os.environ[name] = own[name]


def _tightened(message: Mapping[str, Any]) -> bool:
    """Whether the process was given what holds for one question, and cannot be taken back."""
    limits = message["limits"]
    return bool(message["confinement"]) or bool(limits and limits["cpu_seconds"] is not None)


def _restrict(message: dict[str, Any], **allowed: bool) -> None:
    if message["limits"]:
        Limits.from_json(message["limits"]).apply()
    if message["confinement"]:
        Confinement.from_json({**message["confinement"], **allowed}).apply()


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]
