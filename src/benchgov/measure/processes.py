"""End a process and everything below it, so that neither survivors nor zombies are left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

_GRACE_SECONDS = 2.0
_MAX_ROUNDS = 200


def end(process: subprocess.Popen[bytes]) -> None:
    """End `process`: ask first (the host then ends its children itself), and kill when it does not listen."""
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        kill_tree(process)


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill `process` and all its descendants.

    It is stopped first, so that it starts nothing new; orphans stay below it because it adopts them
    (Linux). Elsewhere only its process group is known.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGSTOP)
    for _ in range(_MAX_ROUNDS):
        living = [pid for pid in descendants(process.pid) if _alive(pid)]
        if not living:
            break
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
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


def _alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"
