"""Save what is whole from a JSON document that is cut off or broken in the middle."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_decoder = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_KEY = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')


def whole_members(text: str) -> dict[str, Any]:
    """The members of the object that `text` begins with, up to the first that is broken.

    When that one is an array, it is there too, with its whole items. Empty when nothing is whole.
    """
    members: dict[str, Any] = {}
    at = _after(text, _skip(text, 0), "{")
    while at is not None and (key := _KEY.match(text, at)):
        name = _value(text, key.start(1))
        value = _value(text, key.end())
        if name is None:
            break
        if value is None:
            if text[key.end() : key.end() + 1] == "[":
                members[name[0]] = list(_items(text, key.end() + 1))
            break
        members[name[0]] = value[0]
        at = _after(text, _skip(text, value[1]), ",")
    return members


def whole_items(text: str) -> list[Any]:
    """The items of the array that `text` begins with, up to the first that is broken."""
    start = _after(text, _skip(text, 0), "[")
    return list(_items(text, start)) if start is not None else []


def _items(text: str, start: int) -> Iterator[Any]:
    at: int | None = start
    while at is not None and (value := _value(text, _skip(text, at))):
        yield value[0]
        at = _after(text, _skip(text, value[1]), ",")


def _value(text: str, at: int) -> tuple[Any, int] | None:
    """(value, end) of the JSON value at `at`; None when there is no whole one."""
    try:
        return _decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _after(text: str, at: int, character: str) -> int | None:
    return at + 1 if text[at : at + 1] == character else None
