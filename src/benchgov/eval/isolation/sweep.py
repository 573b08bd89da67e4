"""End whatever a process has left behind, however it detached itself.

A subreaper (`kernel.adopt_orphans`) becomes the parent of every descendant whose own parent ends, so all of
them can be found: leaving the process group or the session does not help them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator
from pathlib import Path

MAX_ROUNDS = 2000
PAUSE_SECONDS = 0.001
_READ_BYTES = 4096


def sweep(spare: Collection[int] = ()) -> int:
    """Kill the descendants of this process, but for `spare` and what is below them; how many there were.

    Those that are forked meanwhile are found in the next round.
    """
    ended: set[int] = set()
    for _ in range(MAX_ROUNDS):
        # Without a child there is nothing below it: mostly this is all that there is to do.
        if not reap(spare):
            break
        running = descendants(os.getpid(), spare)
        ended.update(pid for pid, parent in running.items() if _kill(pid, parent))
        time.sleep(PAUSE_SECONDS)
    return len(ended)


def reap(spare: Collection[int] = ()) -> bool:
    """Take leave of children that have ended, but for `spare`, whose end somebody else waits for.

    Whether there were any besides.
    """
    others = [pid for pid in children(os.getpid()) if pid not in spare]
    for pid in others:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return bool(others)


def descendants(pid: int, spare: Collection[int] = ()) -> dict[int, int]:
    """All processes below `pid`, each with its parent."""
    found: dict[int, int] = {}
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        below = [child for child in children(parent) if child not in spare and child not in found]
        found.update(dict.fromkeys(below, parent))
        waiting += below
    return found


def children(pid: int) -> list[int]:
    """The children of `pid`; none where there is no `/proc`."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += _children_of(pid, thread)
    return found


def known_children(pid: int) -> list[int]:
    """As `children`, where nothing is missing.

    Raises:
        OSError: there is no such process, or the kernel does not tell.
    """
    return [child for thread in os.listdir(f"/proc/{pid}/task") for child in _children_of(pid, thread)]


def _children_of(pid: int, thread: str) -> Iterator[int]:
    return map(int, _text(f"/proc/{pid}/task/{thread}/children").split())


def _text(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = b""
        while more := os.read(descriptor, _READ_BYTES):
            data += more
        return data
    finally:
        os.close(descriptor)


def kill_group(pid: int) -> None:
    """Kill the process group of `pid` at once: nothing in it can fork its way out."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _kill(pid: int, parent: int) -> bool:
    """Kill `pid` unless the number has been given to somebody else's process since it was read."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if _parent(pid) not in {parent, os.getpid()}:
            return False  # the next round looks again
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _parent(pid: int) -> int | None:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2]
        return int(after_name.split()[1])
    except (OSError, ValueError, IndexError):
        return None
