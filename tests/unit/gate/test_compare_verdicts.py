"""The comparison: what each kind of finding is, and what it does to the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.gate_builders import FACTS, active, blocked, metric, report, run

from benchgov.baselines.active import ActiveBaselines
from benchgov.config import Policy
from benchgov.errors import ConfigError, UsageError
from benchgov.gate.compare import RULES, compare
from benchgov.gate.comparison import Comparison
from benchgov.gate.decide import Decision, Pair, Terms
from benchgov.gate.policy import GatePolicy, check_overrides, parse_overrides
from benchgov.gate.summary import as_gate
from benchgov.report import Report, Run

POLICY = GatePolicy()


def _compare(before: Run | Report, now: Run | Report, policy: GatePolicy = POLICY) -> Comparison:
    before = before if isinstance(before, Report) else report(before)
    return compare(now if isinstance(now, Report) else report(now), active(before), policy)


def _wall(*samples: float, **changes: Any) -> Run:
    return run("parse", metric(samples, **changes))


def test_slower_than_the_limit_is_a_regression_with_a_sentence_for_the_reviewer() -> None:
    """The sentence has both values, the change, the limit and whose limit it is."""
    result = _compare(_wall(*[12_400.0] * 5), _wall(*[15_100.0] * 5))
    assert result.verdict == "regression"
    assert result.findings[0].sentence == (
        "parse/fast wall_time: 12.4 µs → 15.1 µs (+21.8 %), over the 10 % limit of family parsing."
    )
    assert result.findings[0].source is not None
    assert result.families[0].verdict == "regression"
    assert result.families[0].geometric_mean_percent["wall_time"] == pytest.approx(21.774194)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (100.0, "unchanged"),
        (110.0, "unchanged"),
        (110.1, "regression"),
        (90.0, "unchanged"),
        (89.9, "improvement"),
    ],
)
def test_the_limit_itself_is_still_within(now: float, verdict: str) -> None:
    """Worse or better by exactly the limit is unchanged; anything beyond it is not."""
    assert _compare(_wall(*[100.0] * 5), _wall(*[now] * 5)).findings[0].verdict == verdict


def test_a_limit_met_exactly_is_not_missed_by_a_rounding_error() -> None:
    """1.1 against 1.0 is 10 %, although the binary fractions give 10.000000000000009."""
    assert _compare(_wall(*[1.0] * 5), _wall(*[1.1] * 5)).verdict == "pass"


@pytest.mark.parametrize(("now", "verdict"), [(80.0, "regression"), (120.0, "improvement")])
def test_higher_is_better_regresses_when_it_falls(now: float, verdict: str) -> None:
    """Throughput that falls is a regression, throughput that grows is not."""
    before, after = (_wall(*[one] * 5, unit="op/s", direction="higher") for one in (100.0, now))
    assert _compare(before, after).findings[0].verdict == verdict


def test_unchanged_says_what_it_could_have_seen() -> None:
    """Every `unchanged` prints the smallest change for the worse that would have been found."""
    finding = _compare(_wall(*[100.0] * 5), _wall(*[101.0] * 5)).findings[0]
    assert finding.minimum_detectable_percent == 10.0
    assert finding.sentence.endswith("the smallest change it could have seen is 10 %.")


def test_a_worst_case_metric_is_judged_by_its_p95() -> None:
    """A slow tail counts for p95 and not for the median."""
    before = [100.0] * 20
    now = [100.0] * 18 + [200.0] * 2
    assert _compare(_wall(*before, aggregate="p95"), _wall(*now, aggregate="p95")).verdict == "regression"
    assert _compare(_wall(*before), _wall(*now)).verdict == "pass"


@pytest.mark.parametrize(
    "changes",
    [{"unit": "ms"}, {"direction": "higher"}, {"aggregate": "p95"}],
    ids=lambda one: next(iter(one)),
)
def test_a_metric_that_means_something_else_is_not_comparable(changes: dict[str, Any]) -> None:
    """Unit, direction or aggregate changed: neither red nor a pass, and the sentence says which."""
    result = _compare(_wall(*[100.0] * 5), _wall(*[900.0] * 5, **changes))
    assert result.verdict == "not-comparable"
    assert next(iter(changes)) in result.findings[0].sentence


def test_samples_of_one_process_are_not_held_against_samples_of_many() -> None:
    """A changed isolation is another way of measuring."""
    shared = run().sampling.model_copy(update={"isolation": "shared"})
    result = _compare(run(), run(sampling=shared))
    assert (result.verdict, result.findings[0].verdict) == ("not-comparable", "not-comparable")


def test_zero_has_no_percentage() -> None:
    """From 0 to something is not comparable; from 0 to 0 nothing changed; from something to 0 is better."""
    zero, some = _wall(*[0.0] * 5), _wall(*[5.0] * 5)
    assert _compare(zero, some).verdict == "not-comparable"
    assert _compare(zero, zero).findings[0].verdict == "unchanged"
    assert _compare(some, zero).findings[0].verdict == "improvement"


def test_values_too_far_apart_for_a_percentage_are_not_comparable() -> None:
    """No infinity reaches the result."""
    assert _compare(_wall(*[1e-300] * 5), _wall(*[1e300] * 5)).verdict == "not-comparable"


def test_a_new_benchmark_does_not_change_the_verdict() -> None:
    """New benchmarks are listed and counted."""
    result = _compare(report(run("a")), report(run("a"), run("b")))
    assert result.verdict == "pass"
    assert [one.verdict for one in result.findings] == ["unchanged", "new"]


@pytest.mark.parametrize(("missing", "verdict"), [("block", "blocked"), ("allow", "pass")])
def test_a_missing_benchmark_follows_the_policy_of_the_baseline(missing: str, verdict: str) -> None:
    """The policy that counts is the one that the baseline was published with."""
    policy = Policy.model_validate({"missing": missing})
    result = compare(report(run("a")), active(report(run("a"), run("b")), policy=policy), POLICY)
    assert result.verdict == verdict
    assert [one.verdict for one in result.findings] == ["unchanged", "missing"]


def test_a_missing_metric_is_missing() -> None:
    """Dropping one metric of a benchmark does not go unnoticed."""
    both = run("a", metric([1.0] * 5), metric([2.0] * 5, "cpu_time"))
    result = _compare(both, run("a", metric([1.0] * 5)))
    assert (result.verdict, result.findings[1].metric) == ("blocked", "cpu_time")


def test_the_command_line_can_allow_missing_ones_in_the_open() -> None:
    """The reason names it."""
    result = _compare(report(run("a"), run("b")), report(run("a")), GatePolicy(missing="allow"))
    assert result.verdict == "pass"
    assert "missing benchmarks: allow, by the command line" in result.reason


def test_a_blocked_run_that_the_baseline_covers_blocks() -> None:
    """Trouble is not a regression, and not a pass."""
    result = _compare(report(run("a"), run("b")), report(run("a"), blocked("b")))
    assert result.verdict == "blocked"
    assert "could not be measured (timed out)" in result.findings[1].sentence


def test_a_new_run_that_is_blocked_is_only_remarked_on() -> None:
    """There is no baseline that it could be held against."""
    result = _compare(report(run("a")), report(run("a"), blocked("b")))
    assert result.verdict == "pass"
    assert "1 new benchmarks could not be measured" in result.reason


def test_a_regression_is_not_hidden_by_a_missing_benchmark() -> None:
    """A pull request cannot turn red into grey by leaving a benchmark out."""
    result = _compare(report(run("a"), run("b")), report(run("a", metric([200.0] * 5))))
    assert result.verdict == "regression"


def test_a_report_without_a_valid_run_is_blocked_before_anything_else() -> None:
    """Even without a baseline, and its reasons are named."""
    result = compare(report(blocked("a"), blocked("b")), ActiveBaselines(), POLICY)
    assert (result.verdict, result.findings) == ("blocked", ())
    assert "2 of 2: timed out" in result.reason


def test_nothing_to_compare_is_never_a_pass() -> None:
    """Only new and allowed-missing benchmarks: not comparable."""
    policy = Policy(missing="allow")
    result = compare(report(run("new")), active(report(run("old")), policy=policy), POLICY)
    assert result.verdict == "not-comparable"


def test_without_a_baseline_the_reason_says_how_to_make_one() -> None:
    """The command is in the reason, and so are regimes that do have baselines."""
    result = compare(report(), ActiveBaselines(regimes=("alloc_v2",)), POLICY)
    assert (result.verdict, result.baseline_fingerprint) == ("not-comparable", None)
    assert "benchgov baseline generate demo --activate" in result.reason
    assert "alloc_v2" in result.reason


def test_another_machine_is_not_comparable_and_the_difference_is_shown() -> None:
    """Never red, however slow it is there."""
    other = FACTS.model_copy(update={"cpu_model": "Other"})
    result = compare(report(_wall(*[9e9] * 5), facts=other), active(report()), POLICY)
    assert result.verdict == "not-comparable"
    assert [(one.name, one.wanted, one.found) for one in result.environment_difference] == [
        ("cpu_model", "CPU", "Other")
    ]


def test_the_nearest_baseline_shows_the_difference() -> None:
    """When nothing is active for this machine, what is active for another one is held beside it."""
    other = FACTS.model_copy(update={"tools": {"gcc": "13.1"}})
    nearest = active(report()).baselines[0].baseline
    result = compare(report(facts=other), ActiveBaselines(nearest=nearest), POLICY)
    assert result.verdict == "not-comparable"
    assert result.baselines == ()
    assert [one.name for one in result.environment_difference] == ["gcc"]


@pytest.mark.parametrize("changes", [{"regime": "other"}, {"suite": "other"}])
def test_another_regime_or_suite_is_not_comparable(changes: dict[str, Any]) -> None:
    """A baseline is named by hand, and does not fit."""
    result = compare(report(**changes), active(report()), POLICY)
    assert (result.verdict, result.findings) == ("not-comparable", ())


def test_a_benchmark_moved_to_a_laxer_family_keeps_its_limit() -> None:
    """The family that counts is the baseline's."""
    policy = Policy(families={"lax": {"wall_time": 500.0}})
    before = report(run("a"), run("b", family="lax"))
    now = report(run("a", metric([200.0] * 5), family="lax"), run("b", family="lax"))
    assert compare(now, active(before, policy=policy), POLICY).verdict == "regression"


