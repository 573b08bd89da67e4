"""End a process and everything below it, so that neither survivors nor zombies are left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_GRACE_SECONDS = 2.0
_KILL_SECONDS = 10.0  # for the kernel to end what was killed, on a machine that is busy otherwise
_KILL_PAUSE_SECONDS = 0.002


def end(process: subprocess.Popen[bytes]) -> None:
    """End `process`: ask first (the host then ends its children itself), and kill when it does not listen."""
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        kill_tree(process)


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill `process` and all its descendants, and wait until they have ended (ten seconds at most).

    It is stopped first, so that it starts nothing new; orphans stay below it because it adopts them
    (Linux), and those of a process that doesn't adopt are known from when they were found below it.
    Elsewhere only its process group is known.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGSTOP)
    deadline = time.monotonic() + _KILL_SECONDS
    known: dict[int, str] = {}
    while True:
        known |= {pid: born for pid in descendants(process.pid) if (born := _living_since(pid))}
        known = {pid: born for pid, born in known.items() if _living_since(pid) == born}
        if not known or time.monotonic() > deadline:
            break
        for pid in known:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_KILL_PAUSE_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def descendants(pid: int) -> list[int]:
    """Process ids below `pid`, zombies included (Linux; empty elsewhere)."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _living_since(pid: int) -> str:
    """The start time of `pid` in ticks since boot, which tells it from a later one; "" when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
