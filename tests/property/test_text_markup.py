"""What others wrote stays text, as a Markdown parser sees it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from benchgov.text import code, fenced, markdown

HOSTILE = st.text(
    st.sampled_from(list("@#`*_[]()<>&|~\\!$:/ \n\t\r\x1b\x07\u202e\u200bwGH-1axé.")), max_size=60
)


@given(HOSTILE)
def test_a_line_renders_as_one_paragraph_of_text(text: str) -> None:
    """Markdown sees no markup, whatever the text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(f"x {markdown(text)}")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children or []} <= {"text", "text_special"}


@given(HOSTILE)
def test_code_stays_one_code_span_in_a_table_cell(text: str) -> None:
    """Neither a back-tick nor a pipe ends the span or the cell."""
    row = code(f"x{text}y")
    tokens = MarkdownIt("commonmark").enable("table").parse(f"| a | b |\n|---|---|\n| {row} | z |\n")
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert [child.type for child in cells[2].children or []] == ["code_inline"] or "<code>" in row


@given(HOSTILE)
def test_a_fence_cannot_be_closed_from_inside(text: str) -> None:
    """The block ends where it is meant to end."""
    tokens = MarkdownIt("commonmark").parse(fenced(text) + "\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
