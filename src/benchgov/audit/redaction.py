"""What must not be recorded, because a log only grows: secrets, e-mail addresses, private paths.

A finding says what and where, by JSON pointer (RFC 6901), and never the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from benchgov.canonical import Json
from benchgov.errors import RefusedError, UsageError
from benchgov.sensitive import sensitive


@dataclass(frozen=True)
class Finding:
    """What was found, and the JSON pointer of the text that it is in; for a key, that of its object."""

    pointer: str
    what: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.what}"


def inspect(value: Json, allow: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Everything in a JSON value that must not be recorded, in the order of the value.

    A text that one of the regular expressions `allow` matches wholly is no finding.

    Raises:
        UsageError: an expression of `allow` is none.
    """
    return tuple(dict.fromkeys(_walk(value, "", "", _allowed(allow))))


def refuse(value: Json, allow: Sequence[str], where: str) -> None:
    """Refuse to record `value` when `inspect` finds something.

    Raises:
        RefusedError: with one detail per finding.
        UsageError: an expression of `allow` is none.
    """
    if findings := inspect(value, allow):
        raise RefusedError(
            "refused: it holds what must not stay in a log for ever",
            where=where,
            remedy="Take them out of what is recorded, or allow them: --allow PATTERN, or audit.allow of the"
            " settings.",
            details=[str(finding) for finding in findings],
        )


def _allowed(patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise UsageError(f"not a regular expression: {pattern!r}: {error}") from error
    return tuple(compiled)


def _walk(value: Json, pointer: str, name: str, allow: tuple[re.Pattern[str], ...]) -> Iterator[Finding]:
    if isinstance(value, str):
        for what, text in sensitive(value, name):
            if not any(pattern.fullmatch(text) for pattern in allow):
                yield Finding(pointer, what)
    elif isinstance(value, dict):
        yield from _walk_object(value, pointer, allow)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{index}", name, allow)


def _walk_object(
    value: dict[str, Json], pointer: str, allow: tuple[re.Pattern[str], ...]
) -> Iterator[Finding]:
    for number, (key, item) in enumerate(value.items(), 1):
        inside = [Finding(pointer, f"{what}, in key {number}") for what in _in_key(key, allow)]
        yield from inside
        # A key that is a secret itself is not shown in a pointer, either.
        step = f"(key {number})" if inside else key.replace("~", "~0").replace("/", "~1")
        yield from _walk(item, f"{pointer}/{step}", key, allow)


@lru_cache(maxsize=1024)  # records have the same keys again and again
def _in_key(key: str, allow: tuple[re.Pattern[str], ...]) -> tuple[str, ...]:
    return tuple(found.what for found in _walk(key, "", "", allow))
