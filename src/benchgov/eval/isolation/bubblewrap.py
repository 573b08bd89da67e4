"""The command line of bubblewrap: namespaces of its own, with little more than Python in them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

PROGRAM = "bwrap"


def wrapper(reads: Sequence[Path], writes: Sequence[Path]) -> tuple[str, ...]:
    """bwrap with every namespace new, `reads` to read, `writes` to write; no `/proc`, `/run` or `/tmp`.

    Sockets in those folders would connect to the world outside from any network namespace. There is no
    `--die-with-parent`: the kernel would take the end of the thread that started bwrap for its parent's. The
    keeper inside ends when the harness does, and the namespace with it.
    """
    binds = [argument for path in reads for argument in ("--ro-bind", str(path), str(path))]
    binds += [argument for path in writes for argument in ("--bind", str(path), str(path))]
    return (
        shutil.which(PROGRAM) or PROGRAM,
        "--unshare-all",
        "--cap-drop",
        "ALL",
        "--dev",
        "/dev",
        *binds,
        "--chdir",
        "/",
        "--",
    )
