"""The lower bound of a mean score."""

from __future__ import annotations

import math
import random
from statistics import NormalDist, stdev
from types import SimpleNamespace

import numpy as np
import pytest
from bench.core import reference_bound
from hypothesis import given as given_
from hypothesis import settings
from hypothesis import strategies as st
from scipy.special import stdtrit
from tools import bound_table

from benchgov.errors import InputError
from benchgov.eval import lower_bound
from benchgov.eval.lower_bound import LowerBound, lower_bound_95

SKEWED = [1 - random.Random(index).random() ** 6 for index in range(30)]
"""No two sums are equal: SciPy lets rounding break ties, which the bound here does not."""


def scores(seed: int, count: int, values: list[float] | None = None) -> list[float]:
    """Repeatable scores: uniform, or chosen from `values`."""
    source = random.Random(seed)
    return [source.choice(values) if values else source.random() for _ in range(count)]


def test_ten_passes_of_ten_are_not_certainty() -> None:
    """The exact bound of 10 of 10 is 0.05^(1/10) = 0.741, not 1."""
    bound = lower_bound_95([1.0] * 10, seed=1)
    assert bound.method == "clopper-pearson"
    assert bound.value == pytest.approx(0.05**0.1, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ([0.3] * 20, "clopper-pearson"),
        ([0.0] * 20, "clopper-pearson"),
        ([0.5], "clopper-pearson"),
        (scores(1, 9), "clopper-pearson"),
        ([1.0] * 30 + [0.5] * 4, "clopper-pearson"),
        ([0.0] * 30 + [0.5] * 4, "clopper-pearson"),
        ([1.0] * 30 + [0.5, 0.6] * 3, "bca"),
        (scores(1, 10), "bca"),
        ([1.0] * 19 + [0.0], "clopper-pearson"),
    ],
)
def test_the_method_fits_the_data(given: list[float], method: str) -> None:
    """Where the bootstrap covers too little, the exact bound takes its place, and the result says so."""
    assert lower_bound_95(given, seed=3).method == method


@pytest.mark.parametrize("passes", range(41))
def test_pure_passes_and_failures_take_the_smaller_bound(passes: int) -> None:
    """Never above Clopper–Pearson, never above the mean."""
    given = [1.0] * passes + [0.0] * (40 - passes)
    bound = lower_bound_95(given, seed=5)
    assert bound.value <= reference_bound.clopper_pearson(given) * (1 + 1e-12)
    assert bound.value <= passes / 40


def test_a_pure_sample_may_be_bounded_by_bca() -> None:
    """The smaller of the two is really chosen: some seed makes BCa the smaller one."""
    given = [1.0] * 20 + [0.0] * 20
    assert {lower_bound_95(given, seed).method for seed in range(60)} == {"bca", "clopper-pearson"}


def test_a_score_of_zero_bounds_to_zero() -> None:
    """No success at all."""
    assert lower_bound_95([0.0] * 12, seed=1) == LowerBound(0.0, "clopper-pearson")


@pytest.mark.parametrize("given", [SKEWED, [1 - x for x in SKEWED], scores(8, 60)])
def test_bca_is_scipys_on_the_same_resamples(given: list[float]) -> None:
    """With the same bootstrap distribution SciPy gives the same bound, so sign and size of z0 and a agree."""
    from scipy.stats import bootstrap

    means = lower_bound._resampled_means(np.array(given), 11)
    tail = NormalDist().cdf(lower_bound._tail(len(given)))
    theirs = bootstrap(
        (given,),
        np.mean,
        n_resamples=0,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=means),
        alternative="greater",
        confidence_level=1 - tail,
        method="BCa",
    ).confidence_interval.low
    assert lower_bound_95(given, seed=11).value == pytest.approx(theirs, rel=1e-9)


def test_the_acceleration_matters_for_skewed_scores() -> None:
    """The comparison with SciPy could not pass with the sign turned: the two tails differ."""
    deviations = np.array(SKEWED) - np.mean(SKEWED)
    assert lower_bound._acceleration(deviations) < -0.01
    assert lower_bound._acceleration(-deviations) > 0.01


