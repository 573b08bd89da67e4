"""Ratios of times, measured again while other work on the machine may have spoilt them."""

from __future__ import annotations

from collections.abc import Callable


def lowest(measure: Callable[[], float], limit: float, turns: int = 6) -> float:
    """The lowest of some measurements: of one, where it is within the limit, as noise only ever adds."""
    found = measure()
    for _ in range(turns - 1):
        if found <= limit:
            break
        found = min(found, measure())
    return found
