"""Append to a host's chain, once per idempotency key, and read it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchgov.audit.encoding import seal
from benchgov.audit.hints import find_key, last_sequence, note_end, note_key
from benchgov.audit.record import GENESIS, Evidence, Record
from benchgov.audit.redaction import refuse
from benchgov.audit.store import (
    MAX_RECORD_BYTES,
    NotARecordError,
    list_hosts,
    locked,
    make_records_folder,
    read_record,
    record_path,
    require_store,
    scan_records,
)
from benchgov.audit.subjects import check_subject
from benchgov.audit.verification import Verification, verify, verify_tail
from benchgov.canonical import Json
from benchgov.documents import json_model
from benchgov.errors import InputError, OutputError, UsageError
from benchgov.files import create_exclusive
from benchgov.names import is_name
from benchgov.rim import Clock
from benchgov.wire import utc_text

__all__ = ["Appended", "Draft", "Kind", "Verification", "append", "find", "read", "verify"]

Kind = Literal[
    "verify-env", "run", "comparison", "baseline", "approval", "dossier", "eval", "verdict", "calibration"
]


@dataclass(frozen=True)
class Draft:
    """What is to be recorded. The same `idempotency_key` is recorded once, whatever else the draft says."""

    kind: Kind
    idempotency_key: str
    complete: bool
    evidence: tuple[Evidence, ...]
    isolation_class: str | None = None
    subject: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Appended:
    """The record of a draft, its file, and whether this call wrote it."""

    record: Record
    path: Path
    new: bool


def append(store: Path, draft: Draft, *, host: str, now: Clock, allow: Sequence[str] = ()) -> Appended:
    """Record `draft` at the end of the chain of `host`, durably; or give the record that its key has already.

    Writers on one machine queue. The last record and its link are verified first; the whole chain is the
    caller's to verify. When the clock went backwards, the time of the last record stands in for it. `allow`
    are regular expressions for what may be recorded although it looks like a secret or a private path.

    Raises:
        TamperError: the chain's tail does not verify; nothing was written.
        RefusedError: the record would hold a secret, an e-mail address or a private path for ever.
        InputError: the draft is no valid record, or the store cannot be read.
        OutputError: the store cannot be written; the chain is as it was.
    """
    with locked(store):
        last = verify_tail(store, host, last_sequence(store, host))
        known = find_key(store, host, draft.idempotency_key, last)
        if known:
            path = record_path(store, host, known)
            return Appended(_read_one(path), path, new=False)
        return _write(store, content_of(draft, host, now, last), allow)


def content_of(draft: Draft, host: str, now: Clock, last: Record | None = None) -> dict[str, Json]:
    """What is recorded for `draft` behind `last`: the record without its `chain_head`."""
    moment = now()
    return {
        "complete": draft.complete,
        "evidence": [one.to_json() for one in draft.evidence],
        "host": host,
        "idempotency_key": draft.idempotency_key,
        "isolation_class": draft.isolation_class,
        "kind": draft.kind,
        "prev_hash": last.chain_head if last else GENESIS,
        "recorded_at_utc": utc_text(max(moment, last.recorded_at_utc) if last else moment),
        "schema_version": 1,
        "sequence": last.sequence + 1 if last else 1,
        "subject": draft.subject,
    }


def _write(store: Path, content: dict[str, Json], allow: Sequence[str]) -> Appended:
    host, sequence = content["host"], content["sequence"]
    path = record_path(store, host, sequence)
    data = seal(content, content["prev_hash"])
    record = json_model(data.decode("utf-8"), Record, "draft of a record")
    if len(data) > MAX_RECORD_BYTES:
        raise InputError(
            f"a record of {len(data):,} bytes; {MAX_RECORD_BYTES:,} is the limit", where=str(path)
        )
    check_subject(record)
    refuse(content, allow, "draft of a record")
    if sequence == 1:
        make_records_folder(store, host)
    # The hint first: a crash in between leaves a hint that nothing confirms, never a record without one.
    note_key(store, host, record.idempotency_key, sequence)
    if not create_exclusive(path, data):
        raise OutputError(
            "another process wrote this record without taking the store's lock",
            where=str(path),
            remedy="Append again; keep the store on a file system that has flock(2).",
        )
    note_end(store, host, sequence)
    return Appended(record, path, new=True)


def read(
    store: Path,
    host: str | None = None,
    *,
    limit: int | None = None,
    first: int = 1,
    last: int | None = None,
) -> Iterator[tuple[Path, Record]]:
    """The records of `host`, or of every host in turn, each with its file; the last `limit` of each host.

    `first` and `last` are the sequences to begin and end with. The records are not verified.

    Raises:
        InputError: there is no store, or a record is not valid.
    """
    require_store(store)
    for name in [host] if host else list_hosts(store).names:
        end = scan_records(store, name).last if last is None else last
        for sequence in range(max(first, end + 1 - limit) if limit else first, end + 1):
            path = record_path(store, name, sequence)
            yield path, _read_one(path)


def find(store: Path, which: str, *, host: str | None = None) -> Record:
    """The record with the sequence `which`, or the last one for `HEAD`; with one host, it need not be named.

    Raises:
        UsageError: `which` is neither, or several hosts have a chain and none was named.
        InputError: there is no such store, host or record.
    """
    require_store(store)
    host = host or _only_host(store)
    last = scan_records(store, host).last if is_name(host) else 0
    if which.upper() == "HEAD":
        sequence = last
    elif which.isascii() and which.isdecimal():
        sequence = int(which[:13])
    elif last:
        raise UsageError(f"neither a sequence nor HEAD: {which!r}")
    else:
        sequence = 0
    if not 0 < sequence <= last:
        raise InputError(f"host {host} has {last} records, and no record {which}", where=str(store))
    return _read_one(record_path(store, host, sequence))


def _only_host(store: Path) -> str:
    hosts = list_hosts(store).names
    if len(hosts) == 1:
        return hosts[0]
    if not hosts:
        raise InputError("the audit log has no record yet", where=str(store))
    raise UsageError(f"the log has {len(hosts)} hosts; name one with --host", details=hosts)


def _read_one(path: Path) -> Record:
    try:
        return json_model(read_record(path).decode("utf-8"), Record, str(path))
    except (NotARecordError, UnicodeDecodeError) as error:
        raise InputError(f"not a record: {error}", where=str(path)) from error
