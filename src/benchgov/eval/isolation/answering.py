"""What the process of one question goes through: what it is given, what it gives up, and its answer.

A question comes as three streams. The one on 0 begins with a line for whoever forks: where the answer is to
be worked out, with which variables and limits. What can be taken back of that is done before the fork
(`take`): a page that a fork writes is a page that it copies, and a question that is answered at once costs
little else. The rest of the stream, the question itself, is read by its own process only.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO

from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.isolation.limits import Limits, Lowered, lower
from benchgov.eval.isolation.seccomp import Filter

STREAMS = 3

Handler = Callable[[Any], Any]
"""Question → answer, both plain JSON, or `Last`; called in a fork."""

_ENCODER = json.JSONEncoder(allow_nan=False)
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Last:
    """An answer after which its process is not fit for another question."""

    answer: Any


@dataclass(frozen=True)
class Taken:
    """A question that is on 0, of `size` bytes, and what is still to be given up for it.

    `problem`: why its folder could not be entered.
    """

    size: int
    lowered: Lowered
    confinement: dict[str, Any] | None
    problem: OSError | None

    @property
    def tightens(self) -> bool:
        """Whether it gives up something that holds for this question only, and cannot be taken back."""
        return bool(self.lowered or self.confinement)


class Answering:
    """How questions are answered; `nothing` is a descriptor of /dev/null, `last` what each still gives up."""

    def __init__(self, handler: Handler, nothing: int, last: Filter | None) -> None:
        self._handler = handler
        self._nothing = nothing
        self._last = last
        self._printed = printed()
        self._own: dict[str, str | None] = {}
        self._limits: dict[str, Any] | None = None
        self._lowered: Lowered = ()

    def take(self, streams: Sequence[int]) -> Taken:
        """Make `streams` the standard ones, and be in the folder and the environment of their question."""
        adopt(streams, self._printed)
        heading = read_heading()
        problem = None
        if heading["folder"]:
            try:
                os.chdir(heading["folder"])
            except OSError as error:
                problem = error
        for name, value in heading["environ"].items():
            self._own[name] = os.environ.get(name)
            os.environ[name] = value
        if heading["limits"] != self._limits:  # mostly they are those of the last question
            self._limits = heading["limits"]
            self._lowered = Limits.from_json(self._limits).lowered() if self._limits else ()
        return Taken(
            size=os.fstat(0).st_size,
            lowered=self._lowered,
            confinement=heading["confinement"],
            problem=problem,
        )

    def release(self) -> None:
        """Let go of the streams of a question, and of the variables that it brought."""
        for stream in range(STREAMS):
            os.dup2(self._nothing, stream)
        for name, value in self._own.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._own.clear()

    def renew(self) -> None:
        """Print to 2 by an object of its own: whoever answered may have closed the last one."""
        self._printed = printed()

    def tighten(self, taken: Taken) -> None:
        """Give up, for good, what this question's process may not do.

        Raises:
            OSError: the kernel refuses, or the folder could not be entered.
        """
        if taken.problem is not None:
            raise taken.problem
        if self._last is not None:
            self._last.install()
        lower(taken.lowered)
        if taken.confinement:
            Confinement.from_json(taken.confinement).apply()

    def answer(self, taken: Taken) -> bool:
        """Read the question, and answer on 1; whether this process is fit for another one."""
        message = _DECODER.raw_decode(_read(taken.size))[0]
        os.dup2(self._nothing, 0)
        given = self._handler(message["question"])
        answer = given.answer if isinstance(given, Last) else given
        _write(_ENCODER.encode({"nonce": message["nonce"], "answer": answer}).encode() + b"\n")
        with suppress(Exception):  # it may be closed by now
            self._printed.flush()
        return not isinstance(given, Last)


def printed() -> TextIO:
    """Where all goes that is printed: to 2, whatever that is; open as long as the process is."""
    return open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def adopt(streams: Sequence[int], output: TextIO) -> None:
    """Make `streams` the standard ones, and Python print to `output`."""
    for standard, descriptor in enumerate(streams):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = output  # type: ignore[misc,assignment]


def read_heading() -> dict[str, Any]:
    """The first line on 0; what comes after it can still be read."""
    with open(0, "rb", closefd=False) as stream:
        line = stream.readline()
    os.lseek(0, len(line), os.SEEK_SET)
    heading: dict[str, Any] = json.loads(line)
    return heading


def _read(size: int) -> str:
    """What is left on 0, a file of `size` bytes."""
    data = os.read(0, size)
    while more := os.read(0, size):
        data += more
    return data.decode()


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]
