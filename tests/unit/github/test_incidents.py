"""Incidents: one issue for each thing that is wrong, for as long as it is."""

from __future__ import annotations

from typing import Any

from tests.gate_builders import blocked, metric
from tests.gate_builders import report as measured
from tests.gate_builders import run as run_of
from tests.unit.github.builders import comparison, finding

from benchgov.github.incidents import (
    MANY,
    Circumstances,
    OpenIssue,
    body,
    fingerprint,
    incidents_of,
    parse_marker,
    plan,
)
from benchgov.github.render import Links
from benchgov.report import Expectation, Report, Run

AT = Circumstances(
    "acme/widgets", "https://github.example", "b" * 40, "a" * 40, Links(run="https://github.example/r")
)


def good(benchmark: str) -> Run:
    return run_of(benchmark, metric([1.0, 2.0]))


def wrong(benchmark: str, **changes: Any) -> Run:
    broken = (Expectation(name="output", ok=False, detail="expected 5, found 6"),)
    return run_of(
        benchmark,
        overall="fail",
        ok=False,
        run_is_valid=False,
        expectations=broken,
        stderr_tail="Traceback: x",
        **changes,
    )


def core(*runs: Run) -> Report:
    return measured(*runs, suite="core")


def slow(*benchmarks: str, **changes: Any) -> Any:
    found = tuple(finding(benchmark=name) for name in benchmarks)
    return comparison(authoritative=True, findings=found, **changes)


def issue(number: int, kind: Any, benchmark: str, suite: str = "core") -> OpenIssue:
    return OpenIssue(number, suite, fingerprint(suite, kind, benchmark))


def test_a_wrong_result_and_a_regression_are_two_incidents() -> None:
    """Each with its sentence; the failure with the end of the log."""
    failure, regression = incidents_of(core(wrong("parse"), good("render")), slow("render"))

    assert (failure.title, regression.title) == (
        "functional failure: core / parse",
        "regression: core / render",
    )
    assert "expected 5, found 6" in failure.sentences[0]
    assert failure.log_tail == "Traceback: x"


def test_a_regression_that_is_not_authoritative_opens_nothing() -> None:
    """From another machine than the pinned one it is a doubt, not a confirmed regression."""
    assert incidents_of(core(good("render")), comparison(authoritative=False)) == ()


def test_the_first_run_opens_the_second_continues_the_third_closes() -> None:
    """One issue through all of it, whatever the numbers are."""
    first = plan(core(good("render")), slow("render"), [])
    (opened,) = first.opened
    marker = parse_marker(body(opened, AT, None))
    assert marker is not None
    again = plan(core(good("render")), slow("render"), [OpenIssue(3, *marker)])
    fine = comparison(
        authoritative=True, verdict="pass", findings=(finding(benchmark="render", verdict="unchanged"),)
    )
    over = plan(core(good("render")), fine, [OpenIssue(3, *marker)])

    assert (again.opened, [number for number, _ in again.continued]) == ((), [3])
    assert over.closed == (3,)


def test_what_could_not_be_judged_recovers_nothing() -> None:
    """Inconclusive, blocked, not measured, or another machine: the issue stays open."""
    issues = [issue(1, "regression", "render"), issue(2, "functional failure", "parse")]
    doubt = comparison(
        authoritative=True,
        verdict="inconclusive",
        findings=(finding(benchmark="render", verdict="inconclusive"),),
    )

    assert plan(core(blocked("parse"), good("render")), doubt, issues).closed == ()
    assert plan(core(good("other")), None, issues).closed == ()
    assert plan(core(good("render")), comparison(authoritative=False, verdict="pass"), issues).closed == ()


def test_issues_of_other_suites_are_left_alone() -> None:
    """Two suites may have a benchmark of one name."""
    done = plan(core(good("parse")), None, [issue(1, "functional failure", "parse", suite="other")])

    assert (done.opened, done.continued, done.closed) == ((), (), ())


def test_many_failures_are_one_incident() -> None:
    """A broken build is one cause, and not a hundred issues."""
    runs = [wrong(f"b{number}") for number in range(MANY + 1)]

    (incident,) = incidents_of(core(*runs), None)

    assert incident.title == f"functional failure: core / {MANY + 1} benchmarks"
    assert incident.fingerprint == fingerprint("core", "functional failure", "*")
    assert plan(core(good("b0")), None, [issue(4, "functional failure", "*")]).closed == (4,)


def test_of_two_open_issues_with_one_fingerprint_the_older_goes_on() -> None:
    """Two runs at once may have opened both."""
    issues = [issue(9, "regression", "render"), issue(4, "regression", "render")]

    assert [number for number, _ in plan(core(good("render")), slow("render"), issues).continued] == [4]


def test_the_text_says_what_since_when_and_where() -> None:
    """Numbers, the range of commits, the log's tail and links; hostile text is only text."""
    hostile = "x ``` @everyone <img src=x>"
    (incident,) = incidents_of(core(wrong("parse", reason=hostile)), None)
    text = body(incident, AT, None)

    assert text.startswith("<!-- benchgov:incident suite=core id=")
    assert f"https://github.example/acme/widgets/compare/{'a' * 40}...{'b' * 40}" in text
    assert "Traceback: x" in text
    assert "[run](https://github.example/r)" in text
    assert "@everyone" not in text
    assert "<img" not in text
    (regression,) = incidents_of(core(good("render")), slow("render"))
    assert "| +40.0 % |" in body(regression, AT, slow("render"))
    unknown = Circumstances("acme/widgets", "https://github.example", None, None, Links())
    assert "no earlier good run is known" in body(regression, unknown, None)


def test_only_a_marker_at_the_start_counts() -> None:
    """Somebody who quotes an issue does not make another."""
    marker = f"<!-- benchgov:incident suite=core id={'a' * 16} -->"

    assert parse_marker(marker) == ("core", "a" * 16)
    assert parse_marker(f"> {marker}") is None
    assert parse_marker("") is None
