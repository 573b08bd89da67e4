"""The statistical rule: what it calls a change, what it leaves open, and what it says about itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from benchgov.config import Statistics
from benchgov.gate import noise
from benchgov.gate.decide import Decision, Limit, Pair, Samples, Terms
from benchgov.gate.statistical import decide
from benchgov.report import Direction

LOOKS = (10, 20, 40)


def noisy(count: int, level: float = 1000.0, seed: int = 1, cv: float = 0.02) -> list[float]:
    """Samples with a coefficient of variation of `cv`."""
    return list(np.random.default_rng(seed).lognormal(math.log(level), cv, size=count))


def pair(
    before: Sequence[float],
    after: Sequence[float],
    *,
    direction: Direction = "lower",
    paired: bool = False,
    exact: bool = False,
    sessions: Sequence[Sequence[float]] = (),
) -> Pair:
    """A pair with a limit of 10 % and a floor of 2 %."""
    given = tuple(tuple(session) for session in sessions) or (tuple(before),)
    return Pair(
        Samples(float(np.median(before)), len(before), lambda: given),
        Samples(float(np.median(after)), len(after), lambda: (tuple(after),)),
        Limit(10.0, direction, 2.0),
        paired=paired,
        exact=exact,
    )


def decided(*pairs: Pair, looks: tuple[int, ...] = ()) -> list[Decision]:
    """What the rule says with the default policy."""
    return decide(pairs, Terms(Statistics(), looks))


def test_a_slowdown_is_a_regression_with_its_numbers() -> None:
    """+8 %, 20 pairs: estimate, interval, p-value and sample counts are all there."""
    [found] = decided(pair(noisy(20), noisy(20, 1080, 2), paired=True))
    assert found.verdict == "regression"
    assert found.interval_percent is not None
    low, high = found.interval_percent
    assert low < found.change_percent < high
    assert 6 < found.change_percent < 10
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert found.samples == (20, 20)


def test_a_gain_is_an_improvement_and_direction_belongs_to_the_metric() -> None:
    """8 % less time and 8 % more throughput improve; 8 % less throughput regresses."""
    less, more = noisy(20, 920, 2), noisy(20, 1080, 3)
    found = decided(
        pair(noisy(20), less, paired=True),
        pair(noisy(20), more, direction="higher", paired=True),
        pair(noisy(20), less, direction="higher", paired=True),
    )
    assert [one.verdict for one in found] == ["improvement", "improvement", "regression"]


def test_unchanged_says_what_it_could_have_seen() -> None:
    """No change, little noise: unchanged, with a smallest detectable change between floor and limit."""
    [found] = decided(pair(noisy(10), noisy(10, seed=2), paired=True), looks=LOOKS)
    assert found.verdict == "unchanged"
    assert found.minimum_detectable_percent is not None
    assert 2.0 <= found.minimum_detectable_percent < 10.0


def test_too_much_noise_is_inconclusive_never_a_pass() -> None:
    """A coefficient of variation of 40 %: a change of the limit's size could have hidden."""
    [found] = decided(pair(noisy(20, cv=0.4), noisy(20, seed=2, cv=0.4), paired=True))
    assert (found.verdict, found.remark) == ("inconclusive", "too noisy for its limit of 10 %")


def test_too_few_samples_for_so_many_tests_are_named() -> None:
    """Five against five among 50 tests: no order of ten samples is rare enough, and it says how many are."""
    found = decided(*(pair(noisy(5, seed=2 * i), noisy(5, 2000, 2 * i + 1)) for i in range(50)))
    assert {one.verdict for one in found} == {"inconclusive"}
    [few] = decided(pair(noisy(3), noisy(3)))
    assert few.remark == "3 against 3 independent samples cannot prove any change among 1 tests; 5 would"
    assert few.minimum_detectable_percent is None


def test_certain_but_small_is_unchanged() -> None:
    """+1 % with hardly any noise is below the floor of 2 %: certain, and nobody's trouble."""
    [found] = decided(pair(noisy(20, cv=0.0005), noisy(20, 1010, 2, cv=0.0005), paired=True))
    assert found.verdict == "unchanged"
    assert found.p_value is not None
    assert found.p_value < 1e-6


def test_one_session_says_nothing_about_another() -> None:
    """Unpaired, +5 % against a single session is within what sessions may differ; +30 % is not."""
    small, large = decided(pair(noisy(20), noisy(20, 1050, 2)), pair(noisy(20, seed=3), noisy(20, 1300, 4)))
    assert small.verdict == "inconclusive"
    assert "run --against" in small.remark
    assert small.floor_percent == pytest.approx(10.0)
    assert large.verdict == "regression"


