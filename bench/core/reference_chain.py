"""The audit chain written plainly: parse, drop the head, write canonically, hash; every record, every time.

It makes and accepts the same bytes as `benchgov.audit`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import rfc8785
from blake3 import blake3

GENESIS = "0" * 64


def identity(record: dict[str, Any]) -> str:
    """SHA-256(prev_hash ‖ BLAKE3(canonical JSON without chain_head)), over raw bytes."""
    content = {key: value for key, value in record.items() if key != "chain_head"}
    digest = blake3(rfc8785.dumps(content)).digest()
    return hashlib.sha256(bytes.fromhex(record["prev_hash"]) + digest).hexdigest()


def verify(store: Path) -> list[list[Any]]:
    """[host, number of records, head] of every chain; raises ValueError where one breaks."""
    return [verify_host(folder) for folder in sorted((store / "hosts").iterdir())]


def verify_host(folder: Path) -> list[Any]:
    head, time, sequence, before = GENESIS, "", 0, list[bytes]()
    for sequence, data in enumerate(lines(folder), 1):
        record = json.loads(data)
        holds = (
            record["sequence"] == sequence
            and record["host"] == folder.name
            and record["prev_hash"] == head
            and record["recorded_at_utc"] >= time
            and record["chain_head"] == identity(record)
            and rfc8785.dumps(record) + b"\n" == data
            and record.get("covers") in (None, covers(before))
        )
        if not holds:
            raise ValueError(f"record {sequence} does not continue the chain")
        head, time = record["chain_head"], record["recorded_at_utc"]
        before.append(data)
    return [folder.name, sequence, head]


def covers(before: list[bytes]) -> dict[str, Any] | None:
    """What a record says of the 256 before it, where their number is a multiple of 256."""
    if not before or len(before) % 256:
        return None
    row = [hashlib.sha256(b"\0" + line).digest() for line in before[-256:]]
    while len(row) > 1:
        row = [hashlib.sha256(b"\1" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return {
        "blake3": f"blake3:{blake3(b''.join(before[-256:])).hexdigest()}",
        "complete": sum(json.loads(line)["complete"] for line in before[-256:]),
        "root": row[0].hex(),
    }


def lines(folder: Path) -> Iterable[bytes]:
    """The records of a host: those in bundles, a line each, and then those in files of their own."""
    for part in ("sealed", "records"):
        for path in sorted((folder / part).glob("[0-9]*")):
            yield from path.read_bytes().splitlines(keepends=True)


def append(store: Path, content: dict[str, Any]) -> str:
    """Add a record with these fields at the end of its host's chain, after reading the whole; its head.

    `content` has every field of a record but chain_head, covers, prev_hash and sequence.
    """
    folder = store / "hosts" / content["host"] / "records"
    folder.mkdir(parents=True, exist_ok=True)
    before = list(lines(folder.parent))
    records = [json.loads(line) for line in before]
    for record in records:
        if record["idempotency_key"] == content["idempotency_key"]:
            return str(record["chain_head"])
    head = records[-1]["chain_head"] if records else GENESIS
    record = {**content, "prev_hash": head, "sequence": len(records) + 1}
    if span := covers(before):
        record["covers"] = span
    record["chain_head"] = identity(record)
    write_exclusive(folder / f"{record['sequence']:012d}.json", rfc8785.dumps(record) + b"\n")
    return str(record["chain_head"])


def append_all(store: Path, contents: Iterable[dict[str, Any]]) -> str:
    """Add several records, one after the other; the last head."""
    head = GENESIS
    for content in contents:
        head = append(store, content)
    return head


def write_exclusive(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.link(temporary, path)
    temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
