"""Comparisons and reports for the tests of what is shown of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.builders import FACTS, report_of, run_of

from benchgov.gate.comparison import Comparison, Finding
from benchgov.report import (
    Environment,
    Report,
    Run,
    Source,
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
    source = Source(path="bench/core/suite.yaml", line=12)
    state = {"overall": "blocked", "ok": False, "run_is_valid": False, "reason": "timed out"}
    return run_of(**{"family": "text", "source": source, **state, **changes})


def report(*runs: Run, **environment: Any) -> Report:
    """A report of `runs` on a machine that `environment` changes."""
    place = Environment(**{"facts": FACTS, "fingerprint": FINGERPRINT, "gate": "pass", **environment})
    return report_of(runs, place, {"suite": "core"})
