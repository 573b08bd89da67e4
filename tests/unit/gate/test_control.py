"""The control: rates of false alarms and power from rounds whose samples are made up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from tests import gate_builders
from tests.builders import report_of, run_of

from benchgov.baselines.active import ActiveBaselines
from benchgov.config import Policy, Statistics
from benchgov.errors import BlockedError
from benchgov.gate.control import Trials, judge_control, rate
from benchgov.gate.control_result import Control
from benchgov.gate.policy import GatePolicy
from benchgov.gate.resplits import scaled
from benchgov.report import Metric, Report, Run

NOTHING = ActiveBaselines()
POLICY = GatePolicy("statistical")


def noisy(count: int, seed: int, level: float = 1000.0, cv: float = 0.01) -> tuple[float, ...]:
    """Samples with this coefficient of variation."""
    return tuple(np.random.default_rng(seed).lognormal(np.log(level), cv, size=count).tolist())


def paired_run(benchmark: str, seed: int, factor: float = 1.0, pairs: int = 20) -> Run:
    """A run measured in turn, `factor` slower here."""
    wall = Metric(
        name="wall_time",
        unit="ns",
        direction="lower",
        samples=noisy(pairs, seed, 1000 * factor),
        reference=noisy(pairs, seed + 5000),
    )
    reference = {"overall": "pass", "family": "parsing"}
    return run_of(benchmark, metrics=(wall,), reference=reference)


def paired_report(runs: Sequence[Run], pairs: int = 20) -> Report:
    """A report of these runs against `HEAD`."""
    keys = tuple(run.key for run in runs)
    against = {"ref": "HEAD", "revision": "c0ffee", "looks": (pairs,), "runs": keys}
    return report_of(runs, config={"against": against})


def rounds(count: int, factor: float = 1.0) -> list[Report]:
    """`count` rounds of three benchmarks, every one `factor` slower here."""
    return [
        paired_report([paired_run(name, 10 * number + at, factor) for at, name in enumerate("abc")])
        for number in range(count)
    ]


def judged(trials: Trials, baselines: ActiveBaselines = NOTHING) -> Control:
    """The control by the default policy."""
    return judge_control(trials, baselines, POLICY)


def test_the_same_code_on_both_sides_is_inside_the_policy() -> None:
    """No alarm in ten rounds; the interval says how little ten rounds can show."""
    found = judged(Trials(rounds(10), resplits=100))
    assert (found.verdict, found.alarms.events, found.alarms.trials) == ("inside", 0, 10)
    assert found.alarms.interval == pytest.approx((0.0, 0.3085), abs=5e-5)
    assert (found.resplits.events, found.resplits.trials) == (0, 100)
    assert found.baseline_resplits is None
    assert found.power is found.power_scaled is None
    assert [one.benchmark for one in found.noise] == ["a", "b", "c"]
    assert all(0.5 < one.cv_percent < 1.5 and one.false_alarms == 0 for one in found.noise)
    assert all(one.minimum_detectable_percent and one.minimum_detectable_percent < 5 for one in found.noise)


def test_a_machine_that_favours_one_side_is_outside_the_policy() -> None:
    """What no re-split can show the rounds do: one side is always 8 % slower, though the code is the same."""
    found = judged(Trials(rounds(5, 1.08), resplits=50))
    assert (found.verdict, found.alarms.events) == ("outside", 5)
    assert found.alarms.interval[0] > found.alpha
    assert "certainly more than the policy's 1.0%: rounds" in found.reason
    assert found.resplits.events == 0


def test_one_alarm_in_ten_is_not_yet_certain() -> None:
    """The interval of 1 in 10 begins at 0.25 %, which a policy of 1 % allows."""
    found = judged(Trials([*rounds(9), *rounds(1, 1.08)], resplits=0))
    assert (found.verdict, found.alarms.events) == ("inside", 1)


def test_the_power_is_what_the_slowed_round_found() -> None:
    """+5 % at a CV of 1 % is found in every benchmark, really injected or scaled."""
    slowed = rounds(1, 1.05)[0]
    found = judged(Trials(rounds(3), slowed, 5.0, resplits=0))
    assert found.power == rate(3, 3)
    assert found.power_scaled == rate(9, 9)
    assert found.slowdown_percent == 5.0
    assert [one.slowdown_found for one in found.noise] == [True, True, True]
    assert len(found.reports) == 4


def test_a_slowdown_that_is_smaller_than_the_floor_is_not_found() -> None:
    """1 % is below the policy's 2 %, however certain it is."""
    found = judged(Trials(rounds(2), rounds(1, 1.01)[0], 1.0, resplits=0))
    assert found.power == rate(0, 3)
    assert [one.slowdown_found for one in found.noise] == [False, False, False]


def test_worse_is_less_where_more_is_better() -> None:
    """Scaling divides a throughput."""
    metric = Metric(name="rate", unit="ops/s", direction="higher", samples=(110.0,), reference=(110.0,))
    [run] = scaled(report_of([run_of(metrics=(metric,))]), 1.1).runs
    assert run.metrics[0].samples == pytest.approx((100.0,))
    assert run.metrics[0].reference == (110.0,)


def test_the_raw_samples_of_a_baseline_are_split_too() -> None:
    """Each session's samples against each other; sessions with fewer than ten are left alone."""
    run = gate_builders.run("parse", gate_builders.metric(noisy(12, 1)))
    found = judged(Trials(rounds(1), resplits=40), gate_builders.active(gate_builders.report(run)))
    assert found.baseline_resplits == rate(0, 40)
    few = gate_builders.active(gate_builders.report())
    assert judged(Trials(rounds(1), resplits=5), few).baseline_resplits is None


def test_the_same_reports_give_the_same_bytes() -> None:
    """Every lot is drawn from the samples' digests."""
    trials = Trials(rounds(3), rounds(1, 1.05)[0], 5.0, resplits=30)
    assert judged(trials).to_bytes() == judged(trials).to_bytes()


def test_a_looser_policy_allows_more() -> None:
    """The rate is held against `policy.statistics.alpha`."""
    policy = GatePolicy("statistical", settings=Policy(statistics=Statistics(alpha=0.2)))
    trials = Trials([*rounds(8), *rounds(2, 1.08)], resplits=0)
    assert judge_control(trials, NOTHING, policy).verdict == "inside"
    assert judged(trials).verdict == "outside"


def test_a_round_that_could_not_be_measured_is_no_control() -> None:
    """It is trouble, and says which run and why."""
    bad = run_of("b", overall="blocked", ok=False, run_is_valid=False, reason="timed out", metrics=())
    with pytest.raises(BlockedError, match="b/product could not be measured: timed out"):
        judged(Trials([paired_report([paired_run("a", 1), bad])]))
    there = {"overall": "blocked", "family": "parsing", "reason": "exit code 3"}
    half = run_of("c", metrics=paired_run("c", 1).metrics, reference=there)
    with pytest.raises(BlockedError, match="c/product could not be measured: exit code 3"):
        judged(Trials([paired_report([half])]))
