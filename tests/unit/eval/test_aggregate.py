"""What scores come to: mean, deviation, bound and its method, costs, what blocks, how far isolated."""

from __future__ import annotations

import math
import statistics

import pytest
from scipy.stats import binomtest
from tests.eval_builders import mode, score

from benchgov.eval.aggregate import aggregate, is_binary, weakest, wilson
from benchgov.eval.models import BenchScore


def cases(*scores: BenchScore) -> list[tuple[str, BenchScore]]:
    return [(f"{number:03}", one) for number, one in enumerate(scores)]


def test_the_numbers_are_those_of_the_scores() -> None:
    """Mean, sample deviation, passed, cost and blocking codes, each once and sorted."""
    blocked = score(0.0, failure_modes=(mode("b", "block"), mode("a", "block"), mode("w", "warn")))
    found = aggregate(
        cases(score(1.0, cost_usd=0.1), score(0.5, cost_usd=0.2), blocked, blocked), 1, "landlock"
    )
    assert found.mean_score == 0.375
    assert math.isclose(found.score_stddev, statistics.stdev([1, 0.5, 0, 0]))
    assert found.passed_count == 1
    assert found.total_cost_usd == math.fsum([0.1, 0.2])
    assert found.block_severity_failure_modes == ("a", "b")
    assert found.lower_bound_95 <= found.mean_score


def test_a_whole_is_isolated_no_further_than_its_weakest_score() -> None:
    """A score that was cached at a weaker level counts, whatever the run's own level."""
    found = aggregate(
        cases(score(isolation_class="subprocess"), score(isolation_class="microvm")), 1, "landlock"
    )
    assert found.isolation_class == "subprocess"
    assert weakest(["microvm", "container", "bubblewrap"]) == "bubblewrap"


def test_no_score_at_all_is_worth_nothing() -> None:
    """A run that was cut off before its first case has a report, and it says 0."""
    found = aggregate([], 1, "landlock")
    assert (found.mean_score, found.lower_bound_95, found.score_stddev) == (0.0, 0.0, 0.0)


def test_equal_scores_do_not_deviate() -> None:
    """Rounding makes no deviation out of nothing; one score has none."""
    assert aggregate(cases(*[score(0.1)] * 7), 1, "landlock").score_stddev == 0.0
    assert aggregate(cases(score(0.3)), 1, "landlock").score_stddev == 0.0


def test_a_rubric_that_passes_or_fails_is_bounded_by_wilson() -> None:
    """From fifty cases on, when more than four in five score 0 or 1; the method is named."""
    binary = [score(1.0)] * 46 + [score(0.0)] * 4
    found = aggregate(cases(*binary), 1, "landlock")
    assert found.lower_bound_method == "wilson"
    assert found.lower_bound_95 == wilson(46, 50)
    fewer = aggregate(cases(*binary[1:]), 1, "landlock")
    assert fewer.lower_bound_method != "wilson"
    assert not is_binary([score(1.0)] * 40 + [score(0.5)] * 10)
    assert is_binary([score(1.0)] * 41 + [score(0.5)] * 9)


def test_a_generous_pass_does_not_lift_the_bound_above_the_mean() -> None:
    """When all cases pass with scores of 0, the mean is 0, and so is the bound."""
    found = aggregate(cases(*[score(0.0, passed=True)] * 60), 1, "landlock")
    assert (found.lower_bound_method, found.lower_bound_95) == ("wilson", 0.0)


@pytest.mark.parametrize(("passed", "count"), [(50, 50), (45, 50), (0, 50), (1, 1), (961, 1000)])
def test_wilsons_bound(passed: int, count: int) -> None:
    """SciPy gives the same: its two-sided 90 % interval begins where the one-sided 95 % one does."""
    wanted = binomtest(passed, count).proportion_ci(0.9, method="wilson").low
    assert math.isclose(wilson(passed, count), wanted, abs_tol=1e-12)
