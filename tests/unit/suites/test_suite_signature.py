"""Signatures: parsed, written, compared."""

from __future__ import annotations

import inspect

import pytest

from benchgov.measure.host_values import signature_of
from benchgov.suites.signature import parse_signature, signature_from_json


@pytest.mark.parametrize(
    "text",
    [
        "()",
        "(a, b)",
        "(a: list[int], /, b, *rest, key: str, **more) -> dict[str, int]",
        "(a, *, key)",
        "(a, /)",
    ],
)
def test_text_survives_parsing(text: str) -> None:
    """What is parsed is written as it was."""
    assert str(parse_signature(text)) == text


@pytest.mark.parametrize("text", ["", "a", "(a", "(a) -> ", "(): pass\nimport os\ndef f()", "x(a)", "(1)"])
def test_other_text_is_refused(text: str) -> None:
    """Anything but one Python-style signature is an error that shows the text."""
    with pytest.raises(ValueError, match="not a signature"):
        parse_signature(text)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("(a)", "(a: int) -> str", True),
        ("(a: int)", "(a: str)", False),
        ("(a) -> int", "(a) -> str", False),
        ("(a, b)", "(b, a)", False),
        ("(a)", "(a, b)", False),
        ("(a)", "(*, a)", False),
        ("(a: typing.Optional[int])", "(a: int | None)", True),
        ("(a: typing.List[int])", "(a: 'list[int]')", True),
        ("(a: Union[int, str])", "(a: int | str)", True),
        ("(a: collections.abc.Sequence[int])", "(a: Sequence[int])", True),
    ],
)
def test_agreement(one: str, other: str, agree: bool) -> None:
    """Names, order and kinds count; annotations only where both give them, in whatever spelling."""
    assert parse_signature(one).agrees(parse_signature(other)) is agree


def test_a_real_function_agrees_with_its_declaration() -> None:
    """What the measuring process finds is comparable with what the manifest declares."""

    def work(items: list[int], /, key: str | None = None, *, deep: bool = False) -> list[int]:
        return items

    found = signature_of(work)
    assert found is not None
    declared = parse_signature("(items: list[int], /, key: str | None, *, deep) -> list[int]")
    assert signature_from_json(found).agrees(declared)
    assert str(inspect.signature(work)).count("items") == 1


def test_a_builtin_without_a_signature_has_none() -> None:
    """Builtins that don't tell their parameters are not an error."""
    assert signature_of(dict) is None
