"""What holds for every comparison, whatever the samples."""

from __future__ import annotations

import random
from typing import Any

from bench.core.reference_compare import optimized, reference, rows_for
from hypothesis import given
from hypothesis import strategies as st
from tests.gate_builders import active, metric, report, run

from benchgov.gate.compare import compare
from benchgov.gate.comparison import Comparison
from benchgov.gate.policy import GatePolicy
from benchgov.report import Run

SAMPLES = st.lists(st.floats(1e-3, 1e12), min_size=5, max_size=20)
HOW = st.sampled_from(["median", "p95"])


def _compare(before: list[Run], now: list[Run]) -> Comparison:
    return compare(report(*now), active(report(*before)), GatePolicy())


def _one(before: list[float], now: list[float], **changes: Any) -> Comparison:
    return _compare([run("a", metric(before, **changes))], [run("a", metric(now, **changes))])


@given(SAMPLES, SAMPLES, HOW, st.integers(-8, 8))
def test_scaling_both_sides_changes_no_verdict(
    before: list[float], now: list[float], how: str, power: int
) -> None:
    """Nanoseconds or seconds: the verdict is about ratios (powers of two scale exactly)."""
    factor = 2.0**power
    scaled = _one([one * factor for one in before], [one * factor for one in now], aggregate=how)
    assert scaled.findings[0].change_percent == _one(before, now, aggregate=how).findings[0].change_percent
    assert scaled.verdict == _one(before, now, aggregate=how).verdict


@given(SAMPLES, HOW, st.sampled_from(["lower", "higher"]), st.randoms(use_true_random=False))
def test_identical_samples_are_unchanged_in_any_order(
    samples: list[float], how: str, direction: str, chance: random.Random
) -> None:
    """No noise is made up."""
    shuffled = chance.sample(samples, len(samples))
    result = _one(samples, shuffled, aggregate=how, direction=direction)
    assert (result.findings[0].verdict, result.findings[0].change_percent) == ("unchanged", 0.0)


@given(SAMPLES, SAMPLES, HOW)
def test_swapping_the_direction_mirrors_the_verdict(before: list[float], now: list[float], how: str) -> None:
    """What is worse where lower is better is better where higher is."""
    mirror = {"regression": "improvement", "improvement": "regression", "unchanged": "unchanged"}
    lower = _one(before, now, aggregate=how).findings[0].verdict
    assert _one(before, now, aggregate=how, direction="higher").findings[0].verdict == mirror[lower]


@given(st.lists(SAMPLES, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_runs_does_not_matter(lists: list[list[float]], chance: random.Random) -> None:
    """Neither to the verdict nor to any finding or mean."""
    before = [run(f"b{index}", metric([100.0] * 5)) for index in range(len(lists))]
    now = [run(f"b{index}", metric(samples)) for index, samples in enumerate(lists)]
    straight, mixed = _compare(before, now), _compare(before, chance.sample(now, len(now)))
    assert mixed.verdict == straight.verdict
    assert mixed.families == straight.families
    assert sorted(mixed.findings, key=lambda one: one.benchmark) == list(straight.findings)


@given(SAMPLES, SAMPLES, HOW, st.sampled_from(["lower", "higher"]))
def test_the_plain_reference_agrees(before: list[float], now: list[float], how: str, direction: str) -> None:
    """Same verdict from the statistics module, unless the change lies on the limit itself."""
    rows = [[direction, how, 10.0, before, now]]
    (plain,), (ours,) = reference(rows), optimized(rows)
    if abs(abs(plain[1]) - 10.0) > 1e-6:
        assert plain[0] == ours[0]


def test_the_measured_rows_give_equal_outputs() -> None:
    """What `bench/core` needs for parity; all three verdicts occur."""
    rows = rows_for(200)
    assert reference(rows) == optimized(rows)
    assert {verdict for verdict, _ in optimized(rows)} == {"regression", "improvement", "unchanged"}
