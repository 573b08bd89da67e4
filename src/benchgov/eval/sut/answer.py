"""A system under test's answer: one JSON object, of which `cost_usd` is the harness's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchgov.canonical import Json, canonical_json
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.files import decode

MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100

EXCEPTION = "sut.exception"
TIMEOUT = "sut.timeout"
MALFORMED = "sut.malformed_output"
COST = "sut.cost"
ISOLATION = "harness.isolation"

_PLACE = "the SUT's answer"


class SutFailure(Exception):  # noqa: N818 - a result of a case, not an error of the harness
    """The SUT gave no answer to a case: `code` (of the harness's taxonomy), and `detail` for a reader.

    `log` is the end of what it printed, `attempts` how often it was asked, and `seconds` how long all took.
    """

    def __init__(self, code: str, detail: str, *, log: bytes = b"") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.log = log
        self.attempts = 1
        self.seconds = 0.0


@dataclass(frozen=True, slots=True)
class SutAnswer:
    """What a SUT answered, what that cost, how often it was asked, and the seconds that all of it took."""

    output: Mapping[str, Json]
    cost_usd: float
    attempts: int
    seconds: float
    log: bytes = b""


def parse_answer(data: bytes) -> tuple[dict[str, Json], float]:
    """The output and the cost in USD of an answer's bytes.

    Raises:
        SutFailure: not one JSON object, too large, nested too deeply, holds what JSON does not (NaN, a
            surrogate, an integer beyond 2^53), or its cost is no cost.
    """
    if len(data) > MAX_ANSWER_BYTES:
        raise SutFailure(MALFORMED, f"{_PLACE} is larger than {MAX_ANSWER_BYTES:,} bytes")
    try:
        value = parse_json(decode(data, _PLACE), _PLACE)
        _check_depth(value)
        canonical_json(value)  # what cannot be written canonically cannot be recorded
    except (InputError, ValueError, RecursionError) as error:
        raise SutFailure(MALFORMED, str(error)) from error
    if not isinstance(value, dict):
        raise SutFailure(MALFORMED, f"{_PLACE} is one JSON object, not {type(value).__name__}")
    return value, _cost(value.pop("cost_usd", 0.0))


def _cost(value: Any) -> float:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if not numeric or not math.isfinite(value) or value < 0:
        raise SutFailure(COST, f"cost_usd is a number of US dollars, not below 0 (found {value!r:.80})")
    return float(value) + 0.0  # no −0.0


def _check_depth(value: Json) -> None:
    """Refuse what a recursive reader of the answer, such as a rubric, would fall over."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            member
            for parent in level
            if isinstance(parent, dict | list)
            for member in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return
    raise InputError(f"nested deeper than {MAX_DEPTH} levels", where=_PLACE)
