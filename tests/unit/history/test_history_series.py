"""Series: reports in any order, each once, apart by machine and regime; and the changes found in them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.builders import NOW
from tests.gate_builders import FACTS, blocked, metric, report, run

from benchgov.canonical import sha256_hex
from benchgov.errors import BlockedError
from benchgov.history import changes
from benchgov.history.changes import MIN_POINTS, Step, otava_finder
from benchgov.history.model import Asked, History, history
from benchgov.history.series import Series, SeriesBuilder, matcher
from benchgov.report import Report, Run, Sampling

ASKED = Asked(p_value=0.001, min_magnitude_percent=2.0)


def at(day: int, *runs: Run, **config: Any) -> Report:
    """A report of that day, whose revision is the day."""
    made = report(*runs, **{"revision": f"c{day}", **config})
    moment = NOW + timedelta(days=day)
    return made.model_copy(update={"started_at_utc": moment, "finished_at_utc": moment})


def built(reports: Sequence[Report], last: int | None = None, **options: Any) -> list[Series]:
    """The series of `reports`."""
    builder = SeriesBuilder(**options)
    for one in reports:
        builder.add(one, sha256_hex(one.to_bytes()))
    return builder.series(last)


def looked_at(reports: Sequence[Report]) -> History:
    """Their history, with Otava's changes."""
    pytest.importorskip("otava.analysis")
    builder = SeriesBuilder()
    for one in reports:
        builder.add(one, sha256_hex(one.to_bytes()))
    return history(builder.series(), builder.facts, builder.reports, ASKED, otava_finder())


def noisy(days: int, levels: Callable[[int], float], seed: int = 1, **changes: Any) -> list[Report]:
    """One report a day: five samples with a spread of 2 % around that day's level, in µs."""
    rng = random.Random(seed)
    return [
        at(
            day,
            run(
                "parse",
                metric([levels(day) * 1e3 * rng.lognormvariate(0, 0.02) for _ in range(5)], **changes),
            ),
        )
        for day in range(days)
    ]


def test_points_are_in_the_order_of_time_whatever_the_order_of_the_reports() -> None:
    """Value, date, commit and number of samples of each."""
    reports = [at(day, run("parse", metric([day + 1.0] * 5))) for day in (3, 1, 2)]
    (series,) = built(reports)
    assert series.values == [2.0, 3.0, 4.0]
    assert [point.revision for point in series.points] == ["c1", "c2", "c3"]
    assert {point.samples for point in series.points} == {5}
    assert built(reports[::-1]) == [series]


def test_a_report_counts_once() -> None:
    """A folder of results holds the latest report twice."""
    builder = SeriesBuilder()
    for _ in range(3):
        builder.add(at(1), "digest")
    assert (builder.reports, builder.repeated) == (1, 2)
    assert len(builder.series()[0].points) == 1


def test_a_merged_report_and_its_shards_are_one_measurement() -> None:
    """Whichever is read first; two measurements of one commit stay two."""
    one, two = run("a", metric([1.0, 2.0])), run("b", metric([3.0, 4.0]))
    shards = [at(day, item, options={"shard": {}}, revision="c1") for day, item in ((1, one), (2, two))]
    merged = at(1, one, two, options={"shards": 2})
    again = at(9, run("a", metric([1.0, 2.5])), options={"shards": 2}, revision="c1")
    series = built([*shards, merged, again])
    assert [one.values for one in series] == [[1.5, 1.75], [3.5]]
    assert series[1].points[0].moment == merged.started_at_utc
    assert built([again, merged, *shards[::-1]]) == series


def test_the_metrics_own_aggregate_condenses_a_report() -> None:
    """A worst-case metric is followed by its 95th percentile."""
    samples = [float(value) for value in range(1, 102)]
    worst = metric(samples, name="latency", aggregate="p95")
    assert [one.values for one in built([at(1, run("parse", metric(samples), worst))])] == [[96.0], [51.0]]


def test_another_machine_regime_or_suite_is_another_series() -> None:
    """Numbers are held against each other only where they are comparable."""
    other = FACTS.model_copy(update={"cpu_model": "Another"})
    reports = [at(1), at(2, facts=other), at(3, regime="quiet"), at(4, suite="more"), at(5)]
    assert sorted(len(one.points) for one in built(reports)) == [1, 1, 1, 2]


