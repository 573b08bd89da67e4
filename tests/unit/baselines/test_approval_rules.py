"""Who may approve which run: status, row, dataset, person, place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.gate_builders import FACTS, blocked, metric, report, run

from benchgov.baselines.approval import Scenario, breaches, row, scenario
from benchgov.baselines.approver import Approver, attended, authority, identify
from benchgov.baselines.recorded import Recorded
from benchgov.baselines.standing import narrowed, standing
from benchgov.canonical import sha256_hex
from benchgov.errors import RefusedError
from benchgov.report import Gate, Report

SUITE = Scenario("demo", "demo", None)
ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "workflow_dispatch",
    "GITHUB_REF": "refs/heads/main",
}


def gated(status: str, one: Report | None = None, *regressions: str, band: str = "not-evaluated") -> Report:
    """A report with what its gates said."""
    gate = Gate.model_validate({"status": status, "regressions": regressions})
    bands = Gate.model_validate({"status": band})
    return (one or report()).model_copy(update={"performance_gate": gate, "scale_band_gate": bands})


def history(*reports: Report | None) -> Iterator[Recorded]:
    """Newest first; None is a report that cannot be read."""
    for number, one in enumerate(reports):
        yield Recorded(f"run-{9 - number}", one, fault="" if one else "not JSON")


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (gated("pass"), "pass"),
        (gated("regression"), "regression"),
        (gated("pass", band="regression"), "regression"),
        (gated("blocked"), "blocked"),
        (gated("not-evaluated"), "provisional"),
        (gated("not-comparable"), "provisional"),
        (gated("inconclusive"), "provisional"),
        (gated("pass", report(blocked())), "blocked"),
        (gated("pass", report(run().model_copy(update={"overall": "fail", "ok": False}))), "regression"),
    ],
)
def test_a_run_has_a_status(one: Report, status: str) -> None:
    """What went wrong in the run beats its gates; what no baseline confirmed is provisional."""
    assert standing(one) == status


def test_a_benchmark_alone_has_its_own_status() -> None:
    """Another benchmark's failure or regression is not its own."""
    both = report(run("a"), run("b"), blocked("c"))
    own = narrowed(gated("pass", both), "a")
    assert own is not None
    assert ([one.benchmark for one in own.runs], own.config.selection, standing(own)) == (
        ["a"],
        ("a",),
        "pass",
    )
    assert own.replay.plan_sha256 != both.replay.plan_sha256
    alone = narrowed(gated("pass", report(run("a"))), "a")
    assert alone is not None
    assert own.replay == alone.replay
    slow = gated("regression", both, "a/fast wall_time: 1 ns → 2 ns (+100.0 %), over the limit.")
    parts = {name: narrowed(slow, name) for name in "abc"}
    assert [standing(one) for one in parts.values() if one] == ["regression", "provisional", "blocked"]
    assert narrowed(both, "d") is None


@pytest.mark.parametrize(("name", "benchmark"), [("demo", None), ("demo/parse", "parse"), ("parse", "parse")])
def test_a_scenario_is_a_suite_or_a_benchmark(name: str, benchmark: str | None) -> None:
    """By its suite or alone."""
    found, part = scenario(name, report())
    assert (found.suite, found.benchmark) == ("demo", benchmark)
    assert part.config.selection == ((benchmark,) if benchmark else ())


def test_a_scenario_that_the_run_has_not_is_refused() -> None:
    """With a hint at what may have been meant."""
    with pytest.raises(RefusedError, match="did you mean 'parse'"):
        scenario("demo/prase", report())


def test_three_passing_runs_in_a_row_are_enough() -> None:
    """Pass and provisional both count; older ones are not looked at."""
    good = report()
    found = row(SUITE, good, history(good, gated("pass"), good, None))
    assert ([one.run_id for one in found.runs], found.breaches) == (["run-9", "run-8", "run-7"], ())


@pytest.mark.parametrize(
    ("older", "reason"),
    [
        ([], "found 1: there are no more"),
        ([gated("regression"), report(), report()], "found 1: run run-8 is regression"),
        ([report(), report(blocked())], "found 2: run run-7 is blocked"),
        ([None, report(), report()], "found 1: run run-8 cannot be read (not JSON)"),
        (
            [report(regime="other"), report()],
            "found 2: there are no more; 1 of another regime or environment",
        ),
        ([report(facts=FACTS.model_copy(update={"arch": "arm64"}))], "1 of another regime or environment"),
        ([report(runs=7), report(runs=7)], "found 1: there are no more"),
        ([report(blocked(), runs=7), report(), report()], "found 1: run run-8 is blocked"),
    ],
)
def test_a_row_that_is_broken_says_by_what(older: list[Report | None], reason: str) -> None:
    """Another plan does not count, and breaks the row only if it did not pass."""
    (line,) = row(SUITE, report(), history(report(), *older)).breaches
    assert line.startswith("rule three-in-a-row: 3 consecutive passing runs")
    assert reason in line


