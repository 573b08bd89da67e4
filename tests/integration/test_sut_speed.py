"""What the harness adds to each case of a system under test, as a ratio to a process that does nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.speed import lowest

CASES = 1_000
PROGRAM = Path(__file__).with_name("sut_ratio.py")


@pytest.mark.slow
def test_a_trivial_case_takes_no_more_than_starting_python() -> None:
    """Its copy of the input, a fork, the question, the answer and the sweep: less than `python -c pass`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    root = PROGRAM.parents[2]

    def ratio() -> float:
        done = subprocess.run(
            [sys.executable, str(PROGRAM), str(CASES)],
            capture_output=True,
            text=True,
            check=True,
            env={**environ, "PYTHONPATH": os.pathsep.join([str(root), *filter(None, sys.path)])},
        )
        return float(json.loads(done.stdout)["ratio"])

    assert lowest(ratio, 1) <= 1
