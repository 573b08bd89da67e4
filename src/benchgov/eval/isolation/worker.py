"""The process that imports code that is not trusted: confined first, then forked to answer questions.

Once for each question; or, where that was asked for, once for as many as leave its process as it was
(`_Reused`). Standard library only, so that it starts quickly.
"""

from __future__ import annotations

import array
import gc
import importlib
import os
import signal
import socket
import traceback
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from benchgov.eval.isolation import forking
from benchgov.eval.isolation.answering import STREAMS, Answering, Handler, adopt, printed, read_heading
from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.footprint import footprint, surroundings
from benchgov.eval.isolation.heap import open_map, use_large_pages
from benchgov.eval.isolation.kernel import LINUX, drop_capabilities, no_new_privileges
from benchgov.eval.isolation.limits import Limits
from benchgov.eval.isolation.seccomp import Filter, no_processes

READY, UNCONFINED = b"ready\n", b"unconfined\n"


def serve(control: socket.socket) -> NoReturn:
    """Start as the first request says, then answer each further one in a fork, until the other end closes."""
    os.setsid()
    forking.watch()
    warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
    nothing = os.open(os.devnull, os.O_RDWR)
    adopt(_receive(control), printed())
    heading = read_heading()
    os.environ.update(heading["environ"])
    memory_map = open_map()
    handler = _start(heading, control)
    answering = Answering(handler, nothing, _last_filter(heading["confinement"]))
    answering.release()
    gc.collect()
    gc.freeze()
    use_large_pages(memory_map)
    ask = (_Reused if heading["reused"] else _Fresh)(answering, control).ask
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


def _start(heading: dict[str, Any], control: socket.socket) -> Handler:
    """Prepare as told: our modules are imported first, and what `prepare` imports after the confinement."""
    module, _, name = heading["target"].partition(":")
    prepare = getattr(importlib.import_module(module), name)
    try:
        if LINUX:
            no_new_privileges()
            drop_capabilities()
        if heading["limits"]:
            Limits.from_json(heading["limits"]).apply()
        if heading["confinement"]:
            # A server has to fork. Where answers may not, `_last_filter` sees to it in each.
            Confinement.from_json({**heading["confinement"], "forks": True}).apply()
    except (OSError, ValueError):
        traceback.print_exc()
        os.write(control.fileno(), UNCONFINED)
        os._exit(1)
    try:
        handler: Handler = prepare(heading["setup"])
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    return handler


def _last_filter(confinement: dict[str, Any] | None) -> Filter | None:
    if confinement is None or confinement["forks"] or confinement["programs"]:
        return None
    return Filter(no_processes())


class _Fresh:
    """A process for each question."""

    def __init__(self, answering: Answering, control: socket.socket) -> None:
        self._answering = answering
        self._control = control.fileno()

    def ask(self, streams: Sequence[int]) -> int:
        """Have a question answered; how its process ended."""
        taken = self._answering.take(streams)
        child = forking.fork()
        if child == 0:
            try:
                os.close(self._control)
                self._answering.tighten(taken)
                self._answering.answer(taken)
            except BaseException:
                _die()
            # What the code below left to be done at exit is not done.
            os._exit(0)
        _, status = os.waitpid(child, 0)
        # Now, and not before: as long as the fork is there, each page that is written here is copied, too.
        self._answering.release()
        return os.waitstatus_to_exitcode(status)


class _Reused:
    """One process for question after question; between two it is stopped.

    It stops itself when it has answered, which is seen by who waits for its end: nothing that the answer
    leaves running can hold that up. One that is not as it was before ends instead, and the next question
    gets a new one.
    """

    def __init__(self, answering: Answering, control: socket.socket) -> None:
        self._answering = answering
        self._control = control
        self._child = 0
        self._questions: socket.socket | None = None

    def ask(self, streams: Sequence[int]) -> int:
        """Have a question answered; 0, or how its process ended."""
        if self._child and os.waitpid(self._child, os.WNOHANG)[0]:
            self._child = 0
        stopped = self._child != 0
        if not stopped:
            self._fork()
        assert self._questions
        socket.send_fds(self._questions, [b"?"], list(streams))
        for stream in streams:
            os.close(stream)
        if stopped:  # a new one may have answered by now, and would go on without being seen to stop
            os.kill(self._child, signal.SIGCONT)
        _, status = os.waitpid(self._child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return 0
        self._child = 0
        return os.waitstatus_to_exitcode(status)

    def _fork(self) -> None:
        if self._questions:
            self._questions.close()
        self._questions, asked = socket.socketpair()
        self._child = forking.fork()
        if self._child == 0:
            try:
                self._control.close()
                self._questions.close()
                self._answer_on(asked)
            except BaseException:
                _die()
        asked.close()

    def _answer_on(self, asked: socket.socket) -> NoReturn:
        """Answer the questions that come on `asked`."""
        answering = self._answering
        at_first = footprint()
        while True:
            taken = answering.take(_receive(asked))
            answering.tighten(taken)
            before = surroundings()
            fit = answering.answer(taken) and not taken.tightens
            if not fit or surroundings() != before or footprint() != at_first:
                os._exit(0)
            answering.release()
            answering.renew()
            os.kill(os.getpid(), signal.SIGSTOP)


def _die() -> NoReturn:
    """End this process for what was raised."""
    traceback.print_exc()
    os._exit(1)
