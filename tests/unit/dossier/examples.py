"""Reports, comparisons and records to render: small ones, large ones, and hostile ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders import report_of, run_of

from benchgov.audit.record import Evidence, Record
from benchgov.audit.verification import Divergence, Verification
from benchgov.baselines.aggregate import aggregate
from benchgov.canonical import blake3_hex, sha256_hex
from benchgov.gate.comparison import Comparison, FamilyFinding, Finding, FindingVerdict
from benchgov.report import (
    Drift,
    Environment,
    Expectation,
    Facts,
    Metric,
    Report,
    Run,
    Sampling,
    Source,
)

START = datetime(2026, 1, 31, 23, 5, 10, tzinfo=UTC)
DIGEST = "ab" * 32
FINGERPRINT = f"blake3:{DIGEST}"


def metric(name: str = "wall_time", samples: Sequence[float] = (10.0, 11.0, 12.0), **given: Any) -> Metric:
    """A metric with these samples, in the unit that its name has."""
    units = {"wall_time": "ns", "cpu_time": "ns", "peak_memory": "bytes", "instructions": "count"}
    return Metric(
        name=name, unit=units.get(name, "points"), direction="lower", samples=tuple(samples)
    ).model_copy(update=given)


def run(benchmark: str = "parse", *metrics: Metric, **given: Any) -> Run:
    """A run that passed."""
    count = len(metrics[0].samples) if metrics else 0
    values: dict[str, Any] = {
        "variant": "optimized",
        "source": Source(path="bench/core/suite.yaml", line=12),
        "layers": {"parity": "pass", "execution": "pass", "expectations": "pass"},
        "sampling": Sampling(isolation="process", warmup=2, runs=count, iterations=1),
        "metrics": metrics or (metric(),),
    }
    return run_of(benchmark, **{**values, **given})


def blocked_run(benchmark: str = "parse", **given: Any) -> Run:
    """A run that could not be measured."""
    values: dict[str, Any] = {
        "overall": "blocked",
        "ok": False,
        "run_is_valid": False,
        "layers": {"execution": "blocked"},
        "reason": "exited with 1",
        "stderr_tail": "Traceback: no such table",
        "metrics": (),
        "sampling": Sampling(isolation="process", warmup=2, runs=0, iterations=1),
    }
    return run(benchmark, **{**values, **given})


def wrong_run(benchmark: str = "parse", **given: Any) -> Run:
    """A run that gave a wrong result."""
    values: dict[str, Any] = {
        "overall": "fail",
        "ok": False,
        "run_is_valid": False,
        "layers": {"parity": "pass", "execution": "pass", "expectations": "fail"},
        "reason": "the output is not the expected one",
        "expectations": (Expectation(name="value", ok=False, detail="expected 3, found 4"),),
    }
    return run(benchmark, **{**values, **given})


def environment(**given: Any) -> Environment:
    """A pinned machine."""
    facts = Facts(
        os="ubuntu-22.04",
        kernel="6.8.0-1017",
        image="ubuntu22 20260119.1",
        arch="x86_64",
        cpu_model="AMD EPYC 7763 64-Core Processor",
        cpu_count=4,
        memory_mb=15_990,
        python="3.11.7",
        tools={"rustc": "1.92.0", "z3": "4.12.5", "cvc5": "1.1.2"},
    )
    return Environment(**{"facts": facts, "fingerprint": FINGERPRINT, "gate": "pass", **given})


def report(*runs: Run, config: dict[str, Any] | None = None, **given: Any) -> Report:
    """A report of these runs."""
    revision = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"
    values = {
        "environment": environment(),
        "started_at_utc": START,
        "finished_at_utc": START + timedelta(seconds=252),
        "config": {"suite": "core", "suite_sha256": DIGEST, "revision": revision, **(config or {})},
    }
    return report_of(runs or (run(),), **{**values, **given})


def finding(of: Run, baseline: float, limit: float = 10.0, name: str = "wall_time", **given: Any) -> Finding:
    """What a comparison with this baseline value finds about one metric of a run."""
    found = next(one for one in of.metrics if one.name == name)
    value = aggregate(found.samples, found.aggregate)
    change = (value / baseline - 1) * 100
    worse = change if found.direction == "lower" else -change
    verdict: FindingVerdict = (
        "regression" if worse > limit else "improvement" if worse < -limit else "unchanged"
    )
    values: dict[str, Any] = {
        "benchmark": of.benchmark,
        "scale": of.scale,
        "variant": of.variant,
        "family": of.family,
        "metric": name,
        "unit": found.unit,
        "direction": found.direction,
        "aggregate": found.aggregate,
        "verdict": verdict,
        "baseline_value": baseline,
        "current_value": value,
        "change_percent": change,
        "threshold_percent": limit,
        "minimum_detectable_percent": limit,
        "baseline_samples": 5,
        "current_samples": len(found.samples),
        "sentence": f"{of.key} {name}: {baseline:.4g} → {value:.4g}, limit {limit:g} %.",
    }
    return Finding(**{**values, **given})


def comparison(of: Report, *findings: Finding, **given: Any) -> Comparison:
    """The comparison that holds these findings."""
    families: dict[str, list[Finding]] = {}
    for one in findings:
        families.setdefault(one.family, []).append(one)
    bad = any(one.verdict == "regression" for one in findings)
    values: dict[str, Any] = {
        "schema_version": 1,
        "suite": of.config.suite,
        "regime": of.config.regime,
        "mode": "threshold",
        "verdict": "regression" if bad else "pass",
        "reason": "",
        "authoritative": True,
        "report_sha256": sha256_hex(of.to_bytes()),
        "baselines": ("20260101T000000Z-0a1b2c3d",),
        "fingerprint": FINGERPRINT,
        "baseline_fingerprint": FINGERPRINT,
        "families": tuple(_family(name, listed) for name, listed in families.items()),
        "findings": findings,
    }
    return Comparison(**{**values, **given})


def _family(name: str, findings: Sequence[Finding]) -> FamilyFinding:
    verdicts = [one.verdict for one in findings]
    means: dict[str, float] = {}
    for metric_name in dict.fromkeys(one.metric for one in findings):
        changes = [
            one.change_percent
            for one in findings
            if one.metric == metric_name and one.change_percent is not None
        ]
        if changes:
            means[metric_name] = sum(changes) / len(changes)
    return FamilyFinding(
        family=name,
        verdict="regression" if "regression" in verdicts else "pass",
        findings={verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)},
        geometric_mean_percent=means,
    )


def record(sequence: int = 1, *evidence: bytes, **given: Any) -> Record:
    """An audit record whose evidence are these files."""
    values: dict[str, Any] = {
        "chain_head": f"{sequence:064x}",
        "complete": True,
        "evidence": tuple(
            Evidence(name="report.json", size=len(data), blake3=blake3_hex(data), sha256=sha256_hex(data))
            for data in evidence
        ),
        "host": "gh-0123456789abcdef",
        "idempotency_key": f"key-{sequence}",
        "isolation_class": None,
        "kind": "run",
        "prev_hash": f"{sequence - 1:064x}",
        "recorded_at_utc": START + timedelta(minutes=sequence),
        "schema_version": 1,
        "sequence": sequence,
        "subject": {"suite": "core", "status": "pass"},
    }
    return Record(**{**values, **given})


VERIFIED = Verification(hosts=())
TAMPERED = Verification(
    hosts=(),
    divergence=Divergence(
        file="hosts/gh-0123456789abcdef/records/000000000002.json",
        position=2,
        expected="prev_hash 1111111111111111",
        found="2222222222222222",
    ),
)
DRIFT = (Drift(name="rustc", wanted="1.92.0", found="1.93.1"),)


def suite(
    benchmarks: int = 12, scales: Sequence[float] = (100, 1_000, 10_000), seed: int = 7
) -> tuple[Report, Comparison]:
    """A suite in four families with two variants each; a few got slower, a few faster."""
    chance = random.Random(seed)
    families = ("serialization", "digests", "audit-chain", "statistics")
    names = ("canonical-json", "tree-digest", "chain-append", "lower-bound", "report-parse", "chain-verify")
    runs, findings = [], []
    for index in range(benchmarks):
        name = names[index] if index < len(names) else f"benchmark-{index:03d}"
        family = families[index % len(families)]
        for scale in scales or (None,):
            for variant, factor in (("reference", 6.0), ("optimized", 1.0 + 0.15 * (index % 3))):
                base = (
                    factor
                    * 40.0
                    * (scale or 5_000.0) ** (1.0 + 0.06 * (index % 4))
                    * chance.uniform(0.9, 1.1)
                )
                shift = chance.gauss(0.0, 0.025) + (chance.choice((0.0,) * 14 + (0.22, -0.3, 0.9)))
                metrics = [
                    metric(
                        name,
                        [base * scaled * (1 + shift) * chance.lognormvariate(0, 0.018) for _ in range(11)],
                    )
                    for name, scaled in (("wall_time", 1.0), ("cpu_time", 0.97), ("peak_memory", 3.0))
                ]
                made = run(name, *metrics, scale=scale, variant=variant, family=family)
                runs.append(made)
                findings += [
                    finding(made, base * scaled, name=one, limit=8.0 if family == "digests" else 10.0)
                    for one, scaled in (("wall_time", 1.0), ("cpu_time", 0.97), ("peak_memory", 3.0))
                ]
    made_report = report(*runs)
    return made_report, comparison(
        made_report, *findings, reason="3 of 12 benchmarks got slower by more than their family's limit."
    )
