"""A hundred thousand benchmarks, from the log to a report that the next command reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchgov.documents import load_json_model
from benchgov.report import Report

BENCHMARKS, ROUNDS = 100_000, 10


@pytest.mark.slow
def test_a_hundred_thousand_benchmarks_are_imported(git_repo: Path) -> None:
    """The report is written, and is not larger than what is read."""
    one = {
        "rounds": ROUNDS,
        "iterations": 1,
        "median": 1e-6,
        "data": [1.25e-6 + n * 1e-9 for n in range(ROUNDS)],
    }
    benchmarks = [
        {"fullname": f"tests/test_sort.py::test_sort[{n}]", "stats": one} for n in range(BENCHMARKS)
    ]
    log = {"machine_info": {}, "commit_info": {}, "version": "5.2.3", "benchmarks": benchmarks}
    (git_repo / "log.json").write_text(json.dumps(log), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "benchgov", "import", "log.json", "--format", "json", "--allow-drift"],
        cwd=git_repo,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report = load_json_model(git_repo / ".benchgov/out/report.json", Report)
    assert len(report.runs) == BENCHMARKS
    assert {len(run.metrics[0].samples) for run in report.runs} == {ROUNDS}
