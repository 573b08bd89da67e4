"""Many writers at once, and readers that verify all the while: no record lost, none twice, no false alarm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.audit_builders import HOST, write_log

from benchgov.audit.anchors import parse_anchor
from benchgov.audit.chain import read
from benchgov.audit.verification import verify

WRITERS = 16
BEFORE = 450  # so that a few more make 512, of which the first are sealed
WRITE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from benchgov.audit.chain import Draft, append
store, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for index in range(count):
    draft = Draft("run", f"{name}-{index}", True, (), None, {"suite": "core"})
    append(store, draft, host="host-a", now=lambda: datetime.now(UTC))
"""
# Prints one head for each look: all of them must be in the log at the end.
READ = """
import sys
from pathlib import Path
from benchgov.audit.anchors import parse_anchor
from benchgov.audit.verification import verify
store, stop, head = Path(sys.argv[1]), Path(sys.argv[2]), None
while True:
    last = stop.exists()
    result = verify(store, anchor=head and parse_anchor(head))
    assert result.ok, result.divergence
    if result.hosts and result.records:
        assert head is None or verify(store, states=[parse_anchor(head)]).ok
        head = result.hosts[0].anchor
        print(head, flush=True)
    if last:
        break
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Its output, when it ended well."""
    output, errors = process.communicate(timeout=7200)
    assert process.returncode == 0, errors[-2000:]
    return output


@pytest.mark.parametrize(
    ("each", "readers"), [(6, 1), pytest.param(1_000, 4, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_many_writers_and_readers(tmp_path: Path, each: int, readers: int) -> None:
    """16 processes append, and seal; every head that a reader saw is in the log that comes out."""
    store, stop = tmp_path / "store", tmp_path / "stop"
    write_log(store, BEFORE)
    reading = [start(READ, store, stop) for _ in range(readers)]
    writing = [start(WRITE, store, f"writer-{number}", each) for number in range(WRITERS)]
    try:
        for process in writing:
            finish(process)
    finally:
        stop.touch()
        seen = [finish(process).split() for process in reading]
    result = verify(store, strict=True, kept=[parse_anchor(head) for heads in seen for head in heads])
    assert result.ok, result.divergence
    keys = [record.idempotency_key for _, record in read(store)][BEFORE:]
    assert len(keys) == WRITERS * each
    assert set(keys) == {f"writer-{number}-{index}" for number in range(WRITERS) for index in range(each)}
    assert len(list((store / "hosts" / HOST / "sealed").iterdir())) == (len(keys) + BEFORE) // 256 - 1
    assert all(heads[-1] == result.hosts[0].anchor for heads in seen)
