"""What runs in the processes of a system under test: it is imported once, and cases are answered by forks.

A command's fork becomes the command. That of a callable calls it, and hands back what it returns as JSON. An
answer that is none, and one from a cassette, are the last of their process.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextvars import copy_context
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from benchgov.eval.isolation import landlock
from benchgov.eval.isolation.answering import Handler, Last
from benchgov.eval.isolation.kernel import libc

JSON, RAISED, MALFORMED = "json", "raised", "malformed"
"""What the process of a callable answers: the text of its answer, or a line that says why there is none."""

DETAIL = 200
_CANNOT_RUN = 127

Target = Callable[[Any], Any]


def prepare(setup: Mapping[str, Any]) -> Handler:
    """The handler (`isolation.answering`) of a SUT.

    `setup` is `{"root", "module", "name", "cassettes"}` or `{"command"}`.

    Raises:
        Exception: whatever the import of the module raises; there is no such name in it.
    """
    if setup.get("command"):
        return lambda question: _become(setup["command"], question)
    return _Called(setup)


def _become(command: list[str], question: Mapping[str, Any]) -> NoReturn:
    import tempfile

    tempfile.tempdir = None  # the one that was found when the module was loaded is another one's
    with tempfile.TemporaryFile() as stream:  # a file without a name: who never reads it keeps nobody waiting
        stream.write(json.dumps({key: question[key] for key in ("case", "input_path")}).encode())
        stream.seek(0)
        os.dup2(stream.fileno(), 0)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2, f"{command[0]} cannot be run: {error.strerror}\n".encode())
        os._exit(_CANNOT_RUN)


class _Called:
    """The handler of a callable. What it needs is loaded here, rather than after each fork."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        sys.path.insert(0, setup["root"])
        from benchgov.eval import canary, cost_tag, models

        models.build()
        self._case = models.BenchCase.model_validate
        self._tagged, self._pinned = cost_tag.tagged, canary.pinned
        self._flush = libc().fflush
        self._encode = json.JSONEncoder(allow_nan=False).encode
        if setup["cassettes"]:
            import benchgov.eval.cassettes

            benchgov.eval.cassettes.preload()
        self._target = _loaded(setup)

    def __call__(self, question: Mapping[str, Any]) -> dict[str, str] | Last:
        """What the callable returns for the case of `question`; what it raises is an answer, too."""
        if temporary := sys.modules.get("tempfile"):  # the folder that it found is another one's
            vars(temporary)["tempdir"] = None
        try:
            value = self._with_standard_output_kept(question)
        except BaseException as error:  # a SUT may raise anything, and may exit
            traceback.print_exc()
            return Last({RAISED: f"{type(error).__name__}: {error}"[:DETAIL]})
        if not isinstance(value, dict | Mapping):
            return Last({MALFORMED: f"the SUT returned {type(value).__name__}, not a mapping"})
        try:
            answer = {JSON: self._encode(dict(value))}
        except (TypeError, ValueError, RecursionError) as error:
            return Last({MALFORMED: f"the SUT's answer is not JSON: {error}"[:DETAIL]})
        # With a cassette it was kept from the network, which is for good.
        return Last(answer) if question["case"].get("cassette_path") else answer

    def _with_standard_output_kept(self, question: Mapping[str, Any]) -> Any:
        """Programs that the SUT starts inherit standard output, and would print into the answer."""
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            return copy_context().run(self._call, question)
        finally:
            self._flush(None)  # what a library in C printed is this case's
            os.dup2(kept, 1)
            os.close(kept)

    def _call(self, question: Mapping[str, Any]) -> Any:
        case = self._case(question["case"])
        with self._tagged(question["tag"]), self._pinned(question["canary"]):
            if case.cassette_path is None:
                return _awaited(self._target(case))
            with _replay(case.cassette_path, question["canary"], offline=question["offline"]):
                return _awaited(self._target(case))


def _loaded(setup: Mapping[str, Any]) -> Target:
    target: Any = import_module(setup["module"])
    for name in setup["name"].split("."):
        target = getattr(target, name)
    if not callable(target):
        raise TypeError(f"{setup['module']}:{setup['name']} is not callable")
    if inspect.iscoroutinefunction(target):
        import asyncio  # noqa: F401
    return target  # type: ignore[no-any-return]


def _replay(path: Path, canary: str, *, offline: bool) -> Any:
    from benchgov.eval.cassettes import replay

    if offline:  # what goes around the cassette, or is another program, gets no connection
        landlock.restrict([(Path("/"), landlock.EVERYTHING)], network=False, scoped=False)
    return replay(path, canary)


def _awaited(value: Any) -> Any:
    if isinstance(value, dict) or not inspect.isawaitable(value):
        return value
    import asyncio

    async def wait() -> Any:
        return await value

    return asyncio.run(wait())
