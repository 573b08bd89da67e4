"""What others wrote becomes harmless text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from benchgov.github.text import code, fence, one_line, plain, prose

HOSTILE = st.text(
    st.sampled_from(list("@#`*_[]()<>&|~\\!$:/ \n\t\r\x1b\x07\u202e\u200bwGH-1axé.")), max_size=60
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil.invalid\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x9bc\u202ed", "abcd"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("half \x1b", "half "),
    ],
)
def test_terminal_escapes_and_controls_are_dropped(text: str, expected: str) -> None:
    """Neither a terminal nor a log viewer is steered by the text."""
    assert plain(text) == expected


def test_a_long_line_is_cut() -> None:
    """The cut is marked, and exact."""
    assert one_line("x" * 30, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    "text", ["@everyone", "fixes #1", "see https://evil.invalid", "www.evil.invalid", "GH-1"]
)
def test_nothing_becomes_a_link_a_mention_or_a_reference(text: str) -> None:
    """What GitHub would recognize is broken by a character that is not seen."""
    assert text not in prose(text)
    assert prose(text).replace("\u2060", "") == text


@given(HOSTILE)
def test_prose_renders_as_one_paragraph_of_text(text: str) -> None:
    """Markdown sees no markup, whatever the text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(f"x {prose(text)}")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children or []} <= {"text", "text_special"}


@given(HOSTILE)
def test_code_stays_one_code_span_in_a_table_cell(text: str) -> None:
    """Neither a back-tick nor a pipe ends the span or the cell."""
    row = code(f"x{text}y")
    tokens = MarkdownIt("commonmark").enable("table").parse(f"| a | b |\n|---|---|\n| {row} | z |\n")
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert [child.type for child in cells[2].children or []] == ["code_inline"]


@given(HOSTILE)
def test_a_fence_cannot_be_closed_from_inside(text: str) -> None:
    """The block ends where it is meant to end."""
    tokens = MarkdownIt("commonmark").parse(fence(text) + "\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
