"""What a call leaves behind in its process: all that the next call there would meet without knowing.

Not what modules remember: nobody but their author knows which of that is meant to stay.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # signal.getsignal looks for an enum's member
import contextlib
import os
import resource
import signal
from typing import Any

_LIMITS = tuple(getattr(resource, name) for name in sorted(dir(resource)) if name.startswith("RLIMIT_"))
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_SIGNALS = tuple(map(int, signal.valid_signals()))
_STREAMS = 3


def surroundings() -> dict[str, Any]:
    """What each question brings: the folder and the variables of its process."""
    return {"folder": _folder(), "environment": dict(os.environ)}


def footprint() -> dict[str, Any]:
    """All other state of this process, by kind; equal to another one if nothing of it has changed since.

    `children` is true when there is any, running or not; looking for them takes leave of one that has ended.
    """
    return {
        "threads": _threads(),
        "children": _has_children(),
        "files": _open_files(),
        "handlers": [_signal.getsignal(number) for number in _SIGNALS],
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "timers": [signal.getitimer(timer) for timer in _TIMERS],
        "limits": [resource.getrlimit(limit) for limit in _LIMITS],
        "umask": _umask(),
        "session": (os.getsid(0), os.getpgrp()),
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
    }


def _folder() -> str | None:
    with contextlib.suppress(OSError):  # it may have been removed
        return os.getcwd()  # noqa: PTH109
    return None


def _threads() -> int:
    """Those of libraries, too, where the kernel tells."""
    with contextlib.suppress(OSError):
        return len(os.listdir("/proc/self/task"))
    import threading  # here: once it is loaded, each fork spends more on its threads than on all else

    return threading.active_count()


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _open_files() -> dict[int, tuple[int, int]]:
    """The descriptors beyond the standard streams, and which file each is."""
    found = {}
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # the one that the folder was read with is closed again
            if (number := int(name)) >= _STREAMS:
                status = os.fstat(number)
                found[number] = (status.st_dev, status.st_ino)
    return found


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
