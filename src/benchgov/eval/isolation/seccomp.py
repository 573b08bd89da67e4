"""seccomp filters: system calls that a confined process may not make.

Refused calls fail with EPERM, as if there were no right to; `clone3`, whose flags a filter cannot see,
fails with ENOSYS, so that the C library falls back to `clone`. The filter is inherited, and can only be
added to.
"""

from __future__ import annotations

import ctypes
import errno
import platform
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from benchgov.eval.isolation import bpf
from benchgov.eval.isolation.bpf import Rule, When
from benchgov.eval.isolation.kernel import LINUX, checked, prepared_prctl
from benchgov.eval.isolation.syscalls import AARCH64, EVERYWHERE, X86_64

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_X32_CALLS = 0x40000000
_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000

_MACHINES: Mapping[str, tuple[int, Mapping[str, int], int | None]] = {
    "x86_64": (0xC000003E, X86_64, _X32_CALLS),
    "aarch64": (0xC00000B7, AARCH64, None),
}

KERNEL = (
    "acct", "add_key", "adjtimex", "bpf", "chroot", "clock_adjtime", "clock_settime", "delete_module",
    "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module",
    "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kexec_file_load",
    "kexec_load", "keyctl", "modify_ldt", "mount", "mount_setattr", "move_mount", "open_by_handle_at",
    "open_tree", "open_tree_attr", "perf_event_open", "personality", "pivot_root", "quotactl",
    "quotactl_fd", "reboot", "request_key", "setdomainname", "sethostname", "setns", "settimeofday",
    "swapoff", "swapon", "syslog", "umount2", "unshare", "userfaultfd", "uselib", "vhangup",
)  # fmt: skip
"""What changes the machine, or asks of the kernel what code under test never needs."""

OTHERS = (
    "kcmp", "migrate_pages", "move_pages", "pidfd_getfd", "process_madvise", "process_mrelease",
    "process_vm_readv", "process_vm_writev", "ptrace",
)  # fmt: skip
"""What reaches into another process."""

NETWORK = (
    "accept", "accept4", "bind", "connect", "listen", "sendto", "socket", "socketpair",
)  # fmt: skip

SIGNALS = (
    "kill", "pidfd_open", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tgkill",
    "tkill",
)  # fmt: skip

SHARED = (
    "inotify_init", "inotify_init1", "ioprio_set", "memfd_create", "memfd_secret", "mq_open",
    "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "sched_setaffinity", "sched_setattr",
    "sched_setparam", "sched_setscheduler", "semctl", "semget", "semop", "semtimedop", "setpgid",
    "setpriority", "setsid", "shmat", "shmctl", "shmget",
)  # fmt: skip
"""What outlives the process or its group, is shared by all of a user's processes, or no limit counts."""

METADATA = (
    "chmod", "chown", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "file_setattr",
    "fremovexattr", "fsetxattr", "futimesat", "lchown", "lremovexattr", "lsetxattr", "removexattr",
    "removexattrat", "setxattr", "setxattrat", "utime", "utimensat", "utimes",
)  # fmt: skip
"""Owners, modes, times and attributes of files: Landlock does not guard them."""

PROGRAMS = (
    "execve", "execveat",
)  # fmt: skip


def supported() -> bool:
    """Whether filters can be written for this machine."""
    return LINUX and platform.machine() in _MACHINES


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


class Filter:
    """A filter that is ready to be put around processes, by `install` in each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Write the filter.

        Raises:
            OSError: the machine is unknown.
        """
        if not supported():
            raise OSError(errno.ENOSYS, f"no filter is known for {platform.machine()}")
        architecture, _, beyond = _MACHINES[platform.machine()]
        code = bpf.assemble(bpf.program(architecture, rules, beyond=beyond))
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = _Program(len(code) // 8, ctypes.cast(self._code, ctypes.c_void_p))
        self._install = prepared_prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(self._program))

    def install(self) -> None:
        """Put the filter around the calling thread and all that it starts, for good.

        Raises:
            OSError: the kernel has no filters, or refuses, as it does to who may gain privileges
                (`no_new_privileges`).
        """
        checked(self._install(), "seccomp filter")


def refusing(names: Iterable[str], error: int = errno.EPERM) -> list[Rule]:
    """A rule for each of these calls that this machine has."""
    return [rule for name in names for rule in _rule(name, None, error)]


def no_other_limits() -> list[Rule]:
    """Let a process set its own limits only."""
    return _rule("prlimit64", When(0, "is-not", (0,)))


def no_processes() -> list[Rule]:
    """Let a process start threads and nothing else."""
    threads_only = _rule("clone", When(0, "no-bit", (_CLONE_THREAD,)))
    return refusing(("fork", "vfork")) + threads_only + refusing(("clone3",), errno.ENOSYS)


def no_namespaces() -> list[Rule]:
    """Let a process start others, in its own namespaces."""
    return _rule("clone", When(0, "any-bit", (_CLONE_NAMESPACES,))) + refusing(("clone3",), errno.ENOSYS)


def no_signals_to(pids: Sequence[int]) -> list[Rule]:
    """Keep signals from these processes and their groups, and from "everybody"."""
    guarded = (-1, *pids, *(-pid for pid in pids))
    by_first = ("kill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tgkill", "pidfd_open")
    rules = [rule for name in by_first for rule in _rule(name, When(0, "is", guarded))]
    return rules + refusing(("tkill",))  # it names a thread, whose process a filter cannot know


def _rule(name: str, when: When | None, error: int = errno.EPERM) -> list[Rule]:
    number = _numbers().get(name)
    return [] if number is None else [Rule(number, error, when)]


@cache
def _numbers() -> Mapping[str, int]:
    return {**_MACHINES[platform.machine()][1], **EVERYWHERE}
