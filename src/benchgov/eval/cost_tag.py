"""Costs that a run of the eval harness causes can be told from those of production: the tag of an invocation.

The tag is a context variable where the system under test is called, and an environment variable of each of
its processes. It never is one of the harness's own: cases run at the same time, and each has its own tag.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from benchgov.errors import InputError

TAG_VARIABLE = "BENCHGOV_BENCH_INVOCATION_TAG"
"""The environment variable of a SUT's process that holds its tag."""

_tag: ContextVar[str | None] = ContextVar("bench_invocation_tag", default=None)


def invocation_tag(task_class: str, case_id: str, run_started_iso: str) -> str:
    """The tag of one case of one run: `bench:<run started>:<task class>:<case id>`."""
    return f"bench:{run_started_iso}:{task_class}:{case_id}"


@contextmanager
def tagged(tag: str) -> Iterator[str]:
    """Let `current_tag` be `tag` inside the block, in this context and in no other."""
    token = _tag.set(tag)
    try:
        yield tag
    finally:
        _tag.reset(token)


@contextmanager
def tag_invocation(task_class: str, case_id: str, run_started_iso: str) -> Iterator[str]:
    """Tag what is called inside the block; the tag is given."""
    with tagged(invocation_tag(task_class, case_id, run_started_iso)) as tag:
        yield tag


def current_tag(environ: Mapping[str, str] | None = None) -> str | None:
    """The tag under which this code runs: of its context, else of its process; None outside of a bench."""
    return _tag.get() or (os.environ if environ is None else environ).get(TAG_VARIABLE) or None


def entry(
    cost_usd: float, workflow_id: str, *, environ: Mapping[str, str] | None = None, **facts: Any
) -> dict[str, Any]:
    """A line for a ledger of costs, marked when it is a bench that causes them.

    Then `workflow_id` is the tag, and `bench_invocation` is true; otherwise that key is not there. `facts`
    are any further members.

    Raises:
        InputError: the cost is negative, or not a number.
    """
    if not math.isfinite(cost_usd) or cost_usd < 0:
        raise InputError(f"a cost is a number of US dollars, not below 0 (found {cost_usd!r})")
    tag = current_tag(environ)
    marked = {"workflow_id": tag, "bench_invocation": True} if tag else {"workflow_id": workflow_id}
    return {**facts, "cost_usd": cost_usd, **marked}


def of_production(entries: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The entries of a ledger that no bench caused."""
    return (line for line in entries if line.get("bench_invocation") is not True)
