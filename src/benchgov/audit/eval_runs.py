"""Runs of the eval harness in the audit log: record a report, and hold the run files against their records.

A report's place in the log is no part of what is recorded of it: it is filled in afterwards, in the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchgov.audit.chain import append, read
from benchgov.audit.draft_evals import from_eval
from benchgov.audit.files import LogFiles
from benchgov.audit.record import Record
from benchgov.canonical import blake3_hex
from benchgov.errors import TamperError
from benchgov.eval.models import BenchRunReport
from benchgov.files import create_exclusive, put_back, read_bytes, write_atomic
from benchgov.rim import Clock

MAX_RUN_BYTES = 64 * 1024 * 1024
_MODE = 0o600


@dataclass(frozen=True)
class Recorded:
    """A report with its place in the log, its file, and whether this call recorded it.

    `path` is None when the run was recorded before, and its file is not here.
    """

    report: BenchRunReport
    record: Record
    path: Path | None
    new: bool


@dataclass(frozen=True)
class RunsFound:
    """What came of holding run files against their records, by file name; and how many records there are."""

    records: int
    complete: int
    missing: tuple[str, ...]
    unrecorded: tuple[str, ...]


def record_run(
    store: LogFiles | Path,
    report: BenchRunReport,
    runs: Path,
    *,
    environ: Mapping[str, str],
    now: Clock,
    allow: Sequence[str] = (),
) -> Recorded:
    """Write `<runs>/<utc>-<id>.json`, and record it in the log: both or none.

    Nothing is written when these inputs were recorded with these scores before.

    Raises:
        TamperError: the log's tail, or the file of a run that was recorded before, is not what was written.
        RefusedError: the record would hold what no log should.
        OutputError: it cannot be written.
    """
    path = runs / run_name(report)
    data = report.unlinked().to_bytes()
    create_exclusive(path, data, _MODE)
    try:
        draft = from_eval(report, environ, name=path.name, data=data)
        appended = append(store, draft, host=report.host_fingerprint, now=now, allow=allow)
    except BaseException:
        put_back(path, None)
        raise
    record = appended.record
    if not appended.new:
        put_back(path, None)
        path = runs / Path(record.evidence[0].name).name
        if not path.is_file():
            return Recorded(linked(report, record), record, None, new=False)
        report = held(path, record)
    report = linked(report, record)
    write_atomic(path, report.to_bytes())
    path.chmod(_MODE)
    return Recorded(report, record, path, appended.new)


def run_name(report: BenchRunReport) -> str:
    """The file name of a report: when it began, the first digits of its id, and which shard it is of."""
    shard = f"-{report.shard.index}-of-{report.shard.count}" if report.shard else ""
    return f"{report.started_at:%Y%m%dT%H%M%S.%fZ}-{report.content_id[:8]}{shard}.json"


def linked(report: BenchRunReport, record: Record) -> BenchRunReport:
    """The report with its place in the log."""
    return report.model_copy(update={"prev_hash": record.prev_hash, "chain_head": record.chain_head})


def check_runs(store: LogFiles | Path, runs: Path, *, since: datetime | None = None) -> RunsFound:
    """Hold each run file against its record. The log itself is verified elsewhere.

    Raises:
        TamperError: a file is not what its record vouches for.
        InputError: a file, or a record, cannot be read.
    """
    records = [one for one in _eval_records(store) if since is None or one.recorded_at_utc >= since]
    by_name = {one.evidence[0].name: one for one in records}
    present = {path.name: path for path in sorted(runs.glob("*.json"))} if runs.is_dir() else {}
    for name in sorted(set(by_name) & set(present)):
        held(present[name], by_name[name], strict=True)
    return RunsFound(
        records=len(records),
        complete=sum(one.complete for one in records),
        missing=tuple(sorted(set(by_name) - set(present))),
        unrecorded=() if since else tuple(sorted(set(present) - set(by_name))),
    )


def _eval_records(store: LogFiles | Path) -> Iterator[Record]:
    return (record for _, record in read(store) if record.kind == "eval" and record.evidence)


def held(path: Path, record: Record, *, strict: bool = False) -> BenchRunReport:
    """The report in a file, which is what the record vouches for.

    A run that was interrupted between its record and its file has no place in the log yet: with `strict`,
    that is a difference, too.
    """
    data = read_bytes(path, MAX_RUN_BYTES)
    try:
        value = json.loads(data)
        report = BenchRunReport.model_validate({**value, "prev_hash": None, "chain_head": None})
        place = value.get("chain_head")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TamperError(f"not the report of record {record.sequence}", where=str(path)) from error
    allowed = (record.chain_head,) if strict else (record.chain_head, None)
    if blake3_hex(report.to_bytes()) != record.evidence[0].blake3 or place not in allowed:
        raise TamperError(f"not the report that record {record.sequence} vouches for", where=str(path))
    return report
