"""Reports and baselines for tests of the gate: small, valid, and changed by keyword."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.builders import FACTS as PLAIN_FACTS
from tests.builders import NOW, report_of, run_of

from benchgov.baselines.active import ActiveBaselines, Stored
from benchgov.baselines.generate import Draft, Limits, Origin, draft
from benchgov.config import MetricThresholds, Policy
from benchgov.environment.pinned import fingerprint
from benchgov.report import (
    Environment,
    Facts,
    Metric,
    Report,
    Run,
)
from benchgov.suites.bands import ScaleRules

FACTS = PLAIN_FACTS.model_copy(update={"tools": {"gcc": "12.2"}})


def metric(samples: Sequence[float], name: str = "wall_time", **changes: Any) -> Metric:
    """Samples of one metric, in ns, lower is better."""
    return Metric.model_validate(
        {"name": name, "unit": "ns", "direction": "lower", "samples": tuple(samples), **changes}
    )


def run(benchmark: str = "parse", *metrics: Metric, **changes: Any) -> Run:
    """A valid run of `fast` in family `parsing`."""
    return run_of(benchmark, **{"variant": "fast", "metrics": metrics or (metric([100.0] * 5),), **changes})


def blocked(benchmark: str = "parse", **changes: Any) -> Run:
    """A run that could not be measured."""
    state = {"overall": "blocked", "ok": False, "run_is_valid": False, "metrics": (), "reason": "timed out"}
    return run(benchmark).model_copy(update={**state, **changes})


def report(*runs: Run, facts: Facts = FACTS, gate: Any = "pass", **config: Any) -> Report:
    """A report of suite `demo` on `FACTS`."""
    place = Environment(facts=facts, fingerprint=fingerprint(facts), gate=gate)
    return report_of(runs or (run(),), place, config)


def drafted(
    *reports: Report,
    policy: Policy | None = None,
    families: Mapping[str, MetricThresholds] | None = None,
    now: datetime = NOW,
    scales: ScaleRules | None = None,
) -> Draft:
    """What `baseline generate` makes of `reports`."""
    origin = Origin("benchgov baseline generate demo", "unknown", now)
    limits = Limits(policy or Policy(), families or {}, scales=scales or ScaleRules())
    return draft(reports, limits, origin)


def active(*reports: Report, **options: Any) -> ActiveBaselines:
    """The baseline that `reports` make, as the only active one."""
    return ActiveBaselines.of(Stored(drafted(*reports, **options).baseline, lambda: reports))
