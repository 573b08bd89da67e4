"""The scale band gate: growth held to its limits, and bands with limits of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.gate_builders import active, drafted, metric, report, run

from benchgov.baselines.active import ActiveBaselines
from benchgov.baselines.model import Baseline, content_id
from benchgov.config import Policy, Statistics
from benchgov.gate.compare import compare
from benchgov.gate.comparison import Comparison
from benchgov.gate.growth import as_scale_gate, growth_of
from benchgov.gate.policy import GatePolicy
from benchgov.report import Reference, Report, Run
from benchgov.suites.bands import ScaleRules, rules_of

SIZES = (10, 100, 1000)
LIMITED = rules_of({"growth": {"wall_time": 1.2}})


def samples(level: float, count: int = 5, seed: int = 3, cv: float = 0.01) -> list[float]:
    """Samples around `level`."""
    return [float(one) for one in level * np.random.default_rng(seed).lognormal(0, cv, size=count)]


def grown(
    power: float, benchmark: str = "sort", sizes: Sequence[float] = SIZES, count: int = 5, **changes: Any
) -> list[Run]:
    """Runs of one benchmark whose time grows by n^power."""
    return [
        run(benchmark, metric(samples(100 * size**power, count, seed), **changes), scale=size)
        for seed, size in enumerate(sizes)
    ]


def found(one: Report, rules: ScaleRules = LIMITED) -> Any:
    """The only growth of a report."""
    (growth,) = growth_of(one, rules, Statistics())
    return growth


def test_a_limit_that_is_broken_is_over_with_its_numbers() -> None:
    """Quadratic against n^1.2."""
    growth = found(report(*grown(2.0)))
    assert growth.verdict == "over"
    assert growth.exponent == pytest.approx(2.0, abs=0.02)
    assert growth.p_value is not None
    assert growth.p_value < 1e-4
    assert growth.sentence.startswith("sort/fast wall_time grows as n^2.0")
    assert growth.sentence.endswith("over its limit of n^1.2.")


def test_linear_is_within_and_says_so() -> None:
    """The whole interval is below the limit."""
    assert found(report(*grown(1.0))).verdict == "within"


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (grown(2.0, count=1), "too few samples"),
        (grown(2.0, sizes=(10, 100)), "fewer than 3 sizes"),
        ([run("sort", metric([0.0, 1.0] * 5), scale=size) for size in SIZES], "a sample is 0"),
    ],
    ids=["one sample", "two sizes", "zero"],
)
def test_what_cannot_be_told_is_inconclusive(runs: list[Run], words: str) -> None:
    """Never over, and never within."""
    growth = found(report(*runs))
    assert growth.verdict == "inconclusive"
    assert words in growth.sentence


def test_without_a_limit_the_exponent_is_only_told() -> None:
    """And two sizes without a limit are not worth a word."""
    assert found(report(*grown(2.0)), ScaleRules()).verdict == "not-limited"
    assert growth_of(report(*grown(2.0, sizes=(1, 2))), ScaleRules(), Statistics()) == ()
    assert growth_of(report(run()), LIMITED, Statistics()) == ()


def test_a_throughput_grows_by_its_inverse() -> None:
    """A tenth of the operations at ten times the size is linear cost."""
    growth = found(report(*grown(-1.0, unit="op/s", direction="higher")))
    assert growth.exponent == pytest.approx(1.0, abs=0.02)
    assert growth.verdict == "within"


def test_iterations_of_one_process_count_once() -> None:
    """Fifty samples of one process are one sample: no interval, so nothing is certain."""
    shared = run().sampling.model_copy(update={"isolation": "shared"})
    runs = [one.model_copy(update={"sampling": shared}) for one in grown(2.0, count=50)]
    assert found(report(*runs)).verdict == "inconclusive"


def test_many_limits_are_tested_together() -> None:
    """What is certain alone is not certain among a thousand."""
    few = grown(2.0, count=3)
    alone = found(report(*few))
    assert alone.verdict == "over"
    crowd = [one for at in range(100) for one in grown(1.0, f"b{at}", count=2)]
    among = growth_of(report(*few, *crowd), LIMITED, Statistics())[0]
    assert (among.p_value, among.verdict) == (alone.p_value, "inconclusive")


def _compare(before: Report, now: Report, rules: ScaleRules = LIMITED, mode: str = "auto") -> Comparison:
    policy = GatePolicy(mode, scales=rules)
    return compare(now, active(before), policy)


@pytest.mark.parametrize("mode", ["threshold", "statistical"])
def test_growth_over_its_limit_is_a_regression_of_the_comparison(mode: str) -> None:
    """Though no benchmark changed: the limits are those that the policy is given."""
    one = report(*grown(2.0, count=20))
    result = _compare(one, one, mode=mode)
    assert result.verdict == "regression"
    assert "Growth over its limit: sort/fast wall_time." in result.reason
    assert _compare(one, one, ScaleRules(), mode).verdict in {"pass", "inconclusive"}


def test_growth_needs_no_baseline() -> None:
    """Nothing can be compared, and the limit is broken all the same."""
    result = compare(report(*grown(2.0)), ActiveBaselines(), GatePolicy(scales=LIMITED))
    assert result.verdict == "regression"
    assert result.reason.startswith("No baseline is active")
    fine = compare(report(*grown(1.0)), ActiveBaselines(), GatePolicy(scales=LIMITED))
    assert fine.verdict == "not-comparable"


def test_a_limit_that_cannot_be_told_makes_a_pass_inconclusive() -> None:
    """And the reason counts it."""
    result = _compare(report(*grown(2.0)), report(*grown(2.0, count=1)))
    assert result.verdict == "inconclusive"
    assert "1 limits of growth are inconclusive" in result.reason


def test_a_steeper_growth_than_before_is_told_and_does_not_block() -> None:
    """From linear to n^1.5, below its limit: the sentence has both."""
    rules = rules_of({"growth": {"wall_time": 2}})
    policy = Policy(thresholds={"wall_time": 10_000})
    now = report(*grown(1.5))
    result = compare(now, active(report(*grown(1.0)), policy=policy), GatePolicy(scales=rules))
    (growth,) = result.growth
    assert (result.verdict, growth.verdict, growth.grew) == ("pass", "within", True)
    assert growth.before == pytest.approx(1.0, abs=0.02)
    assert "it was n^" in growth.sentence
    assert "Grows faster than before: sort/fast wall_time." in result.reason


def test_a_band_has_limits_of_its_own_which_the_baseline_keeps() -> None:
    """5 % at large sizes, 10 % elsewhere; what the comparison is given later does not matter."""
    rules = rules_of(
        {"bands": {"small": {"max": 1000}, "large": {"min": 1000, "thresholds": {"wall_time": 5}}}}
    )
    before = report(*(run("sort", metric([100.0] * 5), scale=n) for n in SIZES))
    now = report(*(run("sort", metric([107.0] * 5), scale=n) for n in SIZES))
    result = compare(now, active(before, scales=rules), GatePolicy(scales=rules))
    assert [(one.scale, one.verdict, one.threshold_percent) for one in result.findings] == [
        (10, "unchanged", 10),
        (100, "unchanged", 10),
        (1000, "regression", 5),
    ]
    assert [(one.band, one.verdict) for one in result.scale_bands] == [
        ("small", "pass"),
        ("large", "regression"),
    ]
    assert result.scale_bands[0].geometric_mean_percent["wall_time"] == pytest.approx(7.0)
    assert compare(now, active(before, scales=rules), GatePolicy()).verdict == "regression"


def test_a_baseline_without_bands_has_the_id_that_it_always_had() -> None:
    """Limits of a band are in its file and its id; none leave no trace."""
    rules = rules_of({"bands": {"all": {"min": 1, "thresholds": {"wall_time": 5}}}})
    before = report(run("sort", metric([100.0] * 5), scale=10))
    plain, banded = (drafted(before, scales=one).baseline for one in (None, rules))
    assert (banded.banded, plain.banded) == ({"sort@10/fast": {"wall_time": 5}}, {})
    later = {"values", "banded", "derivation", "approval", "baseline_id"}
    older = {name: value for name, value in plain.to_json().items() if name not in later}
    assert content_id(plain.created_at_utc, older) == plain.baseline_id
    assert banded.baseline_id != plain.baseline_id
    for one in (plain, banded):
        assert Baseline.model_validate_json(one.to_bytes()) == one
        assert one.content_id() == one.baseline_id


def test_the_owners_limit_of_a_family_wins_over_a_band() -> None:
    """`policy.families` stands over everything that a suite says."""
    rules = rules_of({"bands": {"all": {"min": 1, "thresholds": {"wall_time": 5}}}})
    policy = Policy(families={"parsing": {"wall_time": 20}})
    before = report(run("sort", metric([100.0] * 5), scale=10))
    now = report(run("sort", metric([107.0] * 5), scale=10))
    assert compare(now, active(before, policy=policy, scales=rules), GatePolicy()).verdict == "pass"


def test_a_paired_comparison_takes_the_bands_of_the_policy() -> None:
    """There is no baseline, so the base revision's manifest says it."""
    rules = rules_of({"bands": {"all": {"min": 1, "thresholds": {"wall_time": 3}}}})
    both = metric(samples(1000, 20), reference=samples(1000, 20, 4))
    one = run("sort", both, scale=10, reference=Reference(overall="pass", family="parsing"))
    against = {"ref": "main", "revision": "c0ffee", "looks": (20,), "runs": (one.key,)}
    result = compare(report(one, against=against), ActiveBaselines(), GatePolicy(scales=rules))
    assert result.findings[0].threshold_percent == 3


def test_the_gate_in_short() -> None:
    """Not evaluated without sizes or limits; else the worst, counted, with a sentence per broken limit."""
    assert as_scale_gate(()).status == "not-evaluated"
    free = as_scale_gate(growth_of(report(*grown(2.0)), ScaleRules(), Statistics()))
    assert (free.status, free.reason, len(free.growth)) == ("not-evaluated", "no growth limit is given", 1)
    runs = [*grown(2.0), *grown(1.0, "find")]
    gate = as_scale_gate(growth_of(report(*runs), LIMITED, Statistics()))
    assert (gate.status, gate.findings) == ("regression", {"over": 1, "within": 1})
    assert gate.reason == "2 limits of growth; Growth over its limit: sort/fast wall_time."
    assert len(gate.regressions) == 1
    compared = _compare(report(*runs), report(*runs))
    assert "band 1e3: pass" in as_scale_gate(compared.growth, compared).reason


def test_many_broken_limits_are_named_shortly() -> None:
    """Three names, and how many more."""
    runs = [one for at in range(5) for one in grown(2.0, f"b{at}")]
    gate = as_scale_gate(growth_of(report(*runs), LIMITED, Statistics()))
    assert "b2/fast wall_time and 2 more" in gate.reason
