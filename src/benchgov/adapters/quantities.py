"""Units that tools write, as benchgov's own: nanoseconds, bytes, counts, rates. An unknown one is a fault."""

from __future__ import annotations

import re

from benchgov.adapters.interface import Log
from benchgov.adapters.values import fault

TIME: dict[str, float] = {
    "ps": 1e-3,
    "ns": 1.0,
    "us": 1e3,
    "µs": 1e3,  # micro sign
    "μs": 1e3,  # Greek mu
    "ms": 1e6,
    "s": 1e9,
    "m": 6e10,
    "min": 6e10,
    "h": 3.6e12,
}
"""Unit of time → nanoseconds."""

SIZE: dict[str, float] = {
    "B": 1.0,
    **{f"{prefix}B": 1e3**power for power, prefix in enumerate("kMGT", 1)},
    **{f"{prefix}iB": 1024.0**power for power, prefix in enumerate("KMGT", 1)},
}
"""Unit of size → bytes. `KB` is not here: some tools mean 1,000 by it, and some 1,024."""

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?"
"""A number as text tools print it, `18,149.5` too, which is not negative."""

LARGEST = 1e290
"""Numbers must be below: so they are finite in any unit, and no measurement comes near."""

_QUANTITY = re.compile(rf"({NUMBER})\s*([^\s\d]*)")


def decimal(log: Log, text: str | None, place: str | int) -> float:
    """`text` (`18,149`, `0.5`, `1e3`) as a number that is finite and not negative.

    Raises MalformedLogError.
    """
    if text is not None and re.fullmatch(NUMBER, text.strip()):
        value = float(text.replace(",", ""))
        if value < LARGEST:
            return value
    raise fault(log, place, "a finite number that is not negative", text)


def scale(log: Log, unit: str | None, known: dict[str, float], place: str | int) -> float:
    """The factor of `unit`; raises MalformedLogError when `known` has no such unit: none is guessed."""
    if unit not in known:
        raise fault(log, place, f"one of the units {', '.join(filter(None, known))}", unit)
    return known[unit]


def quantity(log: Log, text: str | None, known: dict[str, float], place: str | int) -> float:
    """`1.5ms` or `18,149 ns` in benchgov's unit; raises MalformedLogError."""
    found = _QUANTITY.fullmatch(text.strip()) if text is not None else None
    if found is None:
        raise fault(log, place, "a number and its unit", text)
    return decimal(log, found[1], place) * scale(log, found[2], known, place)
