"""Comparisons and reports for the tests of what is shown of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from benchgov.gate.comparison import Comparison, Finding
from benchgov.replay import replay_section
from benchgov.report import (
    Environment,
    Facts,
    Gate,
    Report,
    Run,
    RunConfig,
    Sampling,
    Source,
    summarize,
)

FINGERPRINT = "blake3:" + "f" * 64
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def finding(**changes: Any) -> Finding:
    """A regression of one benchmark; `changes` replace fields."""
    values = {
        "benchmark": "parse",
        "scale": 10.0,
        "variant": "product",
        "family": "text",
        "metric": "wall_time",
        "unit": "ns",
        "direction": "lower",
        "aggregate": "median",
        "verdict": "regression",
        "change_percent": 40.0,
        "threshold_percent": 10.0,
        "minimum_detectable_percent": 10.0,
        "source": Source(path="bench/core/suite.yaml", line=12),
        "sentence": "parse@10/product wall_time: 1 ms → 1.4 ms (+40 %), over the 10 % limit of family text.",
    }
    return Finding(**{**values, **changes})


def comparison(**changes: Any) -> Comparison:
    """A comparison with one regression; `changes` replace fields."""
    values = {
        "schema_version": 1,
        "suite": "core",
        "regime": "default",
        "mode": "threshold",
        "verdict": "regression",
        "reason": "1 metric is over its limit",
        "authoritative": True,
        "report_sha256": "0" * 64,
        "baselines": ("20260101T000000Z-00000000",),
        "fingerprint": FINGERPRINT,
        "baseline_fingerprint": FINGERPRINT,
        "findings": (finding(),),
    }
    return Comparison(**{**values, **changes})


def run(**changes: Any) -> Run:
    """A blocked run; `changes` replace fields."""
    values = {
        "benchmark": "parse",
        "variant": "product",
        "family": "text",
        "signature": "()",
        "protocol": "bench/core/suite.yaml",
        "protocol_sha256": "0" * 64,
        "source": Source(path="bench/core/suite.yaml", line=12),
        "overall": "blocked",
        "ok": False,
        "run_is_valid": False,
        "reason": "timed out",
        "sampling": Sampling(isolation="process", warmup=2, runs=5, iterations=1),
    }
    return Run(**{**values, **changes})


def report(*runs: Run, **environment: Any) -> Report:
    """A report of `runs` on a machine that `environment` changes."""
    facts = Facts(
        os="debian-12",
        kernel="6",
        image="none",
        arch="x86_64",
        cpu_model="cpu",
        cpu_count=2,
        memory_mb=1024,
        python="3.11.7",
    )
    place = Environment(**{"facts": facts, "fingerprint": FINGERPRINT, "gate": "pass", **environment})
    config = RunConfig(
        suite="core", suite_sha256="0" * 64, regime="default", warmup=2, runs=5, timeout_seconds=60
    )
    gate = Gate(status="not-evaluated")
    return Report(
        schema_version=1,
        started_at_utc=MOMENT,
        finished_at_utc=MOMENT,
        config=config,
        environment=place,
        summary=summarize(runs, place.gate),
        performance_gate=gate,
        scale_band_gate=gate,
        replay=replay_section(config, runs),
        runs=runs,
    )
