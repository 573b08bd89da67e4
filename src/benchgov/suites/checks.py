"""Cross checks of a manifest: what no single field shows. Each fault is a location and one sentence."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchgov.documents import Location
from benchgov.errors import InputError
from benchgov.files import inside
from benchgov.suggest import did_you_mean
from benchgov.suites.manifest import Benchmark, Variant
from benchgov.suites.modules import module_file, starts_in, top_level_names
from benchgov.suites.placeholders import PLACEHOLDERS, placeholders_in
from benchgov.suites.signature import Signature, parse_signature

Fault = tuple[Location, str]


@dataclass(frozen=True)
class Place:
    """Where a suite lies: its folder, the repository's root, and what was already looked up.

    `config` are the placeholders of the suite's config.
    """

    folder: Path
    root: Path
    names: dict[Path, frozenset[str] | None] = field(default_factory=dict)
    config: tuple[str, ...] = ()

    def names_of(self, file: Path) -> frozenset[str] | None:
        """Top-level names of a module's file, read once per suite."""
        if file not in self.names:
            self.names[file] = top_level_names(file.read_bytes())
        return self.names[file]


def duplicate_ids(ids: Sequence[tuple[int, str]]) -> Iterator[Fault]:
    """Ids that an earlier benchmark has already."""
    first: dict[str, int] = {}
    for index, identity in ids:
        if identity in first:
            yield (
                ("benchmarks", index, "id"),
                f"duplicate id {identity!r}, first in benchmarks.{first[identity]}",
            )
        first.setdefault(identity, index)


def benchmark_faults(
    index: int, benchmark: Benchmark, families: Collection[str], place: Place
) -> Iterator[Fault]:
    """Every fault of one benchmark that its own types do not show."""
    at: Location = ("benchmarks", index)
    yield from family_faults(at, benchmark.family, families)
    yield from _scale_faults(at, benchmark)
    yield from _input_faults(at, benchmark, place)
    declared, problem = _parsed(benchmark.signature)
    if problem:
        yield (*at, "signature"), problem
    for name, variant in benchmark.variants.items():
        where = (*at, "variants", name)
        yield from _signature_faults(where, name, variant, benchmark, declared)
        yield from _protocol_faults(where, variant, place)
        if variant.callable is not None:
            yield from callable_faults((*where, "callable"), variant.callable, place)
        else:
            yield from _command_faults(where, variant, benchmark, place)


def family_faults(at: Location, family: str, families: Collection[str]) -> Iterator[Fault]:
    """A family that the manifest does not list."""
    if family not in families:
        hint = did_you_mean(family, families)
        yield (*at, "family"), f"family {family!r} is not among `families`{hint}"


def _scale_faults(at: Location, benchmark: Benchmark) -> Iterator[Fault]:
    if benchmark.scale:
        return
    for name, value in benchmark.features.items():
        if value == "scale":
            yield (*at, "features", name), "is `scale`, but the benchmark has no scale"


def _input_faults(at: Location, benchmark: Benchmark, place: Place) -> Iterator[Fault]:
    given = benchmark.input
    if given is None:
        return
    if given.callable is not None:
        yield from callable_faults((*at, "input", "callable"), given.callable, place)
    if given.file is not None:
        relative = posixpath.join(place.folder.relative_to(place.root).as_posix(), given.file)
        if given.file.startswith("/"):
            relative = given.file
        yield from file_faults((*at, "input", "file"), relative, given.file, place.root)


def file_faults(at: Location, relative: str, shown: str, root: Path) -> Iterator[Fault]:
    """A file, `relative` to the repository's root, that is not there or not below it."""
    try:
        path = inside(root, relative)
    except InputError:
        yield at, f"path {shown!r} leaves the repository"
        return
    if not path.is_file():
        yield at, f"no such file: {shown!r}"


def _parsed(text: str) -> tuple[Signature | None, str]:
    try:
        return parse_signature(text), ""
    except ValueError as error:
        return None, str(error)


def _signature_faults(
    at: Location, name: str, variant: Variant, benchmark: Benchmark, declared: Signature | None
) -> Iterator[Fault]:
    if variant.signature is None:
        return
    own, problem = _parsed(variant.signature)
    if own is None:
        yield (*at, "signature"), problem
    elif declared is not None and not own.agrees(declared):
        yield (
            (*at, "signature"),
            f"variant {name!r} of {benchmark.id!r} declares {own}, the benchmark {declared}",
        )


def _protocol_faults(at: Location, variant: Variant, place: Place) -> Iterator[Fault]:
    if variant.protocol is not None:
        yield from file_faults((*at, "protocol"), variant.protocol, variant.protocol, place.root)


def callable_faults(at: Location, target: str, place: Place) -> Iterator[Fault]:
    """A callable of the suite's own folder that is not there; others are looked up when they run."""
    module, _, attribute = target.partition(":")
    file = module_file(place.folder, module)
    if file is None:
        own = sorted(path.stem for path in place.folder.glob("*.py"))
        hint = did_you_mean(module, own)
        if hint or starts_in(place.folder, module):
            yield at, f"no module {module!r} in the suite's folder{hint}"
        return
    names = place.names_of(file)
    top = attribute.split(".")[0]
    if names is not None and top not in names:
        yield at, f"module {module!r} has no {top!r}{did_you_mean(top, names)}"


def _command_faults(at: Location, variant: Variant, benchmark: Benchmark, place: Place) -> Iterator[Fault]:
    found = placeholders_in(variant.command or ())
    for name in found:
        yield from placeholder_faults((*at, "command"), name, (*PLACEHOLDERS, *place.config))
    if "scale" in found and not benchmark.scale:
        yield (*at, "command"), "uses {scale}, but the benchmark has no scale"
    if "input" in found and benchmark.input is None:
        yield (*at, "command"), "uses {input}, but the benchmark has no input"
    if benchmark.isolation == "shared" or isinstance(benchmark.iterations, int):
        yield (*at, "command"), "a command is one iteration in a process of its own, always"


def placeholder_faults(at: Location, name: str, known: Collection[str]) -> Iterator[Fault]:
    """A placeholder that stands for nothing."""
    if name not in known:
        hint = did_you_mean(name, known) or f"; known are {', '.join(known)}"
        yield at, f"unknown placeholder {{{name}}}{hint}"
