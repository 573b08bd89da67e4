"""`fork`: as `os.fork`, without what that does for threads where there are none.

In a fork Python makes the locks of its threads and of its logs anew, and seeds `random`. None of it is of use
to the fork of a process with one thread that holds no lock, and it takes as long as to answer a short
question, most of it for pages that have to be copied. What other modules want done in a fork is always done.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from benchgov.eval.isolation.kernel import LINUX

_FOR_THREADS = frozenset({"threading", "logging", "concurrent.futures.thread", "random"})
"""Modules whose wishes are for processes with threads; but for `random`, which is seeded by `fork`."""

_CUSTOMS = ("sitecustomize", "usercustomize")

_wishes: list[str] = []
"""The other modules that have something done in forks."""


@cache
def watch() -> None:
    """Take notice, from now on, of who wants something done in forks. Call it before modules are loaded.

    Once: a process that was forked from one that watches does so, too.
    """
    # They have run by now, and may want anything: that of a tracer does.
    _wishes.extend(name for name in _CUSTOMS if name in sys.modules)
    register = os.register_at_fork

    def noticed(**wishes: Callable[[], Any]) -> None:
        name = sys._getframe(1).f_globals.get("__name__", "")
        if name not in _FOR_THREADS:
            _wishes.append(name)
        register(**wishes)

    os.register_at_fork = noticed  # type: ignore[assignment]


def fork() -> int:
    """As `os.fork`: 0 in the new process, its number in this one."""
    if not LINUX or _wishes or _has_threads():
        return os.fork()
    if "random" in sys.modules:  # here, rather than in the fork: no two of them may draw the same numbers
        sys.modules["random"].seed()
    child: int = _plain_fork()()
    if child < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"fork: {os.strerror(number)}")
    return child


def _has_threads() -> bool:
    """Whether others run here: those that Python started, or that are about to run some of it."""
    return _thread._count() > 0 or len(sys._current_frames()) > 1


@cache
def _plain_fork() -> Any:
    return ctypes.PyDLL(None, use_errno=True).fork
