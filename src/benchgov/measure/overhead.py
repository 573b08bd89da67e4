"""What the harness itself costs per sample: real sessions over a callable and a command that do nothing."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchgov.measure.session import Session, Specification, host_environ

_TIMEOUT_SECONDS = 60.0


def callable_overheads(samples: int, environ: Mapping[str, str]) -> list[int]:
    """Nanoseconds that the harness adds to each of `samples` samples of a callable in a fresh fork."""
    return _overheads(samples, environ, target="builtins:dict", argv=())


def command_overheads(samples: int, environ: Mapping[str, str]) -> list[int]:
    """The same for a command (`true`). Starting the program is the command's own cost, not overhead."""
    return _overheads(samples, environ, target=None, argv=("true",))


def _overheads(
    samples: int, environ: Mapping[str, str], *, target: str | None, argv: tuple[str, ...]
) -> list[int]:
    with tempfile.TemporaryDirectory(prefix="benchgov-") as folder:
        scratch = Path(folder)
        specification = Specification(
            folder=scratch,
            path=(),
            target=target,
            argv=argv,
            input={},
            scale=None,
            parameters=(),
            isolation="process",
            exit_code=0,
        )
        environ = host_environ(environ, {})
        with Session(specification, python=sys.executable, environ=environ, scratch=scratch) as session:
            session.prepared(_TIMEOUT_SECONDS)
            return [int(session.sample(1, _TIMEOUT_SECONDS)["overhead"]) for _ in range(samples)]
