"""The pure parts of measuring: plan, calibration, interleaving, outputs, parity, report."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchgov.canonical import blake3_hex, digest_of
from benchgov.errors import InputError, UsageError
from benchgov.measure.assemble import Observed, build_report, build_run, demote, stopped
from benchgov.measure.output import Outcome, disagreement, expectations, output_digest
from benchgov.measure.plan import Plan, SamplingFlags, SamplingPlan, plan_suite
from benchgov.measure.protocol import Protocols
from benchgov.measure.sampling import MAX_ITERATIONS, Series, iterations_for, rounds
from benchgov.measure.session import SampleError, host_environ, printable
from benchgov.report import Environment, Facts
from benchgov.suites.load import load_suite
from benchgov.suites.manifest import Expect, Variant
from benchgov.suites.signature import parse_signature

MANIFEST = """\
version: 1
suite: demo
kind: measured
defaults: {runs: 7, min_sample_ms: 3}
families: {f: {}}
benchmarks:
  - id: a
    family: f
    signature: (n)
    scale: [10, 20]
    features: {n: scale, k: 3}
    warmup: 4
    isolation: shared
    variants: {one: {callable: 'work:f'}, two: {callable: 'work:f'}}
  - id: b
    family: f
    signature: ()
    variants: {cmd: {command: 'sh {suite}/script.sh'}}
"""
PASSED: dict[str, Any] = {"parity": "pass", "execution": "pass", "expectations": "pass"}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan of five runs."""
    folder = tmp_path / "bench" / "demo"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(MANIFEST)
    (folder / "work.py").write_text("def f(n): return n\n")
    (folder / "script.sh").write_text("echo\n")
    return plan_suite(load_suite(folder, tmp_path))


def test_a_plan_is_benchmark_by_scale_by_variant_in_manifest_order(plan: Plan) -> None:
    """Every combination once, and groups hold what must agree."""
    keys = ["a@10/one", "a@10/two", "a@20/one", "a@20/two", "b/cmd"]
    assert [run.key for run in plan.runs] == keys
    assert [[run.key for run in group] for group in plan.groups()] == [keys[:2], keys[2:4], keys[4:]]


def test_settings_come_from_flag_then_benchmark_then_suite_then_default(plan: Plan) -> None:
    """A flag wins over everything; a command is always one iteration in its own process."""
    first, last = plan.runs[0].sampling, plan.runs[-1].sampling
    assert first == SamplingPlan(4, 7, 60.0, "shared", None, 3.0)
    assert last == SamplingPlan(2, 7, 60.0, "process", 1, 3.0)
    flagged = plan_suite(plan.suite, sampling=SamplingFlags(warmup=2, runs=9, timeout_seconds=1.5))
    assert flagged.runs[0].sampling == SamplingPlan(2, 9, 1.5, "shared", None, 3.0)
    assert flagged.flags.given() == {"warmup": 2, "runs": 9, "timeout_seconds": 1.5}


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (SamplingFlags(warmup=1), "at least 2 warm-ups"),
        (SamplingFlags(runs=4), "at least 5 measured runs"),
        (SamplingFlags(timeout_seconds=0), "more than 0"),
        (SamplingFlags(timeout_seconds=math.nan), "more than 0"),
    ],
)
def test_flags_below_the_rule_are_refused_by_name(plan: Plan, flags: SamplingFlags, rule: str) -> None:
    """The message names the rule that is not kept."""
    with pytest.raises(UsageError, match=rule):
        plan_suite(plan.suite, sampling=flags)


def test_protocols_are_repository_relative(plan: Plan, tmp_path: Path) -> None:
    """A callable's module, a command's script, an installed module; the manifest when there is none."""
    assert {run.protocol for run in plan.runs} == {"bench/demo/work.py", "bench/demo/script.sh"}
    site = tmp_path / "site-packages" / "pack"
    site.mkdir(parents=True)
    (site / "__init__.py").write_text("")
    (site / "mod.py").write_text("")
    protocols = Protocols(plan.suite.folder, plan.suite.root, plan.suite.path, [str(site.parent)])
    assert protocols.of(Variant(callable="pack.mod:f"))[0] == "pack/mod.py"
    assert protocols.of(Variant(callable="pack:f"))[0] == "pack/__init__.py"
    assert protocols.of(Variant(callable="math:sin"))[0] == "bench/demo/suite.yaml"
    assert protocols.of(Variant(command=("echo", "hi")))[0] == "bench/demo/suite.yaml"
    assert protocols.of(Variant(command=("x",), protocol="bench/demo/work.py"))[0] == "bench/demo/work.py"


