"""What a process may use up: setrlimit(2), and the bounds that whoever waits for it watches."""

from __future__ import annotations

import resource
from dataclasses import dataclass, fields
from typing import Any

from benchgov.eval.isolation.kernel import LINUX

MIB = 1024 * 1024

Lowered = tuple[tuple[int, int], ...]
"""Kinds of limits (`resource.RLIMIT_…`), each with what it is to be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process, in seconds, bytes and numbers; None sets none.

    `output_bytes`, `error_bytes` (what it prints) and `disk_bytes` (what lies in its folder) are watched from
    outside; the others are the kernel's.
    """

    cpu_seconds: int | None = 60
    memory_bytes: int | None = 1024 * MIB
    file_bytes: int | None = 16 * MIB
    open_files: int | None = 256
    processes: int | None = None
    output_bytes: int = 1 * MIB
    error_bytes: int = 1 * MIB
    disk_bytes: int | None = 64 * MIB

    def apply(self) -> None:
        """Set the kernel's limits for this process and what it starts; none is raised above what it is."""
        lower(self.lowered())

    def lowered(self) -> Lowered:
        """What `apply` changes of the limits that this process has."""
        wanted = (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, self.cpu_seconds),
            # DATA counts what is private and writable, AS what is shared, and mapped files, too.
            (resource.RLIMIT_DATA, self.memory_bytes),
            (resource.RLIMIT_AS, None if self.memory_bytes is None else 2 * self.memory_bytes),
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_NOFILE, self.open_files),
            (resource.RLIMIT_NPROC, self.processes),
        )
        return tuple(
            (kind, limit)
            for kind, most in wanted
            if most is not None and (limit := _bounded(kind, most)) is not None
        )

    def to_json(self) -> dict[str, int | None]:
        """The limits as plain JSON types."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Limits:
        """The limits that `to_json` gave."""
        return cls(**value)


_NAMES = tuple(one.name for one in fields(Limits))


def lower(lowered: Lowered) -> None:
    """Set these limits for this process and what it starts."""
    for kind, limit in lowered:
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):
            if LINUX:
                raise  # elsewhere some kinds are known by name only


def _bounded(kind: int, wanted: int) -> int | None:
    """`wanted`, or less where no more is allowed; None where that is what holds."""
    soft, hard = resource.getrlimit(kind)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    return None if soft == hard == limit else limit
