"""From repeated runs to thresholds: what is observed, what is added, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.builders import NOW
from tests.gate_builders import FACTS, blocked, drafted, metric, report, run

from benchgov.baselines.derivation_page import MAX_RUNS, derivation_page
from benchgov.baselines.derive import derive
from benchgov.baselines.derived import Derivation, delta_percent, rounded_up
from benchgov.baselines.generate import Limits, Origin, draft
from benchgov.canonical import blake3_hex
from benchgov.config import Policy
from benchgov.errors import RefusedError
from benchgov.report import Direction, Report


def session(number: int, *runs: Any, **config: Any) -> Report:
    """A report that began `number` minutes later."""
    moment = NOW + timedelta(minutes=number)
    return report(*runs, **config).model_copy(update={"started_at_utc": moment, "finished_at_utc": moment})


def times(*medians: float) -> list[Report]:
    """One session per median wall time."""
    return [session(at, run("a", metric([value] * 5))) for at, value in enumerate(medians)]


def made(reports: list[Report], margin: float = 50.0, policy: Policy | None = None) -> Derivation:
    """What they justify."""
    return derive(reports, policy or Policy(), margin)


def refusal(*reports: Report) -> str:
    """Why nothing follows from them."""
    with pytest.raises(RefusedError) as caught:
        derive(reports, Policy(), 50.0)
    assert caught.value.exit_code == 4
    return "\n".join(caught.value.details)


def test_a_threshold_is_the_largest_delta_plus_the_margin_rounded_up() -> None:
    """100 → 110 ns is 10 %; half of that is added; 15 % is a multiple of 0.5 already."""
    found = made(times(104, 100, 110)).thresholds["parsing"]["wall_time"]
    assert (found.observed_percent, found.run, found.threshold_percent) == (10.0, "a/fast", 15.0)
    assert made(times(104, 100, 110), margin=52).limits() == {"parsing": {"wall_time": 15.5}}


def test_the_largest_delta_of_a_family_counts() -> None:
    """Whichever benchmark of the family had it; families and metrics are told apart."""
    values = [(100, 100, 7), (101, 130, 7), (102, 100, 7)]
    reports = [
        session(
            at,
            run("a", metric([first] * 5)),
            run("b", metric([second] * 5)),
            run("c", metric([third] * 5), family="other"),
        )
        for at, (first, second, third) in enumerate(values)
    ]
    found = made(reports).thresholds
    assert (found["parsing"]["wall_time"].run, found["parsing"]["wall_time"].observed_percent) == (
        "b/fast",
        30,
    )
    assert found["other"]["wall_time"].observed_percent == 0


def test_no_threshold_is_below_the_change_that_does_not_matter() -> None:
    """The floor is policy.statistics.min_effect: of the family, of the metric, or its default."""
    still = times(100, 100, 100)
    assert made(still).limits() == {"parsing": {"wall_time": 2.0}}
    policy = Policy.model_validate({"statistics": {"families": {"parsing": {"wall_time": 3.0}}}})
    assert made(still, policy=policy).limits() == {"parsing": {"wall_time": 3.0}}


@pytest.mark.parametrize(
    ("values", "direction", "percent"),
    [
        ((100, 110), "lower", 10.0),
        ((110, 100), "lower", 10.0),
        ((100, 80), "higher", 20.0),
        ((5, 5), "lower", 0.0),
        ((0, 0), "lower", 0.0),
        ((0, 5), "lower", None),
        ((0, 5), "higher", 100.0),
        ((1e-300, 1e300), "lower", None),
    ],
)
def test_a_delta_is_the_worsening_from_the_best_to_the_worst(
    values: tuple[float, ...], direction: Direction, percent: float | None
) -> None:
    """In percent of the best, which must not be 0."""
    assert delta_percent(values, direction) == percent


@pytest.mark.parametrize(
    ("percent", "up"), [(0, 0), (0.1, 0.5), (0.5, 0.5), (0.1 + 0.2 + 0.2, 0.5), (7.51, 8)]
)
def test_rounding_goes_up_to_half_a_percent(percent: float, up: float) -> None:
    """But not because of a binary fraction."""
    assert rounded_up(percent) == up


def test_a_metric_that_is_zero_in_one_session_is_left_out_and_named() -> None:
    """The others are derived all the same."""
    reports = [
        session(at, run("a", metric([value] * 5), metric([5.0] * 5, "cpu_time")))
        for at, value in enumerate((0.0, 1.0, 1.0))
    ]
    found = made(reports)
    assert list(found.thresholds["parsing"]) == ["cpu_time"]
    assert "a/fast wall_time" in found.left_out[0]
    assert "Not derived" in derivation_page("default", [found])


def test_fewer_than_three_sessions_are_refused() -> None:
    """Also none at all; the rule is named."""
    assert "rule minimum-sessions: at least 3 repeated runs, found 0" in refusal()
    assert "rule minimum-sessions: at least 3 repeated runs, found 2" in refusal(*times(1, 2))


def test_only_repeated_runs_of_one_plan_count() -> None:
    """Every breach at once: regime, environment, revision, a run that did not pass, one given twice."""
    first = times(100)[0]
    text = refusal(
        first,
        session(1, run("a"), regime="other"),
        session(2, run("a"), facts=FACTS.model_copy(update={"arch": "arm64"})),
        session(3, run("a"), revision="beef"),
        session(4, blocked("a")),
        first,
    )
    for expected in (
        "another regime",
        "environment fingerprint",
        "another revision",
        "rule all-pass",
        "twice",
    ):
        assert expected in text


def test_a_change_that_no_threshold_could_cover_is_refused() -> None:
    """More than 10,000 %."""
    assert "rule usable-threshold" in refusal(*times(1, 1, 1000))


def test_a_baseline_publishes_the_derivation_of_its_thresholds() -> None:
    """The owners' own limit comes first, then the derived one, then suite and policy."""
    reports = times(100, 100, 110)
    found = made(reports)
    origin = Origin("benchgov baseline generate demo", "unknown", NOW)
    policy = Policy(families={"parsing": {"cpu_time": 3.0}}, thresholds={"wall_time": 99.0})
    one = draft(reports[:1], Limits(policy, {"parsing": {"wall_time": 77.0}}, found), origin)
    assert one.baseline.thresholds == {"parsing": {"wall_time": 15.0}}
    assert one.derivation == found.to_bytes()
    assert one.baseline.derivation == blake3_hex(found.to_bytes())
    assert one.baseline.baseline_id == one.baseline.content_id()
    owners = Policy(families={"parsing": {"wall_time": 3.0}})
    assert draft(reports[:1], Limits(owners, {}, found), origin).baseline.thresholds["parsing"] == {
        "wall_time": 3
    }


def test_a_baseline_without_derivation_or_approval_keeps_the_id_it_always_had() -> None:
    """What came later does not enter the id where it is empty."""
    one = drafted(report()).baseline
    content = one.to_json()
    del content["derivation"], content["approval"]
    assert type(one).model_validate(content).content_id() == one.baseline_id


def test_the_page_shows_rule_sessions_values_and_thresholds() -> None:
    """Largest deltas first; many are cut, with their number; names cannot break out of their cell."""
    names = [f"b{number:02}" for number in range(MAX_RUNS + 3)]
    reports = [
        session(at, *(run(name, metric([100.0 + at * number] * 5)) for number, name in enumerate(names)))
        for at in range(3)
    ]
    text = derivation_page("default", [made(reports)])
    assert "plus a safety margin" in text
    assert "| parsing | wall_time | 54 % | `b27/fast` | 2 % | **81 %** |" in text
    assert "| `b27/fast` | 100 ns | 127 ns | 154 ns | 54 % |" in text
    assert "3 more runs with smaller deltas" in text
    assert "`b02/fast` |" not in text
    odd = [session(at, run("a", metric([1.0] * 5, unit="a|b"))) for at in range(3)]
    assert "a|b" not in derivation_page("default", [made(odd)])
