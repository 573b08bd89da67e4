"""criterion.rs: the tree `target/criterion/`, from version 0.2 on.

A benchmark is a folder. Its `new/` is the last measurement, in three files: `benchmark.json` says what it is,
`sample.json` has the samples, `estimates.json` what criterion makes of them. The folders beside `new/`
(`base/`, `change/`, and one for each `--save-baseline`) are of other measurements, and are left out.
criterion writes no unit: these are the nanoseconds of its wall clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.values import fault, mapping, number, samples, word
from benchgov.canonical import canonical_json
from benchgov.report import Metric
from benchgov.text import one_line

LATEST = "new"
"""The folder of the last measurement."""

_WHAT, _SAMPLE = "benchmark.json", "sample.json"
_QUARTILE_FENCES = 4  # tukey.json
_SECOND = 1e9  # in nanoseconds
_FORMS = {"Bytes": "throughput", "BytesDecimal": "throughput", "Elements": "rate"}
_UNITS = {"throughput": "bytes/s", "rate": "1/s"}
_REPORT = re.compile(r"(?:.*/)?report/(?:.*/)?[^/]+\.(?:html|svg)")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")

Folders = Mapping[str, Mapping[str, Log]]
"""Folder → kind of file (`benchmark.json`, `sample.json`, …) → log."""


class Criterion:
    """criterion's tree. A benchmark's name is its full id: group, function, parameter."""

    name = "criterion"
    reads = "the folder target/criterion"
    example = "cargo bench"

    def detects(self, log: Log) -> bool:
        """One of the files of a measurement."""
        return bool(_kind(log))

    def passes_over(self, log: Log) -> bool:
        """The pages and plots that criterion makes of a measurement."""
        return _REPORT.fullmatch(log.where) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """A file alone is no measurement; raises MalformedLogError, which names the one that is missing."""
        return self.read_tree([log], allow_partial)[0]

    def read_tree(self, logs: Sequence[Log], allow_partial: bool) -> Sequence[Reading]:
        """One reading for each benchmark that `logs` have; all of its samples, as time per iteration.

        Raises:
            MalformedLogError: a benchmark without its `new/`, or one that is not whole (unless
                `allow_partial`); none at all.
        """
        folders = _folders(logs)
        found: list[tuple[Log, Measured]] = []
        faults: list[MalformedLogError] = []
        for home in dict.fromkeys(map(_parent, folders)):
            try:
                found.append(_benchmark(home, folders))
            except MalformedLogError as error:
                if not allow_partial:
                    raise
                faults.append(error)
        if not found:
            raise faults[0] if faults else _missing(LATEST)
        incomplete = tuple(one_line(str(error)) for error in faults)
        readings = [Reading(log, self.name, "", [measured]) for log, measured in found]
        first = Reading(found[0][0], self.name, "", [found[0][1]], incomplete=incomplete)
        return [first, *readings[1:]]


def _kind(log: Log) -> str:
    """Which of criterion's files `log` is, by its content; nothing when it is none."""
    if not log.looks_like_json:
        return ""
    if not log.text.lstrip().startswith("{"):
        return _kind_of_array(log.listing)
    keys = log.mapping.keys()
    if {"group_id", "function_id"} <= keys:
        return _WHAT
    if {"sampling_mode", "iters"} <= keys:
        return _SAMPLE
    mean = log.mapping.get("mean", log.mapping.get("Mean"))
    return "estimates.json" if isinstance(mean, dict) and "point_estimate" in mean else ""


def _kind_of_array(items: Sequence[Any]) -> str:
    """Before sampling modes, a sample was an array of iterations and one of times; the fences are numbers."""
    if len(items) == 2 and all(isinstance(item, list) and item for item in items):
        plain = {type(value) for item in items for value in item} <= {int, float}
        return _SAMPLE if plain and len(items[0]) == len(items[1]) else ""
    plain = {type(item) for item in items} == {float}
    return "tukey.json" if plain and len(items) == _QUARTILE_FENCES and list(items) == sorted(items) else ""


