"""`go test -bench`: the Go benchmark format as text, and inside the events of `-json`.

The text is specified in golang.org/design/14313-benchmark-format: a line per result, its fields separated by
white space: name, iterations, then value and unit in turn. Lines `key: value` configure what follows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from pydantic import TypeAdapter

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.values import fault, shown, words
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Direction, Metric
from benchgov.text import one_line

KNOWN_UNITS: dict[str, tuple[str, str, float, Direction]] = {
    "ns/op": ("wall_time", "ns", 1.0, "lower"),
    "B/op": ("allocated_bytes", "bytes", 1.0, "lower"),
    "allocs/op": ("allocations", "count", 1.0, "lower"),
    "MB/s": ("throughput", "bytes/s", 1e6, "higher"),
}
"""What package testing writes by itself → metric, unit, factor, direction."""

_METRIC = TypeAdapter(Metric)  # makes one in three quarters of the time that `Metric(…)` takes
_RESULT = re.compile(r"(?m)^Benchmark\S*[ \t]+\d+[ \t]+[-+.\dNI]\S*[ \t]+\S")
_HEADER = re.compile(r"(goos|goarch|pkg|cpu|go): (.*)")
_UNIT = re.compile(r"Unit (\S+) (?:\S+ )*?better=(higher|lower)\b")
_BROKEN = re.compile(r"FAIL\b|--- FAIL|panic: |fatal error: |signal: ")
_ORPHAN = re.compile(r"\s*\d+\t *\S+ \S+/op\b")
_GOMAXPROCS = re.compile(r"-([1-9]\d{0,5})$")
_EVENT_KEYS = {"Action", "Package"}


@dataclass
class _Found:
    """The results of one benchmark, in order: units as written, and a row of values for each line."""

    line: int
    package: str
    name: str
    units: list[str]
    rows: list[list[float]]
    iterations: int


@dataclass
class _State:
    """What the lines so far said."""

    package: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    better: dict[str, Direction] = field(default_factory=dict)
    found: dict[tuple[str, str], _Found] = field(default_factory=dict)
    incomplete: list[str] = field(default_factory=list)


class Go:
    """Go's benchmark lines; repeats (`-count`) are the samples of one benchmark."""

    name = "go"
    reads = "text of go test -bench, plain or as -json events"
    example = "go test -run '^$' -bench . -benchmem -count 10 ./... > go.txt"

    def detects(self, log: Log) -> bool:
        """A result line; a header of `go test`; or JSON events of it."""
        if log.looks_like_json:
            return log.mapping.keys() >= _EVENT_KEYS
        return _RESULT.search(log.text) is not None or log.text.startswith("goos: ")

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark of every package, by `package/Name/sub=case`."""
        state = _State()
        for line, text in _lines(log, allow_partial, state.incomplete):
            try:
                _take(log, line, text, state)
            except MalformedLogError as error:
                if not allow_partial:
                    raise
                state.incomplete.append(one_line(str(error)))
        found = list(state.found.values())
        procs = _gomaxprocs([one.name for one in found])
        variants = Counter(bare for bare, _ in procs.values())
        read = [_measured(one, procs, variants, state.better) for one in found]
        version = state.facts.pop("go", "")
        return Reading(log, self.name, version, read, state.facts, incomplete=tuple(state.incomplete))


def _lines(log: Log, allow_partial: bool, incomplete: list[str]) -> Iterator[tuple[int, str]]:
    """(line in the log, line of text). A last line without its end was cut off."""

    def refuse(error: MalformedLogError) -> None:
        if not allow_partial:
            raise error
        incomplete.append(one_line(str(error)))

    *whole, rest = log.text.split("\n")
    if rest:
        refuse(fault(log, len(whole) + 1, "a whole last line", rest))
    if not log.looks_like_json:
        yield from enumerate(whole, 1)
        return
    events = _Events(log)
    for line, text in enumerate(whole, 1):
        try:
            yield from events.lines(line, text)
        except MalformedLogError as error:
            refuse(error)
    for package in events.running:
        refuse(fault(log, len(whole), f"the end of package {shown(package)}"))


class _Events:
    """Puts the text of `-json` events together, package by package: those of several may alternate."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pieces: dict[str, str] = {}
        self.running: dict[str, None] = {}

    def lines(self, line: int, text: str) -> Iterator[tuple[int, str]]:
        """The lines of output that the event in `text` ends; a result and its name may be two events."""
        if not text.strip():
            return
        event = _event(self._log, line, text)
        package, output = event.get("Package", ""), event.get("Output", "")
        if not isinstance(package, str) or not isinstance(output, str):
            raise fault(self._log, line, "an event whose Package and Output are texts", event)
        self._note(package, event)
        *whole, self._pieces[package] = (self._pieces.get(package, "") + output).split("\n")
        if whole:
            yield line, f"pkg: {package}"
            yield from ((line, one) for one in whole)

    def _note(self, package: str, event: Mapping[str, Any]) -> None:
        if event["Action"] == "start":
            self.running[package] = None
        elif "Test" not in event and event["Action"] in {"pass", "fail", "skip"}:
            self.running.pop(package, None)


def _event(log: Log, line: int, text: str) -> dict[str, Any]:
    try:
        event = parse_json(text, f"{log.where}:{line}")
    except InputError as error:
        raise fault(log, line, "an event of go test -json, whole and on one line,", text) from error
    if not isinstance(event, dict) or "Action" not in event:
        raise fault(log, line, "an event of go test -json", event)
    return event


