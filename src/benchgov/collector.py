"""Work on millions of values without looking for cycles among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector(*, last: bool = False) -> Iterator[None]:
    """Pauses the search for cycles: what reports and logs hold has none, and looking for them among millions
    of values costs as much as reading them. Values are freed as always.

    `last`: the process does nothing else. What is there afterwards, modules above all, is not looked through
    once more on the way out.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if last:
            gc.freeze()
        if was_on:
            gc.enable()
