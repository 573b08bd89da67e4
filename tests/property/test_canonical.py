"""Canonical JSON against the reference library, on arbitrary values."""

from __future__ import annotations

import json
import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from benchgov.canonical import canonical_json, canonical_object
from benchgov.errors import InputError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(KEYS, inner, max_size=6) | st.lists(inner).map(tuple)
    ),
    max_leaves=40,
)


@given(VALUES)
def test_bytes_are_those_of_the_reference_library(value: object) -> None:
    """Whatever path a value takes, its bytes are what `rfc8785` writes."""
    assert canonical_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), VALUES, max_size=6))
def test_an_object_of_members_that_are_canonical_is_canonical(members: dict[str, object]) -> None:
    """In whatever order they come."""
    encoded = {key: canonical_json(value) for key, value in members.items()}
    assert canonical_object(encoded) == canonical_json(members)


@given(st.lists(st.tuples(SCALARS, st.lists(SCALARS, max_size=3)), max_size=4), KEYS)
def test_tables_are_those_of_the_reference_library(
    values: list[tuple[object, list[object]]], key: str
) -> None:
    """Objects with the same keys, which take a path of their own, have the bytes that `rfc8785` writes."""
    rows: list[object] = [
        {key: one, "b": [{"d": one, "c": several}], "a": several} for one, several in values
    ]
    assert canonical_json(rows) == rfc8785.dumps(rows)  # type: ignore[arg-type]


def as_ecmascript(digits: str) -> int | float:
    """RFC 8785 numbers are doubles: past 2^53 an integer's digits stand for the nearest one."""
    return int(digits) if abs(int(digits)) < 2**53 else float(digits)


@given(VALUES)
def test_canonical_bytes_are_a_fixed_point(value: object) -> None:
    """Reading canonical bytes and writing them again changes nothing."""
    once = canonical_json(value)
    assert canonical_json(json.loads(once, parse_int=as_ecmascript)) == once


@given(st.lists(st.floats(), min_size=1))
def test_lists_of_floats_agree_or_are_refused(numbers: list[float]) -> None:
    """NaN and infinity are refused wherever they stand in a list; everything else is written."""
    if all(map(math.isfinite, numbers)):
        assert canonical_json(numbers) == rfc8785.dumps(numbers)
    else:
        with pytest.raises(InputError):
            canonical_json(numbers)