def _folders(logs: Sequence[Log]) -> Folders:
    folders: dict[str, dict[str, Log]] = {}
    for log in logs:
        folder, kind = _parent(log.where), _kind(log)
        if not kind and _REPORT.fullmatch(log.where):
            continue
        if not kind:
            raise fault(
                log, "document", "benchmark.json, sample.json, estimates.json or tukey.json", log.text
            )
        other = folders.setdefault(folder, {}).setdefault(kind, log)
        if other is not log:
            raise fault(log, "document", f"one {kind} in a folder", f"{other.where} too")
    return folders


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _benchmark(home: str, folders: Folders) -> tuple[Log, Measured]:
    """(what the measurement in `home/new` consists of, the measurement)."""
    place = _below(home, LATEST)
    files = folders.get(place, {})
    for kind in (_WHAT, _SAMPLE):
        if kind not in files:
            raise _missing(_below(place, kind))
    parts = {kind: log.text for kind, log in files.items()}
    whole = Log(place, canonical_json(parts).decode("utf-8"))
    return whole, _measured(files[_WHAT], files[_SAMPLE])


def _missing(path: str) -> MalformedLogError:
    return MalformedLogError(
        "this part of a benchmark was expected, but it is not there",
        where=path,
        remedy="Import the whole folder target/criterion of a run that ended well.",
    )


def _measured(what: Log, sample: Log) -> Measured:
    given = mapping(what, what.document, "document")
    group = word(what, given.get("group_id"), "group_id")
    value = given.get("value_str")
    parts = [part for part in (group, given.get("function_id"), value) if isinstance(part, str)]
    iterations, times = _sample(sample)
    per_iteration = tuple(time / count for time, count in zip(times, iterations, strict=True))
    wall_time = Metric(name="wall_time", unit="ns", direction="lower", samples=per_iteration)
    amounts = dict(_amounts(what, given.get("throughput")))
    is_quick = 0.0 in per_iteration
    rates = () if is_quick else tuple(_rates(amounts, per_iteration))
    left_out = "throughput is left out: a sample took no time that the clock could see"
    return Measured(
        word(what, given.get("full_id", "/".join(parts)), "full_id"),
        (wall_time, *rates),
        "document",
        group=group if len(parts) > 1 else "",
        parameters={"value": _plain(value)} if isinstance(value, str) else {},
        iterations=int(min(iterations)),
        notes=(left_out,) if amounts and is_quick else (),
    )


def _plain(value: str) -> str | float:
    """A parameter that is a number as one."""
    return float(value) if _NUMBER.fullmatch(value) else value


def _sample(log: Log) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(iterations, nanoseconds) of each sample."""
    document = log.document
    old = isinstance(document, list)
    given = dict(enumerate(document)) if old else mapping(log, document, "document")
    places: tuple[Any, Any] = (0, 1) if old else ("iters", "times")
    names = ("[0]", "[1]") if old else places
    iterations, times = (
        samples(log, given.get(place), 1.0, name) for place, name in zip(places, names, strict=True)
    )
    if len(iterations) != len(times):
        raise fault(log, names[1], f"an array of {len(iterations)}, like the iterations,", list(times))
    if not 1 <= min(iterations) <= max(iterations) < 2**53:
        raise fault(log, names[0], "numbers of iterations", min(iterations))
    return iterations, times


def _amounts(log: Log, given: Any) -> Iterator[tuple[str, float]]:
    """(metric, how many bytes or elements an iteration handles): `{"Bytes": 64}`, or both in one object."""
    if given is None:
        return
    (form, amount), *others = mapping(log, given, "throughput").items() or [("", None)]
    if form == "ElementsAndBytes" and not others:
        both = mapping(log, amount, f"throughput.{form}")
        yield "throughput", number(log, both.get("bytes"), f"throughput.{form}.bytes")
        yield "rate", number(log, both.get("elements"), f"throughput.{form}.elements")
    elif form == "Bits" and not others:
        yield "throughput", number(log, amount, "throughput.Bits") / 8
    elif form in _FORMS and not others:
        yield _FORMS[form], number(log, amount, f"throughput.{form}")
    else:
        raise fault(log, "throughput", f"one of {', '.join(_FORMS)}, Bits, ElementsAndBytes", form or given)


def _rates(amounts: Mapping[str, float], nanoseconds: Sequence[float]) -> Iterator[Metric]:
    for name, amount in amounts.items():
        rates = tuple(amount * _SECOND / time for time in nanoseconds)
        yield Metric(name=name, unit=_UNITS[name], direction="higher", samples=rates)
