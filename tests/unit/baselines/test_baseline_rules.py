"""Which reports may become a baseline, and what they become."""

from __future__ import annotations

import numpy
import pytest
from tests.builders import NOW
from tests.gate_builders import FACTS, blocked, drafted, metric, report, run

from benchgov.baselines.active import ActiveBaselines, Stored
from benchgov.baselines.aggregate import aggregate
from benchgov.baselines.generate import condense
from benchgov.config import Policy
from benchgov.errors import InputError, RefusedError
from benchgov.report import Drift, Report


def _refusal(*reports: Report) -> str:
    with pytest.raises(RefusedError) as caught:
        drafted(*reports)
    assert caught.value.exit_code == 4
    return "\n".join(caught.value.details)


def test_a_baseline_has_medians_p95_and_what_they_rest_on() -> None:
    """Median and p95 as the metric says, sample counts, provenance, the environment, the limits."""
    tail = metric([1, 2, 3, 4, 10], "cpu_time", aggregate="p95")
    made = drafted(report(run("a", metric([5, 1, 3, 2, 4]), tail))).baseline
    assert [(one.metric, one.value, one.samples) for one in made.entries[0].metrics] == [
        ("wall_time", 3.0, 5),
        ("cpu_time", pytest.approx(8.8), 5),
    ]
    assert (made.provenance.commit, made.provenance.created_by) == ("c0ffee", "unknown")
    assert (made.facts, made.warmup, made.runs) == (FACTS, 2, 5)
    assert made.thresholds == {"parsing": {"wall_time": 10.0, "cpu_time": 10.0}}
    assert made.baseline_id.startswith("20260131T120000Z-")
    assert made.baseline_id == made.content_id()


@pytest.mark.parametrize("count", [1, 2, 5, 6, 20, 101])
def test_aggregates_are_those_of_numpy(count: int) -> None:
    """Definition 7 of Hyndman and Fan, which is NumPy's default."""
    samples = [float((7919 * index) % 1009) for index in range(count)]
    assert aggregate(samples, "median") == pytest.approx(numpy.median(samples), rel=1e-12)
    assert aggregate(samples, "p95") == pytest.approx(numpy.percentile(samples, 95), rel=1e-12)


def test_there_is_no_aggregate_of_nothing() -> None:
    """Zero samples are an error."""
    with pytest.raises(ValueError, match="no samples"):
        aggregate([], "median")


def test_several_reports_are_joined_run_by_run() -> None:
    """Samples of all reports count, in order; the raw reports are kept."""
    first, second = report(run("a", metric([1] * 5))), report(run("a", metric([3] * 6)))
    made = drafted(first, second)
    assert (made.baseline.entries[0].metrics[0].value, made.baseline.entries[0].metrics[0].samples) == (
        3.0,
        11,
    )
    assert list(made.raw) == ["report-001.json", "report-002.json"]
    stored = Stored(made.baseline, lambda: (first, second))
    assert stored.samples("a/fast", "wall_time") == (1.0,) * 5 + (3.0,) * 6


def test_limits_come_first_from_the_owners_then_from_the_suite() -> None:
    """policy.families, the suite's family, policy.thresholds, policy.default_threshold."""
    metrics = [metric([1] * 5, name) for name in ("a", "b", "c", "d")]
    policy = Policy(thresholds={"a": 1, "b": 2, "c": 3}, families={"parsing": {"a": 11}}, default_threshold=9)
    made = drafted(report(run("x", *metrics)), policy=policy, families={"parsing": {"a": 21, "b": 22}})
    assert made.baseline.thresholds == {"parsing": {"a": 11, "b": 22, "c": 3, "d": 9}}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"warmup": 1}, "rule minimum-warmup: at least 2"), ({"runs": 4}, "rule minimum-runs: at least 5")],
)
def test_too_few_warmups_or_runs_are_refused_by_name(changes: dict[str, int], rule: str) -> None:
    """The rule's name is in the message."""
    sampling = run().sampling.model_copy(update=changes)
    assert rule in _refusal(report(run(sampling=sampling)))


def test_a_report_cannot_claim_runs_that_it_has_no_samples_of() -> None:
    """The samples are counted, not the claim; exact counts are exempt."""
    assert "rule minimum-runs" in _refusal(report(run("a", metric([1.0] * 3))))
    counted = metric([1000.0], "instructions", unit="count")
    assert drafted(report(run("a", metric([1.0] * 5), counted))).baseline.runs == 5


def test_runs_that_failed_or_were_blocked_are_refused_with_their_reason() -> None:
    """All faults at once."""
    failed = run("b", overall="fail", ok=False)
    details = _refusal(report(run("a"), failed, blocked("c")))
    assert "rule all-pass: b/fast is fail" in details
    assert "rule all-pass: c/fast is blocked: timed out" in details


def test_a_drifted_environment_is_refused_and_an_unpinned_one_is_not_authoritative() -> None:
    """Drift is refused with the property; without pins a baseline may be had, and says what it is."""
    drifted = report(gate="drift")
    drift = (Drift(name="gcc", wanted="13", found="12"),)
    drifted = drifted.model_copy(
        update={"environment": drifted.environment.model_copy(update={"drift": drift})}
    )
    assert "rule pinned-environment: the environment has drifted (gcc)" in _refusal(drifted)
    assert not drafted(report(gate="unpinned")).baseline.authoritative


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (report(run("a"), suite="other"), "another suite"),
        (report(run("a"), regime="other"), "another regime"),
        (
            report(run("a"), facts=FACTS.model_copy(update={"cpu_count": 4})),
            "another environment fingerprint",
        ),
        (report(run("a"), revision="0ther"), "another revision"),
        (report(run("a"), timeout_seconds=9), "another configuration"),
        (report(run("b")), "other runs or metrics"),
        (report(run("a", metric([1.0] * 5, unit="ms"))), "other runs or metrics"),
        (report(run("a")), "there twice"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_reports_of_different_plans_are_refused(second: Report, what: str) -> None:
    """Their samples cannot be joined."""
    details = _refusal(report(run("a")), second)
    assert "rule one-plan" in details
    assert what in details


def test_a_dirty_work_tree_is_noted() -> None:
    """Not refused: the provenance says so."""
    assert drafted(report(dirty=True)).baseline.provenance.dirty is True
    assert drafted(report(dirty=None)).baseline.provenance.dirty is None


def test_reports_of_other_shapes_do_not_condense() -> None:
    """What verification relies on."""
    with pytest.raises(InputError, match="same runs"):
        condense([report(run("a")), report(run("b"))])


def test_later_baselines_win_run_by_run() -> None:
    """`ActiveBaselines.of` puts the later ones over the earlier ones."""
    old = Stored(drafted(report(run("a"), run("b"))).baseline, list)
    new = Stored(drafted(report(run("b")), now=NOW).baseline, list)
    merged = ActiveBaselines.of(old, new)
    assert [one.stored for one in merged.runs.values()] == [old, new]
