"""docs/decision.md says what `make decision-table` measures, and what it measured keeps the promises."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tools import decision_table as table

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "decision.md").read_text(encoding="utf-8")


def between(marker: str) -> list[str]:
    """The measured lines of the page."""
    start, end = f"<!-- {marker}: measured -->", f"<!-- {marker}: end -->"
    return PAGE.split(start)[1].split(end)[0].strip().splitlines()


def rows(lines: list[str]) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return cells[2:]


def percent(cell: str) -> float:
    return float(cell.removesuffix(" %"))


@pytest.fixture(scope="module")
def tiny() -> dict[str, list[str]]:
    """The tables of a very small simulation."""
    small = [replace(one, benchmarks=min(one.benchmarks, 50), prs=3, changed=2) for one in table.FURTHER]
    return table.report(replace(table.MAIN, benchmarks=50, prs=3, changed=2), small, tuple(table.RULES))


def test_the_page_has_the_tables_that_the_tool_writes(tiny: dict[str, list[str]]) -> None:
    """The same heads, rules and settings, row by row; a rule that is added is measured."""
    for marker, lines in tiny.items():
        page = between(marker)
        heads = [[line for line in some if line.startswith("|")][:2] for some in (page, lines)]
        assert heads[0] == heads[1]
        named = [
            [row[:2] if marker == "settings" else row[:1] for row in rows(some)] for some in (page, lines)
        ]
        without_counts = [[re.sub(r" \(.*\)$", "", row[0]), *row[1:]] for row in named[0]]
        assert without_counts == [[re.sub(r" \(.*\)$", "", row[0]), *row[1:]] for row in named[1]]


def test_a_tiny_simulation_keeps_the_order_of_things(tiny: dict[str, list[str]]) -> None:
    """Even three pull requests show it: no alarm of ours, and slowdowns found."""
    ours = rows(tiny["rules"])[0]
    assert ours[0] == f"**{table.OURS}**"
    assert percent(ours[1]) == 0
    assert percent(ours[3]) >= 50


def test_the_published_figures_keep_the_promises() -> None:
    """At most 1 % of no-change PRs alarm, 95 % of +5 % are found, 13 pairs on average, 40 at most."""
    ours = rows(between("rules"))[0]
    mean, most = ours[4].split(", ")
    assert percent(ours[1]) <= 1
    assert percent(ours[3]) >= 95
    assert float(mean) <= 13
    assert int(most) <= 40


def test_no_setting_has_more_alarms_than_a_rank_test_with_a_floor_or_less_power_than_a_bootstrap() -> None:
    """On the same samples, in every setting that the page shows."""
    listed = rows(between("settings"))
    size = len(table.BESIDE)
    assert len(listed) == size * (1 + len(table.FURTHER))
    for start in range(0, len(listed), size):
        ours, mann_whitney, bootstrap = listed[start : start + 3]
        assert percent(ours[2]) <= max(percent(mann_whitney[2]), 1.0)
        assert percent(ours[3]) <= percent(mann_whitney[3])
        assert percent(ours[4]) >= percent(bootstrap[4])


def test_the_figures_say_where_they_come_from() -> None:
    """Command, date, machine and commit."""
    (line,) = between("origin")
    assert re.search(
        r"`make decision-table` on \d{4}-\d\d-\d\d, .+, Python 3\.\d+\.\d+, .+ commit [0-9a-f]{7,}", line
    )
    assert "\ndecision-table:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_measured_lines_replace_what_was_there() -> None:
    """And nothing else of the page."""
    text = "before\n<!-- a: measured -->\nold\n<!-- a: end -->\nafter"
    assert table.put(text, "a", ["new"]) == "before\n<!-- a: measured -->\n\nnew\n\n<!-- a: end -->\nafter"
    with pytest.raises(AssertionError, match="one place"):
        table.put(text, "b", ["new"])