@pytest.mark.parametrize("count", [10, 37, 200, 513, 600])
@pytest.mark.parametrize("values", [None, [0.0, 0.3, 0.7, 1.0], [0.0, 1.0]])
def test_the_plain_reference_gives_the_same_value(count: int, values: list[float] | None) -> None:
    """To 12 significant digits, with ties, and on both sides of the size up to which weights are kept."""
    given = scores(count, count, values)
    value, method = reference_bound.lower_bound_95(given, seed=count)
    bound = lower_bound_95(given, seed=count)
    assert bound.method == method
    assert bound.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("count", [lower_bound.MANY_SCORES, 201, 500, 10_000, 1_000_000])
def test_the_expansion_of_students_t_is_scipys_value(count: int) -> None:
    """From the number of scores on from which it is used."""
    assert count >= lower_bound.MANY_SCORES
    assert lower_bound._student(count - 1) == pytest.approx(stdtrit(count - 1, lower_bound.TAIL), rel=1e-12)


def test_one_seed_gives_one_bound_and_other_seeds_others() -> None:
    """Seeded: the verdict can be computed again."""
    given = scores(4, 25)
    assert lower_bound_95(given, 7) == lower_bound_95(list(given), 7)
    assert len({lower_bound_95(given, seed).value for seed in range(20)}) > 10


def test_resamples_are_uniform() -> None:
    """Every score is drawn equally often: 1,000 × n draws, five standard errors."""
    weights = lower_bound._weights(8, 21)
    assert weights.sum(axis=1) == pytest.approx(np.ones(1000))
    share = weights.mean(axis=0)
    assert np.all(np.abs(share - 1 / 8) < 5 * math.sqrt(1 / 8 * 7 / 8 / 8000))


@pytest.mark.parametrize("count", bound_table.COUNTS)
@pytest.mark.parametrize("name", bound_table.PROMISED)
def test_the_bound_covers_what_the_table_promises(name: str, count: int) -> None:
    """At least 94 of 100 samples are bounded, in each population of docs/lower-bound.md."""
    cell = bound_table.measure(bound_table.PROMISED[name], count, samples=1_000)
    assert bound_table.WANTED <= cell.coverage <= 1
    assert cell.distance > 0.01


def test_the_plain_quantile_would_not_cover() -> None:
    """Without the narrower tail ten Beta(8, 2) scores are bounded too seldom: the table can fail."""
    source = random.Random(3)
    samples = [[source.betavariate(8, 2) for _ in range(10)] for _ in range(1_000)]
    plain = NormalDist().inv_cdf(0.05)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lower_bound, "_tail", lambda count: plain)
        held = sum(lower_bound_95(sample, 1).value <= 0.8 for sample in samples)
    assert held / 1_000 < bound_table.WANTED


def test_the_published_table_keeps_the_promise() -> None:
    """Every coverage in the first table of the page is at least 94 %, and every population has a row."""
    page = bound_table.PAGE.read_text(encoding="utf-8")
    promised = page.split("<!-- table promised -->")[1].split("<!-- end promised -->")[0]
    rows = {cells[1].strip(): cells[2:-1] for line in promised.splitlines() if (cells := line.split("|"))[1:]}
    for name in bound_table.PROMISED:
        assert len(rows[name]) == len(bound_table.COUNTS)
        assert all(float(cell.split("/")[0]) >= 94 for cell in rows[name])


@settings(max_examples=100, deadline=None)
@given_(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(0, 3))
def test_the_bound_lies_between_the_mean_and_two_deviations_below(given: list[float], seed: int) -> None:
    """Never above the mean; and where BCa is used on scores that are not pure, at most 2 s below it."""
    bound, mean = lower_bound_95(given, seed), math.fsum(given) / len(given)
    assert 0 <= bound.value <= mean
    if bound.method == "bca" and not set(given) <= {0.0, 1.0}:
        assert bound.value >= mean - 2 * stdev(given) - 1e-12


@pytest.mark.parametrize(
    ("given", "seed"),
    [([], 1), ([0.5, math.nan], 1), ([1.1], 1), ([-0.1], 1), ([math.inf], 1), ([0.5], -1)],
)
def test_what_is_no_score_is_refused(given: list[float], seed: int) -> None:
    """Nothing, not a number, outside [0, 1], a negative seed."""
    with pytest.raises(InputError):
        lower_bound_95(given, seed)