def test_limits_come_first_from_the_flag_for_family_and_metric() -> None:
    """Flag for family and metric, flag for metric, baseline; and the sentence says whose limit it is."""
    now = _wall(*[130.0] * 5)
    wide = GatePolicy(overrides=parse_overrides(["wall_time=5", "parsing:wall_time=40"]))
    result = _compare(run(), now, wide)
    assert result.verdict == "pass"
    assert "40 % limit given by --threshold" in result.findings[0].sentence
    assert "limits given on the command line: wall_time 5 %, parsing:wall_time 40 %" in result.reason


@pytest.mark.parametrize(
    "text",
    ["wall_time", "=5", "wall_time=", "wall_time=0", "wall_time=-1", "wall_time=nan", "a=inf", "a=10001"],
)
def test_a_limit_that_is_none_is_wrong_usage(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(UsageError, match="expected metric=percent"):
        parse_overrides([text])


def test_a_limit_twice_or_for_nothing_known_is_wrong_usage() -> None:
    """A typing error must not loosen or tighten nothing in silence."""
    with pytest.raises(UsageError, match="twice"):
        parse_overrides(["a=1", "a=2"])
    known = [active(report()).baselines[0].baseline]
    with pytest.raises(UsageError, match="did you mean 'wall_time'"):
        check_overrides(parse_overrides(["wal_time=5"]), known)
    with pytest.raises(UsageError, match="did you mean 'parsing'"):
        check_overrides(parse_overrides(["parsin:wall_time=5"]), known)
    check_overrides(parse_overrides(["parsing:wall_time=5"]), known)


def test_the_result_is_the_same_bytes_every_time() -> None:
    """A pure function: no time, no path, no order of a set."""
    before = report(run("a"), run("b", family="x"), run("c"))
    now = report(run("c"), run("b", metric([150.0] * 5)), run("d"))
    assert _compare(before, now).to_bytes() == _compare(before, now).to_bytes()
    assert [one.benchmark for one in _compare(before, now).findings] == ["c", "b", "d", "a"]


def test_a_result_counts_only_when_both_sides_were_pinned() -> None:
    """`authoritative` needs a passed environment gate on both sides."""
    assert _compare(report(), report()).authoritative
    assert not _compare(report(), report(gate="unpinned")).authoritative
    assert not _compare(report(gate="unpinned"), report()).authoritative


def test_the_short_form_has_counts_and_the_sentences_of_regressions() -> None:
    """What `run` puts into the report."""
    gate = as_gate(_compare(report(run("a"), run("b")), report(run("a", metric([200.0] * 5)), run("b"))))
    assert (gate.status, gate.mode) == ("regression", "threshold")
    assert gate.findings == {"regression": 1, "unchanged": 1}
    assert gate.regressions[0].startswith("a/fast wall_time: 100 ns → 200 ns")


def test_a_rule_plugs_in_by_name_and_gets_raw_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seam: a rule sees all pairs at once, with both sides' samples, and may be undecided."""
    seen: list[tuple[tuple[float, ...], tuple[float, ...]]] = []

    def undecided(pairs: Sequence[Pair], _: Terms) -> list[Decision]:
        seen.extend((pair.baseline.sessions()[0], pair.current.sessions()[0]) for pair in pairs)
        return [Decision("inconclusive", 1.0, 7.5, (-2.0, 4.0), 0.3) for _ in pairs]

    monkeypatch.setitem(RULES, "undecided", undecided)
    before = report(run("a", metric([1, 2, 3, 4, 5])))
    result = compare(report(run("a", metric([5, 4, 3]))), active(before), GatePolicy(mode="undecided"))
    assert seen == [((1, 2, 3, 4, 5), (5, 4, 3))]
    assert (result.verdict, result.mode) == ("inconclusive", "undecided")
    assert result.findings[0].interval_percent == (-2.0, 4.0)
    assert "too noisy" in result.findings[0].sentence


def test_a_mode_without_a_rule_is_a_configuration_error() -> None:
    """And the nearest name is offered."""
    with pytest.raises(ConfigError, match="did you mean 'threshold'"):
        compare(report(), active(report()), GatePolicy(mode="treshold"))


def test_sentences_hold_no_control_characters() -> None:
    """A report may come from anyone: no escape sequence reaches the reviewer's terminal."""
    now = report(run("a"), blocked("b", reason="\x1b[2Jboom\n" + "x" * 1000))
    sentence = _compare(report(run("a"), run("b")), now).findings[1].sentence
    assert sentence.isprintable()
    assert len(sentence) <= 400


def test_a_selection_is_remarked_on() -> None:
    """A reader sees that not all was measured."""
    result = _compare(report(run("a"), run("b")), report(run("a"), selection=("a",)))
    assert (result.verdict, "Only a selection was measured: a." in result.reason) == ("blocked", True)
