"""Put runs and the report together: pure, from what was planned and what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from benchgov.canonical import Json
from benchgov.measure.plan import Plan, PlannedRun
from benchgov.replay import replay_section
from benchgov.report import (
    Against,
    Environment,
    Expectation,
    Gate,
    Metric,
    Report,
    Run,
    RunConfig,
    Sampling,
    Source,
    summarize,
)
from benchgov.suites.manifest import METRIC_UNITS

Layer = Literal["pass", "fail", "blocked", "skipped"]
LAYERS = ("parity", "execution", "expectations")


@dataclass(frozen=True)
class Measurement:
    """A report, and the raw samples of its runs: file name → JSON."""

    report: Report
    raw: Mapping[str, Json]


@dataclass(frozen=True)
class Observed:
    """What became of one planned run. `reason` empty means that nothing went wrong."""

    layers: Mapping[str, Layer]
    reason: str = ""
    stderr_tail: str = ""
    output_digest: str | None = None
    expectations: tuple[Expectation, ...] = ()
    notes: tuple[str, ...] = ()
    warmup: int = 0
    iterations: int = 1
    memory_floor: int = 0
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)
    raw: Json = None


def stopped(layer: str, verdict: Layer, reason: str, stderr_tail: str = "") -> Observed:
    """A run that ended at `layer`: earlier layers passed, later ones were skipped."""
    at = LAYERS.index(layer)
    layers: dict[str, Layer] = {
        name: "pass" if index < at else verdict if index == at else "skipped"
        for index, name in enumerate(LAYERS)
    }
    return Observed(layers, reason, stderr_tail)


def build_run(planned: PlannedRun, seen: Observed, manifest_path: str) -> Run:
    """The report's run for `planned`."""
    metrics = _metrics(planned, seen)
    overall, reason = _verdict(seen, bool(metrics))
    benchmark = planned.benchmark
    return Run(
        benchmark=benchmark.id,
        scale=planned.scale,
        variant=planned.variant_name,
        family=benchmark.family,
        signature=benchmark.signature,
        protocol=planned.protocol,
        protocol_sha256=planned.protocol_sha256,
        source=Source(path=manifest_path, line=planned.line),
        features=_features(planned),
        profile=benchmark.profile,
        overall=overall,
        ok=overall == "pass",
        run_is_valid=overall == "pass",
        expectations=seen.expectations,
        layers=dict(seen.layers),
        output_digest=seen.output_digest,
        reason=reason,
        stderr_tail=seen.stderr_tail,
        notes=seen.notes,
        sampling=Sampling(
            isolation=planned.sampling.isolation,
            warmup=seen.warmup,
            runs=max(map(len, seen.samples.values()), default=0),
            iterations=seen.iterations,
            memory_floor_bytes=seen.memory_floor,
        ),
        metrics=metrics if overall == "pass" else (),
    )


def _verdict(seen: Observed, measured: bool) -> tuple[Literal["pass", "fail", "blocked"], str]:
    """What became of the run, and why."""
    if seen.reason:
        return "blocked", seen.reason
    if wrong := [item for item in seen.expectations if not item.ok]:
        return "fail", "; ".join(f"expect.{item.name}: {item.detail}" for item in wrong)
    if not measured:
        return "blocked", "none of its metrics can be measured here: " + (
            "; ".join(seen.notes) or "no samples"
        )
    return "pass", ""


def _features(planned: PlannedRun) -> dict[str, float]:
    values = {
        name: planned.scale if value == "scale" else value
        for name, value in planned.benchmark.features.items()
    }
    return {name: float(value) for name, value in values.items() if value is not None}


def _metrics(planned: PlannedRun, seen: Observed) -> tuple[Metric, ...]:
    return tuple(
        Metric(
            name=spec.name,
            unit=METRIC_UNITS[spec.name][0],
            direction=METRIC_UNITS[spec.name][1],
            aggregate=spec.aggregate,
            samples=tuple(seen.samples[spec.name]),
        )
        for spec in planned.benchmark.metrics
        if seen.samples.get(spec.name)
    )


def demote(run: Run, reason: str) -> Run:
    """`run` without its numbers, because its benchmark failed parity at another scale."""
    if run.overall == "blocked":
        return run
    return run.model_copy(
        update={
            "overall": "blocked",
            "ok": False,
            "run_is_valid": False,
            "layers": {**run.layers, "parity": "fail"},
            "reason": reason,
            "metrics": (),
        }
    )


def build_report(
    plan: Plan,
    runs: Sequence[Run],
    *,
    environment: Environment,
    regime: str,
    revision: tuple[str | None, bool | None],
    moments: tuple[datetime, datetime],
    against: Against | None = None,
) -> Report:
    """The report of `runs`, which began and ended at `moments` (UTC), perhaps in turn with `against`."""
    config = RunConfig(
        suite=plan.suite.manifest.suite,
        suite_sha256=plan.suite.sha256,
        regime=regime,
        warmup=plan.sampling.warmup,
        runs=plan.sampling.runs,
        timeout_seconds=plan.sampling.timeout_seconds,
        selection=plan.selection,
        options=plan.options,
        values=dict(plan.values),
        build=plan.build,
        revision=revision[0],
        dirty=revision[1],
        against=against,
    )
    not_yet = Gate(status="not-evaluated", reason="no baseline was compared")
    return Report(
        schema_version=1,
        started_at_utc=moments[0],
        finished_at_utc=max(moments),
        config=config,
        environment=environment,
        summary=summarize(tuple(runs), environment.gate),
        performance_gate=not_yet,
        scale_band_gate=Gate(status="not-evaluated", reason="growth was not looked at"),
        replay=replay_section(config, runs),
        runs=tuple(runs),
    )
