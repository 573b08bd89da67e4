"""Load a suite: read `suite.yaml`, and report every fault in it at once, each with file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from benchgov.canonical import sha256_hex
from benchgov.config import MetricThresholds
from benchgov.documents import Location, YamlDocument, parse_yaml, yaml_model
from benchgov.errors import InputError
from benchgov.files import MAX_MANIFEST_BYTES, read_text
from benchgov.suggest import did_you_mean
from benchgov.suites.band_checks import band_faults
from benchgov.suites.bands import Bands, ScaleRules, rules_of
from benchgov.suites.checks import Fault, Place, benchmark_faults, duplicate_ids
from benchgov.suites.manifest import Family, FamilyRule, Manifest, as_entry, rules_of_families
from benchgov.suites.parameters import config_faults, placeholder_names
from benchgov.suites.protocol import ProtocolEntry
from benchgov.suites.protocol_checks import build_faults, protocol_faults
from benchgov.suites.source import SourceEntry
from benchgov.suites.source_checks import source_faults
from benchgov.wire import Name

MANIFEST = "suite.yaml"


@dataclass(frozen=True)
class Suite:
    """A valid suite: its manifest, where it lies, and the lines for messages.

    `path` is the manifest's path from the repository's root, `sha256` the digest of its text.
    """

    manifest: Manifest
    folder: Path
    root: Path
    path: str
    sha256: str
    lines: YamlDocument

    def line(self, benchmark: str) -> int:
        """The 1-based line on which the benchmark with this id starts."""
        return self._lines_by_id[benchmark]

    @cached_property
    def _lines_by_id(self) -> dict[str, int]:
        return {
            item.id: self.lines.line(("benchmarks", index))
            for index, item in enumerate(self.manifest.benchmarks)
        }


def load_suite(folder: Path, root: Path) -> Suite:
    """The suite in `folder`, of the repository at `root`.

    Raises:
        InputError: no such suite, or its manifest has faults: one detail per fault, by line.
    """
    _must_exist(folder)
    folder, root = folder.resolve(), root.resolve()
    if not folder.is_relative_to(root):
        raise InputError("the suite's folder leaves the repository", where=str(folder))
    path = (folder / MANIFEST).relative_to(root).as_posix()
    text = read_text(folder / MANIFEST, MAX_MANIFEST_BYTES)
    document = parse_yaml(text, path)
    manifest = _checked(document, Place(folder, root))
    return Suite(manifest, folder, root, path, sha256_hex(text.encode()), document)


def family_thresholds(folder: Path) -> dict[str, MetricThresholds]:
    """What the manifest in `folder` says of its families' limits; as `_families` reads them."""
    return {name: family.thresholds for name, family in _families(folder).items()}


def family_rules(folder: Path) -> tuple[FamilyRule, ...]:
    """By which names the manifest in `folder` finds a family; as `_families` reads them."""
    return rules_of_families(_families(folder))


def benchmark_ids(folder: Path) -> tuple[str, ...]:
    """The ids of the entries of the manifest in `folder`; none without one. Raises InputError."""
    path = folder / MANIFEST
    if not path.exists():
        return ()
    value = parse_yaml(read_text(path, MAX_MANIFEST_BYTES), str(path)).value
    listed = value.get("benchmarks") if isinstance(value, dict) else None
    items = listed if isinstance(listed, list) else []
    return tuple(str(item["id"]) for item in items if isinstance(item, dict) and "id" in item)


def scale_rules(folder: Path) -> ScaleRules:
    """The bands and growth limits of the manifest in `folder`; none where there is no manifest.

    Raises:
        InputError: the manifest cannot be read, or they are not valid.
    """
    path = folder / MANIFEST
    if not path.exists():
        return ScaleRules()
    try:
        return rules_of(parse_yaml(read_text(path, MAX_MANIFEST_BYTES), str(path)).value)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise InputError(f"bands and growth: {place}: {fault['msg']}", where=str(path)) from error


def _families(folder: Path) -> dict[str, Family]:
    """The families of the manifest in `folder`; nothing where there is no manifest.

    Only the families are read, so that a manifest without the files that it names will do.

    Raises:
        InputError: the manifest cannot be read, or its families are not valid.
    """
    path = folder / MANIFEST
    if not path.exists():
        return {}
    document = parse_yaml(read_text(path, MAX_MANIFEST_BYTES), str(path))
    given = document.value.get("families") if isinstance(document.value, dict) else None
    try:
        return TypeAdapter(dict[Name, Family]).validate_python(given or {})
    except ValidationError as error:
        raise InputError(f"families: {error.errors()[0]['msg']}", where=str(path)) from error


def _must_exist(folder: Path) -> None:
    if not folder.is_dir():
        parent = folder.parent
        others = sorted(item.parent.name for item in parent.glob(f"*/{MANIFEST}")) if parent.is_dir() else []
        hint = did_you_mean(folder.name, others) or (f"; there are: {', '.join(others)}" if others else "")
        raise InputError(
            f"no such suite: {folder.name!r}{hint}",
            where=str(folder),
            remedy=f"A suite is a folder with a {MANIFEST}.",
        )


def _checked(document: YamlDocument, place: Place) -> Manifest:
    details: list[str] = []
    manifest: Manifest | None = None
    try:
        manifest = yaml_model(document, Manifest)
    except InputError as error:
        details += error.details
    details += [
        f"{document.where}:{document.line(at)}: {'.'.join(map(str, at))}: {message}"
        for at, message in _cross_faults(document.value, place)
    ]
    if manifest is None or details:
        details = sorted(set(details), key=lambda text: (int(text.split(":")[1]), text))
        count = "1 fault" if len(details) == 1 else f"{len(details)} faults"
        raise InputError(f"not a valid Manifest ({count})", where=document.where, details=details)
    return manifest


def _cross_faults(value: Any, place: Place) -> Iterator[Fault]:
    """Cross checks of every part whose own shape is valid, even where another part's is not."""
    if not isinstance(value, dict):
        return
    if isinstance(value.get("suite"), str) and value["suite"] != place.folder.name:
        at: Location = ("suite",)
        yield at, f"is {value['suite']!r}, but the suite's folder is {place.folder.name!r}"
    yield from config_faults(value.get("config_schema"), value.get("config"))
    place = replace(place, config=placeholder_names(value.get("config_schema")))
    yield from build_faults(value.get("build"), place)
    raw = value.get("benchmarks")
    items = list(enumerate(raw)) if isinstance(raw, list) else []
    ids = [(index, item["id"]) for index, item in items if isinstance(item, dict) and "id" in item]
    yield from duplicate_ids([(index, name) for index, name in ids if isinstance(name, str)])
    families = value["families"] if isinstance(value.get("families"), dict) else {}
    bands = _bands(value.get("bands"))
    for index, item in items:
        try:
            entry = as_entry(item)
        except ValueError:
            continue
        known = [str(name) for name in families]
        if isinstance(entry, SourceEntry):
            yield from source_faults(index, entry, known, place)
        elif isinstance(entry, ProtocolEntry):
            yield from protocol_faults(index, entry, known, place)
        else:
            yield from benchmark_faults(index, entry, known, place)
            yield from band_faults(index, entry, bands)


def _bands(value: Any) -> Bands:
    """The suite's bands; none when they are not valid, which is a fault of its own."""
    try:
        return TypeAdapter(Bands).validate_python(value or {})
    except ValidationError:
        return {}
