"""Make a process that forks for each question cheaper to fork: its memory in few large pages.

A fork copies an entry for each page of its parent's memory, and its end takes all of them back: for a Python
that has loaded Pydantic, 4,000. A large page is 512 of them at once.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

from benchgov.eval.isolation.kernel import libc

_MADV_COLLAPSE = 25
_LARGE = 2 * 1024 * 1024
_WRITABLE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0 *(?:\[heap\])?\n")


def open_map() -> TextIO | None:
    """The kernel's list of what this process has in memory; None where `/proc` is not there.

    A confined process cannot open it any more.
    """
    with suppress(OSError):
        return open("/proc/self/maps", encoding="ascii", errors="replace")  # noqa: PTH123
    return None


def use_large_pages(memory_map: TextIO | None) -> None:
    """Put what this process has written into large pages, as far as there are any; the map is closed.

    Kernels before 6.1 do not know how, and others may have none to spare: then nothing happens.
    """
    if memory_map is None:
        return
    with memory_map:
        for start, size in list(_large(memory_map)):
            libc().madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), _MADV_COLLAPSE)


def _large(memory_map: TextIO) -> Iterator[tuple[int, int]]:
    """The whole large pages of each range that is private and of no file: their start and size."""
    for line in memory_map:
        if found := _WRITABLE.fullmatch(line):
            start, end = (int(address, 16) for address in found.groups())
            start = -(-start // _LARGE) * _LARGE
            if size := max(0, (end - start) // _LARGE * _LARGE):
                yield start, size
