"""What holds for the statistical rule, whatever the samples."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate_builders import active, metric, report, run

from benchgov.config import Policy, Statistics
from benchgov.gate.compare import compare
from benchgov.gate.decide import Decision, Limit, Pair, Samples, Terms
from benchgov.gate.policy import GatePolicy
from benchgov.gate.statistical import decide
from benchgov.report import Against, Direction, Reference

LOOKS = (10, 20, 40)
COUNTS = st.sampled_from([2, 5, 10, 20, 40])
DIRECTIONS = st.sampled_from(["lower", "higher"])


@st.composite
def sides(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    """Two groups of one size, some around each other, some with ties and outliers."""
    count = draw(COUNTS)
    values = st.floats(50, 200) | st.sampled_from([90.0, 100.0, 110.0]) | st.floats(1e-6, 1e9)
    return (
        draw(st.lists(values, min_size=count, max_size=count)),
        draw(st.lists(values, min_size=count, max_size=count)),
    )


def pair_of(
    before: Sequence[float], after: Sequence[float], *, paired: bool = True, direction: Direction = "lower"
) -> Pair:
    left, right = tuple(before), tuple(after)
    return Pair(
        Samples(median(left), len(left), lambda: (left,)),
        Samples(median(right), len(right), lambda: (right,)),
        Limit(10.0, direction, 2.0),
        paired=paired,
    )


def decided(*pairs: Pair) -> list[Decision]:
    return decide(pairs, Terms(Statistics(), LOOKS))


def numbers(decision: Decision) -> list[float]:
    every = (
        decision.change_percent,
        decision.minimum_detectable_percent,
        decision.p_value,
        decision.floor_percent,
        *(decision.interval_percent or ()),
    )
    return [number for number in every if number is not None]


@given(st.lists(sides(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_benchmarks_does_not_matter(
    groups: list[tuple[list[float], list[float]]], chance: random.Random
) -> None:
    """Each gets the same decision wherever it stands."""
    pairs = [pair_of(*group) for group in groups]
    order = chance.sample(range(len(pairs)), len(pairs))
    mixed = decided(*(pairs[at] for at in order))
    assert [mixed[order.index(at)] for at in range(len(pairs))] == decided(*pairs)


@given(sides(), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_within_a_block_does_not_matter(
    group: tuple[list[float], list[float]], paired: bool, chance: random.Random
) -> None:
    """Which run of a block came first says nothing; without blocks, no order does."""
    size = 5 if paired else len(group[0])
    mixed = [
        [
            value
            for start in range(0, len(side), size)
            for value in chance.sample(side[start : start + size], len(side[start : start + size]))
        ]
        for side in group
    ]
    assert decided(pair_of(*mixed, paired=paired)) == decided(pair_of(*group, paired=paired))


@given(sides(), st.booleans(), DIRECTIONS, st.integers(-20, 20))
def test_the_unit_does_not_matter(
    group: tuple[list[float], list[float]], paired: bool, direction: Direction, power: int
) -> None:
    """Nanoseconds or seconds: the same verdict, and the same percents but for rounding."""
    scaled = [[value * 2.0**power for value in side] for side in group]
    [one] = decided(pair_of(*group, paired=paired, direction=direction))
    [other] = decided(pair_of(*scaled, paired=paired, direction=direction))
    assert other.verdict == one.verdict
    assert numbers(other) == pytest.approx(numbers(one), rel=1e-6, abs=2e-6)


@given(sides(), st.booleans(), st.floats(1, 3), st.floats(1, 3))
def test_a_larger_slowdown_stays_a_regression(
    group: tuple[list[float], list[float]], paired: bool, slower: float, much_slower: float
) -> None:
    """With the same noise, making `after` slower still never takes a regression back, nor makes a gain."""
    before, after = group
    order = ("improvement", "unchanged", "inconclusive", "regression")
    [one] = decided(pair_of(before, [value * slower for value in after], paired=paired))
    [more] = decided(pair_of(before, [value * slower * much_slower for value in after], paired=paired))
    if one.verdict == "regression":
        assert more.verdict == "regression"
    if more.verdict == "improvement":
        assert one.verdict == "improvement"
    assert {one.verdict, more.verdict} <= set(order)


@given(sides(), st.booleans())
def test_directions_mirror_each_other(group: tuple[list[float], list[float]], paired: bool) -> None:
    """A certain gain where lower is better is a certain loss where higher is, unless the floors part them."""
    [lower] = decided(pair_of(*group, paired=paired))
    [higher] = decided(pair_of(*group, paired=paired, direction="higher"))
    assert higher.change_percent == lower.change_percent
    assert {lower.verdict, higher.verdict} not in ({"regression"}, {"improvement"})


ANY_SIZE = st.floats(0, 1.7e308) | st.sampled_from([0.0, 5e-324, 1e-300, 1.0, 1e300])
EXTREME = st.lists(ANY_SIZE, min_size=1, max_size=45)


@settings(max_examples=60)
@given(
    st.lists(ANY_SIZE, min_size=5, max_size=25),
    EXTREME,
    st.sampled_from(["statistical", "threshold"]),
    DIRECTIONS,
)
def test_stored_samples_of_any_size_give_a_comparison(
    before: list[float], after: list[float], mode: str, direction: Direction
) -> None:
    """From the smallest double to the largest: no error, no NaN, no infinity, and the same bytes twice."""
    policy = GatePolicy(mode, settings=Policy())
    old = active(report(run("a", metric(before, direction=direction))))
    new = report(run("a", metric(after, direction=direction)))
    first, second = (compare(new, old, policy).to_bytes() for _ in range(2))
    assert first == second
    assert b"NaN" not in first
    assert b"Infinity" not in first


@settings(max_examples=60)
@given(EXTREME, st.integers(0, 2**32), DIRECTIONS)
def test_pairs_of_any_size_give_a_comparison(samples: list[float], seed: int, direction: Direction) -> None:
    """The same for a paired report."""
    reference = random.Random(seed).sample(samples, len(samples))
    one = run("a", metric(samples, direction=direction, reference=tuple(reference)))
    one = one.model_copy(update={"reference": Reference(overall="pass", family=one.family)})
    against = Against(ref="main", revision="0" * 40, looks=LOOKS, runs=(one.key,))
    comparison = compare(report(one, against=against), active(report()), GatePolicy())
    assert len(comparison.findings) == 1
    percents = (comparison.findings[0].change_percent, comparison.findings[0].minimum_detectable_percent)
    assert all(math.isfinite(percent) for percent in percents if percent is not None)
