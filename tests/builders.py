"""Small valid facts, runs and reports, changed by keyword: what every room's own builders start from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchgov.replay import replay_section
from benchgov.report import Environment, Facts, Gate, Report, Run, RunConfig, Sampling, Source, summarize

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ZEROS = "0" * 64
FACTS = Facts(
    os="debian-12",
    kernel="6.1",
    image="none",
    arch="x86_64",
    cpu_model="CPU",
    cpu_count=2,
    memory_mb=8192,
    python="3.11.7",
)
ENVIRONMENT = Environment(facts=FACTS, fingerprint=f"blake3:{ZEROS}", gate="pass")


def run_of(benchmark: str = "parse", **changes: Any) -> Run:
    """A run that passed; it needs `metrics`, unless `changes` make it one that is not valid."""
    values = {
        "benchmark": benchmark,
        "variant": "product",
        "family": "parsing",
        "signature": "(n) -> int",
        "protocol": "bench/demo/work.py",
        "protocol_sha256": ZEROS,
        "source": Source(path="bench/demo/suite.yaml", line=7),
        "overall": "pass",
        "ok": True,
        "run_is_valid": True,
        "sampling": Sampling(isolation="process", warmup=2, runs=5, iterations=1),
    }
    return Run.model_validate({**values, **changes})


def report_of(
    runs: Sequence[Run],
    environment: Environment = ENVIRONMENT,
    config: dict[str, Any] | None = None,
    **changes: Any,
) -> Report:
    """A report of suite `demo` with `runs`; summary and replay section follow from them."""
    listed = tuple(runs)
    settings = {
        "suite": "demo",
        "suite_sha256": ZEROS,
        "regime": "default",
        "warmup": 2,
        "runs": 5,
        "timeout_seconds": 60.0,
        "revision": "c0ffee",
        "dirty": False,
    }
    asked = RunConfig.model_validate({**settings, **(config or {})})
    values = {
        "schema_version": 1,
        "started_at_utc": NOW,
        "finished_at_utc": NOW,
        "config": asked,
        "environment": environment,
        "summary": summarize(listed, environment.gate),
        "performance_gate": Gate(status="not-evaluated"),
        "scale_band_gate": Gate(status="not-evaluated"),
        "replay": replay_section(asked, listed),
        "runs": listed,
    }
    return Report.model_validate({**values, **changes})


def examples(count: int) -> int:
    """How many examples a fuzz test tries: all in the slow suite, a sixth in the quick one."""
    return count if os.environ.get("BENCHGOV_ALL_EXAMPLES") else max(20, count // 6)
