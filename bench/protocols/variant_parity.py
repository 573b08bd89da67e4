"""No time counts before all variants of a benchmark agree: another output or signature is caught."""

from __future__ import annotations

from typing import Any

from layers import Layers, main
from samples import FACTS, PINS, clock, environ, write

from benchgov.canonical import Json
from benchgov.environment.pinned import judge
from benchgov.errors import InputError
from benchgov.measure import runner
from benchgov.measure.plan import plan_suite
from benchgov.report import Report
from benchgov.suites.load import load_suite

LAYERS = ("manifest", "agreeing", "disagreeing", "broken")
WORK = """\
def numbers(scale):
    return list(range(int(scale), 0, -1))
def plain(values):
    return sorted(values)
def quick(values):
    return sorted(values, reverse=True)[::-1]
def reversed_(values):
    return sorted(values, reverse=True)
def other(values, key=None):
    return sorted(values)
def broken(values):
    raise ValueError("broken on purpose")
"""
HEAD = """\
version: 1
suite: sorting
kind: measured
defaults: {warmup: 2, runs: 5, timeout_seconds: 30, min_sample_ms: 0.01}
families: {sorting: {}}
benchmarks:
"""
ENTRY = """\
  - id: %s
    family: sorting
    signature: "(values) -> list"
    scale: [3]
    metrics: [wall_time]
    input: {callable: "work:numbers"}
    variants: {reference: {callable: "work:plain"}, optimized: {callable: "work:%s"}}
"""


class Quiet:
    """Tells nothing of what goes on."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def protocol(layers: Layers, *, measure: Any = runner.measure) -> Json:
    """A suite with one benchmark that agrees, and three that do not."""
    root = layers.folder
    cases = {"agreeing": "quick", "wrong-output": "reversed_", "wrong-signature": "other", "broken": "broken"}
    with layers.layer("manifest"):
        entries = "".join(ENTRY % case for case in cases.items())
        write(root, {"bench/sorting/suite.yaml": HEAD + entries, "bench/sorting/work.py": WORK})
        suite = load_suite(root / "bench" / "sorting", root)
        layers.equal("all four benchmarks are planned", len(plan_suite(suite).runs), 8)
        write(root, {"bench/other/suite.yaml": (HEAD + entries).replace("family: sorting", "family: sortng")})
        wrong = lambda: load_suite(root / "bench" / "other", root)  # noqa: E731
        layers.refused("a family that there is not is refused, by line", wrong, InputError, "suite.yaml:8:")
    report = _measured(measure, suite)
    outcomes = {run.key: [run.overall, run.run_is_valid, run.layers["parity"]] for run in report.runs}
    digests = {run.key: run.output_digest for run in report.runs}
    with layers.layer("agreeing"):
        for variant in ("reference", "optimized"):
            run = next(one for one in report.runs if one.key == f"agreeing@3/{variant}")
            layers.expect(f"{variant} passes", run.ok and run.run_is_valid, run.reason)
            layers.equal(f"{variant} has five samples", [len(one.samples) for one in run.metrics], [5])
        same = digests["agreeing@3/reference"] == digests["agreeing@3/optimized"] != None  # noqa: E711
        layers.expect("with one output", same, digests)
    with layers.layer("disagreeing"):
        for name in ("wrong-output", "wrong-signature"):
            both = [run for run in report.runs if run.benchmark == name]
            layers.equal(f"{name}: parity fails", {run.layers["parity"] for run in both}, {"fail"})
            layers.expect(f"{name}: no time counts", not any(run.metrics or run.run_is_valid for run in both))
            named = all("optimized" in run.reason and name in run.reason for run in both)
            layers.expect(f"{name}: benchmark and variant are named", named, both[0].reason)
        reason = next(run.reason for run in report.runs if run.benchmark == "wrong-output")
        both_digests = [digests[f"wrong-output@3/{variant}"] for variant in ("reference", "optimized")]
        layers.expect("both digests are named", all(str(one) in reason for one in both_digests), reason)
    with layers.layer("broken"):
        both = [run for run in report.runs if run.benchmark == "broken"]
        layers.equal("a variant that raises blocks both", {run.overall for run in both}, {"blocked"})
        tail = both[1].stderr_tail + both[1].reason
        layers.expect("with what it said", "broken on purpose" in tail, tail)
        layers.equal("the suite does not pass", report.summary.status, "blocked")
        layers.equal("and what agreed still ran", report.summary.passed, 2)
    return {"outcomes": outcomes, "digests": digests}


def _measured(measure: Any, suite: Any) -> Report:
    report: Report = measure(
        plan_suite(suite),
        environment=judge(FACTS, PINS),
        regime="default",
        revision=(None, None),
        now=clock,
        environ=environ(),
        progress=Quiet(),
    ).report
    return report


if __name__ == "__main__":
    main(protocol, LAYERS)
