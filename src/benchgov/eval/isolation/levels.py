"""How far this machine can isolate a rubric: found out by doing it, and chosen so that it fails closed."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from benchgov.errors import IsolationUnavailableError
from benchgov.eval.isolation import landlock, seccomp
from benchgov.eval.isolation.confine import Confinement
from benchgov.eval.vocabulary import ISOLATION_LEVELS

if TYPE_CHECKING:
    from benchgov.eval.models import IsolationClass

Level: TypeAlias = "IsolationClass"

_PREFERRED: tuple[IsolationClass, ...] = ("landlock", "bubblewrap", "subprocess")
_PROBE_SECONDS = 60.0


def available() -> tuple[Level, ...]:
    """The levels that work here, from the weakest to the strongest."""
    return tuple(level for level in ISOLATION_LEVELS if works(level))


def choose(wanted: Level | Literal["auto"] = "auto", minimum: Level | None = None) -> Level:
    """`wanted`, if it works here and is no weaker than `minimum`.

    `auto` is Landlock where it works, which needs nothing installed and costs least, so that the same level
    is reached on most machines; else the next that works and is strong enough.

    Raises:
        IsolationUnavailableError: nothing here is what was asked for.
    """
    floor = ISOLATION_LEVELS.index(minimum) if minimum else 0
    candidates = _PREFERRED if wanted == "auto" else (wanted,)
    strong_enough = [level for level in candidates if ISOLATION_LEVELS.index(level) >= floor]
    for level in strong_enough:
        if works(level):
            return level
    raise IsolationUnavailableError(_refusal(wanted, minimum, strong_enough))


def _refusal(wanted: str, minimum: str | None, strong_enough: list[Level]) -> str:
    here = ", ".join(available()) or "none"
    if wanted != "auto" and not strong_enough:
        return f"isolation {wanted!r} is weaker than the minimum, {minimum!r}"
    asked = f"isolation {wanted!r}" if wanted != "auto" else f"isolation of at least {minimum!r}"
    return f"{asked} does not work on this machine; here there is: {here}"


def confines(level: Level) -> bool:
    """Whether processes of this level are confined by Landlock and seccomp too."""
    if level == "container":
        return _landlock_in_container()
    return level == "landlock" or (level == "bubblewrap" and works("landlock"))


@cache
def works(level: Level) -> bool:
    """Whether code can be run at this level here, by trying."""
    probes = {
        "subprocess": _posix,
        "landlock": _landlock,
        "bubblewrap": _bubblewrap,
        "container": _container,
    }
    probe = probes.get(level)
    return probe is not None and probe()


def _posix() -> bool:
    return os.name == "posix"


def _landlock() -> bool:
    """In a fork: give everything up, and see that nothing works any more."""
    import _socket  # noqa: F401 (nothing can be imported afterwards)

    if landlock.abi() < landlock.TRUNCATE_ABI or not seccomp.supported():
        return False  # before, files that may not be written could still be cut off
    with warnings.catch_warnings():
        # Nothing but system calls is done in the fork, which no thread can be holding a lock for.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        leaks = True
        try:
            Confinement().apply()
            leaks = bool(_leaks())
        finally:
            os._exit(leaks)
    _, status = os.waitpid(child, 0)
    return status == 0


def _leaks() -> list[str]:
    """What a process that gave everything up can still do."""
    attempts = {
        "read": lambda: os.close(os.open(sys.executable, os.O_RDONLY)),
        "list": lambda: os.listdir("/"),
        "signal": lambda: os.kill(os.getppid(), 0),
        "fork": lambda: os.fork() or os._exit(0),
        "execute": lambda: os.execv(sys.executable, [sys.executable, "-c", "raise SystemExit(1)"]),  # noqa: S606
        "connect": _socket,
    }
    return [name for name, attempt in attempts.items() if not _refused(attempt)]


def _socket() -> None:
    import _socket

    _socket.socket()


def _refused(attempt: object) -> bool:
    try:
        attempt()  # type: ignore[operator]
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _bubblewrap() -> bool:
    """Start Python in it."""
    from benchgov.eval.isolation import bubblewrap

    python, reads = _python()
    return _ends_well([*bubblewrap.wrapper(reads, ()), python, "-I", "-S", "-c", ""])


def _container() -> bool:
    """Start Python in one."""
    from benchgov.eval.isolation import container

    python, reads = _python()
    run = container.command(f"benchgov-probe-{os.getpid()}", reads, ())
    return container.prepared() and _ends_well([*run, container.IMAGE, python, "-I", "-S", "-c", ""])


@cache
def _landlock_in_container() -> bool:
    """Whether Landlock works there, too: what a container may ask of the kernel is for its runtime to say."""
    from benchgov.eval.isolation import container
    from benchgov.eval.isolation.launch import package_paths

    python, reads = _python()
    path = tuple(map(str, package_paths()))
    run = container.command(f"benchgov-probe-{os.getpid()}", (*reads, *map(Path, path)), ())
    code = (
        "import sys; sys.path.extend(sys.argv[1:]); from benchgov.eval.isolation.levels import works; "
        "sys.exit(not works('landlock'))"
    )
    return _ends_well([*run, container.IMAGE, python, "-I", "-S", "-c", code, *path])


def _python() -> tuple[str, tuple[Path, ...]]:
    from benchgov.eval.isolation import places

    python = os.path.realpath(sys.executable)
    return python, (*places.interpreter(()), *places.executable(python))


def _ends_well(command: list[str]) -> bool:
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