@pytest.mark.parametrize(
    ("iterations", "wall", "wanted"),
    [(1, 10e6, 1), (1, 5e6, 3), (1, 0, 100), (50, 1e6, 600), (MAX_ITERATIONS, 1, MAX_ITERATIONS)],
)
def test_iterations_for(iterations: int, wall: float, wanted: int) -> None:
    """A sample that is long enough is left alone; a short one grows, at most a hundredfold, and bounded."""
    assert iterations_for(iterations, wall, 10.0) == wanted


def test_rounds_alternate_and_leave_out_who_is_done() -> None:
    """Each series gets exactly the samples it needs, back and forth."""
    assert rounds(3, [3, 1, 2]) == [[0, 1, 2], [2, 0], [0]]
    assert rounds(0, []) == []


class FakeSampler:
    """A callable that takes 1 ms; `bad` replaces what the clock says."""

    def __init__(self, **bad: float | None) -> None:
        self.bad, self.asked = bad, list[int]()

    def sample(self, iterations: int, timeout: float) -> dict[str, Any]:
        self.asked.append(iterations)
        reply = {
            "wall_time": iterations * 1e6,
            "cpu_time": iterations * 5e5,
            "peak_memory": 10,
            "overhead": 1,
        }
        return {**reply, "left": 0, **self.bad}


def test_a_series_calibrates_in_its_warm_ups_and_then_keeps_its_iterations() -> None:
    """All samples have the same number of iterations, and values are per iteration."""
    series, sampler = Series(SamplingPlan(2, 5, 1.0, "process", None, 10.0)), FakeSampler()
    series.warm_up(sampler)
    for _ in range(5):
        series.add(sampler)
    assert sampler.asked == [1, 12, 12, 12, 12, 12, 12]
    assert (series.warmup, series.iterations) == (2, 12)
    assert series.values == {"wall_time": [1e6] * 5, "cpu_time": [5e5] * 5, "peak_memory": [10] * 5}


def test_a_warm_up_that_was_disturbed_does_not_end_the_calibration() -> None:
    """The next one tells, and another one confirms what it says."""

    class Disturbed(FakeSampler):
        def sample(self, iterations: int, timeout: float) -> dict[str, Any]:
            reply = super().sample(iterations, timeout)
            return {**reply, "wall_time": reply["wall_time"] + (2e7 if len(self.asked) == 1 else 0)}

    series, sampler = Series(SamplingPlan(2, 5, 1.0, "process", None, 10.0)), Disturbed()
    series.warm_up(sampler)
    assert sampler.asked == [1, 1, 12]
    assert (series.warmup, series.iterations) == (3, 12)


def test_a_fixed_number_of_iterations_is_not_calibrated() -> None:
    """Warm-ups are then exactly as many as asked for."""
    series, sampler = Series(SamplingPlan(3, 5, 1.0, "process", 4, 10.0)), FakeSampler()
    series.warm_up(sampler)
    assert sampler.asked == [4, 4, 4]


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", ["wall_time", "cpu_time"])
def test_a_bad_clock_is_never_stored(name: str, value: float) -> None:
    """Negative, NaN and infinite times block the run."""
    series = Series(SamplingPlan(2, 5, 1.0, "process", 1, 10.0))
    with pytest.raises(SampleError, match="bad clock"):
        series.add(FakeSampler(**{name: value}))
    assert series.values == {}


def test_unreadable_memory_is_left_out() -> None:
    """A metric that the system does not tell is absent, not zero."""
    series = Series(SamplingPlan(2, 5, 1.0, "shared", 1, 10.0))
    series.add(FakeSampler(peak_memory=None))
    assert "peak_memory" not in series.values


def test_output_digests() -> None:
    """JSON is compared by value, other bytes as they are; a command's text that reads as JSON is JSON."""
    assert output_digest("json", b'{"b": 1, "a": 2.0}') == digest_of({"a": 2, "b": 1})
    assert output_digest("bytes", b'{"a": 1}') == blake3_hex(b'{"a": 1}')
    assert output_digest("stdout", b'{"a":  1}\n') == digest_of({"a": 1})
    for text in (b"hello\n", b"\xff\xfe", b"", b"NaN", b"123456789012345678901"):
        assert output_digest("stdout", text) == blake3_hex(text)
    with pytest.raises(InputError):
        output_digest("json", b"123456789012345678901")


def outcome(variant: str = "v", digest: str = "d", code: int | None = None, **more: Any) -> Outcome:
    """A first run."""
    return Outcome(variant, more.get("signature"), more.get("given"), digest, code)


def test_expectations() -> None:
    """Digest (by scale too), value and exit code; each says what was found."""
    digest = digest_of([1])
    assert expectations(Expect(), None, outcome()) == ()
    assert [
        item.ok for item in expectations(Expect(digest=digest, value=[1]), None, outcome("v", digest))
    ] == [True, True]
    by_scale = Expect(digest={"10": digest})
    assert [item.ok for item in expectations(by_scale, 10.0, outcome("v", "x"))] == [False]
    assert expectations(by_scale, 20.0, outcome()) == ()
    assert expectations(Expect(value=None), None, outcome("v", digest_of(None)))[0].ok
    text = expectations(Expect(value="hi"), None, outcome("v", blake3_hex(b"hi\n"), 0))
    assert [item.ok for item in text] == [True, True]
    (code,) = expectations(Expect(exit_code=3), None, outcome("v", "d", 0))
    assert (code.ok, code.detail) == (False, "expected 3, found 0")


