"""What holds for thresholds, sanity checks and rows of runs, whatever was measured."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate_builders import active, metric, report, run
from tests.unit.baselines.test_derive import session

from benchgov.baselines.active import Stored
from benchgov.baselines.derivation_page import derivation_page
from benchgov.baselines.derive import derive
from benchgov.config import Policy
from benchgov.gate.compare import compare
from benchgov.gate.policy import GatePolicy
from benchgov.gate.sanity import check, sanity_page
from benchgov.report import Report

VALUES = st.floats(min_value=1e-3, max_value=1e9)
SAMPLES = st.lists(st.one_of(st.just(0.0), VALUES), min_size=5, max_size=12)


def _reports(medians: Sequence[Sequence[float]]) -> list[Report]:
    return [
        session(at, *(run(f"b{number}", metric([value] * 5)) for number, value in enumerate(row)))
        for at, row in enumerate(medians)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(min_value=50, max_value=500)] * 3), min_size=3, max_size=6),
    st.floats(min_value=1, max_value=200),
    st.randoms(use_true_random=False),
)
def test_a_derived_threshold_covers_every_pair_of_its_sessions(
    medians: list[tuple[float, float, float]], margin: float, random: st.DataObject
) -> None:
    """No session is a regression against another one; order does not matter; more margin is never less."""
    reports = _reports(medians)
    found = derive(reports, Policy(), margin)
    shuffled = list(reports)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert derive(shuffled, Policy(), margin).to_bytes() == found.to_bytes()
    limit = found.thresholds["parsing"]["wall_time"]
    assert limit.threshold_percent >= max(limit.observed_percent, limit.floor_percent)
    more = derive(reports, Policy(), margin * 2).thresholds["parsing"]["wall_time"]
    assert more.threshold_percent >= limit.threshold_percent
    policy = Policy(families=found.limits())
    for one in reports:
        for other in reports:
            assert compare(one, active(other, policy=policy), GatePolicy("threshold")).verdict == "pass"
    assert derivation_page("default", [found]) == derivation_page(
        "default", [derive(shuffled, Policy(), margin)]
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(SAMPLES, SAMPLES), min_size=1, max_size=4),
    st.sampled_from(["process", "shared", "imported"]),
    st.sampled_from(["median", "p95"]),
)
def test_every_baseline_is_clean_against_itself(
    sessions: list[tuple[list[float], list[float]]], isolation: str, aggregate: str
) -> None:
    """In both modes, whatever its samples are and however they were taken; the report is repeatable."""
    sampling = {"isolation": isolation, "warmup": 2, "runs": 5, "iterations": 1}
    reports = [
        session(
            at,
            *(
                run(name, metric(samples, aggregate=aggregate), sampling=sampling)
                for name, samples in zip("ab", both, strict=True)
            ),
        )
        for at, both in enumerate(sessions)
    ]
    stored = Stored(active(*reports).baselines[0].baseline, lambda: reports)
    checked = check(stored, Policy())
    assert checked.clean
    assert {one.verdict for one in checked.by_mode.values()} <= {"pass", "inconclusive"}
    assert sanity_page("default", [checked]) == sanity_page("default", [check(stored, Policy())])


def test_the_builder_makes_sessions_of_one_plan() -> None:
    """So that the properties above are not about refusals."""
    first, second = _reports([(1.0,), (2.0,)])
    assert first.replay.plan_sha256 == second.replay.plan_sha256
    assert report().config.suite == first.config.suite
