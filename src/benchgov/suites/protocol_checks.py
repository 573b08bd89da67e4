"""Cross checks of a protocol and of a suite's `build` step: placeholders, source file, family."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from benchgov.documents import Location
from benchgov.suites.checks import (
    Fault,
    Place,
    callable_faults,
    family_faults,
    file_faults,
    placeholder_faults,
)
from benchgov.suites.placeholders import BUILD_PLACEHOLDERS, placeholders_in
from benchgov.suites.protocol import ProtocolEntry


def protocol_faults(
    index: int, entry: ProtocolEntry, families: Collection[str], place: Place
) -> Iterator[Fault]:
    """Every fault of one protocol that its own types do not show."""
    at: Location = ("benchmarks", index)
    yield from family_faults(at, entry.family, families)
    if entry.protocol is not None:
        yield from file_faults((*at, "protocol"), entry.protocol, entry.protocol, place.root)
    if entry.callable is not None:
        yield from callable_faults((*at, "callable"), entry.callable, place)
    for name in placeholders_in(entry.command or ()):
        yield from placeholder_faults((*at, "command"), name, (*BUILD_PLACEHOLDERS, *place.config))


def build_faults(value: Any, place: Place) -> Iterator[Fault]:
    """A value of the config, in the command of a `build` step, that the suite does not have."""
    command = value.get("command") if isinstance(value, dict) else value
    words = [command] if isinstance(command, str) else command if isinstance(command, list) else []
    for name in placeholders_in([word for word in words if isinstance(word, str)]):
        if name.startswith("config."):
            yield from placeholder_faults(("build",), name, place.config)
