"""`Confinement`: what a process may still touch, as a value; `apply` gives up all else, for good."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchgov.eval.isolation import landlock, seccomp
from benchgov.eval.isolation.bpf import Rule
from benchgov.eval.isolation.kernel import drop_capabilities, no_new_privileges

DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom"))

_PATHS = ("reads", "writes", "lists")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What is left to a process and all that it starts; everything else is refused.

    Files are read below `reads`, folders are listed below `lists` too, and files are read, written, made
    and removed below `writes` (no links, sockets or devices are made there unless `programs`). `network`
    allows sockets of any kind. `forks` allows copies of the process; `programs` also other programs,
    sessions, signals to its own and changes of modes and times. No signal reaches the processes in
    `guarded`, whatever the kernel's age. Confined again, a process only loses.
    """

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    lists: tuple[Path, ...] = ()
    network: bool = False
    forks: bool = False
    programs: bool = False
    guarded: tuple[int, ...] = ()

    def apply(self) -> None:
        """Confine the calling thread, which must be the only one, and all that it starts.

        Raises:
            OSError: the kernel lacks a part; what was given up until then stays given up.
        """
        no_new_privileges()
        drop_capabilities()
        landlock.restrict(self._files(), network=self.network)
        seccomp.Filter(self._calls()).install()

    def _files(self) -> Iterable[tuple[Path, landlock.Access]]:
        read, write = (
            (landlock.RUN, landlock.EVERYTHING) if self.programs else (landlock.READ, landlock.WRITE)
        )
        yield from ((path, read) for path in self.reads)
        yield from ((path, write) for path in self.writes)
        yield from ((path, landlock.Access.READ_DIR) for path in self.lists)
        yield from ((path, landlock.Access.READ_FILE | landlock.Access.WRITE_FILE) for path in DEVICES)

    def _calls(self) -> list[Rule]:
        rules = seccomp.refusing(seccomp.KERNEL) + seccomp.refusing(seccomp.OTHERS)
        rules += seccomp.no_other_limits()
        if not self.network:
            rules += seccomp.refusing(seccomp.NETWORK)
        rules += seccomp.no_namespaces() if self.forks or self.programs else seccomp.no_processes()
        if self.programs:
            return rules + seccomp.no_signals_to(self.guarded)
        kept = seccomp.SIGNALS + seccomp.SHARED + seccomp.METADATA + seccomp.PROGRAMS
        return rules + seccomp.refusing(kept)

    def to_json(self) -> dict[str, Any]:
        """The confinement as plain JSON types."""
        return {
            **{key: [str(path) for path in getattr(self, key)] for key in _PATHS},
            "network": self.network,
            "forks": self.forks,
            "programs": self.programs,
            "guarded": list(self.guarded),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Confinement:
        """The confinement that `to_json` gave."""
        paths = {key: tuple(Path(path) for path in value[key]) for key in _PATHS}
        return cls(**{**value, **paths, "guarded": tuple(value["guarded"])})


def everything_but(denied: Sequence[Path]) -> tuple[Path, ...]:
    """Paths that together reach all there is now, except what lies at or below one of `denied`.

    An ancestor of a denied path cannot be among them, so its own entries are, one by one: a file that is
    made later beside them is out of reach, and so is the list of the names there. Links are left out; what
    they lead to is reached by its own path.
    """
    kept_out = {Path(path).resolve() for path in denied}
    opened = {parent for path in kept_out for parent in path.parents}
    opened -= {folder for folder in opened if kept_out & {folder, *folder.parents}}
    return tuple(
        entry
        for folder in sorted(opened)
        for entry in _entries(folder)
        if entry not in opened and entry not in kept_out
    )


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.is_symlink())
    except OSError:
        return []
    return [folder / name for name in names]
