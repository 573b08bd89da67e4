"""Write an approval: the new baseline, the index that makes it active, the record. All of it or nothing."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchgov.audit.chain import Appended, append, verify
from benchgov.audit.drafts import from_approval
from benchgov.audit.files import LogFiles
from benchgov.audit.host import host_fingerprint
from benchgov.baselines.generate import Draft
from benchgov.baselines.store import BASELINE_FILE, BaselineStore
from benchgov.files import put_back
from benchgov.rim import Clock


@dataclass(frozen=True)
class Approved:
    """The folder of the new baseline, and the record of its approval."""

    folder: Path
    record: Appended


def approve(
    made: Draft,
    store: BaselineStore,
    log: LogFiles,
    reports: Mapping[str, bytes],
    *,
    environ: Mapping[str, str],
    now: Clock,
) -> Approved:
    """Publish `made` in `store`, make it active, and record that in the audit log.

    `reports` (name → content) are the recorded runs that the approval relies on; the record keeps their
    digests. The record comes last, because a log only grows: when it cannot be written, the rest is undone.

    Raises:
        TamperError: the audit log does not verify; nothing was written.
        OutputError: baseline, index or record cannot be written; nothing was left behind.
        InputError: the index or the log cannot be read.
    """
    baseline = made.baseline
    if log.present() and (divergence := verify(log).divergence):
        raise divergence.error()
    index = store.index_path(baseline.regime)
    before = index.read_bytes() if index.is_file() else None
    store.index(baseline.regime)
    with contextlib.ExitStack() as undo:  # the last first, whatever went wrong
        undo.callback(_remove_empty, index.parent)
        folder = store.publish(baseline, made.raw, made.derivation)
        undo.callback(put_back, index, before)
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        store.activate(baseline)
        files = {BASELINE_FILE: baseline.to_bytes(), index.name: index.read_bytes(), **reports}
        draft = from_approval(baseline, files, environ)
        record = append(log, draft, host=host_fingerprint(environ, log), now=now)
        undo.pop_all()
    return Approved(folder, record)


def _remove_empty(folder: Path) -> None:
    """A regime's folder goes too, when this would have been its first baseline."""
    with contextlib.suppress(OSError):
        folder.rmdir()
