"""A program: how the audit log's speed and memory compare with the plain work that they cannot do without.

Its arguments are what to measure, and a number of records; it prints one JSON object. It is a program of its
own because a test process that measures coverage slows down Python code, and not what it is held against.

- `verify N`: verifying N records, beside reading the same files and hashing them with BLAKE3; and the memory
  that this takes beyond what the process had
- `sealed N`: verifying N records of which all but the newest are in bundles, beside reading the same files
  and hashing each whole (`file_ratio`), and beside hashing each record
- `parts N`: verifying them strictly, in parts, a process for each processor, in elapsed time
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from blake3 import blake3

from benchgov.audit.anchors import Anchor
from benchgov.audit.chain import Draft, append
from benchgov.audit.encoding import seal
from benchgov.audit.jobs import Job, Outcome, side_by_side
from benchgov.audit.record import GENESIS, Evidence
from benchgov.audit.records import BUNDLE, bundle_path, sealed_folder
from benchgov.audit.spans import Spans, covers_due
from benchgov.audit.store import record_path, records_folder
from benchgov.audit.verification import verify
from benchgov.canonical import Json
from benchgov.cli.common import in_processes, processors

HOST, DIGEST = "host-a", "0" * 64
EVIDENCE = Evidence(name="report.json", size=1, blake3=f"blake3:{DIGEST}", sha256=DIGEST)
SUBJECT = {"suite": "core", "regime": "default", "status": "pass", "plan_sha256": DIGEST}


def chain(records: int) -> Iterator[tuple[str, bytes]]:
    """The records of a chain: the head of each, and its bytes."""
    head, spans = GENESIS, Spans()
    for sequence in range(1, records + 1):
        content: dict[str, Json] = {
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
        if covers_due(sequence) and (span := spans.behind(sequence - 1)):
            content["covers"] = span.to_json()
        data = seal(content, head)
        spans.add(sequence - 1, [data], 1)
        head = data[15:79].decode()
        yield head, data


def write_log(store: Path, records: int, *, bundles: int = 0) -> tuple[str, str]:
    """Write a chain, so many bundles of it sealed; the heads of the last record but one, and of the last."""
    (store / records_folder(HOST)).mkdir(parents=True)
    (store / sealed_folder(HOST)).mkdir()
    previous = head = GENESIS
    lines: list[bytes] = []
    for sequence, (this, data) in enumerate(chain(records), 1):
        previous, head = head, this
        if sequence > bundles * BUNDLE:
            (store / record_path(HOST, sequence)).write_bytes(data)
            continue
        lines.append(data)
        if len(lines) == BUNDLE:
            (store / bundle_path(HOST, sequence // BUNDLE - 1)).write_bytes(b"".join(lines))
            lines.clear()
    return previous, head


def contents(store: Path) -> Iterator[bytes]:
    """The content of every file that has records."""
    for folder in (str(store / sealed_folder(HOST)), str(store / records_folder(HOST))):
        for name in sorted(os.listdir(folder)):
            with open(f"{folder}/{name}", "rb") as stream:  # noqa: PTH123 - the plain way
                yield stream.read()


def plain_loop(store: Path) -> None:
    """Read and hash every file."""
    for data in contents(store):
        blake3(data).digest()


def plain_records(store: Path) -> None:
    """Read every file, and hash every record."""
    for data in contents(store):
        for line in data.splitlines(keepends=True):
            blake3(line).digest()


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


def measure_sealed(store: Path, records: int) -> dict[str, float]:
    """All three in turn, the best of each."""
    write_log(store, records, bundles=records // BUNDLE - 1)
    before = peak_kib()
    checked = [seconds(lambda: verify(store))]
    grown = peak_kib() - before
    each, plain = [], []
    for _ in range(1 if records > 500_000 else 5):
        each.append(seconds(lambda: plain_records(store)))
        plain.append(seconds(lambda: plain_loop(store)))
        checked.append(seconds(lambda: verify(store)))
    ours = min(checked)
    return {"ratio": ours / min(each), "file_ratio": ours / min(plain), "seconds": ours, "grown_kib": grown}


def measure_parts(store: Path, records: int) -> dict[str, float]:
    """In elapsed time, with the start of the processes."""
    write_log(store, records, bundles=records // BUNDLE - 1)

    def in_parts(work: Callable[[Job], Outcome], jobs: Sequence[Job]) -> Iterable[Outcome]:
        return side_by_side(work, jobs, in_processes, processors())

    times = []
    for work in (
        lambda: plain_records(store),
        lambda: verify(store, strict=True),
        lambda: verify(store, strict=True, spread=in_parts),
    ):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return {"ratio": times[2] / times[0], "speed_up": times[1] / times[2], "seconds": times[2]}


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


MEASURES = {
    "verify": measure_verify,
    "sealed": measure_sealed,
    "parts": measure_parts,
    "step": measure_step,
    "append": measure_append,
}


def main() -> None:
    """Measure what the command line asks for."""
    with tempfile.TemporaryDirectory(prefix="benchgov-audit-") as folder:
        print(json.dumps(MEASURES[sys.argv[1]](Path(folder), int(sys.argv[2]))))  # noqa: T201


if __name__ == "__main__":
    main()
