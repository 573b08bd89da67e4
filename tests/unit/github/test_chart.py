"""The chart of changes: what GitHub draws, and nothing that breaks it."""

from __future__ import annotations

import re

from tests.unit.github.builders import comparison, finding

from benchgov.github.chart import MAX_BARS, change_chart


def text_of(*findings: object) -> str:
    return "\n".join(block.head + block.tail for block in change_chart(comparison(findings=findings)))


def test_the_largest_changes_come_first_and_unchanged_ones_do_not_come() -> None:
    """A bar each, in percent, on an axis that holds zero."""
    text = text_of(
        finding(benchmark="small", change_percent=3.0),
        finding(benchmark="fast", verdict="improvement", change_percent=-20.5),
        finding(benchmark="same", verdict="unchanged", change_percent=0.5),
    )

    assert 'x-axis ["1 fast@10/product wall_time", "2 small@10/product wall_time"]' in text
    assert "bar [-20.5, 3]" in text
    assert '"change in percent" -20.5 --> 3' in text


def test_a_single_change_needs_no_chart() -> None:
    """One number is read faster than drawn."""
    assert text_of(finding()) == ""


def test_many_changes_are_cut_and_counted() -> None:
    """The comment stays short."""
    text = text_of(*(finding(benchmark=f"b{number}", change_percent=number + 1.0) for number in range(40)))

    assert text.count("wall") <= MAX_BARS
    assert f"The {MAX_BARS} of 40 largest changes" in text


def test_no_name_ends_its_label() -> None:
    """Brackets, colons and what else a benchmark may be called cannot steer Mermaid."""
    names = ("a[1: 2]", "f(x=[1,2])", "x" * 200, "a,b")
    text = text_of(*(finding(benchmark=name) for name in names))

    (labels,) = re.findall(r"x-axis \[(.*)\]", text)
    assert all(re.fullmatch(r'"[0-9]+ [A-Za-z0-9@/._+ -]+"', label) for label in labels.split(", "))
