"""How the process is started that imports code that is not trusted: which Python, with what around it."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import benchgov

FIXED_FLAGS = ("-s", "-P", "-S", "-B")
"""No user's or site's packages by themselves, nothing from the current folder, no bytecode written.

Not `-I`: it would ignore PYTHONHASHSEED, and with it the order of sets would differ from run to run.
"""

SCRUBBED: Mapping[str, str] = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    # Libraries of linear algebra reserve memory for each thread of a large machine.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
"""All of the environment that a rubric has."""

_BOOT = (
    "import sys; sys.path.extend(sys.argv[3:]); "
    "from benchgov.eval.isolation.keeper import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)


@dataclass(frozen=True)
class Launch:
    """A keeper's command line: `wrapper` (bwrap and its options, say), Python, and where its modules lie."""

    wrapper: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: dict(SCRUBBED))
    python: str = sys.executable
    flags: tuple[str, ...] = FIXED_FLAGS
    path: tuple[str, ...] = field(default_factory=lambda: tuple(map(str, package_paths())))

    def command(self, keeping: int, serving: int) -> list[str]:
        """The command line, given the descriptors that the keeper inherits."""
        return [
            *self.wrapper,
            self.python,
            *self.flags,
            "-c",
            _BOOT,
            str(keeping),
            str(serving),
            *self.path,
        ]


def package_paths() -> tuple[Path, ...]:
    """The folders that this Python finds installed packages in, and the one that benchgov lies in."""
    own = Path(benchgov.__file__).resolve().parent.parent
    installed = [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    others = [Path(entry) for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    return tuple(dict.fromkeys(path for path in (own, *installed, *others) if path.is_dir()))