def test_a_metric_that_is_taken_in_another_way_is_another_one() -> None:
    """Its unit, direction, aggregate or isolation: five seconds are not more than four milliseconds."""
    reports = [
        at(1, run("parse", metric([5.0], unit="ns"))),
        at(2, run("parse", metric([5.0], unit="ms"))),
        at(3, run("parse", metric([5.0], unit="ns", direction="higher"))),
        at(4, run("parse", metric([5.0], unit="ns", aggregate="p95"))),
        at(
            5,
            run(
                "parse", metric([5.0]), sampling=Sampling(isolation="shared", warmup=2, runs=5, iterations=1)
            ),
        ),
    ]
    assert [len(one.points) for one in built(reports)] == [1, 1, 1, 1, 1]


def test_what_was_not_measured_is_no_point() -> None:
    """A blocked run leaves a gap, not a zero."""
    (series,) = built([at(1), at(2, blocked()), at(3)])
    assert [point.revision for point in series.points] == ["c1", "c3"]
    assert built([at(1, blocked())]) == []


def test_metrics_runs_and_the_newest_points_can_be_chosen() -> None:
    """By the metric's name, by a glob or a part of the run's key, and by count."""
    runs = [
        run("parse", metric([1.0]), metric([2.0], name="cpu_time")),
        run("sort", metric([3.0]), metric([4.0], name="cpu_time")),
    ]
    reports = [at(day, *runs) for day in range(4)]
    chosen = built(reports, last=2, metrics=("cpu_time",), pattern="par")
    assert [(one.key.run, one.values) for one in chosen] == [("parse/fast", [2.0, 2.0])]
    assert matcher("p*/fast")("parse/fast")
    assert not matcher("p*")("sort/fast")
    assert matcher("[1]")("b[1]/x")


def test_a_planted_step_is_found_at_its_commit() -> None:
    """+8 % from the 18th day on, in noise of 2 %: its date, commits, size and direction."""
    (series,) = looked_at(noisy(40, lambda day: 100.0 if day < 18 else 108.0)).series
    (change,) = series.changes
    assert (change.revision, change.previous_revision) == ("c18", "c17")
    assert change.at_utc == NOW + timedelta(days=18)
    assert change.effect == "worse"
    assert change.percent == pytest.approx(8, abs=1.5)
    assert (change.reports_before, change.reports_after) == (18, 22)
    assert change.p_value < 1e-6


@pytest.mark.parametrize(
    ("direction", "factor", "effect"),
    [("lower", 1.2, "worse"), ("lower", 0.8, "better"), ("higher", 1.2, "better"), ("higher", 0.8, "worse")],
)
def test_worse_is_what_the_metrics_direction_says(direction: str, factor: float, effect: str) -> None:
    """More throughput is better, more time is worse."""
    reports = noisy(20, lambda day: 100.0 if day < 10 else 100.0 * factor, direction=direction)
    (change,) = looked_at(reports).series[0].changes
    assert change.effect == effect
    assert change.percent == pytest.approx((factor - 1) * 100, abs=3)


def test_several_steps_are_told_apart() -> None:
    """Up, down again, and up: each with the reports of its own level."""
    levels = [100.0] * 15 + [120.0] * 15 + [90.0] * 15
    (series,) = looked_at(noisy(45, lambda day: levels[day])).series
    assert [(one.revision, one.effect) for one in series.changes] == [("c15", "worse"), ("c30", "better")]
    assert [(one.reports_before, one.reports_after) for one in series.changes] == [(15, 15), (15, 15)]
    assert series.worst == pytest.approx(20, abs=2)


def test_noise_alone_is_no_step() -> None:
    """The same level on forty days, sixty times: at most one of them shows a change by chance."""
    found = [looked_at(noisy(40, lambda day: 100.0, seed=seed)).series[0].changes for seed in range(60)]
    assert sum(bool(changes) for changes in found) <= 1


def test_counts_without_any_noise_are_followed_too() -> None:
    """Instructions repeat exactly: constant is steady, and one instruction in ten more is a step."""
    reports = [at(day, run("parse", metric([1000.0 if day < 7 else 1100.0]))) for day in range(14)]
    (change,) = looked_at(reports).series[0].changes
    assert change.revision == "c7"
    assert change.percent == pytest.approx(10)
    assert looked_at([at(day) for day in range(14)]).series[0].changes == ()


def test_a_level_of_zero_has_no_percent() -> None:
    """Errors that came from nothing are worse by no percent that could be told."""
    errors = [at(day, run("load", metric([0.0 if day < 8 else 5.0], name="errors"))) for day in range(16)]
    seen = looked_at(errors).series[0]
    assert (seen.changes[0].percent, seen.changes[0].effect, seen.worst) == (None, "worse", float("inf"))
    assert History.model_validate_json(looked_at(errors).to_bytes()).series[0] == seen


