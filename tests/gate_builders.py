"""Reports and baselines for tests of the gate: small, valid, and changed by keyword."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from benchgov.baselines.active import ActiveBaselines, Stored
from benchgov.baselines.generate import Draft, Origin, draft
from benchgov.config import MetricThresholds, Policy
from benchgov.environment.pinned import fingerprint
from benchgov.replay import replay_section
from benchgov.report import (
    Environment,
    Facts,
    Gate,
    Metric,
    Report,
    Run,
    RunConfig,
    Sampling,
    Source,
    summarize,
)

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
    tools={"gcc": "12.2"},
)


def metric(samples: Sequence[float], name: str = "wall_time", **changes: Any) -> Metric:
    """Samples of one metric, in ns, lower is better."""
    return Metric.model_validate(
        {"name": name, "unit": "ns", "direction": "lower", "samples": tuple(samples), **changes}
    )


def run(benchmark: str = "parse", *metrics: Metric, **changes: Any) -> Run:
    """A valid run of `fast` in family `parsing`."""
    return Run.model_validate(
        {
            "benchmark": benchmark,
            "variant": "fast",
            "family": "parsing",
            "signature": "(n) -> int",
            "protocol": "bench/demo/work.py",
            "protocol_sha256": ZEROS,
            "source": Source(path="bench/demo/suite.yaml", line=7),
            "overall": "pass",
            "ok": True,
            "run_is_valid": True,
            "sampling": Sampling(isolation="process", warmup=2, runs=5, iterations=1),
            "metrics": metrics or (metric([100.0] * 5),),
            **changes,
        }
    )


def blocked(benchmark: str = "parse", **changes: Any) -> Run:
    """A run that could not be measured."""
    state = {"overall": "blocked", "ok": False, "run_is_valid": False, "metrics": (), "reason": "timed out"}
    return run(benchmark).model_copy(update={**state, **changes})


def report(*runs: Run, facts: Facts = FACTS, gate: Any = "pass", **config: Any) -> Report:
    """A report of suite `demo` on `FACTS`."""
    runs = runs or (run(),)
    settings = RunConfig.model_validate(
        {
            "suite": "demo",
            "suite_sha256": ZEROS,
            "regime": "default",
            "warmup": 2,
            "runs": 5,
            "timeout_seconds": 60.0,
            "revision": "c0ffee",
            "dirty": False,
            **config,
        }
    )
    waiting = Gate(status="not-evaluated")
    return Report(
        schema_version=1,
        started_at_utc=NOW,
        finished_at_utc=NOW,
        config=settings,
        environment=Environment(facts=facts, fingerprint=fingerprint(facts), gate=gate),
        summary=summarize(runs, gate),
        performance_gate=waiting,
        scale_band_gate=waiting,
        replay=replay_section(settings, runs),
        runs=runs,
    )


def drafted(
    *reports: Report,
    policy: Policy | None = None,
    families: Mapping[str, MetricThresholds] | None = None,
    now: datetime = NOW,
) -> Draft:
    """What `baseline generate` makes of `reports`."""
    origin = Origin("benchgov baseline generate demo", "unknown", now)
    return draft(reports, policy or Policy(), families or {}, origin)


def active(*reports: Report, **options: Any) -> ActiveBaselines:
    """The baseline that `reports` make, as the only active one."""
    return ActiveBaselines.of(Stored(drafted(*reports, **options).baseline, lambda: reports))
