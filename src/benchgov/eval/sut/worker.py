"""One case in a process of its own: becomes the command, or calls the callable and writes what it returns."""

from __future__ import annotations

import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ANSWER, RAISED, MALFORMED = b"A", b"R", b"M"
"""The first byte of what the process of a callable writes; the answer, or a line that says why there is none."""

DETAIL = 200
_CANNOT_RUN = 127


def work(request: Mapping[str, Any], files: list[int], target: Callable[..., Any] | None) -> None:
    """Do `request`: `{"case", "folder", "environ", "command", "tag", "canary"}`; never returns.

    `files` are: for the answer, for what is printed, and, for a command, its standard input.
    """
    os.setsid()
    answer, log, *given = files
    os.dup2(given[0] if given else os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log if target else answer, 1)
    os.dup2(log, 2)
    os.chdir(request["folder"])
    os.environ.update(request["environ"])
    if target is None:
        _become(request["command"])
    with os.fdopen(answer, "wb") as stream:
        stream.write(_called(target, request))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _become(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2, f"{command[0]} cannot be run: {error.strerror}\n".encode())
        os._exit(_CANNOT_RUN)


def _called(target: Callable[..., Any] | None, request: Mapping[str, Any]) -> bytes:
    try:
        value = _call(target, request) if target else None
    except BaseException as error:  # noqa: BLE001 - a SUT may raise anything, and may exit
        traceback.print_exc()
        return RAISED + f"{type(error).__name__}: {error}"[:DETAIL].encode("utf-8", "replace")
    if not isinstance(value, Mapping):
        return MALFORMED + f"the SUT returned {type(value).__name__}, not a mapping".encode()
    try:
        return ANSWER + json.dumps(dict(value), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return MALFORMED + f"the SUT's answer is not JSON: {error}"[:DETAIL].encode("utf-8", "replace")


def _call(target: Callable[..., Any], request: Mapping[str, Any]) -> Any:
    from benchgov.eval.canary import pinned
    from benchgov.eval.cost_tag import tagged
    from benchgov.eval.models import BenchCase

    case = BenchCase.model_validate(request["case"])
    with ExitStack() as stack:
        stack.enter_context(tagged(request["tag"]))
        stack.enter_context(pinned(request["canary"]))
        if case.cassette_path is not None:
            stack.enter_context(_replay(case.cassette_path, request["canary"]))
        value = target(case)
        return _awaited(value) if inspect.isawaitable(value) else value


def _replay(path: Path, canary: str) -> Any:
    from benchgov.eval.cassettes import replay

    return replay(path, canary)


def _awaited(value: Any) -> Any:
    import asyncio

    async def wait() -> Any:
        return await value

    return asyncio.run(wait())
