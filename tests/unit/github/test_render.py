"""What a reviewer sees of a comparison."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from markdown_it import MarkdownIt
from tests.unit.github.builders import comparison, finding, report, run

from benchgov.gate.comparison import AcceptedBy
from benchgov.github.blocks import Block, page
from benchgov.github.render import (
    MAX_ANNOTATIONS,
    Links,
    annotate,
    drift_page,
    headline,
    obstacle,
    present,
)
from benchgov.report import Drift, Expectation, Source

LIMIT = 65_000


def shown(**changes: Any) -> str:
    """The page of a comparison with `changes`."""
    return page(present(comparison(**changes), None, Links(run="https://github.example/r")).blocks, LIMIT)


@pytest.mark.parametrize(
    ("verdict", "conclusion"),
    [
        ("pass", "success"),
        ("regression", "failure"),
        ("inconclusive", "neutral"),
        ("not-comparable", "neutral"),
        ("blocked", "neutral"),
    ],
)
def test_only_a_regression_is_red_and_only_a_pass_is_green(verdict: Any, conclusion: str) -> None:
    """Trouble is not a regression, and never a silent pass."""
    assert present(comparison(verdict=verdict), None, Links()).conclusion == conclusion


@pytest.mark.parametrize("verdict", ["not-comparable", "blocked"])
def test_where_a_verdict_is_needed_its_want_asks_for_somebody(verdict: Any) -> None:
    """No change of the code brings a baseline or the pinned machine: a person has to act."""
    presented = present(comparison(verdict=verdict, findings=()), None, Links(), needed=True)

    assert presented.conclusion == "action_required"
    assert presented.blocks[0].head.startswith("### 🟠 ")
    for other in ("pass", "inconclusive", "regression"):
        needed = present(comparison(verdict=other), None, Links(), needed=True)
        assert needed.conclusion == present(comparison(verdict=other), None, Links()).conclusion


def test_an_acceptance_that_expired_asks_for_somebody_and_one_regression_more_is_a_failure() -> None:
    """Nothing got slower but what was accepted until yesterday: renew the acceptance, or mend the code."""
    accepted = AcceptedBy(
        up_to_percent=50,
        until=date(2026, 1, 1),
        reason="a known cost",
        source=Source(path="bench/core/accepted.yaml", line=3),
        expired=True,
    )
    expired = finding(accepted=accepted)
    too_small = finding(accepted=accepted.model_copy(update={"expired": False}))

    assert present(comparison(findings=(expired,)), None, Links()).conclusion == "action_required"
    assert present(comparison(findings=(expired, finding())), None, Links()).conclusion == "failure"
    assert present(comparison(findings=(expired, too_small)), None, Links()).conclusion == "failure"


def test_what_stands_in_the_way_is_shown_as_text() -> None:
    """Details of a file that is not valid may hold anything: no markup, no mention, and a short title."""
    shown = obstacle(
        "core", "no\n" + "x" * 300, ["a <b> @everyone ![](https://e.example/i)"], "Do.", needed=True
    )
    text = page(shown.blocks, LIMIT)

    assert shown.conclusion == "action_required"
    assert len(shown.title) <= 200
    assert "Next: Do" in text
    for bad in ("<b>", "@everyone", "![]("):
        assert bad not in text
    assert obstacle("core", "blocked", needed=False).conclusion == "neutral"


def test_the_title_says_the_verdict_in_words() -> None:
    """Blocked comes first in the title, with its reason."""
    assert headline(comparison(), None) == "regression: 1 finding is over the limit"
    assert headline(comparison(findings=(finding(), finding(metric="cpu_time"))), None).startswith(
        "regression: 2 f"
    )
    assert headline(comparison(verdict="blocked", reason="drift"), None) == "blocked: drift"
    assert (
        headline(comparison(verdict="not-comparable", reason=""), None)
        == "not comparable: no reason was given"
    )


def test_a_wrong_result_is_a_failure_although_nothing_is_compared() -> None:
    """The gate has nothing to judge; the check run is red all the same."""
    wrong = report(run(overall="fail", reason="expect.value: found 2"))
    presented = present(comparison(verdict="blocked", findings=()), wrong, Links())

    assert (presented.conclusion, presented.title) == ("failure", "failed: 1 of 1 runs gave a wrong result")
    assert presented.annotations[0].level == "failure"


def test_regressions_come_first_and_the_rest_is_folded() -> None:
    """The sentence of the regression stands above the folded tables."""
    text = shown(findings=(finding(verdict="unchanged", change_percent=1), finding()))

    assert text.index("over the 10 % limit") < text.index("<summary>1 unchanged</summary>")
    assert "| `parse@10/product` | `wall_time` | +1.0 % | 10 % | 10 % |" in text
    assert "[run](https://github.example/r)" in text


def test_a_drifted_machine_shows_wanted_and_found() -> None:
    """The reviewer sees the difference without opening a log."""
    drift = (Drift(name="python", wanted="3.12", found="3.11.7"),)
    drifted = report(run(), gate="drift", drift=drift)
    text = page(present(comparison(verdict="blocked"), drifted, Links()).blocks, LIMIT)

    assert "| `python` | `3.12` | `3.11.7` |" in text
    assert "1 of 1 runs gave no result" in text
    assert "| `python` | `3.12` | `3.11.7` |" in drift_page(drifted.environment)


def test_another_machine_of_the_baseline_is_shown() -> None:
    """Not comparable says why."""
    difference = (Drift(name="cpu_model", wanted="old", found="new"),)
    text = shown(verdict="not-comparable", environment_difference=difference, authoritative=False)

    assert "| `cpu_model` | `old` | `new` |" in text
    assert "not authoritative" in text


def test_annotations_stand_at_the_benchmark_s_own_line() -> None:
    """Regressions and broken runs have a place; a path outside of the repository has none."""
    failed = run(
        overall="fail",
        reason="",
        expectations=(Expectation(name="value", ok=False, detail="found 2"),),
    )
    outside = run(variant="x", source=Source(path="../../etc/passwd", line=1))
    found = annotate(comparison(), report(failed, outside))

    assert [(item.path, item.line, item.level) for item in found] == [
        ("bench/core/suite.yaml", 12, "failure"),
        ("bench/core/suite.yaml", 12, "failure"),
    ]
    assert found[1].message == "value: found 2"
    assert annotate(comparison(findings=(finding(source=None),)), None) == ()


def test_there_are_never_more_annotations_than_ten_requests_carry() -> None:
    """10,000 regressions do not become 200 requests."""
    many = tuple(finding(variant=f"v{number}") for number in range(10_000))
    presented = present(comparison(findings=many), None, Links())

    assert len(presented.annotations) == MAX_ANNOTATIONS
    assert len(page(presented.blocks, LIMIT).encode()) <= LIMIT


@pytest.mark.parametrize("limit", [1_500, 3_000, 65_000])
def test_a_long_page_is_cut_between_rows_and_stays_whole(limit: int) -> None:
    """Every fold is closed, the footer is there, and what was left out is counted."""
    findings = tuple(finding(variant=f"v{n}", verdict="unchanged") for n in range(2_000))
    text = page(present(comparison(verdict="pass", findings=findings), None, Links()).blocks, limit)

    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>") == 1
    assert text.rstrip().endswith("</sub>")
    rows = text.count("| `parse@10/")
    assert f"… and {2_000 - rows:d} more" in text


def test_a_page_within_its_limit_is_complete() -> None:
    """Nothing is said to be missing when nothing is."""
    assert page((Block("head", ("one", "two"), "tail"),), 1_000) == "head\none\ntwo\ntail"


HOSTILE = (
    "<img src=x onerror=alert(1)> @everyone [x](https://evil.invalid) `| \x1b[31m\n::error::no </details>"
)


def test_hostile_text_becomes_no_markup() -> None:
    """Reasons, sentences and standard error are shown as text: no HTML, link, mention or heading."""
    broken = run(reason=HOSTILE, stderr_tail=HOSTILE + "\n```\n# heading")
    presented = present(comparison(reason=HOSTILE, verdict="blocked", findings=()), report(broken), Links())
    text = page(presented.blocks, LIMIT)

    tokens = MarkdownIt("commonmark").parse(text)
    html = "".join(token.content for token in tokens if token.type == "html_block")
    inline = [child for token in tokens for child in token.children or []]
    html += "".join(child.content for child in inline if child.type == "html_inline")
    assert set(re.findall(r"</?(\w+)", html)) <= {"details", "summary", "sub"}
    assert not [child for child in inline if child.type in ("link_open", "image")]
    assert sum(token.type == "heading_open" for token in tokens) == 1
    assert "@everyone" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL).replace("`@", "")
    assert "\x1b" not in text
    assert "\n" not in presented.title
