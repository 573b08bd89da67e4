"""Landlock (Linux 5.13 and newer): which files a process may open, and whom it may connect to and signal.

landlock(7) is the source of the numbers. Each version of the interface ("ABI") knows more rights than the one
before; what the kernel does not know is left out, and `abi` tells the caller what that is.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from enum import IntFlag
from functools import cache
from pathlib import Path

from benchgov.eval.isolation.kernel import LINUX, checked, no_new_privileges, syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_GET_VERSION = 1
_PATH_BENEATH = 1

TRUNCATE_ABI = 3
TCP_ABI = 4
SCOPE_ABI = 6


class Access(IntFlag):
    """What may be done with files, in the order in which the kernel learned it."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Access.READ_FILE | Access.READ_DIR
RUN = READ | Access.EXECUTE
WRITE = (
    READ
    | Access.WRITE_FILE
    | Access.TRUNCATE
    | Access.REMOVE_DIR
    | Access.REMOVE_FILE
    | Access.MAKE_DIR
    | Access.MAKE_REG
    | Access.REFER
)
"""Plain files and folders; no links, sockets, pipes or devices."""
EVERYTHING = Access(0xFFFF)

_OF_FILES = (
    Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
)  # the kernel refuses a rule that gives a file what only a folder can have
_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15}  # the number of rights that an ABI knows; 16 from ABI 5


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


@cache
def abi() -> int:
    """The version of Landlock's interface here; 0 where there is none, or it is switched off."""
    if not LINUX:
        return 0
    return max(0, syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_GET_VERSION)))


def restrict(rules: Iterable[tuple[Path, Access]], *, network: bool = False, scoped: bool = True) -> None:
    """Allow the calling thread, and all that it starts, only what `rules` give, for good.

    A rule holds for a file or for all below a folder; one for a path that is not there is left out. Called
    again it only takes away. Without `network` no TCP port is bound or connected to (from ABI 4); `scoped`
    keeps signals and abstract Unix sockets inside (from ABI 6).

    Raises:
        OSError: the kernel has no Landlock, or refuses.
    """
    version = abi()
    if not version:
        raise OSError(errno.ENOSYS, "the kernel has no Landlock, or it is switched off")
    handled = Access((1 << _KNOWN.get(version, 16)) - 1)
    attributes = _Ruleset(handled, 0 if network else 0b11, 0b11 if scoped else 0)
    size = 8 if version < TCP_ABI else 16 if version < SCOPE_ABI else 24
    pointer = ctypes.byref(attributes)
    ruleset = checked(
        syscall(_CREATE_RULESET, pointer, ctypes.c_size_t(size), ctypes.c_uint32(0)), "landlock ruleset"
    )
    try:
        for path, access in rules:
            _allow(ruleset, path, access & handled)
        no_new_privileges()
        checked(syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock restriction")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, access: Access) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what cannot be reached needs no rule
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            access &= _OF_FILES
        rule = _PathBeneath(access, descriptor)
        added = syscall(
            _ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
        checked(added, f"landlock rule for {path}")
    finally:
        os.close(descriptor)
