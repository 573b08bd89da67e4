"""Hostile text made harmless."""

from __future__ import annotations

import pytest

from benchgov.text import clean, code, fenced, markdown, one_line


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]never ends", ""),
        ("a\x00b", "a\ufffdb"),
        ("left\u202eright", "left\ufffdright"),
        ("half \ud800", "half \ufffd"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("over\rwritten", "over\nwritten"),
        ("a\u2028b", "a\nb"),
        ("übung → 12 µs", "übung → 12 µs"),
    ],
)
def test_control_sequences_vanish_and_text_stays(given: str, expected: str) -> None:
    """Terminal escapes go, other unprintable characters are shown as such, letters of any script stay."""
    assert clean(given) == expected


def test_a_long_line_is_cut() -> None:
    """The cut is marked, and exact, before anything is escaped."""
    assert one_line("x" * 30, 10) == "x" * 9 + "…"
    assert markdown("*" * 30, 3) == "&#42;&#42;…"
    assert code("x" * 30, 3) == "`xx…`"


def test_one_line_has_no_line_breaks() -> None:
    """White space of any kind becomes single spaces."""
    assert one_line(" a\n\n b\u2028c\t") == "a b c"


@pytest.mark.parametrize(
    "hostile",
    ["<b>", "a|b", "`code`", "[x](y)", "*x*", "_x_", "<!-- -->", "~~x~~", "a\\|b", "$x$", "![i](u)", "&lt;"],
)
def test_no_markdown_character_stays_active(hostile: str) -> None:
    """Characters with a meaning in Markdown or HTML are written as entities, which have none."""
    shown = markdown(f"a {hostile} z").replace("&#", "").replace(";", "")
    assert not set(shown) & set("<>`*[]|~\\$&")
    assert " _" not in shown
    assert "_ " not in shown


def test_names_stay_readable() -> None:
    """An underscore inside a word is no markup, and is left alone."""
    assert markdown("wall_time") == "wall_time"


@pytest.mark.parametrize("link", ["@someone", "#12", "https://example.org", "www.example.org", "GH-7"])
def test_nothing_becomes_a_link(link: str) -> None:
    """Mentions, issue numbers and addresses are broken by a character that nobody sees."""
    assert "\u200b" in markdown(f"see {link} now")
    assert markdown(f"see {link} now").replace("\u200b", "") == f"see {link} now"


def test_an_entity_is_not_taken_for_an_issue_number() -> None:
    """Breaking links and writing entities don't get into each other's way."""
    assert markdown("parse*") == "parse&#42;"


def test_code_is_literal() -> None:
    """A plain name is a code span; one that would end the span, or the cell, is escaped instead."""
    assert code("canonical-json@10000/optimized") == "`canonical-json@10000/optimized`"
    assert code("a`b|c") == "<code>a&#96;b&#124;c</code>"
    assert code("") == "<code></code>"


@pytest.mark.parametrize("inside", ["```", "`````", "text ```` text", "~~~", "</details>"])
def test_a_fence_is_longer_than_what_it_holds(inside: str) -> None:
    """No run of backticks inside a code block can end it."""
    lines = fenced(f"before\n{inside}\nafter").split("\n")
    fence = lines[-1]
    assert set(fence) == {"`"}
    assert lines[0] == fence + "text"
    assert all(fence not in line for line in lines[1:-1])


@pytest.mark.parametrize("start", ["# x", "- x", "+ x", "=== x", "--- x", "1. x", "12) x"])
def test_no_text_starts_a_block(start: str) -> None:
    """A sentence that looks like a heading, a list or a rule is only text at the start of a line."""
    assert markdown(start).startswith("&#")