def _take(log: Log, line: int, text: str, state: _State) -> None:
    if text.startswith("Benchmark"):
        _take_result(log, line, text, state)
    elif header := _HEADER.fullmatch(text.rstrip()):
        _take_header(header[1], header[2], state)
    elif unit := _UNIT.match(text):
        state.better[unit[1]] = "higher" if unit[2] == "higher" else "lower"
    elif _BROKEN.match(text):
        raise fault(log, line, "a run of go test that ended well", text)
    elif _ORPHAN.match(text):
        raise fault(log, line, "a result's name before its numbers, with no other output between", text)


def _take_header(key: str, value: str, state: _State) -> None:
    if key == "pkg":
        state.package = value
        return
    names = {"goos": "system", "goarch": "arch", "cpu": "cpu_model", "go": "go"}
    state.facts.update(words(**{names[key]: value}))


def _take_result(log: Log, line: int, text: str, state: _State) -> None:
    fields = text.split()
    if len(fields) == 1:  # `-v` announces a benchmark before its result
        return
    values, units = _values(log, line, text, fields), fields[3::2]
    iterations = int(fields[1])
    key = (state.package, fields[0])
    known = state.found.get(key)
    if known is None:
        if len(set(units)) < len(units):
            raise fault(log, line, "each unit once", ", ".join(units))
        state.found[key] = _Found(line, state.package, fields[0], units, [values], iterations)
        return
    if known.units != units:
        wanted = ", ".join(known.units)
        raise fault(log, line, f"{fields[0]} in the units of line {known.line} ({wanted})", ", ".join(units))
    known.rows.append(values)
    known.iterations = min(known.iterations, iterations)


def _values(log: Log, line: int, text: str, fields: list[str]) -> list[float]:
    """The values of a result line, whose fields are name, iterations, then value and unit in turn."""
    count = fields[1]
    if not (count.isascii() and count.isdecimal() and len(count) < 16 and int(count)):
        raise fault(log, line, f"a number of iterations after {shown(fields[0])}", count)
    if len(fields) % 2 or len(fields) < 4:
        raise fault(log, line, "pairs of value and unit", " ".join(fields[2:]) or None)
    try:
        # The quick way for logs with a million lines: the sum of what holds NaN or infinity is not finite.
        values = [float(text) for text in fields[2::2]]
        if min(values) >= 0.0 and sum(values) < inf and text.rfind("_") < len(fields[0]):
            return values
    except ValueError:
        pass
    return [_decimal(log, text, line) for text in fields[2::2]]


def _decimal(log: Log, text: str, line: int) -> float:
    """`text` as a finite number that is not negative. `float` takes 1_0 too, which Go never writes."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0.0 <= value < inf and "_" not in text:
        return value
    raise fault(log, line, "a finite number that is not negative", text)


def _gomaxprocs(names: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """name → (name without GOMAXPROCS, GOMAXPROCS or nothing).

    Package testing appends `-N` unless N is 1, and benchstat takes a trailing `-N` for that. A name such as
    `utf-8` is not cut: where some results have no suffix, `-N` is one only beside the same name without it.
    """
    found = {name: _GOMAXPROCS.search(name) for name in names}
    always = all(found.values())
    cut: dict[str, tuple[str, str]] = {}
    for name, suffix in found.items():
        is_one = suffix is not None and (always or name[: suffix.start()] in found)
        cut[name] = (name[: suffix.start()], suffix[1]) if is_one and suffix else (name, "")
    return cut


def _measured(
    one: _Found,
    cut: Mapping[str, tuple[str, str]],
    variants: Mapping[str, int],
    better: Mapping[str, Direction],
) -> Measured:
    """Dropped from the name, GOMAXPROCS stays a parameter; `-cpu 1,2` makes several benchmarks of one."""
    bare, procs = cut[one.name]
    name = (one.name if variants[bare] > 1 else bare).removeprefix("Benchmark")
    metrics, notes = _metrics(one, better)
    return Measured(
        f"{one.package}/{name}" if one.package else name or "Benchmark",
        metrics,
        f"line {one.line}",
        group=one.package,
        parameters={"gomaxprocs": int(procs)} if procs else {},
        iterations=one.iterations,
        notes=notes,
    )


def _metrics(one: _Found, better: Mapping[str, Direction]) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """(metrics, notes). An author's own unit is a metric only when a `Unit` line says which way is better."""
    metrics, notes = [], []
    for unit, given in zip(one.units, zip(*one.rows, strict=True), strict=True):
        if unit in KNOWN_UNITS:
            name, written, factor, direction = KNOWN_UNITS[unit]
        elif unit in better and _metric_name(unit):
            name, written, factor, direction = _metric_name(unit), one_line(unit, 32), 1.0, better[unit]
        else:
            said = "no line `Unit … better=higher` or `better=lower` says its direction"
            notes.append(f"{one_line(unit, 40)} is left out: {said}")
            continue
        scaled = given if factor == 1.0 else [value * factor for value in given]
        of_metric = {"name": name, "unit": written, "direction": direction, "samples": scaled}
        metrics.append(_METRIC.validate_python(of_metric))
    return tuple(metrics), tuple(notes)


def _metric_name(unit: str) -> str:
    """`words/op` as the name of a metric: `words_per_op`."""
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", unit.replace("/", "_per_"))
    return re.sub(r"^[^A-Za-z0-9]+", "", name)[:128]
