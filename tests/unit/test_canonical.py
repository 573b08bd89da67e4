"""Canonical JSON and digests: published vectors, refusals, folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchgov.canonical import (
    blake3_hex,
    canonical_json,
    digest_of,
    file_digests,
    sha256_hex,
    tree_digest,
)
from benchgov.errors import InputError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (333333333.33333329, b"333333333.3333333"),
        (1e30, b"1e+30"),
        (4.50, b"4.5"),
        (2e-3, b"0.002"),
        (1e-27, b"1e-27"),
        (-0.0, b"0"),
        (1.0, b"1"),
        (1e21, b"1e+21"),
        (1e20, b"100000000000000000000"),
        ('\u20ac$\u000f\nA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'.encode()),
    ],
)
def test_examples_of_rfc_8785(value: object, expected: bytes) -> None:
    """The RFC's own numbers, its string, and its order of keys by UTF-16 unit."""
    assert canonical_json(value) == expected


@pytest.mark.parametrize(
    "value", [float("nan"), [1.5, float("inf")], 2**53, "\ud800", {"\ud800": 1}, {1: 2}, object(), b"x"]
)
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    """What JSON cannot say exactly is an input error, not a guess."""
    with pytest.raises(InputError, match="no canonical JSON form"):
        canonical_json(value)


def test_a_value_nested_too_deeply_is_refused() -> None:
    """Depth ends in a typed error, not in a crash."""
    value: object = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InputError):
        canonical_json(value)


def test_digests_have_their_published_values() -> None:
    """BLAKE3 and SHA-256 of the empty string, as their authors publish them."""
    assert blake3_hex(b"") == "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest_of({"b": 1.0, "a": 2}) == blake3_hex(b'{"a":2,"b":1}')


def test_file_digests_read_the_content(tmp_path: Path) -> None:
    """Both digests of a file are those of its bytes, also past one piece."""
    data = b"ab" * (1 << 20)
    (tmp_path / "f").write_bytes(data)
    assert file_digests(tmp_path / "f") == (blake3_hex(data), sha256_hex(data))


def test_a_tree_digest_sees_names_and_contents_only(tmp_path: Path) -> None:
    """Renaming or editing a file changes the digest; times and empty folders do not."""
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        (root / "sub").mkdir(parents=True)
        (root / "a").write_text("1")
        (root / "sub" / "b").write_text("2")
    (two / "empty").mkdir()
    (two / "a").touch()
    assert tree_digest(one) == tree_digest(two)
    (two / "a").rename(two / "c")
    assert tree_digest(one) != tree_digest(two)
    (two / "c").rename(two / "a")
    (two / "a").write_text("3")
    assert tree_digest(one) != tree_digest(two)


def test_a_tree_with_a_link_is_refused(tmp_path: Path) -> None:
    """A link's target is outside the folder, so it has no digest."""
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(InputError, match="symbolic link"):
        tree_digest(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        tree_digest(tmp_path / "none")
