"""Runs that were finished and recorded: the same run, asked for again, is read instead of assembled anew.

    <cache>/finished/<run id>.json    which run file it is, its digest, and the state of the log it is in
    <cache>/verified.json             the state of the log when it was last verified

The state of a log is what `stat` says of its files. A file that was changed has another time of change
(`st_ctime_ns`), which nobody can set, so a log in the same state needs no second verification.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchgov.canonical import blake3_hex, digest_of
from benchgov.errors import InputError
from benchgov.eval.cache import put_file
from benchgov.eval.loader import STALE_DAYS
from benchgov.eval.plan import Plan
from benchgov.files import read_bytes

_MAX_MEMO_BYTES = 64 * 1024
_MAX_RUN_BYTES = 64 * 1024 * 1024


def log_state(store: Path) -> str:
    """The state of a log in a folder: the digest of name, size, inode and times of all its files."""
    return digest_of(list(_stated(str(store / "hosts"), "")))


def keep(cache: Path, plan: Plan, path: Path, sequence: int, oldest: datetime) -> None:
    """Note that the run of `plan` is in `path`, and that its record is `sequence`."""
    memo = {
        "interpreter": plan.digests.interpreter,
        "run": path.name,
        "digest": blake3_hex(path.read_bytes()),
        "sequence": sequence,
        "fresh_until": (oldest + timedelta(days=STALE_DAYS)).isoformat(),
    }
    put_file(_memo(cache, plan), json.dumps(memo).encode() + b"\n")


def keep_verified(cache: Path, store: Path) -> None:
    """Note that the log is verified as it is."""
    put_file(cache / "verified.json", json.dumps({"state": log_state(store)}).encode() + b"\n")


def recall(
    cache: Path, plan: Plan, runs: Path, store: Path, now: datetime
) -> tuple[dict[str, Any], int] | None:
    """The report of a recorded run of `plan` as JSON, and its record; None when anything is in doubt."""
    memo = _read(_memo(cache, plan))
    verified = _read(cache / "verified.json")
    try:
        if memo["interpreter"] != plan.digests.interpreter or now > datetime.fromisoformat(
            memo["fresh_until"]
        ):
            return None
        if verified["state"] != log_state(store):
            return None
        data = read_bytes(runs / Path(memo["run"]).name, _MAX_RUN_BYTES)
        if blake3_hex(data) != memo["digest"]:
            return None
        return json.loads(data), int(memo["sequence"])
    except (KeyError, TypeError, ValueError, OSError, InputError):
        return None


def _memo(cache: Path, plan: Plan) -> Path:
    return cache / "finished" / f"{plan.run_id}.json"


def _read(path: Path) -> dict[str, Any]:
    with contextlib.suppress(InputError, ValueError, RecursionError):
        value = json.loads(read_bytes(path, _MAX_MEMO_BYTES))
        if isinstance(value, dict):
            return value
    return {}


def _stated(folder: str, name: str) -> Iterator[list[str | int]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _stated(entry.path, f"{name}{entry.name}/")
            else:
                status = entry.stat(follow_symlinks=False)
                times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
                yield [name + entry.name, status.st_size, str(status.st_ino), times]
