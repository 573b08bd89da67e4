"""Calls to the Linux kernel that Python has no names for; each failure is an OSError."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial

LINUX = sys.platform.startswith("linux")

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_MAX_CAPABILITIES = 64


@cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """`result` unless it is negative.

    Raises:
        OSError: it is; `what` is named, with the reason the kernel gave.
    """
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make a system call by its number; −1 is returned as it is, with errno set."""
    return int(libc().syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, *arguments: int) -> int:
    """prctl(2) with unsigned long arguments; −1 is returned as it is, with errno set."""
    return prepared_prctl(option, *arguments)()


def prepared_prctl(option: int, *arguments: int) -> Callable[[], int]:
    """`prctl`, to be called later: a fork that has nothing left to prepare copies fewer pages."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return partial(libc().prctl, ctypes.c_int(option), *map(ctypes.c_ulong, padded))


def adopt_orphans() -> None:
    """Let descendants whose parent ends become children of this process (a subreaper)."""
    checked(prctl(_PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER")


def hide_process() -> None:
    """Keep other processes of this user out of this one's memory and `/proc` files; does not survive an exec.

    Where there is no such thing (macOS), nothing happens.
    """
    if LINUX:
        checked(prctl(_PR_SET_DUMPABLE, 0), "PR_SET_DUMPABLE")


@contextmanager
def hidden() -> Iterator[None]:
    """`hide_process` for as long as the block lasts."""
    before = prctl(_PR_GET_DUMPABLE) if LINUX else 0
    hide_process()
    try:
        yield
    finally:
        if before == 1:
            prctl(_PR_SET_DUMPABLE, before)


def no_new_privileges() -> None:
    """Let no program that is executed from here on gain privileges; a filter needs that."""
    checked(prctl(_PR_SET_NO_NEW_PRIVS, 1), "PR_SET_NO_NEW_PRIVS")


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


def drop_capabilities() -> None:
    """Give up every capability for good, root's too: root then reads and signals as any user does."""
    for capability in range(_MAX_CAPABILITIES):
        if prctl(_PR_CAPBSET_DROP, capability) < 0:
            break  # beyond the last one, or no right to: a user without any has none to drop
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = _Header(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable: two words each
    checked(libc().capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")
