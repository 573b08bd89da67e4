"""Wrong answers made from a right one: what a rubric must not let pass.

Every mutant differs from the answer as JSON. Which of them are taken is a function of the seed alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from benchgov.canonical import Json, canonical_json

Path = tuple[str | int, ...]

MAX_PLACES = 2_000
"""How many places of one answer are looked at."""
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Mutant:
    """A wrong answer: how it was made, where in the answer (`key.key:line what`), and what it is."""

    operator: str
    where: str
    output: Mapping[str, Json]


def mutants(
    output: Mapping[str, Json],
    *,
    seed: int,
    limit: int,
    others: Sequence[Mapping[str, Json]] = (),
    given: Mapping[str, str] | None = None,
) -> tuple[Mutant, ...]:
    """At most `limit` mutants of `output`, as many of each operator as there is room for.

    `others` are answers to other cases; `given` are the texts of the case's input by path.
    """
    source = random.Random(seed)  # noqa: S311 (nothing is secret)
    by_operator: dict[str, list[Mutant]] = {}
    seen = {canonical_json(dict(output))}
    for mutant in (*_wholes(output, others, given or {}), *_places(output, source)):
        data = canonical_json(dict(mutant.output))
        if data not in seen:
            seen.add(data)
            by_operator.setdefault(mutant.operator, []).append(mutant)
    for made in by_operator.values():
        source.shuffle(made)
    chosen: list[Mutant] = []
    while by_operator and len(chosen) < limit:
        for operator in list(by_operator):
            chosen.append(by_operator[operator].pop())
            if not by_operator[operator]:
                del by_operator[operator]
    return tuple(chosen[:limit])


def _wholes(
    output: Mapping[str, Json], others: Sequence[Mapping[str, Json]], given: Mapping[str, str]
) -> Iterator[Mutant]:
    """Mutants of the answer as a whole."""
    yield Mutant("empty", "", {})
    yield Mutant("claim", "", {"passed": True, "score": 1.0, "status": "passed"})
    for number, other in enumerate(others):
        yield Mutant("swap", f"answer {number + 1}", dict(other))
    if given:
        yield Mutant("echo", "", {"input": dict(given)})
        echoed = _echoed(dict(output), given)
        yield Mutant("echo", "in place", echoed)


def _echoed(value: Json, given: Mapping[str, str], key: str = "") -> Json:
    """The answer with every text that has a file's name for its key replaced by that file as it was given."""
    if isinstance(value, dict):
        return {name: _echoed(one, given, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_echoed(one, given) for one in value]
    return given.get(key, value) if isinstance(value, str) else value


def _places(output: Mapping[str, Json], source: random.Random) -> Iterator[Mutant]:
    """Mutants of one place each."""
    places = list(_walk(dict(output), ()))
    if len(places) > MAX_PLACES:
        places = source.sample(places, MAX_PLACES)
    for path, value in places:
        where = ".".join(map(str, path))
        for operator, change, note in _changes(value, source):
            yield Mutant(operator, where + note, _put(output, path, change))
        if path:
            yield Mutant("drop", where, _dropped(output, path))
            yield Mutant("null", where, _put(output, path, None))
        if isinstance(value, dict):
            for extra in list(value)[:1]:
                yield Mutant(
                    "duplicate-key", where, _put(output, path, {**value, f"{extra}-2": value[extra]})
                )


def _walk(value: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield from _walk(one, (*path, key))


def _changes(value: Json, source: random.Random) -> Iterator[tuple[str, Json, str]]:
    """(operator, what to put in the place of `value`, where in it)."""
    if isinstance(value, bool):
        yield "flip", not value, ""
    elif isinstance(value, (int, float)):
        yield "number", value + 1, ""
        yield "number", value - 1, ""
        yield "negate", -value, ""
        yield "zero", 0, ""
    elif isinstance(value, str):
        yield from _texts(value, source)
    elif isinstance(value, list):
        yield from _lists(value, source)


def _texts(value: str, source: random.Random) -> Iterator[tuple[str, str, str]]:
    yield "text-empty", "", ""
    yield "text-cut", value[: len(value) // 2], ""
    yield "text-doubled", value + value, ""
    for operator, pattern, count, change in (
        ("text-number", _DIGITS, 3, _next_number),
        ("text-word", _LETTERS, 2, _other_word),
    ):
        matches = list(pattern.finditer(value))
        for match in source.sample(matches, min(count, len(matches))):
            new = change(match[0])
            note = f":{value.count(chr(10), 0, match.start()) + 1} {match[0][:40]} → {new[:40]}"
            yield operator, value[: match.start()] + new + value[match.end() :], note
    lines = value.splitlines(keepends=True)
    if len(lines) > 1:
        at = source.randrange(len(lines))
        note = f":{at + 1} {lines[at].strip()[:60]}"
        yield "line-dropped", "".join(lines[:at] + lines[at + 1 :]), note
        yield "line-doubled", "".join([*lines[: at + 1], *lines[at:]]), note
        yield "lines-reversed", "".join(reversed(lines)), ""


def _next_number(digits: str) -> str:
    return str(int(digits[:15]) + 1)


def _other_word(word: str) -> str:
    return word[::-1] if word != word[::-1] else f"{word}x"


def _lists(value: list[Json], source: random.Random) -> Iterator[tuple[str, list[Json], str]]:
    if not value:
        yield "list-invented", ["invented"], ""
        return
    yield "list-empty", [], ""
    yield "list-cut", value[:-1], ""
    yield "list-doubled", [*value, value[0]], ""
    shuffled = list(value)
    source.shuffle(shuffled)
    yield "list-shuffled", shuffled, ""
    yield "list-reversed", value[::-1], ""


def _put(output: Mapping[str, Json], path: Path, value: Json) -> dict[str, Json]:
    return _at(output, path, lambda parent, key: parent.__setitem__(key, value)) if path else dict(value)


def _dropped(output: Mapping[str, Json], path: Path) -> dict[str, Json]:
    return _at(output, path, lambda parent, key: parent.__delitem__(key))


def _at(output: Mapping[str, Json], path: Path, change: Callable[[Json, str | int], None]) -> dict[str, Json]:
    """A copy of `output`, changed in the container that holds `path`."""
    copy: Json = deepcopy(dict(output))
    parent = copy
    for step in path[:-1]:
        parent = parent[step]
    change(parent, path[-1])
    return dict(copy)
