"""Signatures and placeholders, for any names."""

from __future__ import annotations

import contextlib
import keyword

from hypothesis import given
from hypothesis import strategies as st

from benchgov.suites.placeholders import fill, placeholders_in
from benchgov.suites.signature import parse_signature

names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name)
)


@given(st.lists(names, unique=True, max_size=6))
def test_a_signature_is_written_as_it_is_parsed(parameters: list[str]) -> None:
    """Writing and parsing are inverse, and a signature agrees with itself."""
    text = f"({', '.join(parameters)})"
    signature = parse_signature(text)
    assert str(signature) == text
    assert signature.agrees(parse_signature(str(signature)))


@given(st.text(max_size=60))
def test_any_text_parses_or_is_a_value_error(text: str) -> None:
    """No text whatever raises anything else."""
    with contextlib.suppress(ValueError):
        assert str(parse_signature(text)).startswith("(")


@given(st.lists(st.text(alphabet="{}abpython scale", max_size=20), max_size=4))
def test_filling_leaves_everything_but_placeholders(command: list[str]) -> None:
    """The number of words never changes: an argument cannot become two."""
    values = dict.fromkeys(placeholders_in(command), "x y")
    assert len(fill(command, values)) == len(command)
