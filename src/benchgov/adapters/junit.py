"""JUnit XML: how long each test case took, as pytest, Surefire, gotestsum, jest-junit and others write it.

There is no one schema. What all have in common is read: `testsuites`, `testsuite`, `testcase` with its
`classname`, its `name` and its `time` in seconds, and `failure`, `error` or `skipped` inside a case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import each, fault, word, words
from benchgov.adapters.xml import Element, open_xml, root_tag
from benchgov.report import Metric
from benchgov.text import one_line

_ROOTS = ("testsuites", "testsuite")
_NANOSECONDS = 1e9
_BROKEN = ("failure", "error")
_NOT_RUN = {"skipped", "disabled", "ignored", "notrun"}
"""Elements in a case, and values of its `status`, that say that it did not run."""

_RETRIED = ("flakyFailure", "flakyError")


class _Repeats(NamedTuple):
    """The cases of one suite with the same name: one, or one for each repeat."""

    suite: Element
    cases: list[Element]


class Junit:
    """JUnit XML. A benchmark is a test case, by `classname::name`; repeats in one suite are its samples."""

    name = "junit"
    reads = "JUnit XML: durations of test cases"
    example = "pytest --junitxml=junit.xml"

    def detects(self, log: Log) -> bool:
        """XML whose outermost element is `testsuites` or `testsuite`."""
        return root_tag(log) in _ROOTS

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every case that ran; what failed has no time, and skipped cases are not there."""
        root, incomplete = open_xml(log, allow_partial)
        if root.tag not in _ROOTS:
            raise fault(log, root.line, "<testsuites> or <testsuite>", f"<{root.tag}>")
        suites = [root, *root.below("testsuite")]
        repeats = [one for suite in suites for one in _repeats(suite)]
        read = each(repeats, lambda _, one: _measured(log, one), incomplete, allow_partial)
        return Reading(log, self.name, "", read, _facts(suites), incomplete=tuple(incomplete))


def _repeats(suite: Element) -> Iterator[_Repeats]:
    """The cases of `suite` itself that ran, those with the same name together."""
    found: dict[tuple[str, str], list[Element]] = {}
    for case in suite.all("testcase"):
        if not case.ended:
            continue  # the log breaks off here: it may have failed
        said = {case.attributes.get("status", ""), case.attributes.get("result", "")}
        if _NOT_RUN.isdisjoint(said) and _NOT_RUN.isdisjoint(child.tag for child in case.children):
            key = (case.attributes.get("classname", ""), case.attributes.get("name", ""))
            found.setdefault(key, []).append(case)
    return (_Repeats(suite, cases) for cases in found.values())


def _measured(log: Log, one: _Repeats) -> Measured:
    first = one.cases[0]
    name = word(log, first.attributes.get("name"), first.line).strip()
    named_class = first.attributes.get("classname", "").strip()
    has_class = named_class not in {"", name}  # jest-junit writes the same twice
    metrics, notes = _metrics(log, one.cases)
    file = first.attributes.get("file", "").strip()
    return Measured(
        f"{named_class}::{name}" if has_class else name,
        metrics,
        f"line {first.line}",
        group=named_class if has_class else one.suite.attributes.get("name", ""),
        source=(file, 1) if file else None,  # the line counts from 0 in pytest, and from 1 elsewhere
        notes=notes,
    )


def _metrics(log: Log, cases: Sequence[Element]) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """The time of every case that passed, and what is to be said about the others."""
    taken, notes = [], []
    for case in cases:
        broken = next((child for child in case.children if child.tag in _BROKEN), None)
        if broken is not None:
            notes.append(f"{broken.tag}: {_message(broken)}")
        elif "time" not in case.attributes:
            notes.append("the log does not say how long it took")
        else:
            taken.append(decimal(log, case.attributes["time"], case.line) * _NANOSECONDS)
        if any(child.tag in _RETRIED for child in case.children):
            notes.append("it failed at first, and passed when it was run again")
    if not taken:
        return (), tuple(notes)
    return (Metric(name="wall_time", unit="ns", direction="lower", samples=tuple(taken)),), tuple(notes)


def _message(broken: Element) -> str:
    """What the attribute says, or the first line of the text."""
    lines = (broken.attributes.get("message") or broken.text).strip().splitlines()
    return one_line(lines[0], 200) if lines else "nothing more is said"


def _facts(suites: Sequence[Element]) -> dict[str, str]:
    """What the properties of Java's and Go's tools say; `os.version` is the kernel's on Linux alone."""
    given: dict[str, str] = {}
    for suite in suites:
        for item in suite.all("properties", "property"):
            given.setdefault(item.attributes.get("name", ""), item.attributes.get("value", ""))
    system = given.get("os.name", "")
    go, _, platform = given.get("go.version", "").partition(" ")
    go_system, _, go_arch = platform.partition("/")
    return words(
        system=_system(system) or go_system,
        kernel=given.get("os.version") if system == "Linux" else None,
        arch=given.get("os.arch", go_arch),
        java=given.get("java.version"),
        go=go,
    )


def _system(name: str) -> str:
    """`Windows 11` as windows, `Mac OS X` as darwin."""
    first = name.partition(" ")[0].lower()
    return "darwin" if first == "mac" else first
