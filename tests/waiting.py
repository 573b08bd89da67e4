"""Waiting for what other processes do, which takes them a moment."""

from __future__ import annotations

import time
from collections.abc import Callable


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something holds within ten seconds."""
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.05)
    return False
