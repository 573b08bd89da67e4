"""Canonical JSON (RFC 8785) and digests: one value, one sequence of bytes, one name.

The bytes are those of the `rfc8785` package. Documents that a quick encoder writes canonically once
they are put in order, which is nearly all of them, take it; see docs/adr/0004-canonical-json.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from blake3 import blake3

from benchgov.errors import InputError

Json = Any
"""A JSON value: None, bool, int, float, str, list or tuple of these, dict with str keys."""

_MAX_EXACT_INTEGER = 2**53 - 1
# Between these bounds `repr` and ECMAScript's Number::toString write the same digits.
_PLAIN_FLOAT_MIN, _PLAIN_FLOAT_MAX = 1e-4, 1e16
_AS_IS = {str, bool, type(None)}
_CHUNK_BYTES = 1 << 16

_slowly = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def canonical_json(value: Json) -> bytes:
    """Return the RFC 8785 bytes of `value`.

    Raises:
        InputError: NaN, infinity, an integer outside ±(2^53 − 1), a lone surrogate, a key that is
            not a string, or a type that JSON does not have.
    """
    try:
        return _canonical(value)
    except (UnicodeEncodeError, RecursionError, ValueError) as error:
        raise InputError(f"the value has no canonical JSON form: {error}") from error


def canonical_object(members: Mapping[str, bytes]) -> bytes:
    """The object of these members, whose keys are ASCII, and whose values are canonical JSON already."""
    return b"{" + b",".join(_encode(key) + b":" + members[key] for key in sorted(members)) + b"}"


def _canonical(value: Json) -> bytes:
    try:
        return _encode(_plain(value))
    except _NotPlainError:
        return _canonical_by_parts(value)


def _encode(plain: Json) -> bytes:
    """The bytes of what `_plain` gave."""
    core: Any = sys.modules.get("pydantic_core")
    if core is None:  # loading it takes longer than the few values of who has no model
        return _slowly(plain).encode("utf-8")
    try:
        encoded: bytes = core.to_json(plain)
    except core.PydanticSerializationError:  # nested deeply; or a surrogate alone, which has no bytes
        return _slowly(plain).encode("utf-8")
    return encoded


def _canonical_by_parts(value: Json) -> bytes:
    """The library is slow, and one number such as 1e-7 is a reason for it: it gets that number alone."""
    kind = type(value)
    if kind is dict and _ascii_texts(value):
        members = (_encode(key) + b":" + _member(item) for key, item in sorted(value.items()))
        return b"{" + b",".join(members) + b"}"
    if kind is list or kind is tuple:
        return b"[" + b",".join(_items_by_parts(value)) + b"]"
    return _canonical_by_library(value)


def _member(value: Json) -> bytes:
    """A list of objects is where the number is likely to be: it is not tried as a whole once more."""
    if type(value) is list and value and type(value[0]) is dict:
        return _canonical_by_parts(value)
    return _canonical(value)


def _items_by_parts(items: Iterable[Json]) -> Iterator[bytes]:
    """The items of a list, as many plain ones at once as there are in a row."""
    row: list[Json] = []
    for item in items:
        try:
            row.append(_plain(item))
        except _NotPlainError:
            if row:
                yield _encode(row)[1:-1]
            row = []
            yield _canonical_by_parts(item)
    if row:
        yield _encode(row)[1:-1]


def _canonical_by_library(value: Json) -> bytes:
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeEncodeError) as error:
        raise InputError(f"the value has no canonical JSON form: {error}") from error


class _NotPlainError(Exception):
    """The quick encoder would not write this value as RFC 8785 asks."""


def _plain(value: Json) -> Json:
    """`value` with whole floats as integers and keys in order, such that `_encode` gives canonical bytes."""
    kind = type(value)
    if kind in _AS_IS:
        return value
    if kind is int:
        return _plain_integer(value)
    if kind is float:
        return _plain_float(value)
    if kind is dict:
        return _plain_dict(value)
    if kind is list or kind is tuple:
        return _plain_list(value)
    raise _NotPlainError


def _plain_dict(members: dict[Any, Json]) -> Json:
    # Sorting by code point equals sorting by UTF-16 unit as long as no key is non-ASCII.
    if not _ascii_texts(members):
        raise _NotPlainError
    plain = {}
    for key in sorted(members):
        item = members[key]
        kind = type(item)
        if kind in _AS_IS or (
            kind is float and _PLAIN_FLOAT_MIN <= item < _PLAIN_FLOAT_MAX and not item.is_integer()
        ):
            plain[key] = item
        else:
            plain[key] = _plain(item)
    return plain


def _ascii_texts(keys: Iterable[Any]) -> bool:
    try:
        return "".join(keys).isascii()
    except TypeError:  # one of them is no text
        return False


def _plain_list(items: Json) -> Json:
    kinds = set(map(type, items))
    if kinds <= _AS_IS:
        return items
    if kinds == {float}:
        return items if _same_digits(items) else [_plain_float(item) for item in items]
    if kinds == {int} and min(items) >= -_MAX_EXACT_INTEGER and max(items) <= _MAX_EXACT_INTEGER:
        return items
    if kinds <= {list, tuple}:
        return _plain_lists(items)
    if kinds == {dict} and items[0] and len(set(map(frozenset, items))) == 1:
        return _plain_rows(items)
    return [_plain(item) for item in items]


def _plain_lists(lists: Sequence[Sequence[Json]]) -> Sequence[Sequence[Json]]:
    """Lists as a single one, which is cut up again: that is much quicker than one by one."""
    joined = list(chain.from_iterable(lists))
    plain = _plain_list(joined)
    if plain is joined:
        return lists
    rest = iter(plain)
    return [list(islice(rest, len(one))) for one in lists]


def _plain_rows(rows: Sequence[dict[Any, Json]]) -> list[dict[Any, Json]]:
    """Objects with the same keys, column by column: that is much quicker than one by one."""
    if not _ascii_texts(rows[0]):
        raise _NotPlainError
    keys = sorted(rows[0])
    columns = [_plain_list(list(map(itemgetter(key), rows))) for key in keys]
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


def _same_digits(numbers: list[float]) -> bool:
    sizes = list(map(abs, numbers))
    return (
        min(sizes) >= _PLAIN_FLOAT_MIN
        and max(sizes) < _PLAIN_FLOAT_MAX
        and not any(map(float.is_integer, numbers))
    )


def _plain_integer(number: int) -> int:
    if -_MAX_EXACT_INTEGER <= number <= _MAX_EXACT_INTEGER:
        return number
    raise _NotPlainError


def _plain_float(number: float) -> float | int:
    if number.is_integer():
        return _plain_integer(int(number))
    if _PLAIN_FLOAT_MIN <= abs(number) < _PLAIN_FLOAT_MAX:
        return number
    raise _NotPlainError


def blake3_hex(data: bytes) -> str:
    """BLAKE3 of `data`, as `blake3:<64 hex digits>`."""
    return "blake3:" + blake3(data).hexdigest()


def sha256_hex(data: bytes) -> str:
    """SHA-256 of `data`, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Json) -> str:
    """BLAKE3 of the canonical JSON of `value`, as `blake3:<hex>`."""
    return blake3_hex(canonical_json(value))


def file_digests(path: Path) -> tuple[str, str]:
    """(`blake3:<hex>`, SHA-256 hex) of a file's content, read once, piece by piece."""
    fast, wide = blake3(), hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            fast.update(chunk)
            wide.update(chunk)
    return "blake3:" + fast.hexdigest(), wide.hexdigest()


def tree_digest(root: Path) -> str:
    """BLAKE3 of a folder: every file's relative POSIX path and content digest, sorted by path.

    Names and contents count; times, modes and empty folders do not. A symbolic link is refused,
    because what it points to is not part of the folder.

    Raises:
        InputError: `root` is not a folder, or a link or special file lies in it.
    """
    if not root.is_dir():
        raise InputError("not a folder", where=str(root))
    entries = sorted(
        (path.relative_to(root).as_posix(), _content_digest(path)) for path in _regular_files(root)
    )
    return digest_of([[name, digest] for name, digest in entries])


def _content_digest(path: Path) -> str:
    hasher = blake3()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()


def _regular_files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise InputError("a symbolic link cannot be digested", where=entry.path)
            if entry.is_dir():
                yield from _regular_files(Path(entry.path))
            elif entry.is_file():
                yield Path(entry.path)
            else:
                raise InputError("not a regular file", where=entry.path)
