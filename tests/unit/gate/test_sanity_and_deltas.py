"""A baseline against itself, and a run in the shape of the report contract."""

from __future__ import annotations

import pytest
from tests.builders import NOW
from tests.gate_builders import active, blocked, metric, report, run

from benchgov.baselines.active import ActiveBaselines, Stored
from benchgov.config import Policy
from benchgov.gate.compare import compare
from benchgov.gate.deltas import Deltas, RunFiles, deltas
from benchgov.gate.policy import GatePolicy
from benchgov.gate.sanity import Checked, check, is_clean, sanity_page
from benchgov.report import Report, Run


def checked(*reports: Report, policy: Policy | None = None) -> Checked:
    """The check of the baseline that they make."""
    stored = Stored(active(*reports, policy=policy).baselines[0].baseline, lambda: reports)
    return check(stored, Policy())


def test_a_baseline_is_clean_against_itself_in_both_modes() -> None:
    """No change anywhere; the report says what was compared."""
    one = checked(report(run("a", metric([1, 2, 3, 4, 5])), run("b")))
    assert one.clean
    assert list(one.by_mode) == ["threshold", "statistical"]
    text = sanity_page("default", [one])
    assert "compared: 2 runs, 2 metrics, 1 raw reports" in text
    assert "threshold: clean (2 unchanged)" in text
    assert text.endswith("verdict: clean\n")
    assert "sessions:" not in text


def test_what_is_not_clean_is_named() -> None:
    """A comparison with any change is not clean, nor one that compared nothing."""
    made = active(report())
    slow = compare(report(run("parse", metric([200.0] * 5))), made, GatePolicy("threshold"))
    assert not is_clean(slow)
    assert not is_clean(compare(report(blocked()), made, GatePolicy("threshold")))
    within = compare(report(run("parse", metric([101.0] * 5))), made, GatePolicy("threshold"))
    assert within.verdict == "pass"
    assert not is_clean(within)
    text = sanity_page("default", [Checked(made.baselines[0].baseline, {"threshold": slow}, ())])
    assert "threshold: NOT CLEAN (1 regression)" in text
    assert "parse/fast wall_time: 100 ns → 200 ns" in text
    assert text.endswith("verdict: NOT CLEAN\n")


def test_sessions_beyond_their_own_limits_are_a_remark() -> None:
    """They say that the limit is narrower than the noise; the baseline is clean all the same."""
    reports = [report(run("parse", metric([value] * 5))) for value in (100.0, 101.0, 150.0)]
    one = checked(*reports)
    assert one.clean
    text = sanity_page("default", [one])
    assert "sessions: 1 metrics of the raw reports are over their own limits" in text
    assert "parse wall_time: +48.5 % at a limit of 10 %" in text
    wide = checked(*reports, policy=Policy(thresholds={"wall_time": 60}))
    assert "sessions: all 3 raw reports are within the limits" in sanity_page("default", [wide])


def test_samples_that_are_zero_have_no_interval_and_are_clean() -> None:
    """The logarithm of a ratio with 0 has no end; the comparison is still one."""
    sampling = {"isolation": "shared", "warmup": 2, "runs": 5, "iterations": 1}
    sessions = ([0, 0, 0, 0, 1], [0, 0, 1, 1, 1], [0, 1, 1, 1, 1])
    one = checked(*(report(run("a", metric(samples), sampling=sampling)) for samples in sessions))
    assert one.clean
    assert one.by_mode["statistical"].findings[0].interval_percent is None


def shown(one: Report, baselines: ActiveBaselines) -> Deltas:
    """The deltas of a report."""
    comparison = compare(one, baselines, GatePolicy("threshold"))
    return deltas(RunFiles("id", {"report": "r.json"}), one, baselines, comparison, NOW)


def test_deltas_have_the_shape_of_the_contract() -> None:
    """Milliseconds, megabytes, percents, the baseline's id and the files."""
    now = run(
        "parse", metric([3e6] * 5), metric([5e6] * 5, "peak_memory", unit="bytes"), reason="r", notes=("n",)
    )
    before = report(run("parse", metric([2e6] * 5), metric([4e6] * 5, "peak_memory", unit="bytes")))
    made = active(before)
    found = shown(report(now), made).to_json()
    assert found == {
        "run_id": "id",
        "generated_at": "2026-01-31T12:00:00.000000Z",
        "scenarios": [
            {
                "scenario_id": "parse/fast",
                "status": "regression",
                "runtime_ms": 3.0,
                "runtime_delta_percent": 50.0,
                "peak_memory_mb": 5.0,
                "memory_delta_percent": 25.0,
                "baseline_id": made.baselines[0].baseline.baseline_id,
                "artifacts": {"report": "r.json"},
                "notes": "r; n",
            }
        ],
        "summary": {"regressions": 1, "blocked": 0, "provisional": 0},
    }


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (run("parse"), "pass"),
        (run("parse", metric([200.0] * 5)), "regression"),
        (run("parse", metric([50.0] * 5)), "pass"),
        (run("new"), "provisional"),
        (run("parse", metric([100.0] * 5, unit="s")), "provisional"),
        (blocked("parse"), "blocked"),
        (run("parse").model_copy(update={"overall": "fail", "ok": False}), "regression"),
    ],
)
def test_every_run_has_a_status(one: Run, status: str) -> None:
    """Pass only where a baseline confirms it."""
    assert shown(report(one), active(report())).scenarios[0].status == status


def test_without_a_baseline_a_run_is_provisional_and_what_is_gone_is_blocked() -> None:
    """No delta is made up; a metric in another unit gives no milliseconds."""
    alone = shown(report(run("a", metric([1.0] * 5, unit="s"))), ActiveBaselines()).scenarios[0]
    assert (alone.status, alone.runtime_ms, alone.baseline_id) == ("provisional", None, None)
    made = active(report(run("a"), run("b")))
    found = shown(report(run("a")), made)
    assert [(row.scenario_id, row.status) for row in found.scenarios] == [
        ("a/fast", "pass"),
        ("b/fast", "blocked"),
    ]
    assert "only the baseline has it" in found.scenarios[1].notes
    assert found.summary == {"regressions": 0, "blocked": 1, "provisional": 0}
