"""A replay held against its report: what is a match, what is listed, and where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import ENVIRONMENT, ZEROS, report_of, run_of

from benchgov.replay.compare import compare_replay, differences, part_of
from benchgov.replay.comparison import MAX_LISTED, Policy, ReplayComparison
from benchgov.report import Expectation, Metric, Report, Run

TIME = Metric(name="wall_time", unit="ns", direction="lower", samples=(5.0,))
HELD = Expectation(name="holds", ok=True)
BROKEN = Expectation(name="breaks", ok=False)


def run(name: str, **changes: Any) -> Run:
    return run_of(name, **{"metrics": (TIME,), "layers": {"execution": "pass"}, **changes})


def failed(name: str) -> Run:
    return run(name, overall="fail", ok=False, expectations=(BROKEN,))


def compared(baseline: Report, replay: Report, **policy: Any) -> ReplayComparison:
    return compare_replay(baseline, replay, Policy(**policy), baseline_sha256=ZEROS)


def places(comparison: ReplayComparison) -> list[str]:
    return [one.path for one in comparison.mismatches]


def test_the_same_results_match_whatever_they_cost() -> None:
    """Other times, another machine, another revision: a match, with both hashes equal."""
    slow = TIME.model_copy(update={"samples": (500.0,)})
    found = compared(
        report_of([run("a"), run("b")]),
        report_of([run("a", metrics=(slow,)), run("b")], config={"revision": "beef"}),
    )
    assert (found.verdict, found.mismatched, found.matched, found.compared) == ("match", 0, 2, 2)
    assert found.baseline == found.replay == found.published
    assert found.reason == "Runs that are the same: 2 of 2."


def test_a_failure_that_is_had_again_is_a_match() -> None:
    """A replay proves that a report can be had again, not that it is a good one; unless that is required."""
    report = report_of([failed("a")])
    assert compared(report, report).verdict == "match"
    found = compared(report, report, require_pass=True, require_expectations=True)
    assert found.verdict == "mismatch"
    assert [one.rule for one in found.unmet] == ["require_pass", "require_expectations"]
    assert "not met: breaks" in found.unmet[1].detail


def test_required_expectations_must_be_there() -> None:
    """A run that expects nothing proves nothing."""
    bare = report_of([run("a")])
    assert compared(bare, bare, require_expectations=True).unmet[0].detail == "the run has no expectations"
    full = report_of([run("a", expectations=(HELD,))])
    assert compared(full, full, require_expectations=True, require_pass=True).verdict == "match"


def test_differences_are_named_by_pointer_with_both_values() -> None:
    """The pointer leads into the baseline report; keys are escaped as RFC 6901 says."""
    before = report_of([run("a"), run("b", layers={"execution": "pass", "x/y~z": "pass"})])
    after = report_of([run("a"), run("b", layers={"execution": "pass", "x/y~z": "fail"})])
    found = compared(before, after)
    assert [(one.path, one.baseline, one.replay) for one in found.mismatches] == [
        ("/runs/1/layers/x~1y~0z", "pass", "fail")
    ]
    assert (found.verdict, found.matched) == ("mismatch", 1)
    assert found.reason == "Runs that are not the same: 1 of 2."


def test_a_run_that_is_missing_or_new_is_named() -> None:
    """Either side may have a run that the other has not."""
    found = compared(report_of([run("a"), run("b")]), report_of([run("a"), run("c")]))
    assert [(one.path, one.only_in) for one in found.mismatches] == [
        ("/runs/1", "baseline"),
        ("/runs/-", "replay"),
    ]


def test_another_order_is_a_mismatch() -> None:
    """The plan is ordered."""
    found = compared(report_of([run("a"), run("b")]), report_of([run("b"), run("a")]))
    assert places(found) == ["/runs"]
    assert found.reason == "The replay has other runs, or another order."


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"values": {"depth": 4}}, "/config/values/depth"),
        ({"runs": 9}, "/config/runs"),
        ({"values": {"depth": 3, "mode": "fast"}}, "/config/values/mode"),
        ({"values": {}}, "/config/values"),
    ],
)
def test_another_config_is_a_mismatch(change: dict[str, Any], path: str) -> None:
    """Whatever drives the plan must be equal, even when the results are."""
    before = report_of([run("a")], config={"values": {"depth": 3}})
    found = compared(before, report_of([run("a")], config={"values": {"depth": 3}, **change}))
    assert (found.verdict, places(found)) == ("mismatch", [path])
    assert found.reason == "Values of the config that differ: 1."
    assert found.baseline.result_sha256 == found.replay.result_sha256


def test_only_the_first_runs_may_be_replayed_and_an_entry_is_whole() -> None:
    """`max_protocols` is rounded up to the end of a benchmark; both sides hash that part alone."""
    variants = [run("a", variant="one"), run("a", variant="two"), run("b"), run("src/x"), run("src/y")]
    report = report_of(variants)
    for count, entries, runs in (
        (1, ("a",), 2),
        (2, ("a",), 2),
        (3, ("a", "b"), 3),
        (4, ("a", "b", "src"), 5),
    ):
        part = part_of(report, count)
        assert (part.entries, len(part.runs)) == (entries, runs)
    part = part_of(report, 1)
    replay = report_of(part.runs, config={"options": {"max_protocols": 1}})
    found = compared(report, replay, max_protocols=1)
    assert (found.verdict, found.compared, found.total) == ("match", 2, 5)
    assert found.baseline == found.replay != found.published
    assert found.reason == "Runs that are the same: 2 of 2 (of 5 in the report)."


@pytest.mark.parametrize("count", [None, 5, 1000])
def test_all_runs_are_the_plan_itself(count: int | None) -> None:
    """A number that leaves nothing out changes nothing."""
    report = report_of([run(name) for name in "abcde"])
    assert part_of(report, count).config == report.config


@pytest.mark.parametrize("gates", [("pass", "drift"), ("unpinned", "pass"), ("drift", "drift")])
def test_a_match_is_authoritative_only_when_both_are(gates: tuple[Any, Any]) -> None:
    """The environment gate of either side takes the word away."""
    one, two = (
        report_of([run("a")], environment=ENVIRONMENT.model_copy(update={"gate": gate})) for gate in gates
    )
    assert not compared(one, two).authoritative
    assert compared(report_of([run("a")]), report_of([run("a")])).authoritative


def test_very_many_mismatches_are_counted_and_not_all_listed() -> None:
    """The artifact stays of bounded size."""
    names = {f"layer-{number}": "pass" for number in range(MAX_LISTED + 5)}
    before = report_of([run("a", layers=names)])
    after = report_of([run("a", layers=dict.fromkeys(names, "fail"))])
    found = compared(before, after)
    assert (len(found.mismatches), found.mismatched) == (MAX_LISTED, MAX_LISTED + 5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


def same(one: Any, two: Any) -> bool:
    """Equality of JSON values, of which `true` is not 1."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    return type(one) is type(two) and bool(one == two)


@given(JSON, JSON)
def test_there_is_a_difference_exactly_when_values_differ(one: Any, two: Any) -> None:
    """No difference is lost, none is made up, and each names a place of its own."""
    found = list(differences("", one, two))
    assert (not found) == same(one, two)
    assert len({place.path for place in found}) == len(found)
