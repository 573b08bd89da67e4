"""A suite of a few benchmarks, and the reports of its shards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.gate_builders import metric, run
from tests.sharding_builders import write_suite

from benchgov.report import Run
from benchgov.suites.load import Suite, load_suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Suite `demo` with benchmarks `a`, `b[1]` (two scales), `b1` and `c`."""
    return load_suite(write_suite(tmp_path), tmp_path)


@pytest.fixture
def timed() -> Callable[..., Run]:
    """A run of benchmark `name` whose samples took so many seconds in all (7 samples)."""

    def make(name: str, seconds: float, **changes: Any) -> Run:
        return run(name, metric([seconds / 7 * 1e9] * 5), **changes)

    return make
