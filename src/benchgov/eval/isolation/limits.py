"""What a process may use up: setrlimit(2), and the bounds that whoever waits for it watches."""

from __future__ import annotations

import resource
from dataclasses import dataclass, fields
from typing import Any

from benchgov.eval.isolation.kernel import LINUX

MIB = 1024 * 1024


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
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_CPU, self.cpu_seconds)
        # DATA counts what is private and writable, AS what is shared between processes and mapped files, too.
        _lower(resource.RLIMIT_DATA, self.memory_bytes)
        _lower(resource.RLIMIT_AS, None if self.memory_bytes is None else 2 * self.memory_bytes)
        _lower(resource.RLIMIT_FSIZE, self.file_bytes)
        _lower(resource.RLIMIT_NOFILE, self.open_files)
        _lower(resource.RLIMIT_NPROC, self.processes)

    def to_json(self) -> dict[str, int | None]:
        """The limits as plain JSON types."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Limits:
        """The limits that `to_json` gave."""
        return cls(**value)


def _lower(kind: int, wanted: int | None) -> None:
    if wanted is None:
        return
    soft, hard = resource.getrlimit(kind)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == hard == limit:
        return
    try:
        resource.setrlimit(kind, (limit, limit))
    except (OSError, ValueError):
        if LINUX:
            raise  # elsewhere some kinds are known by name only
