"""Running part of a test in a process of its own, which may give itself up."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable


def in_a_fork(holds: Callable[[], object]) -> bool:
    """Whether `holds` is true in a process of its own, which ends with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if holds() else 2
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0