def test_several_sessions_show_how_much_they_differ() -> None:
    """Six sessions within 0.3 % of each other: +5 % is a regression, since no session is that far off."""
    sessions = [noisy(10, 1000 + step, 10 + step, cv=0.003) for step in range(6)]
    before = [value for session in sessions for value in session]
    [found] = decided(pair(before, noisy(20, 1050, 2, cv=0.003), sessions=sessions))
    assert found.verdict == "regression"
    assert found.floor_percent is not None
    assert 2.0 <= found.floor_percent < 5.0


def test_counts_that_repeat_exactly_need_no_test() -> None:
    """Instructions that never vary: above the floor is a regression with three samples, below it is not."""
    found = decided(
        pair([1000.0] * 3, [1030.0] * 3, exact=True),
        pair([1000.0] * 3, [1010.0] * 3, exact=True),
        pair([1000.0] * 3, [900.0] * 3, exact=True),
    )
    assert [one.verdict for one in found] == ["regression", "unchanged", "improvement"]
    assert [one.p_value for one in found] == [None] * 3


def test_constant_times_are_a_coarse_clock() -> None:
    """Times that repeat are tested like any others: ties prove nothing, separation does."""
    same, apart = decided(
        pair([5.0] * 20, [5.0] * 20, paired=True), pair([5.0] * 20, [6.0] * 20, paired=True)
    )
    assert same.verdict == "unchanged"
    assert apart.verdict == "regression"


def test_zeros_and_single_samples_are_survived() -> None:
    """Both sides 0: unchanged. One sample: inconclusive. A zero among samples: still an answer."""
    none, single, some = decided(
        pair([0.0] * 10, [0.0] * 10, paired=True),
        pair([5.0], [50.0]),
        pair([0.0, *noisy(19)], [0.0, *noisy(19, 1500, 2)], paired=True),
    )
    assert (none.verdict, single.verdict, some.verdict) == ("unchanged", "inconclusive", "regression")


def test_what_is_still_suspicious_at_the_last_look_is_inconclusive() -> None:
    """Forty pairs, p = 1e-5 among ten thousand tests: not certain, and not unchanged either."""
    quiet = [pair([5.0] * 40, [5.0] * 40, paired=True)] * 9_999
    suspect = pair(noisy(40, seed=5), noisy(40, 1021, 8), paired=True)
    found = decided(suspect, *quiet, looks=LOOKS)[0]
    assert found.p_value is not None
    assert 1e-6 < found.p_value < 0.0005
    assert found.verdict == "inconclusive"
    assert "10,000 tests" in found.remark


def test_the_same_pairs_give_the_same_decisions_in_any_order() -> None:
    """The rule is a function of the set of pairs."""
    pairs = [pair(noisy(10, seed=i), noisy(10, 1000 + 10 * i, 50 + i), paired=True) for i in range(12)]
    forwards = decided(*pairs, looks=LOOKS)
    assert list(reversed(decided(*reversed(pairs), looks=LOOKS))) == forwards


def test_worst_case_metrics_are_judged_by_their_limit() -> None:
    """p95: 15 % more is over its limit of 10 %, without a p-value."""
    given = pair(noisy(20), noisy(20, 1150, 2))
    worst = Pair(given.baseline, given.current, given.limit, aggregate="p95")
    [found] = decided(worst)
    assert (found.verdict, found.p_value) == ("regression", None)


def test_percents_and_logarithms_agree_for_both_directions() -> None:
    """10 % slower and a tenth less throughput, there and back; all of a throughput is infinitely far."""
    assert noise.as_log(10, "lower") == pytest.approx(math.log(1.1))
    assert noise.as_log(10, "higher") == pytest.approx(-math.log(0.9))
    assert noise.as_log(100, "higher") == math.inf
    directions: tuple[Direction, ...] = ("lower", "higher")
    for direction in directions:
        assert noise.as_percent(noise.as_log(7, direction), direction) == pytest.approx(7)


def test_what_was_stopped_while_it_looked_worse_is_left_open() -> None:
    """After ten of forty pairs it looks slower, and nobody looked again: that is not 'unchanged'."""
    before = noisy(10, cv=0.004)
    slower = [value * 1.018 for value in noisy(10, seed=2, cv=0.004)]
    [stopped] = decided(pair(before, slower, paired=True), looks=LOOKS)
    assert stopped.verdict == "inconclusive"
    assert stopped.remark == "stopped after 10 of up to 40 pairs, before it was decided"
    [planned] = decided(pair(before, slower, paired=True), looks=(10,))
    assert planned.verdict == "unchanged"


def test_fewer_pairs_than_the_first_look_promise_nothing() -> None:
    """Four pairs without any noise, +9.7 %: they prove nothing, and say so instead of "unchanged"."""
    [found] = decided(pair([100.0] * 4, [109.7] * 4, paired=True), looks=LOOKS)
    assert found.verdict == "inconclusive"
    assert found.minimum_detectable_percent is None
