"""Read the log for people: choose records, follow what is appended, and write tables of them.

Nothing here is verified: `audit.verification` does that.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from benchgov.audit.chain import read
from benchgov.audit.files import LogFiles
from benchgov.audit.folder import as_files
from benchgov.audit.record import Record
from benchgov.audit.records import Records
from benchgov.audit.store import list_hosts, require_store
from benchgov.canonical import canonical_json
from benchgov.errors import UsageError

COLUMNS = (
    "host",
    "sequence",
    "recorded_at_utc",
    "kind",
    "suite",
    "verdict",
    "complete",
    "isolation_class",
    "idempotency_key",
    "prev_hash",
    "chain_head",
    "evidence",
    "subject",
)
"""The columns of a CSV export."""

# What makes a spreadsheet take a cell for a formula, in the widths that some of them fold.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class Choice:
    """Which records are wanted; None is any."""

    kind: str | None = None
    suite: str | None = None
    since: datetime | None = None

    def takes(self, record: Record) -> bool:
        """Whether this record is one of them."""
        return (
            self.kind in (None, record.kind)
            and self.suite in (None, suite(record))
            and (self.since is None or record.recorded_at_utc >= self.since)
        )


def parse_moment(text: str) -> datetime:
    """An ISO 8601 date or time; without an offset it is UTC.

    Raises:
        UsageError: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"not a time: {text[:80]!r}", remedy="Give ISO 8601, such as 2026-01-31 or 2026-01-31T12:00:00Z."
        ) from error


def verdict(record: Record) -> str:
    """What the record says came out: verdict, status, gate or passed cases; empty when it says nothing."""
    if record.kind == "eval":
        return f"{record.subject.get('passed')}/{record.subject.get('cases')} passed"
    found = (record.subject.get(key) for key in ("verdict", "status", "gate"))
    return str(next((fact for fact in found if fact), ""))


def suite(record: Record) -> str | None:
    """The suite that a record is about, or the task class."""
    found = record.subject.get("suite") or record.subject.get("task_class")
    return str(found) if found else None


def latest(store: LogFiles | Path, choice: Choice, limit: int | None = None) -> list[Record]:
    """The records that were chosen, host by host; of each host the last `limit`.

    Raises:
        InputError: there is no store, or a record is not valid.
    """
    files = as_files(store)
    require_store(files)
    found: list[Record] = []
    for host in list_hosts(files).names:
        chosen = [record for _, record in read(files, host) if choice.takes(record)]
        found += chosen[-limit:] if limit else chosen
    return found


def follow(store: LogFiles | Path, after: dict[str, int], wait: Callable[[], None]) -> Iterator[Record]:
    """The records that come after those that `after` has by host, for ever; `wait` is called between looks.

    Raises:
        InputError: a record is not valid.
    """
    files = as_files(store)
    while True:
        for host in list_hosts(files).names:
            while Records(files, host).exists(after.get(host, 0) + 1):
                yield from _one(files, host, after)
        wait()


def _one(files: LogFiles, host: str, after: dict[str, int]) -> Iterator[Record]:
    after[host] = after.get(host, 0) + 1
    yield from (record for _, record in read(files, host, first=after[host], last=after[host]))


def ends(store: LogFiles | Path) -> dict[str, int]:
    """Host → the sequence of its last record."""
    files = as_files(store)
    require_store(files)
    return {host: Records(files, host).extent().last for host in list_hosts(files).names}


def write_jsonl(records: Iterable[Record], stream: TextIO) -> None:
    """Write each record as the bytes of its file: one line, from which its identity can be computed."""
    for record in records:
        stream.write(record.to_bytes().decode("utf-8"))


def write_csv(records: Iterable[Record], stream: TextIO) -> None:
    """Write the records as CSV (RFC 4180), with a header.

    A cell that a spreadsheet would take for a formula begins with an apostrophe; JSON Lines are exact.
    """
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerow([_harmless(cell) for cell in _cells(record)])


def _cells(record: Record) -> list[str]:
    value = record.to_json()
    value["suite"] = suite(record)
    value["verdict"] = verdict(record)
    value["evidence"] = "; ".join(f"{one.name} sha256:{one.sha256}" for one in record.evidence)
    value["subject"] = canonical_json(value["subject"]).decode("utf-8")
    return [_text(value[column]) for column in COLUMNS]


def _text(value: object) -> str:
    if value is None:
        return ""
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
