"""What every part of a manifest has in common: strictness, ids, command lines, and the least sampling."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from benchgov.wire import BenchmarkId

MIN_WARMUP = 2
MIN_RUNS = 5
"""The least that a measurement rests on (seed protocol: warm-ups ≥ 2, measured runs ≥ 5)."""


CALLABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*$"

Callable_ = Annotated[str, Field(pattern=CALLABLE_PATTERN)]
"""A Python callable, `module:function`."""


class Part(BaseModel):
    """A part of a manifest: frozen, no unknown keys, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def split_command(value: Any) -> Any:
    """A command line in one string, split as a POSIX shell would, without running one."""
    if isinstance(value, str):
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise ValueError(f"not a command line: {error}") from error
    return value


def _no_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("no program can be given a NUL character")
    return value


def _variable_name(value: str) -> str:
    if not value or "=" in value:
        raise ValueError("the name of a variable is not empty and has no '='")
    return _no_nul(value)


Word = Annotated[str, AfterValidator(_no_nul)]
"""A word of a command line."""

Variables = dict[Annotated[str, AfterValidator(_variable_name)], Word]
"""Environment variables."""


def texts(value: Any) -> Any:
    """One text as a list of one."""
    return (value,) if isinstance(value, str) else value


def _no_separators(value: str) -> str:
    if re.search(r"[@/\s]", value):
        raise ValueError("an id holds neither '@', '/' nor white space")
    return value


EntryId = Annotated[BenchmarkId, AfterValidator(_no_separators)]
"""The id of an entry of `benchmarks`."""
