"""The status of a recorded run, as `report --deltas` prints it and `baseline approve` asks for it."""

from __future__ import annotations

from typing import Literal

from benchgov.replay import replay_section
from benchgov.report import Gate, Report, Run, summarize

Standing = Literal["pass", "regression", "blocked", "provisional"]
APPROVABLE: tuple[Standing, ...] = ("pass", "provisional")


def standing(report: Report) -> Standing:
    """What the run came to.

    `regression` is a wrong result too: both end `benchgov run` with 1. `provisional` is a run that passed,
    but that no baseline confirmed: there was none, not in this environment, or the gate was inconclusive.
    """
    if report.summary.status != "pass":
        return "regression" if report.summary.status == "fail" else "blocked"
    gates = {report.performance_gate.status, report.scale_band_gate.status}
    if "regression" in gates:
        return "regression"
    if "blocked" in gates:
        return "blocked"
    return "pass" if report.performance_gate.status == "pass" else "provisional"


def narrowed(report: Report, benchmark: str) -> Report | None:
    """The part of `report` that is about `benchmark`, as if only that had been measured; None without it."""
    runs = tuple(run for run in report.runs if run.benchmark == benchmark)
    if not runs:
        return None
    config = report.config.model_copy(update={"selection": (benchmark,)})
    return report.model_copy(
        update={
            "config": config,
            "runs": runs,
            "summary": summarize(runs, report.environment.gate),
            "performance_gate": _own_gate(report.performance_gate, runs),
            "scale_band_gate": _own_gate(report.scale_band_gate, runs),
            "replay": replay_section(config, runs),
        }
    )


def _own_gate(gate: Gate, runs: tuple[Run, ...]) -> Gate:
    """What of the whole suite's gate is about `runs`, which are of one benchmark.

    The sentence of a regression begins with its benchmark's id; one that only may be meant counts too.
    """
    name = runs[0].benchmark
    own = tuple(
        text
        for text in gate.regressions
        if text.startswith(name) and text[len(name) : len(name) + 1] in {"", "@", "/", ":", " "}
    )
    if own:
        return Gate(status="regression", mode=gate.mode, baselines=gate.baselines, regressions=own)
    clear = gate.status in {"pass", "not-evaluated", "not-comparable", "inconclusive"}
    return Gate(
        status=gate.status if clear else "not-evaluated",
        reason="the gate judged more than this benchmark",
        mode=gate.mode,
        baselines=gate.baselines,
    )
