"""Audit logs for tests, written quickly: the bytes that `append` writes, without its locks and syncs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blake3 import blake3

from benchgov.audit import store as layout
from benchgov.audit.encoding import seal
from benchgov.audit.folder import FolderFiles
from benchgov.audit.merkle import CompactRange, leaf_hash
from benchgov.audit.record import GENESIS
from benchgov.audit.records import BUNDLE, Records
from benchgov.audit.sealing import open_tail, seal_due

HOST = "host-a"
START = datetime(2026, 1, 1, tzinfo=UTC)


def record_path(store: Path, host: str, sequence: int) -> Path:
    """The file of a record that is not sealed."""
    return store / layout.record_path(host, sequence)


def records_folder(store: Path, host: str) -> Path:
    """The folder of the records that are not sealed."""
    return store / layout.records_folder(host)


def content(sequence: int, host: str, prev_hash: str) -> dict[str, Any]:
    """A record of one a second; every third is incomplete."""
    moment = START + timedelta(seconds=sequence)
    digest = f"{sequence:064x}"
    return {
        "complete": sequence % 3 != 0,
        "evidence": [{"name": "report.json", "size": 1, "blake3": f"blake3:{digest}", "sha256": digest}],
        "host": host,
        "idempotency_key": f"run/core/{sequence}",
        "isolation_class": "process",
        "kind": "run",
        "prev_hash": prev_hash,
        "recorded_at_utc": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "schema_version": 1,
        "sequence": sequence,
        "subject": {"suite": "core", "regime": "default", "status": "pass"},
    }


def write_log(store: Path, records: int, host: str = HOST) -> list[bytes]:
    """Write a chain of so many records; their bytes."""
    records_folder(store, host).mkdir(parents=True)
    previous, written = GENESIS, list[bytes]()
    for sequence in range(1, records + 1):
        data = seal(content(sequence, host, previous) | covers(written), previous)
        record_path(store, host, sequence).write_bytes(data)
        previous = head_of(data)
        written.append(data)
    return written


def covers(written: Sequence[bytes]) -> dict[str, Any]:
    """What the record behind these says of the last 256."""
    if not written or len(written) % BUNDLE:
        return {}
    lines = written[-BUNDLE:]
    complete = sum(json.loads(line)["complete"] for line in lines)
    digest = f"blake3:{blake3(b''.join(lines)).hexdigest()}"
    return {"covers": {"blake3": digest, "complete": complete, "root": root_of(lines).hex()}}


def head_of(data: bytes) -> str:
    """The chain head that a record's bytes claim."""
    return data[15:79].decode()


def root_of(files: Sequence[bytes]) -> bytes:
    """The root of the tree over these records."""
    tree = CompactRange()
    for data in files:
        tree.append(leaf_hash(data))
    return tree.root()


def seal_log(store: Path, host: str = HOST, keep: int = 0) -> int:
    """Seal all whole bundles but for the newest `keep` records, as an append does; how many there are."""
    records = Records(FolderFiles(store), host)
    return seal_due(records, open_tail(records), keep).bundles
