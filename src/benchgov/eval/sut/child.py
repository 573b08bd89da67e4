"""What runs in the processes of a system under test: it is imported once, and cases are answered by forks.

A command's fork becomes the command. That of a callable calls it, and hands back what it returns as JSON. An
answer that is none, and one from a cassette, are the last of their process.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from benchgov.eval.isolation import landlock
from benchgov.eval.isolation.kernel import libc
from benchgov.eval.isolation.worker import Handler, Last

JSON, RAISED, MALFORMED = "json", "raised", "malformed"
"""What the process of a callable answers: the text of its answer, or a line that says why there is none."""

DETAIL = 200
_CANNOT_RUN = 127

Target = Callable[[Any], Any]


def prepare(setup: Mapping[str, Any]) -> Handler:
    """The handler (`isolation.worker`) of a SUT: `{"root", "module", "name", "cassettes"}` or `{"command"}`.

    Raises:
        Exception: whatever the import of the module raises; there is no such name in it.
    """
    if setup.get("command"):
        return lambda question: _become(setup["command"], question)
    target = _load(setup)
    return lambda question: _answer(target, question)


def _load(setup: Mapping[str, Any]) -> Target:
    sys.path.insert(0, setup["root"])
    import benchgov.eval.canary  # these here, rather than after each fork
    import benchgov.eval.cost_tag
    import benchgov.eval.models

    benchgov.eval.models.build()
    if setup["cassettes"]:
        import benchgov.eval.cassettes

        benchgov.eval.cassettes.preload()
    target: Any = import_module(setup["module"])
    for name in setup["name"].split("."):
        target = getattr(target, name)
    if not callable(target):
        raise TypeError(f"{setup['module']}:{setup['name']} is not callable")
    if inspect.iscoroutinefunction(target):
        import asyncio  # noqa: F401
    return target  # type: ignore[no-any-return]


def _become(command: list[str], question: Mapping[str, Any]) -> NoReturn:
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


def _answer(target: Target, question: Mapping[str, Any]) -> dict[str, str] | Last:
    """What `target` returns for the case of `question`; what it raises is an answer, too."""
    tempfile.tempdir = None
    try:
        with _standard_output_kept():
            value = copy_context().run(_call, target, question)
    except BaseException as error:  # a SUT may raise anything, and may exit
        traceback.print_exc()
        return Last({RAISED: f"{type(error).__name__}: {error}"[:DETAIL]})
    if not isinstance(value, Mapping):
        return Last({MALFORMED: f"the SUT returned {type(value).__name__}, not a mapping"})
    try:
        answer = {JSON: json.dumps(dict(value), allow_nan=False)}
    except (TypeError, ValueError, RecursionError) as error:
        return Last({MALFORMED: f"the SUT's answer is not JSON: {error}"[:DETAIL]})
    # With a cassette it was kept from the network, which is for good.
    return Last(answer) if question["case"].get("cassette_path") else answer


@contextmanager
def _standard_output_kept() -> Iterator[None]:
    """Programs that the SUT starts inherit standard output, and would print into the answer."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        libc().fflush(None)  # what a library in C printed is this case's
        os.dup2(kept, 1)
        os.close(kept)


def _call(target: Target, question: Mapping[str, Any]) -> Any:
    from benchgov.eval.canary import pinned
    from benchgov.eval.cost_tag import tagged
    from benchgov.eval.models import BenchCase

    case = BenchCase.model_validate(question["case"])
    with ExitStack() as stack:
        stack.enter_context(tagged(question["tag"]))
        stack.enter_context(pinned(question["canary"]))
        if case.cassette_path is not None:
            stack.enter_context(_replay(case.cassette_path, question["canary"], offline=question["offline"]))
        value = target(case)
        return _awaited(value) if inspect.isawaitable(value) else value


def _replay(path: Path, canary: str, *, offline: bool) -> Any:
    from benchgov.eval.cassettes import replay

    if offline:  # what goes around the cassette, or is another program, gets no connection
        landlock.restrict([(Path("/"), landlock.EVERYTHING)], network=False, scoped=False)
    return replay(path, canary)


def _awaited(value: Any) -> Any:
    import asyncio

    async def wait() -> Any:
        return await value

    return asyncio.run(wait())
