"""What was not measured under the same conditions is not comparable: never a regression, never a pass."""

from __future__ import annotations

from typing import Any

from layers import Layers, main
from samples import FACTS, STEADY, active, report, run, steady

from benchgov.baselines.active import ActiveBaselines
from benchgov.canonical import Json
from benchgov.cli.compare import exit_code
from benchgov.gate import compare as gate
from benchgov.gate.comparison import Comparison
from benchgov.gate.policy import GatePolicy
from benchgov.report import Metric, Report, Sampling

LAYERS = ("comparable", "environment", "regime", "evidence", "metric")


def protocol(layers: Layers, *, compare: Any = gate.compare) -> Json:
    """Every report is three times as slow as the baseline; where it is comparable, that is a regression."""
    baselines = active(report())
    slow = (run("sort", steady(3.0)), run("merge", steady(3.0)))
    outcomes: dict[str, list[Json]] = {}

    def outcome(name: str, now: Report, known: ActiveBaselines = baselines) -> Comparison:
        found: Comparison = compare(now, known, GatePolicy("threshold"))
        outcomes[name] = [found.verdict, exit_code(found)]
        return found

    with layers.layer("comparable"):
        outcome("same conditions", report(*slow))
        layers.equal("on the same machine it is a regression", outcomes["same conditions"], ["regression", 1])
    with layers.layer("environment"):
        other = FACTS.model_copy(update={"cpu_model": "quick", "tools": {"gcc": "14.2"}})
        found = outcome("another machine", report(*slow, facts=other))
        layers.equal("another machine is not comparable", outcomes["another machine"], ["not-comparable", 2])
        differs = {one.name: (one.wanted, one.found) for one in found.environment_difference}
        wanted = {"cpu_model": ("plain", "quick"), "gcc": ("not recorded", "14.2")}
        layers.equal("and the difference is shown", differs, wanted)
        outcome("quick on another machine", report(facts=other))
        layers.equal("nor is it a pass", outcomes["quick on another machine"], ["not-comparable", 2])
        firmware = FACTS.model_copy(update={"memory_mb": FACTS.memory_mb - 8})
        outcome("a little memory reserved", report(facts=firmware))
        layers.equal(
            "memory that firmware reserves is no difference",
            outcomes["a little memory reserved"],
            ["pass", 0],
        )
    with layers.layer("regime"):
        outcome("another regime", report(*slow, regime="alloc_v2"))
        layers.equal("another regime is not comparable", outcomes["another regime"], ["not-comparable", 2])
        outcome("another suite", report(*slow, suite="other"))
        layers.equal("nor is another suite", outcomes["another suite"], ["not-comparable", 2])
        deeper = active(report(values={"depth": 2}))
        outcome("another config", report(*slow, values={"depth": 3}), deeper)
        layers.equal("nor is another config", outcomes["another config"], ["not-comparable", 2])
        outcome("the same config", report(values={"depth": 2}), deeper)
        layers.equal("the same config is", outcomes["the same config"], ["pass", 0])
    with layers.layer("evidence"):
        outcome("no baseline", report(), ActiveBaselines())
        layers.equal("without a baseline there is no pass", outcomes["no baseline"], ["not-comparable", 2])
        blocked = run("sort", overall="blocked", ok=False, run_is_valid=False, metrics=(), reason="it hung")
        found = outcome("nothing measured", report(blocked))
        layers.equal("where nothing was measured it is blocked", outcomes["nothing measured"], ["blocked", 2])
        layers.expect("with the reason", "it hung" in found.reason, found.reason)
    with layers.layer("metric"):
        seconds = Metric(name="wall_time", unit="s", direction="lower", samples=STEADY)
        shared = Sampling(isolation="shared", warmup=2, runs=10, iterations=1)
        for name, changed in (
            ("another unit", run("sort", metrics=(seconds,))),
            ("another isolation", run("sort", sampling=shared)),
            ("another aggregate", run("sort", metrics=(_p95(),))),
        ):
            found = outcome(name, report(changed, run("merge")))
            layers.equal(f"{name} is not comparable", found.findings[0].verdict, "not-comparable")
            layers.equal(f"with {name} there is no pass", outcomes[name], ["not-comparable", 2])
    return {"outcomes": outcomes}


def _p95() -> Metric:
    return Metric(name="wall_time", unit="ns", direction="lower", aggregate="p95", samples=STEADY)


if __name__ == "__main__":
    main(protocol, LAYERS)
