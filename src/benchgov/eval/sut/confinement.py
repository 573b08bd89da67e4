"""What a system under test may touch: the network, all that is installed, and a folder of its own."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import benchgov
from benchgov.eval.isolation.confine import Confinement, everything_but
from benchgov.eval.isolation.places import CASES

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where semaphores are made


def sut_confinement(
    root: Path, folder: Path, *, deny: Sequence[Path] = (), writes: Sequence[Path] = ()
) -> Confinement:
    """The confinement of a SUT of the repository at `root` that works in `folder`.

    It may not read what lies below `deny` (the cases of a bench, and with them those of the benches beside
    it, and all cassettes), the repository's history and what the harness keeps, nor below the folder for
    temporary files, where the other cases are. It writes below `folder` and `writes` only. Folders can be
    listed everywhere: Python finds modules that way, and names are no answers.
    """
    denied = [*_hidden(map(_resolved, deny)), *_of_harness(root.resolve())]
    temporary = Path(tempfile.gettempdir()).resolve()
    readable = list(everything_but([*denied, temporary]))
    for needed in _needed(root):
        readable += _without(needed, denied)
    return Confinement(
        reads=tuple(dict.fromkeys(readable)),
        writes=(folder.resolve(), _SHARED_MEMORY, *map(_resolved, writes)),
        lists=(Path("/"),),
        network=True,
        programs=True,
        guarded=(os.getpid(),),
    )


def _hidden(deny: Iterable[Path]) -> Iterator[Path]:
    for path in deny:
        yield path
        if path.name in CASES:
            yield from (beside for name in sorted(CASES) for beside in path.parent.parent.glob(f"*/{name}"))


def _of_harness(root: Path) -> Iterator[Path]:
    """What it keeps, and the objects of Git, which hold every expected answer."""
    yield root / ".benchgov"
    git = root / ".git"
    yield git
    if git.is_file():  # a further working tree: its objects lie elsewhere
        named = git.read_text(encoding="utf-8", errors="replace").removeprefix("gitdir:").strip()
        private = (root / named).resolve()
        yield private.parent.parent if private.parent.name == "worktrees" else private


def _needed(root: Path) -> Iterator[Path]:
    """What a SUT needs even where it lies in the folder for temporary files."""
    yield root.resolve()
    yield Path(benchgov.__file__).resolve().parent
    yield from (Path(place).resolve() for place in (sys.prefix, sys.base_prefix, *sys.path) if place)


def _without(top: Path, denied: Sequence[Path]) -> Iterator[Path]:
    """`top`, or what is in it but for what is denied."""
    if any(top.is_relative_to(path) for path in denied):
        return
    inside = [path for path in denied if path.is_relative_to(top)]
    yield from (path for path in everything_but(inside) if path.is_relative_to(top)) if inside else [top]


def _resolved(path: Path) -> Path:
    return path.resolve()
