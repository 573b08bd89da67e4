"""A baseline is made of enough clean runs of one plan, or refused with the name of the rule."""

from __future__ import annotations

from typing import Any

from layers import Layers, main
from samples import FACTS, STEADY, drafted, report, run, steady

from benchgov.canonical import Json
from benchgov.errors import RefusedError
from benchgov.report import Report, Sampling

LAYERS = ("made", "enough", "clean", "one-plan")


def protocol(layers: Layers, *, make: Any = drafted) -> Json:
    """What is enough goes through; what is a little less does not."""

    def refused(name: str, rule: str, *reports: Report) -> None:
        layers.refused(name, lambda: make(*reports), RefusedError, f"rule {rule}:")

    with layers.layer("made"):
        baseline = make(report()).baseline
        values = {one.key: [entry.value for entry in one.metrics] for one in baseline.entries}
        layers.equal("it holds the medians", values, {"sort/plain": [100.0], "merge/plain": [100.0]})
        five = make(report(_run(STEADY[:5]))).baseline
        layers.equal("five runs after two warm-ups are enough", (five.warmup, five.runs), (2, 5))
        two = make(report(_run(STEADY[:3])), report(_run(STEADY[3:5]))).baseline
        layers.equal("so are three and two", two.entries[0].metrics[0].samples, 5)
        same = make(report()).baseline == baseline
        layers.expect("the same report makes the same baseline", same)
    with layers.layer("enough"):
        refused("four runs are refused", "minimum-runs", report(_run(STEADY[:4])))
        refused("so are two and two", "minimum-runs", report(_run(STEADY[:2])), report(_run(STEADY[2:4])))
        refused("one warm-up is refused", "minimum-warmup", report(_run(STEADY, warmup=1)))
        claimed = _run(STEADY[:4], runs=10)
        refused("ten runs that are claimed, of which four are there", "minimum-runs", report(claimed))
    with layers.layer("clean"):
        failed = run("sort", overall="fail", ok=False)
        refused("a wrong result is refused", "all-pass", report(failed))
        blocked = run("sort", overall="blocked", ok=False, run_is_valid=False, metrics=())
        refused("so is a run that was blocked", "all-pass", report(run("merge"), blocked))
        drifted = report(facts=FACTS.model_copy(update={"cpu_count": 4}))
        refused("so is a machine that is not the pinned one", "pinned-environment", drifted)
    with layers.layer("one-plan"):
        first = report(run("sort"))
        slower = report(run("sort", steady(1.01)))
        layers.equal("two runs of one plan are joined", len(make(first, slower).raw), 2)
        refused("the same report twice is refused", "one-plan", first, first)
        refused("another regime is refused", "one-plan", first, report(run("sort"), regime="alloc_v2"))
        refused("another benchmark is refused", "one-plan", first, report(run("merge")))
        other = report(run("sort", steady(1.01)), revision="1" * 40)
        refused("another revision is refused", "one-plan", first, other)
        bigger = report(run("sort"), facts=FACTS.model_copy(update={"memory_mb": 8192}))
        refused("another machine is refused", "one-plan", first, bigger)
    return {"values": values, "thresholds": baseline.thresholds}


def _run(samples: tuple[float, ...], warmup: int = 2, runs: int | None = None) -> Any:
    sampling = Sampling(isolation="process", warmup=warmup, runs=runs or len(samples), iterations=1)
    return run("sort", samples, sampling=sampling)


if __name__ == "__main__":
    main(protocol, LAYERS)
