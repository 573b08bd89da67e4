"""The recorded eval runs of a task class: from the verified log, each held against its run file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchgov.audit.chain import Appended, Draft, append, read, verify
from benchgov.audit.eval_runs import held, linked
from benchgov.audit.files import LogFiles
from benchgov.audit.record import Record
from benchgov.audit.verification import Verification
from benchgov.errors import InputError
from benchgov.eval.models import BenchRunReport
from benchgov.promotion.gate import Seen
from benchgov.rim import Clock


@dataclass(frozen=True)
class Recorder:
    """Who records, when, and in which workflow; `allow` is as `audit.chain.append` takes it."""

    host: str
    now: Clock
    environ: Mapping[str, str]
    allow: tuple[str, ...] = ()

    def append(self, store: LogFiles | Path, draft: Draft) -> Appended:
        """Record a draft; raises as `audit.chain.append`."""
        return append(store, draft, host=self.host, now=self.now, allow=self.allow)


@dataclass(frozen=True)
class History:
    """The eval records of one task class in the order of the log, and what verifying the log found."""

    task_class: str
    records: tuple[Record, ...]
    verification: Verification

    @property
    def window(self) -> tuple[Seen, ...]:
        """The runs, as the log has them."""
        return tuple(
            Seen(self.task_class, one.complete, one.recorded_at_utc, one.host, one.isolation_class or "")
            for one in self.records
        )

    def complete(self, source: str | None = None) -> tuple[Record, ...]:
        """Those that are complete, the newest last; of one host, if it is named."""
        found = [one for one in self.records if one.complete and source in (None, one.host)]
        return tuple(sorted(found, key=lambda one: one.recorded_at_utc))


def history(store: LogFiles | Path, task_class: str) -> History:
    """The recorded runs of a task class.

    Raises:
        TamperError: the log does not verify: nothing in it is evidence then.
        InputError: there is no log.
    """
    verification = verify(store, strict=True)
    if verification.divergence:
        raise verification.divergence.error()
    records = (record for _, record in read(store))
    chosen = tuple(
        one for one in records if one.kind == "eval" and one.subject.get("task_class") == task_class
    )
    return History(task_class, chosen, verification)


def report_of(record: Record, runs: Path) -> BenchRunReport:
    """The report that a record vouches for, read from the folder of run files.

    Raises:
        TamperError: the file is not what was recorded.
        InputError: it is not there, or the record names none.
    """
    if not record.evidence:
        raise InputError(f"record {record.sequence} of {record.host} names no run file", where=str(runs))
    return linked(held(runs / Path(record.evidence[0].name).name, record), record)
