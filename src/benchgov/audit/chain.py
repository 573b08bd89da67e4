"""Append to a host's chain, once per idempotency key, and read it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchgov.audit.encoding import seal
from benchgov.audit.files import MAX_RECORD_BYTES, LogFiles, NotARecordError
from benchgov.audit.folder import as_files
from benchgov.audit.hints import find_key, note_record
from benchgov.audit.record import GENESIS, Evidence, Kind, Record
from benchgov.audit.records import Records
from benchgov.audit.redaction import refuse
from benchgov.audit.sealing import cover_due, open_tail, seal_due
from benchgov.audit.store import list_hosts, record_path, require_store
from benchgov.audit.subjects import check_subject
from benchgov.audit.verification import Verification, verify, verify_tail
from benchgov.canonical import Json
from benchgov.documents import json_model
from benchgov.errors import InputError, OutputError, UsageError
from benchgov.names import is_name
from benchgov.rim import Clock
from benchgov.wire import utc_text

__all__ = ["Appended", "Draft", "Kind", "Verification", "append", "find", "read", "verify"]


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
    """The record of a draft, the path of its file in the log, and whether this call wrote it."""

    record: Record
    path: str
    new: bool


def append(
    store: LogFiles | Path, draft: Draft, *, host: str, now: Clock, allow: Sequence[str] = ()
) -> Appended:
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
    files = as_files(store)
    records = Records(files, host)
    with files.locked():
        tail = open_tail(records)
        last = verify_tail(files, host, tail.last)
        known = find_key(records, tail, last, draft.idempotency_key)
        if known:
            return Appended(_read_one(records, known), records.path(known), new=False)
        content = content_of(draft, host, now, last)
        if covers := cover_due(records, content["sequence"]):
            content["covers"] = covers.to_json()
        data, record = _sealed_record(content, allow, files.where(record_path(host, content["sequence"])))
        seal_due(records, tail)
        return _write(records, data, record)


def rehearse(draft: Draft, *, host: str, now: Clock, allow: Sequence[str] = ()) -> None:
    """Make the record of `draft`, and write nothing; raises what `append` would for the draft itself."""
    _sealed_record(content_of(draft, host, now), allow, "draft of a record")


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


def _sealed_record(content: dict[str, Json], allow: Sequence[str], where: str) -> tuple[bytes, Record]:
    data = seal(content, content["prev_hash"])
    record = json_model(data.decode("utf-8"), Record, "draft of a record")
    if len(data) > MAX_RECORD_BYTES:
        raise InputError(f"a record of {len(data):,} bytes; {MAX_RECORD_BYTES:,} is the limit", where=where)
    check_subject(record)
    refuse(content, allow, "draft of a record")
    return data, record


def _write(records: Records, data: bytes, record: Record) -> Appended:
    path = record_path(records.host, record.sequence)
    if not records.files.create(path, data):
        raise OutputError(
            "another process wrote this record without taking the store's lock",
            where=records.files.where(path),
            remedy="Append again; keep the store on a file system that has flock(2).",
        )
    note_record(records, record.sequence, record.idempotency_key)
    return Appended(record, path, new=True)


def read(
    store: LogFiles | Path,
    host: str | None = None,
    *,
    limit: int | None = None,
    first: int = 1,
    last: int | None = None,
) -> Iterator[tuple[str, Record]]:
    """The records of `host`, or of every host in turn, each with its path; the last `limit` of each host.

    `first` and `last` are the sequences to begin and end with. The records are not verified.

    Raises:
        InputError: there is no store, or a record is not valid.
    """
    files = as_files(store)
    require_store(files)
    for name in [host] if host else list_hosts(files).names:
        records = Records(files, name)
        end = records.extent().last if last is None else last
        for sequence in range(max(first, end + 1 - limit) if limit else first, end + 1):
            yield records.path(sequence), _read_one(records, sequence)


def find(store: LogFiles | Path, which: str, *, host: str | None = None) -> Record:
    """The record with the sequence `which`, or the last one for `HEAD`; with one host, it need not be named.

    Raises:
        UsageError: `which` is neither, or several hosts have a chain and none was named.
        InputError: there is no such store, host or record.
    """
    files = as_files(store)
    require_store(files)
    host = host or _only_host(files)
    records = Records(files, host)
    last = records.extent().last if is_name(host) else 0
    if which.upper() == "HEAD":
        sequence = last
    elif which.isascii() and which.isdecimal():
        sequence = int(which[:13])
    elif last:
        raise UsageError(f"neither a sequence nor HEAD: {which!r}")
    else:
        sequence = 0
    if not 0 < sequence <= last:
        raise InputError(f"host {host} has {last} records, and no record {which}", where=files.where())
    return _read_one(records, sequence)


def _only_host(files: LogFiles) -> str:
    hosts = list_hosts(files).names
    if len(hosts) == 1:
        return hosts[0]
    if not hosts:
        raise InputError("the audit log has no record yet", where=files.where())
    raise UsageError(f"the log has {len(hosts)} hosts; name one with --host", details=hosts)


def _read_one(records: Records, sequence: int) -> Record:
    where = records.where(sequence)
    try:
        return json_model(records.read(sequence).decode("utf-8"), Record, where)
    except (NotARecordError, UnicodeDecodeError) as error:
        raise InputError(f"not a record: {error}", where=where) from error