@pytest.mark.parametrize("huge", [1.7e308, 5e-324, 1e-300])
def test_values_at_the_edge_of_what_a_number_can_be(huge: float) -> None:
    """No sum overflows, and nothing is infinite in the result."""
    reports = [at(day, run("parse", metric([huge if day % 2 or day < 8 else huge / 2]))) for day in range(16)]
    assert History.model_validate_json(looked_at(reports).to_bytes()).series[0].enough


def test_a_few_points_are_not_looked_at() -> None:
    """It is said which series have enough."""
    short = looked_at(noisy(MIN_POINTS - 1, lambda day: 100.0 * (1 + day))).series[0]
    assert (short.enough, short.changes) == (False, ())
    assert looked_at(noisy(MIN_POINTS, lambda day: 100.0)).series[0].enough


def test_the_worst_comes_first_and_the_steady_last() -> None:
    """Then what got better; machines with the newest reports before others."""
    levels = {"bad": 1.1, "worst": 1.5, "good": 0.7, "steady": 1.0}
    rng = random.Random(5)
    reports = [
        at(
            day,
            *(
                run(name, metric([1e5 * (factor if day >= 8 else 1) * rng.lognormvariate(0, 0.01)] * 3))
                for name, factor in levels.items()
            ),
        )
        for day in range(16)
    ]
    other = FACTS.model_copy(update={"cpu_model": "Newer"})
    made = looked_at([*reports, at(99, run("new"), facts=other)])
    names = [one.run for one in made.series]
    assert names[:3] == ["worst/fast", "bad/fast", "good/fast"]
    assert sorted(names[3:]) == ["new/fast", "steady/fast"]
    assert [one.facts.cpu_model for one in made.environments] == ["Newer", "CPU"]


def test_the_thresholds_are_the_users() -> None:
    """A larger magnitude or a smaller p-value drops the change."""
    pytest.importorskip("otava.analysis")
    values = built(noisy(20, lambda day: 100.0 if day < 10 else 108.0))[0].values
    assert [step.at for step in otava_finder(0.001, 2.0)(values)] == [10]
    assert otava_finder(0.001, 12.0)(values) == []
    assert otava_finder(1e-30, 2.0)(values) == []


def test_without_otava_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A precondition that is not met, and a remedy."""

    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(changes, "import_module", missing)
    with pytest.raises(BlockedError, match="cannot be used: No module named") as caught:
        otava_finder()
    assert "benchgov[history]" in caught.value.remedy


def test_another_otava_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that has not what is needed is no bug of benchgov's."""
    monkeypatch.setattr(changes, "import_module", lambda _: random)
    with pytest.raises(BlockedError, match="has no attribute 'split'"):
        otava_finder()


def test_equal_levels_without_any_spread_are_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their test has no p-value; a place that was proposed all the same is dropped, and its levels joined."""
    analysis = pytest.importorskip("otava.analysis")

    class Place:
        def __init__(self, index: int) -> None:
            self.index = index

    monkeypatch.setattr(analysis, "split", lambda *_: [Place(3), Place(6), Place(8)])
    assert otava_finder()([2.0] * 6 + [4.0] * 5) == [
        Step(at=6, before=2.0, after=4.0, percent=100.0, p_value=0.0, points_before=6, points_after=5)
    ]
    assert otava_finder()([2.0] * 5 + [2.5] + [2.0] * 5) == []


def test_what_goes_up_and_comes_back_is_seen() -> None:
    """Ten days of +8 % in the middle of fifty, thirty times: nearly always both steps."""
    found = 0
    for seed in range(30):
        reports = noisy(50, lambda day: 108.0 if 20 <= day < 30 else 100.0, seed=seed)
        steps = looked_at(reports).series[0].changes
        found += [(one.revision, one.effect) for one in steps] == [("c20", "worse"), ("c30", "better")]
    assert found >= 27


def test_what_spreads_less_than_the_smallest_change_needs_no_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two levels of it can differ by as much; that is what keeps thousands of steady counts cheap."""
    analysis = pytest.importorskip("otava.analysis")
    monkeypatch.setattr(analysis, "split", lambda *_: pytest.fail("looked"))
    assert otava_finder(min_percent=2.0)([100.0, 102.0] * 10) == []
    with pytest.raises(pytest.fail.Exception, match="looked"):
        otava_finder(min_percent=1.9)([100.0, 102.0] * 10)
