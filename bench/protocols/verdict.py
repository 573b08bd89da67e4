"""A verdict is a pure function: the same bytes in, the same bytes out; only what got worse is worse."""

from __future__ import annotations

import json
from typing import Any

from layers import Layers, main
from samples import active, report, run, steady

from benchgov.canonical import Json
from benchgov.documents import json_model
from benchgov.errors import ConfigError
from benchgov.gate import compare as gate
from benchgov.gate.comparison import Comparison
from benchgov.gate.policy import GatePolicy
from benchgov.report import Metric, Report

LAYERS = ("unchanged", "pure", "worse", "better", "limits")


def protocol(layers: Layers, *, compare: Any = gate.compare) -> Json:
    """A baseline of two steady benchmarks, and reports that differ from it by a known factor."""
    baselines = active(report())
    verdicts: dict[str, str] = {}

    def against(name: str, now: Report, policy: GatePolicy | None = None) -> Comparison:
        found: Comparison = compare(now, baselines, policy or GatePolicy("threshold"))
        verdicts[name] = found.verdict
        return found

    with layers.layer("unchanged"):
        same = against("the same report", report())
        layers.equal("the same report passes", same.verdict, "pass")
        layers.equal("every metric is unchanged", {one.verdict for one in same.findings}, {"unchanged"})
        seen = [one.minimum_detectable_percent for one in same.findings]
        layers.expect("and says what could have been seen", all(one is not None for one in seen), seen)
    with layers.layer("pure"):
        slow = report(run("sort", steady(1.5)), run("merge"))
        once, twice = against("half as slow again", slow).to_bytes(), against("twice", slow).to_bytes()
        layers.expect("the same bytes in give the same bytes out", once == twice)
        shuffled = json.dumps(dict(reversed(slow.to_json().items())), indent=3)
        layers.expect("however they are written", against("shuffled", _read(shuffled)).to_bytes() == once)
        other = report(run("sort", steady(1.4)), run("merge"))
        layers.expect("other bytes give others", against("other", other).to_bytes() != once)
    with layers.layer("worse"):
        found = {one.benchmark: one.verdict for one in against("slower", slow).findings}
        layers.equal(
            "what is slower is named, and nothing else", found, {"sort": "regression", "merge": "unchanged"}
        )
        gone = against("gone", report(run("sort")))
        layers.equal("a benchmark that is gone blocks", gone.verdict, "blocked")
        rate = _rate(report(_throughput(1.0)), 0.5, compare)
        layers.equal("half the throughput is worse", rate, "regression")
    with layers.layer("better"):
        fast = against("faster", report(run("sort", steady(0.5)), run("merge")))
        layers.equal("what is faster passes", fast.verdict, "pass")
        layers.equal("and is called an improvement", fast.findings[0].verdict, "improvement")
        layers.equal("double the throughput is better", _rate(report(_throughput(1.0)), 2.0, compare), "pass")
    with layers.layer("limits"):
        near, over = (report(run("sort", steady(factor)), run("merge")) for factor in (1.099, 1.101))
        layers.equal("9.9 % is inside the limit of 10 %", against("inside", near).verdict, "pass")
        layers.equal("10.1 % is not", against("outside", over).verdict, "regression")
        wider = GatePolicy("threshold", {("", "wall_time"): 20.0})
        allowed = against("wider", over, wider)
        layers.equal("a limit on the command line counts", allowed.verdict, "pass")
        layers.expect("and is named in the reason", "20" in allowed.reason, allowed.reason)
        layers.refused(
            "a rule that there is not is refused",
            lambda: against("none", over, GatePolicy("none")),
            ConfigError,
        )
    return {"verdicts": verdicts}


def _read(text: str) -> Report:
    return json_model(text, Report, "report")


def _throughput(factor: float) -> Any:
    metric = Metric(name="rate", unit="ops/s", direction="higher", samples=steady(factor))
    return run("sort", metrics=(metric,))


def _rate(before: Report, factor: float, compare: Any) -> str:
    found: Comparison = compare(report(_throughput(factor)), active(before), GatePolicy("threshold"))
    return found.verdict


if __name__ == "__main__":
    main(protocol, LAYERS)