def test_runs_of_other_suites_and_plans_are_passed_over() -> None:
    """Also those that do not have the benchmark."""
    one, other = report(run("a")), report(run("b"), suite="other")
    assert not row(SUITE, one, history(one, other, report(run("a"), runs=9), one, other, one)).breaches
    part = Scenario("demo/a", "demo", "a")
    own = narrowed(one, "a")
    assert own is not None
    assert not row(part, own, history(one, report(run("b")), report(run("a"), run("b")), one)).breaches


def test_everything_that_speaks_against_a_run_is_said_at_once() -> None:
    """Status, selection, dataset, drift, pairs, and that it is active already."""
    against = {"ref": "main", "revision": "beef", "looks": (10,), "runs": ()}
    one = gated(
        "regression", report(gate="drift", selection=("a",), against=against, options={"dataset": "x"})
    )
    found = "\n".join(breaches(SUITE, one, standing(one), "y", [sha256_hex(one.to_bytes())]))
    for rule in ("run-status", "whole-suite", "dataset", "pinned-environment", "one-revision", "not-again"):
        assert f"rule {rule}:" in found
    assert not list(breaches(SUITE, report(options={"dataset": "y"}), "pass", "y", []))
    assert "no dataset" in "".join(breaches(SUITE, report(), "provisional", "y", []))


@pytest.mark.parametrize(
    ("flag", "environ", "git", "logins", "by"),
    [
        ("eve", {**ACTIONS, "GITHUB_ACTOR": "octocat"}, "git", ("octocat",), "actions"),
        (
            None,
            {**ACTIONS, "GITHUB_ACTOR": "a", "GITHUB_TRIGGERING_ACTOR": "b"},
            "git",
            ("a", "b"),
            "actions",
        ),
        ("eve", {"GITHUB_ACTOR": "octocat"}, "git", ("eve",), "flag"),
        (None, {"GITHUB_ACTOR": "octocat"}, "git", ("git",), "git"),
        (None, {}, None, (), "git"),
        ("eve", ACTIONS, None, (), "actions"),
    ],
)
def test_in_actions_the_actor_approves_and_elsewhere_who_is_named(
    flag: str | None, environ: Mapping[str, str], git: str | None, logins: tuple[str, ...], by: str
) -> None:
    """A flag cannot change whom GitHub names; outside of Actions its variables mean nothing."""
    found = identify(flag, environ, git)
    assert (found.logins, found.identified_by) == (logins, by)


@pytest.mark.parametrize("name", ["octocat", "Octocat", "@octocat"])
def test_a_maintainer_may_approve(name: str) -> None:
    """In any case, with or without @."""
    assert not list(authority(Approver((name,), "flag"), name, ["@OctoCat", "@org/team"]))


@pytest.mark.parametrize(
    ("approver", "flag", "maintainers", "rule"),
    [
        (Approver((), "git"), None, ["a"], "maintainer: it is not known who approves"),
        (Approver(("a",), "actions"), "b", ["a", "b"], "actor: in Actions the approver is the actor, a"),
        (Approver(("a", "b"), "actions"), None, ["b"], "maintainer: a is not one of"),
        (
            Approver(("a",), "flag"),
            "a",
            [],
            "maintainer: `maintainers` of benchgov.yaml names nobody by login",
        ),
        (Approver(("a",), "flag"), "a", ["@org/team"], "of teams only"),
        (Approver(("x[bot]",), "actions"), None, ["x[bot]"], "person: x[bot] is not a person"),
        (Approver(("e" * 65,), "flag"), None, ["e" * 65], "person: a login of 65 characters"),
    ],
)
def test_who_may_not_approve_is_told_why(
    approver: Approver, flag: str | None, maintainers: list[str], rule: str
) -> None:
    """By the rule's name."""
    assert rule in "\n".join(authority(approver, flag, maintainers))


@pytest.mark.parametrize(
    ("changes", "branch", "rule"),
    [
        ({}, "main", None),
        ({"GITHUB_EVENT_NAME": "schedule"}, "main", "attended"),
        ({"GITHUB_EVENT_NAME": "workflow_run"}, "main", "attended"),
        ({"GITHUB_EVENT_NAME": "merge_group"}, "main", "attended"),
        ({"GITHUB_EVENT_NAME": ""}, "main", "attended"),
        ({"GITHUB_EVENT_NAME": "push"}, "main", "reviewed"),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/topic"}, "main", None),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/topic"}, None, "reviewed"),
        ({"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/1/merge"}, "main", None),
        ({"GITHUB_ACTIONS": "", "GITHUB_EVENT_NAME": "push"}, "main", None),
    ],
)
def test_nothing_is_promoted_where_nobody_asked_or_nobody_reviews(
    changes: dict[str, str], branch: str | None, rule: str | None
) -> None:
    """Schedules and the like never; a push only beside the default branch, which must be known."""
    found: list[Any] = list(attended({**ACTIONS, **changes}, branch))
    assert [line.split(":")[0] for line in found] == ([f"rule {rule}"] if rule else [])


def test_the_metric_builder_is_valid() -> None:
    """The rules above are about approvals, not about broken reports."""
    assert standing(report(run("a", metric([1.0] * 5)))) == "provisional"
