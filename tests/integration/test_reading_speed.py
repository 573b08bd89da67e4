"""Reading logs takes a small multiple of what plain parsing takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.speed import lowest

PROGRAM = Path(__file__).with_name("reading_ratio.py")


def ratio(kind: str, benchmarks: int) -> float:
    """What the program prints, run where no coverage is measured."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), kind, str(benchmarks)],
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    return float(done.stdout)


@pytest.mark.parametrize("benchmarks", [1000, 3000])
def test_pytest_benchmark_takes_no_multiple_of_json_loads(benchmarks: int) -> None:
    """Parsed, checked and converted in about 1.8 times what parsing alone takes, with room for noise."""
    assert lowest(lambda: ratio("json", benchmarks), 3) <= 3


@pytest.mark.parametrize("benchmarks", [300, 1000])
def test_go_text_takes_no_multiple_of_a_plain_loop(benchmarks: int) -> None:
    """Checked and converted in about 1.8 times what splitting and collecting takes, with room for noise."""
    assert lowest(lambda: ratio("go", benchmarks), 4) <= 4
