"""What holds for every growth, every set of bands and every acceptance, whatever the numbers."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gate_builders import active, metric, report, run

from benchgov.gate.accepted import Acceptance, Accepted
from benchgov.gate.compare import compare
from benchgov.gate.comparison import Comparison
from benchgov.gate.policy import GatePolicy
from benchgov.statistics.growth import fit
from benchgov.suites.bands import OUTSIDE, rules_of

SAMPLES = st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=8)
LEVELS = st.dictionaries(st.floats(1, 1e6).map(lambda size: round(size, 3)), SAMPLES, min_size=3, max_size=5)
DAY = date(2026, 6, 15)


@given(LEVELS, st.integers(-8, 8), st.randoms(use_true_random=False))
def test_units_and_order_do_not_matter(
    levels: dict[float, list[float]], power: int, chance: random.Random
) -> None:
    """Nanoseconds or seconds, in any order: the same exponent and interval."""
    plain = fit(list(levels.items()))
    mixed = [
        (size, [one * 2.0**power for one in chance.sample(taken, len(taken))])
        for size, taken in chance.sample(list(levels.items()), len(levels))
    ]
    other = fit(mixed)
    assert other.exponent == pytest.approx(plain.exponent, abs=1e-6)
    assert (other.interval is None) == (plain.interval is None)
    if plain.interval and other.interval:
        assert other.interval == pytest.approx(plain.interval, abs=1e-6)


@given(LEVELS, st.floats(-5, 5), st.floats(0, 5))
def test_the_estimate_lies_in_its_interval_and_p_grows_with_the_limit(
    levels: dict[float, list[float]], limit: float, more: float
) -> None:
    """A laxer limit is never more certainly broken."""
    found = fit(list(levels.items()))
    if found.interval:
        assert found.interval[0] <= found.exponent <= found.interval[1]
    assert 0 < found.p_above(limit) <= found.p_above(limit + more) <= 1


@given(st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=6, unique=True), st.floats(1e-6, 1e12))
def test_a_size_is_in_one_band_at_most(edges: list[float], size: float) -> None:
    """Bands that touch leave no size out between their ends, and hold none twice."""
    ordered = sorted(edges)
    bands = {f"b{at}": {"min": low, "max": high} for at, (low, high) in enumerate(pairwise(ordered))}
    rules = rules_of({"bands": bands})
    holding = [name for name, one in bands.items() if one["min"] <= size < one["max"]]
    assert len(holding) <= 1
    if bands:
        assert rules.band("a", size) == (holding[0] if holding else OUTSIDE)
        assert (rules.band("a", size) == OUTSIDE) == (not ordered[0] <= size < ordered[-1])


def _judged(change: float, percent: float, days: int) -> Comparison:
    entry = Acceptance.model_validate(
        {
            "benchmark": "parse",
            "metric": "wall_time",
            "up_to_percent": percent,
            "reason": "known",
            "until": (DAY + timedelta(days=days)).isoformat(),
        }
    )
    policy = GatePolicy(accepted=Accepted("accepted.yaml", ((entry, 3),), DAY))
    now = report(run("parse", metric([100 + change] * 5)))
    return compare(now, active(report(run("parse", metric([100.0] * 5)))), policy)


@given(st.floats(-90, 300), st.floats(0.1, 300), st.integers(-400, 400))
def test_an_acceptance_only_ever_turns_a_regression_that_is_small_enough_and_in_time(
    change: float, percent: float, days: int
) -> None:
    """Everything else stays what it is without the file."""
    result = _judged(change, percent, days).findings[0]
    plain = compare(
        report(run("parse", metric([100 + change] * 5))),
        active(report(run("parse", metric([100.0] * 5)))),
        GatePolicy(),
    ).findings[0]
    assert (result.change_percent, result.current_value) == (plain.change_percent, plain.current_value)
    if result.verdict != plain.verdict:
        assert (plain.verdict, result.verdict) == ("regression", "accepted")
        assert days >= 0
        assert change <= percent * (1 + 1e-6)
