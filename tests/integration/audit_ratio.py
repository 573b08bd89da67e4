"""A program: how the audit log's speed and memory compare with the plain work that they cannot do without.

Its arguments are what to measure, and a number of records; it prints one JSON object. It is a program of its
own because a test process that measures coverage slows down Python code, and not what it is held against.

- `verify N`: verifying N records, beside reading the same files and hashing them with BLAKE3; and the memory
  that this takes beyond what the process had
- `step N`: verifying one new record behind N others from the head before it
- `append N`: N appends, beside writing, syncing and linking the same bytes and syncing their folder, in turn
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from blake3 import blake3

from benchgov.audit.anchors import Anchor
from benchgov.audit.chain import Draft, append
from benchgov.audit.encoding import seal
from benchgov.audit.record import GENESIS, Evidence
from benchgov.audit.store import record_path, records_folder
from benchgov.audit.verification import verify

HOST, DIGEST = "host-a", "0" * 64
EVIDENCE = Evidence(name="report.json", size=1, blake3=f"blake3:{DIGEST}", sha256=DIGEST)
SUBJECT = {"suite": "core", "regime": "default", "status": "pass", "plan_sha256": DIGEST}


def write_log(store: Path, records: int) -> tuple[str, str]:
    """Write a chain; the heads of the last record but one, and of the last."""
    (store / records_folder(HOST)).mkdir(parents=True)
    previous = head = GENESIS
    for sequence in range(1, records + 1):
        content = {
            "complete": True,
            "evidence": [EVIDENCE.to_json()],
            "host": HOST,
            "idempotency_key": f"run/core/{sequence}",
            "isolation_class": "process",
            "kind": "run",
            "prev_hash": head,
            "recorded_at_utc": "2026-01-02T03:04:05.000000Z",
            "schema_version": 1,
            "sequence": sequence,
            "subject": SUBJECT,
        }
        data = seal(content, head)
        (store / record_path(HOST, sequence)).write_bytes(data)
        previous, head = head, data[15:79].decode()
    return previous, head


def plain_loop(store: Path) -> None:
    """Read and hash every file."""
    folder = str(store / records_folder(HOST))
    for name in sorted(os.listdir(folder)):
        with open(f"{folder}/{name}", "rb") as stream:  # noqa: PTH123 - the plain way
            blake3(stream.read()).digest()


def seconds(work: Callable[[], object]) -> float:
    """How much processor time `work` takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def peak_kib() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure_verify(store: Path, records: int) -> dict[str, float]:
    """Both in turn, the best of each."""
    write_log(store, records)
    before = peak_kib()
    turns = 3 if records > 10_000 else 7
    checked = [seconds(lambda: verify(store))]
    grown = peak_kib() - before
    plain = []
    for _ in range(turns):
        plain.append(seconds(lambda: plain_loop(store)))
        checked.append(seconds(lambda: verify(store)))
    return {"ratio": min(checked) / min(plain), "seconds": min(checked), "grown_kib": grown}


def measure_step(store: Path, records: int) -> dict[str, float]:
    """The median of many: one new record behind so many."""
    before, _ = write_log(store, records)
    state = Anchor(before, records - 1)
    times = [seconds(lambda: verify(store, states=[state])) for _ in range(101)]
    return {"seconds": statistics.median(times)}


def bare(folder: Path, name: str, data: bytes) -> None:
    """What a durable, exclusive creation cannot do without."""
    temporary = folder / f".{name}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)
    os.link(temporary, folder / name)
    temporary.unlink()
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def measure_append(store: Path, records: int) -> dict[str, float]:
    """Each append is followed by a bare creation of the same bytes."""
    folder = store / "bare"
    folder.mkdir()
    ours, plain = [], []
    for index in range(records):
        draft = Draft("run", f"key-{index}", True, (EVIDENCE,), "process", dict(SUBJECT))
        begun = time.perf_counter()
        done = append(store, draft, host=HOST, now=lambda: datetime.now(UTC))
        ours.append(time.perf_counter() - begun)
        data = (store / done.path).read_bytes()
        begun = time.perf_counter()
        bare(folder, Path(done.path).name, data)
        plain.append(time.perf_counter() - begun)
    return {
        "ratio": statistics.median(ours) / statistics.median(plain),
        "mean_ratio": sum(ours) / sum(plain),
        "seconds": statistics.median(ours),
    }


MEASURES = {"verify": measure_verify, "step": measure_step, "append": measure_append}


def main() -> None:
    """Measure what the command line asks for."""
    with tempfile.TemporaryDirectory(prefix="benchgov-audit-") as folder:
        print(json.dumps(MEASURES[sys.argv[1]](Path(folder), int(sys.argv[2]))))  # noqa: T201


if __name__ == "__main__":
    main()