def test_disagreement_names_benchmark_variants_and_both_sides() -> None:
    """Signatures first, then inputs, then outputs."""
    declared = parse_signature("(n)")
    same = [outcome("one", "d"), outcome("two", "d")]
    assert disagreement("a@10", declared, same) == ""
    message = disagreement("a@10", declared, [*same, outcome("x", "d", signature=parse_signature("(m)"))])
    assert message == "parity: a@10: signatures differ: variant 'x' has (m), the benchmark declares (n)"
    message = disagreement("a@10", declared, [outcome("one", "d1"), outcome("two", "d2")])
    assert message == "parity: a@10: outputs differ: 'one' gives d1, 'two' gives d2"
    assert "not the same twice" in disagreement("a", declared, [outcome(given="1"), outcome(given="2")])


def observed(**more: Any) -> Observed:
    """A run that went well."""
    samples = {"wall_time": [1.0] * 5, "cpu_time": [1.0] * 5, "peak_memory": [9.0] * 5}
    return Observed(PASSED, samples=more.pop("samples", samples), warmup=2, **more)


def test_a_run_that_passed_has_its_metrics_and_features(plan: Plan) -> None:
    """`scale` among the features is the scale."""
    run = build_run(plan.runs[0], observed(), plan.suite.path)
    assert (run.overall, run.ok, run.run_is_valid) == ("pass", True, True)
    assert run.features == {"n": 10.0, "k": 3.0}
    assert [metric.name for metric in run.metrics] == ["wall_time", "cpu_time", "peak_memory"]
    assert (run.source.path, run.source.line, run.sampling.runs) == ("bench/demo/suite.yaml", 7, 5)


def test_a_run_without_any_metric_is_blocked_not_passed(plan: Plan) -> None:
    """Zero results is an error."""
    run = build_run(plan.runs[0], observed(samples={}, notes=("no valgrind",)), plan.suite.path)
    assert (run.overall, run.run_is_valid) == ("blocked", False)
    assert "no valgrind" in run.reason


def test_layers_show_how_far_a_run_came(plan: Plan) -> None:
    """Earlier layers passed, later ones were skipped."""
    run = build_run(plan.runs[0], stopped("execution", "blocked", "it broke", "tail"), plan.suite.path)
    assert run.layers == {"parity": "pass", "execution": "blocked", "expectations": "skipped"}
    assert (run.overall, run.reason, run.stderr_tail, run.metrics) == ("blocked", "it broke", "tail", ())


def test_demotion_takes_the_numbers_away(plan: Plan) -> None:
    """Parity that fails at one scale leaves no valid time at another; a reason that is there stays."""
    run = demote(build_run(plan.runs[0], observed(), plan.suite.path), "parity: a@20: …")
    assert (run.overall, run.run_is_valid, run.metrics, run.layers["parity"]) == (
        "blocked",
        False,
        (),
        "fail",
    )
    broken = build_run(plan.runs[0], stopped("execution", "blocked", "it broke"), plan.suite.path)
    assert demote(broken, "other") is broken


def test_a_report_survives_a_clock_that_steps_back(plan: Plan) -> None:
    """The report's end is never before its start."""
    facts = Facts(
        os="o", kernel="k", image="i", arch="a", cpu_model="c", cpu_count=1, memory_mb=1, python="3"
    )
    environment = Environment(facts=facts, fingerprint="blake3:" + "0" * 64, gate="unpinned")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    report = build_report(
        plan,
        [build_run(run, observed(), plan.suite.path) for run in plan.runs],
        environment=environment,
        regime="r",
        revision=("c", False),
        moments=(start, start - timedelta(hours=1)),
    )
    assert report.finished_at_utc == report.started_at_utc
    assert (report.summary.status, report.summary.authoritative) == ("pass", False)
    assert report.performance_gate.status == "not-evaluated"


def test_a_benchmark_sees_no_tokens() -> None:
    """Only listed variables pass, the hash seed is fixed, and the variant's own come last."""
    environ = {"PATH": "/bin", "GITHUB_TOKEN": "t", "PYTHONHASHSEED": "random"}
    assert host_environ(environ, {"LEVEL": "1"}) == {"PATH": "/bin", "PYTHONHASHSEED": "0", "LEVEL": "1"}


def test_printable() -> None:
    """Escape sequences cannot reach a terminal through a report."""
    assert printable("a\x1b[31mb\r\n\tc\x00") == "a[31mb\n\tc"
