"""Cross checks of a source: its family, its folder, its protocol, and where its log comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from benchgov.documents import Location
from benchgov.errors import InputError
from benchgov.files import inside
from benchgov.suites.checks import Fault, Place, family_faults, file_faults, placeholder_faults
from benchgov.suites.placeholders import SOURCE_PLACEHOLDERS
from benchgov.suites.source import FROM_GROUP, OUTPUT, SourceEntry


def source_faults(index: int, entry: SourceEntry, families: Collection[str], place: Place) -> Iterator[Fault]:
    """Every fault of one source that its own types do not show."""
    at: Location = ("benchmarks", index)
    if entry.family != FROM_GROUP:
        yield from family_faults(at, entry.family, families)
    elif FROM_GROUP in families:
        yield (*at, "family"), f"{FROM_GROUP!r} stands for the tool's groups, and is a family here too"
    yield from _placeholder_faults(at, entry, place)
    source = entry.source
    if source.protocol is not None:
        yield from file_faults((*at, "source", "protocol"), source.protocol, source.protocol, place.root)
    if source.folder is not None:
        yield from _folder_faults((*at, "source", "folder"), source.folder, place)


def _placeholder_faults(at: Location, entry: SourceEntry, place: Place) -> Iterator[Fault]:
    found = list(entry.source.placeholders())
    for key, name in found:
        yield from placeholder_faults((*at, "source", *key), name, (*SOURCE_PLACEHOLDERS, *place.config))
    reads_output = any(pattern.in_output for pattern in entry.source.patterns)
    if reads_output and OUTPUT not in {name for _, name in found}:
        yield (
            (*at, "source", "files"),
            "are below {output}, but neither the command nor `env` names {output}",
        )


def _folder_faults(at: Location, folder: str, place: Place) -> Iterator[Fault]:
    try:
        path = inside(place.root, folder)
    except InputError:
        yield at, f"path {folder!r} leaves the repository"
        return
    if not path.is_dir():
        yield at, f"no such folder: {folder!r}"
