"""The audit log's speed, as ratios to plain work that is measured in turn with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.speed import lowest

PROGRAM = Path(__file__).with_name("audit_ratio.py")


def measured(what: str, records: int) -> dict[str, float]:
    """What the program prints, run where no coverage is measured."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), what, str(records)],
        capture_output=True,
        text=True,
        check=True,
        env={**environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("records", [1_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_verifying_takes_no_multiple_of_reading_and_hashing(records: int) -> None:
    """At most four times a plain loop over the same files, and no memory that grows with the log."""
    assert lowest(lambda: measured("verify", records)["ratio"], 4) <= 4
    assert measured("verify", records)["grown_kib"] < 4 * 1024


SEALED = [10_000, *(pytest.param(records, marks=pytest.mark.slow) for records in (100_000, 1_000_000))]


@pytest.mark.parametrize("records", SEALED)
def test_verifying_bundles_takes_no_multiple_of_reading_and_hashing_them(records: int) -> None:
    """At most four times a plain loop that reads the same files and hashes each whole, and flat memory."""
    assert lowest(lambda: measured("sealed", records)["file_ratio"], 4) <= 4
    assert measured("sealed", records)["grown_kib"] < 4 * 1024


@pytest.mark.parametrize("records", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_appending_takes_no_multiple_of_writing_durably(records: int) -> None:
    """About 1.6 to 2 times a bare write, sync, link and sync of the folder: the quicker the disk, the more
    Python weighs."""
    assert lowest(lambda: measured("append", records)["ratio"], 2.5) <= 2.5


@pytest.mark.parametrize("records", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_one_new_record_is_verified_in_a_time_that_does_not_grow(records: int) -> None:
    """Behind many records as behind ten, with room for noise."""

    def ratio() -> float:
        return measured("step", records)["seconds"] / measured("step", 10)["seconds"]

    assert lowest(ratio, 4) <= 4
