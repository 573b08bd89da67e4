"""The files that Python and a rubric need, and nothing else: what a confined process may read."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

CASES = frozenset({"cases", "cassettes"})
"""What of a bench no rubric reads: it is given a copy of its own case."""

_LIBRARIES = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/usr/share/zoneinfo",
)


def interpreter(python_path: Iterable[str]) -> tuple[Path, ...]:
    """Python's own libraries, the system's, and the folders of `python_path`, without repetition."""
    paths = sysconfig.get_paths()
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    wanted = [
        *(Path(paths[name]) for name in ("stdlib", "platstdlib")),
        *(Path(prefix, "lib") for prefix in sorted(prefixes)),
        *map(Path, _LIBRARIES),
        *map(Path, python_path),
    ]
    return outermost(path for path in wanted if path.exists())


def executable(python: str) -> tuple[Path, ...]:
    """What executing a Python needs besides its libraries: the program, and what says where they lie."""
    beside = Path(python).parent.parent / "pyvenv.cfg"
    return tuple(path for path in (Path(python), beside) if path.exists())


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """`paths` without those that lie below another of them; links stay as they are."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: (len(path.parts), path)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return tuple(kept)


def of_bench(bench_path: Path) -> tuple[Path, ...]:
    """What lies in a bench's folder, but for its cases and links, which could lead anywhere."""
    return tuple(
        sorted(entry for entry in bench_path.iterdir() if entry.name not in CASES and not entry.is_symlink())
    )


def importable(python_path: Iterable[str], bench_path: Path) -> tuple[str, ...]:
    """The entries of `python_path` that do not reach the bench: the others would open its cases."""
    return tuple(entry for entry in python_path if not bench_path.is_relative_to(Path(entry).resolve()))
