"""What a step tells the runner."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchgov.actions.workflow import Workflow, escape_data, escape_property
from benchgov.errors import OutputError

COMMAND = re.compile(r"^\s*::|##\[")


def printed(*, environ: dict[str, str] | None = None) -> tuple[Workflow, io.StringIO]:
    """A workflow that prints into a string."""
    stdout = io.StringIO()
    return Workflow(stdout, environ or {}), stdout


def test_an_annotation_is_one_line_with_its_place() -> None:
    """The runner decodes the message; `:` and `,` do not end a property."""
    workflow, stdout = printed()

    workflow.annotate("error", "100 %\nsecond", title="a: b, c", file="x,y.py", line=3)

    assert stdout.getvalue() == "::error file=x%2Cy.py,line=3,title=a%3A b%2C c::100 %25%0Asecond\n"


def test_an_annotation_without_a_place() -> None:
    """No empty properties."""
    workflow, stdout = printed()

    workflow.annotate("warning", "so")

    assert stdout.getvalue() == "::warning::so\n"


@given(st.text(max_size=80))
def test_no_text_starts_a_command_of_its_own(text: str) -> None:
    """Message and properties stay inside their line."""
    workflow, stdout = printed()

    workflow.annotate("error", text, title=text, file=text)

    assert len(stdout.getvalue().splitlines()) == 1
    assert stdout.getvalue().startswith("::error")


@given(st.text(max_size=80))
def test_escaping_is_what_the_runner_undoes(text: str) -> None:
    """%25, %0D, %0A, and in properties %3A and %2C: nothing else is changed but what cannot be seen."""
    shown = escape_data(text)
    assert "\n" not in shown
    assert "\r" not in shown
    whole = escape_property(text)
    assert ":" not in whole
    assert "," not in whole
    undone = whole.replace("%3A", ":").replace("%2C", ",")
    assert undone == shown


def test_what_others_wrote_is_printed_while_commands_are_off() -> None:
    """The token that turns them on again is not known to the text."""
    workflow, stdout = printed()

    workflow.say("::set-output name=verdict::pass\n::stop-commands::x")

    lines = stdout.getvalue().splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert re.fullmatch(r"benchgov-[0-9a-f]{32}", token)
    assert lines[-1] == f"::{token}::"
    assert token not in "\n".join(lines[1:-1])


def test_commands_are_on_again_after_an_error() -> None:
    """A step that fails can still say so."""
    workflow, stdout = printed()

    def fail() -> None:
        with workflow.quoted():
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    first, last = stdout.getvalue().splitlines()[0], stdout.getvalue().splitlines()[-1]
    assert last == f"::{first.removeprefix('::stop-commands::')}::"


def test_an_output_cannot_set_another_output(tmp_path: Path) -> None:
    """The value stands between delimiters that it cannot know."""
    path = tmp_path / "output"
    workflow, _ = printed(environ={"GITHUB_OUTPUT": str(path)})

    workflow.set_outputs({"reason": "x\nverdict=pass\nEOF", "verdict": "regression"})

    lines = path.read_text().splitlines()
    values, index = {}, 0
    while index < len(lines):
        name, _, delimiter = lines[index].partition("<<")
        end = lines.index(delimiter, index + 1)
        values[name] = "\n".join(lines[index + 1 : end])
        index = end + 1
    assert values == {"reason": "x\nverdict=pass\nEOF", "verdict": "regression"}


def test_summaries_add_up(tmp_path: Path) -> None:
    """Each is a block of its own."""
    path = tmp_path / "summary"
    workflow, _ = printed(environ={"GITHUB_STEP_SUMMARY": str(path)})

    workflow.add_summary("one\n")
    workflow.add_summary("two")

    assert path.read_text() == "one\n\ntwo\n\n"


def test_outside_of_a_runner_nothing_is_written() -> None:
    """Neither file is there."""
    workflow, stdout = printed()

    workflow.set_outputs({"a": "b"})
    workflow.add_summary("c")

    assert stdout.getvalue() == ""


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """An output that is lost would look like a pass."""
    workflow, _ = printed(environ={"GITHUB_OUTPUT": str(tmp_path)})

    with pytest.raises(OutputError):
        workflow.set_outputs({"a": "b"})
