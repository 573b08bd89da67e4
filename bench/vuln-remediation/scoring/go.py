"""Reads go.mod and go.sum."""

from __future__ import annotations

import re

from .view import Place, Subject, Unreadable, View

_SUM = re.compile(r"(\S+) (\S+?)(/go\.mod)? (h1:[A-Za-z0-9+/]{43}=)")
_DIRECTIVES = ("module", "go", "toolchain", "require", "replace", "exclude", "retract", "godebug", "tool")


def read_mod(text: str, subject: Subject) -> View:
    """The required version of the module in a go.mod."""
    places: dict[str, Place] = {}
    rest: list[str] = []
    for directive, words, comment in _lines(text):
        if directive == "require" and words[:1] == [subject.package] and len(words) == 2:
            places[f"require {len(places)}"] = Place(words[1], extra=comment)
        else:
            rest.append(" ".join([directive, *words, comment]))
    if not any(line.startswith("module ") for line in rest):
        raise Unreadable("a go.mod without a module")
    return View(places, rest=rest)


def read_sum(text: str, subject: Subject) -> View:
    """The checksums of the module's newest version in a go.sum; older ones may stay."""
    found: dict[str, dict[str, str]] = {}
    rest: list[str] = []
    lines = text.splitlines()
    if len(set(lines)) < len(lines):
        raise Unreadable("a line of go.sum stands twice")
    for line in lines:
        entry = _SUM.fullmatch(line)
        if entry is None:
            raise Unreadable(f"not a line of go.sum: {line[:80]}")
        if entry[1] == subject.package:
            found.setdefault(entry[2], {})["go.mod" if entry[3] else "h1"] = entry[4]
        else:
            rest.append(line)
    newest = max(found, key=_numbers, default=None)
    places = {"sum": Place(newest, locked=True, digest=found[newest])} if newest else {}
    return View(places, rest=rest)


def _lines(text: str) -> list[tuple[str, list[str], str]]:
    """(directive, words, comment) of each line, with blocks taken apart."""
    found: list[tuple[str, list[str], str]] = []
    block = ""
    for line in text.splitlines():
        code, _, comment = line.partition("//")
        words = code.split()
        if not words:
            continue
        if block and words == [")"]:
            block = ""
        elif not block and words[1:] == ["("]:
            block = words[0]
        else:
            directive, words = (block, words) if block else (words[0], words[1:])
            if directive not in _DIRECTIVES:
                raise Unreadable(f"not a line of go.mod: {line[:80]}")
            found.append((directive, words, comment.strip()))
    if block:
        raise Unreadable("a block of go.mod is not closed")
    return found


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]
