"""Catch2: the benchmarks in the XML of `--reporter xml`, versions 2.9 to 3.

Times are in nanoseconds; the reporter says so in a comment. It writes no samples, only their mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import each, fault
from benchgov.adapters.xml import Element, open_xml, root_tag
from benchgov.report import Metric
from benchgov.text import one_line

_ROOTS = {"Catch", "Catch2TestRun"}
_INSIDE = {"Group": False, "TestCase": True, "Section": True}
"""Elements that hold benchmarks, and whether their name tells benchmarks apart: in version 2 the only group
is the program."""


class Catch2:
    """Catch2's XML. A benchmark's name is those of its test case, its sections, and its own."""

    name = "catch2"
    reads = "XML of --reporter xml"
    example = "./tests -r xml -o catch2.xml"

    def detects(self, log: Log) -> bool:
        """The outermost element is `Catch2TestRun`, or `Catch` before version 3."""
        return root_tag(log) in _ROOTS

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """The mean of every benchmark; one that threw has no metric."""
        top, incomplete = open_xml(log, allow_partial)
        if top.tag not in _ROOTS:
            raise fault(log, top.line, "<Catch2TestRun> or <Catch>", f"<{top.tag}>")
        found = list(_found(log, top, (), None))
        read = each(found, lambda _, one: _benchmark(log, *one), incomplete, allow_partial)
        version = one_line(top.attributes.get("catch2-version", ""), 60)
        return Reading(log, self.name, version, read, incomplete=tuple(incomplete))


_Found = tuple[Element, tuple[str, ...], Element | None]


def _found(log: Log, inside: Element, names: tuple[str, ...], case: Element | None) -> Iterator[_Found]:
    """(benchmark, names of what it is in, its test case) of each below `inside`, in document order."""
    for child in inside.children:
        if child.tag == "BenchmarkResults":
            yield child, names, case
        elif child.tag in _INSIDE:
            named = (*names, child.get(log, "name")) if _INSIDE[child.tag] else names
            yield from _found(log, child, named, child if child.tag == "TestCase" else case)


def _benchmark(log: Log, given: Element, names: tuple[str, ...], case: Element | None) -> Measured:
    failed, mean = given.first("failed"), given.first("mean")
    if mean is None and failed is None:
        raise fault(log, given.line, "<mean> or <failed> in <BenchmarkResults>")
    notes = list(_notes(log, given, mean, failed))
    result = case.first("OverallResult") if case else None
    if result and result.attributes.get("success") == "false":
        notes.append("an assertion of its test case failed")
    return Measured(
        "/".join((*names, given.get(log, "name"))),
        (_metric(log, mean),) if mean is not None else (),
        f"line {given.line}",
        group=names[0] if names else "",
        parameters={key: _count(log, given, key) for key in ("samples", "resamples")} if mean else {},
        iterations=_count(log, given, "iterations") if mean else 1,
        source=_source(log, case),
        notes=tuple(notes),
    )


def _metric(log: Log, mean: Element) -> Metric:
    value = decimal(log, mean.get(log, "value"), mean.line)
    return Metric(name="wall_time", unit="ns", direction="lower", samples=(value,))


def _count(log: Log, given: Element, name: str) -> int:
    value = decimal(log, given.get(log, name), given.line)
    if not 1 <= value < 2**53:
        raise fault(log, given.line, f"the attribute {name} of 1 or more", given.attributes[name])
    return int(value)


def _notes(log: Log, given: Element, mean: Element | None, failed: Element | None) -> Iterator[str]:
    if failed is not None:
        yield f"it failed: {one_line(failed.attributes.get('message', ''), 200)}"
    if mean is not None:
        yield f"the log has no samples, only the mean of {_count(log, given, 'samples')}"
        if "clockResolution" in given.attributes:
            yield f"the clock's resolution was {one_line(given.attributes['clockResolution'], 40)} ns"


def _source(log: Log, case: Element | None) -> tuple[str, int] | None:
    """Where the test case is written down, as the compiler was told. A Windows path is one of no other
    machine; what is outside the root is left out later."""
    if case is None or "filename" not in case.attributes:
        return None
    path = case.attributes["filename"].replace("\\", "/")
    if not path or path[1:2] == ":":
        return None
    line = decimal(log, case.get(log, "line"), case.line)
    return (path, int(line)) if 1 <= line < 2**31 else None
