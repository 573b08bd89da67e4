"""JSON is read as Python's own parser reads it, and a repeated key is refused wherever it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import examples

from benchgov.documents import parse_json
from benchgov.errors import InputError

TEXT = st.one_of(st.text(max_size=6), st.sampled_from(['"', '":', '\\"', "\\u0022", 'a": 1, "a', "\ud800"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1, 4]))
@settings(max_examples=examples(200), deadline=None)
def test_every_value_is_read_as_it_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    """Texts, numbers and nesting of any kind, escaped or not, with and without white space."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    found = parse_json(text, "x")
    assert found == json.loads(text)
    assert repr(found) == repr(json.loads(text))


@given(VALUES, TEXT, TEXT, st.sampled_from([":", " :", "\n: "]), st.booleans())
@settings(max_examples=examples(200), deadline=None)
def test_a_repeated_key_is_refused_wherever_it_stands(
    value: Any, key: str, beside: str, colon: str, escaped: bool
) -> None:
    """In any object, however its texts are written, and beside any others."""
    first, second = json.dumps(key), json.dumps(key)
    if escaped:
        second = '"' + "".join(f"\\u{unit:04x}" for unit in _units(key)) + '"'
    other = json.dumps(beside, ensure_ascii=False)
    text = f"[{json.dumps(value)}, {other}, {{{first}{colon}1, {second}{colon}{json.dumps(value)}}}]"
    with pytest.raises(InputError, match="duplicate key"):
        parse_json(text, "x")


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
