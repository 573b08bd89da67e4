"""Processes that append to an audit log, to be killed, traced, or run beside each other."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchgov.audit.chain import Draft

HOST = "host-a"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from benchgov.audit.chain import Draft, append
store, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for index in range(count):
    draft = Draft("run", f"{name}-{index}", True, (), None, {"suite": "core"})
    append(store, draft, host="host-a", now=lambda: datetime.now(UTC))
"""


def draft(key: str) -> Draft:
    """A draft with that key."""
    return Draft("run", key, True, (), None, {"suite": "core"})


def plain_environment() -> dict[str, str]:
    """Variables for a process that may be killed: without coverage, which would leave half a file."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def writer(store: Path, name: str, count: int, *before: str, script: str = SCRIPT) -> subprocess.Popen[bytes]:
    """A process that appends `count` records to `store`."""
    return subprocess.Popen(
        [*before, sys.executable, "-c", script, str(store), name, str(count)],
        env=plain_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Exit status and standard error."""
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors.decode()
