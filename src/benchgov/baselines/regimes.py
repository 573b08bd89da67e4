"""Regimes: the notes of each, published once below `<bench_dir>/regimes/`, and the move to a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from benchgov.config import FILE_NAME
from benchgov.documents import load_json_model, parse_yaml
from benchgov.errors import InputError, RefusedError
from benchgov.text import code, markdown
from benchgov.wire import Name, Utc, Wire

FOLDER = "regimes"
_KEY = "regime"
# What YAML reads as text without quotes: no number, no date, and no truth value.
_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z][A-Za-z0-9_-]*", re.IGNORECASE)


class Regime(Wire):
    """A named set of measuring conditions: what it is for, which one it replaces, and what changed."""

    schema_version: Literal[1]
    regime: Name
    replaces: Name | None
    rationale: Annotated[str, Field(max_length=4096)] = ""
    notes: Annotated[str, Field(min_length=1, max_length=16_384)]
    created_at_utc: Utc


@dataclass(frozen=True)
class Regimes:
    """The published regimes of the repository whose suites are in `bench`."""

    bench: Path

    def path(self, name: str) -> Path:
        """The file of the regime `name`."""
        return self.bench / FOLDER / f"{name}.json"

    def all(self) -> tuple[Regime, ...]:
        """Every published regime, oldest first.

        Raises:
            InputError: a file is not a regime, or is that of another one.
        """
        found = []
        for path in sorted((self.bench / FOLDER).glob("*.json")):
            one = load_json_model(path, Regime)
            if path != self.path(one.regime):
                raise InputError(f"this is the file of regime {one.regime!r}", where=str(path))
            found.append(one)
        return tuple(sorted(found, key=lambda one: (one.created_at_utc, one.regime)))

    def suites(self, name: str) -> tuple[str, ...]:
        """The suites that have baselines in the regime `name`."""
        return tuple(path.parent.parent.name for path in sorted(self.bench.glob(f"*/baselines/{name}/")))

    def names(self) -> tuple[str, ...]:
        """Every regime that has notes or baselines, sorted."""
        used = {path.name for path in self.bench.glob("*/baselines/*/")}
        return tuple(sorted(used | {one.regime for one in self.all()}))


def breaches(new: str, old: str, current: str, known: Sequence[str]) -> Iterator[str]:
    """Why the repository cannot move from `old` to `new`, if so: rule by rule."""
    if old != current:
        yield f"rule current-regime: the regime of {FILE_NAME} is {current}, not {old}"
    if new == old:
        yield f"rule new-regime: {new} is the old one too"
    elif new in known:
        yield f"rule new-regime: {new} exists already; a regime is started once, and its baselines stay"


def with_regime(text: str, new: str) -> str:
    """The valid settings file `text` with `regime: new`; only that line changes, and its comment stays.

    Raises:
        RefusedError: it is written such that one line cannot be changed without changing more.
    """
    document = parse_yaml(text, FILE_NAME)
    changed = _rewritten(text, document.lines.get((_KEY,)), new)
    try:
        after = parse_yaml(changed, FILE_NAME).value
    except InputError:
        after = None
    if after != {**document.value, _KEY: new}:
        raise RefusedError(
            f"`{_KEY}:` cannot be changed without changing other lines",
            where=FILE_NAME,
            remedy=f"Write `{_KEY}: …` on a line of its own, and run again.",
        )
    return changed


def _rewritten(text: str, number: int | None, new: str) -> str:
    lines = text.splitlines(keepends=True)
    setting = f"{_KEY}: " + (new if _PLAIN.fullmatch(new) else f'"{new}"')
    if number is None:
        end = "" if not lines or lines[-1].endswith("\n") else "\n"
        return f"{text}{end}{setting}\n"
    line = lines[number - 1]
    body = line.rstrip("\r\n")
    comment = re.search(r"\s+#.*$", body)
    lines[number - 1] = setting + (comment.group() if comment else "") + line[len(body) :]
    return "".join(lines)


def regimes_page(regimes: Sequence[Regime]) -> str:
    """The Markdown of all notes, newest first."""
    parts = ["# Regimes", "Written by `benchgov regime migrate`; do not edit."]
    for one in reversed(regimes):
        replaced = f", replaces {code(one.replaces)}" if one.replaces else ""
        parts.append(f"## {markdown(one.regime)}")
        parts.append(f"Started {one.created_at_utc:%Y-%m-%d}{replaced}.")
        parts += [markdown(line) for line in (one.rationale, *one.notes.splitlines()) if line.strip()]
    return "\n\n".join(parts) + "\n"
