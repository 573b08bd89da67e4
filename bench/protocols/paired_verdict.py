"""Two revisions measured in turn: noise is no change, a change is one, too little is not enough."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from layers import Layers, main
from samples import report, run

from benchgov.baselines.active import ActiveBaselines
from benchgov.canonical import Json
from benchgov.gate import compare as gate
from benchgov.gate.comparison import Comparison
from benchgov.gate.policy import GatePolicy
from benchgov.report import Against, Metric, Reference, Report, Run

LAYERS = ("same", "changed", "undecided", "absent")
LOOKS = (10, 20, 40)
NOISE = 0.01


def protocol(layers: Layers, *, compare: Any = gate.compare) -> Json:
    """Samples with 1 % of noise, drawn with fixed seeds."""
    verdicts: dict[str, Json] = {}

    def judged(name: str, *runs: Run, known: Any = ("sort/plain",), looks: Any = LOOKS) -> Comparison:
        found: Comparison = compare(_report(runs, known, looks), ActiveBaselines(), GatePolicy())
        verdicts[name] = [found.verdict, *(one.verdict for one in found.findings)]
        return found

    with layers.layer("same"):
        alarms = [judged(f"same code, seed {seed}", _pairs(1.0, seed)).verdict for seed in range(20)]
        layers.equal("the same code passes, twenty times", set(alarms), {"pass"})
        one = judged("same code", _pairs(1.0, 1))
        seen = one.findings[0].minimum_detectable_percent
        layers.expect("and says what it would have seen", seen is not None and seen < 10, seen)
        layers.equal("the rule is the statistical one", one.mode, "statistical")
        again = judged("same code", _pairs(1.0, 1)).to_bytes()
        layers.expect("the same bytes in give the same bytes out", again == one.to_bytes())
    with layers.layer("changed"):
        slower = judged("10 % slower", _pairs(1.10, 2)).findings[0]
        layers.equal("10 % slower is a regression", slower.verdict, "regression")
        low, high = slower.interval_percent or (0.0, 0.0)
        layers.expect("and 10 % is in its interval", low < 10 < high, (low, high))
        faster = judged("10 % faster", _pairs(0.90, 3))
        layers.equal("10 % faster is an improvement", faster.findings[0].verdict, "improvement")
        small = judged("0.5 % slower", _pairs(1.005, 4))
        layers.expect("half a percent never blocks", small.verdict != "regression", small.reason)
    with layers.layer("undecided"):
        few = judged("4 pairs", _pairs(1.10, 5, pairs=4), looks=(4,))
        layers.equal("four pairs prove nothing", few.verdict, "inconclusive")
        noisy = judged("noise of 40 %", _pairs(1.0, 6, noise=0.4))
        layers.equal("nor do samples that are all noise", noisy.verdict, "inconclusive")
    with layers.layer("absent"):
        new = run("merge", reference=Reference(overall="absent", family="sorting"))
        found = judged("new", _pairs(1.0, 7), new)
        layers.equal("a new benchmark does not block", found.verdict, "pass")
        layers.equal("and is called new", found.findings[1].verdict, "new")
        gone = judged("gone", _pairs(1.0, 8), known=("sort/plain", "merge/plain"))
        layers.equal("one that only the other revision has blocks", gone.verdict, "blocked")
        layers.equal("and is named", gone.missing_runs, ("merge/plain",))
    return {"verdicts": verdicts}


def _pairs(factor: float, seed: int, pairs: int = LOOKS[-1], noise: float = NOISE) -> Run:
    """A run whose samples are `factor` times those of the other revision, but for the noise."""
    draw = random.Random(seed).random  # of all its methods, only this one is promised never to change
    before, after = (
        tuple(round(scale * (1 + noise * (draw() + draw() - 1)), 3) for _ in range(pairs))
        for scale in (100.0, 100.0 * factor)
    )
    metric = Metric(name="wall_time", unit="ns", direction="lower", samples=after, reference=before)
    made: Run = run("sort", after, metrics=(metric,), reference=Reference(overall="pass", family="sorting"))
    return made


def _report(runs: Sequence[Run], known: Sequence[str], looks: Sequence[int]) -> Report:
    against = Against(ref="main", revision="1" * 40, looks=tuple(looks), runs=tuple(known))
    made: Report = report(*runs, against=against)
    return made


if __name__ == "__main__":
    main(protocol, LAYERS)
