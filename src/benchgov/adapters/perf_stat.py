"""perf stat: the lines of `-x SEPARATOR` and the objects of `-j`, with or without `-r`.

perf writes no command, so the benchmark is named after the log. Each event once is a run; runs that were
appended to one log (`-o FILE --append`) are the samples of one benchmark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import fault, refuse, shown, word
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Metric
from benchgov.text import one_line

TIMES = {
    "task-clock": "cpu_time",
    "cpu-clock": "cpu_clock",
    "duration_time": "wall_time",
    "user_time": "user_time",
    "system_time": "system_time",
}
"""Events that are times → metric, in nanoseconds."""

COUNTS = {
    "instructions", "cycles", "cpu-cycles", "ref-cycles", "bus-cycles", "branches", "branch-instructions",
    "cache-references", "stalled-cycles-frontend", "stalled-cycles-backend", "page-faults", "faults",
    "minor-faults", "major-faults", "alignment-faults", "emulation-faults", "context-switches", "cs",
    "cpu-migrations", "migrations",
}  # fmt: skip
"""Events that are counts of work done; these and all that end in `-misses` are better when lower."""

TIME_UNITS = {"ns": 1.0, "usec": 1e3, "msec": 1e6, "sec": 1e9}
"""Unit of a time → nanoseconds."""

_VALUE = r"(?:<not counted>|<not supported>|\d+(?:\.\d+)?)"
_LINE = re.compile(
    r"(?m)^(?:[ ]*\d+\.\d{9}[,;|\t]|(?:CPU|S)\d[\w-]*[,;|\t](?:\d+[,;|\t])?)?"
    rf"{_VALUE}(?P<sep>[,;|\t])[A-Za-z/%]*(?P=sep)[A-Za-z][^\s,;|]*(?P=sep)"
    r"(?:\d+\.\d+%(?P=sep))?\d+(?P=sep)\d+\.\d\d\b"
)
_OBJECT = re.compile(r'(?m)^\{(?:"[a-z-]+" : [^,{}\n]{1,40}, ){0,3}"counter-value" : ')
_NOT_MEASURED = {"<not counted>": "not counted", "<not supported>": "not supported"}
_NOT_JSON = re.compile(r'("metric-value" : )-?(?:nan|inf)\b')


class _Event(NamedTuple):
    """One event of one run, as perf writes it."""

    name: str
    value: str
    unit: str
    varied: bool
    share: str
    line: int


class PerfStat:
    """perf stat's lines. The benchmark's name is the log's, without its suffix."""

    name = "perf-stat"
    reads = "lines of perf stat -x, or -j"
    example = "perf stat -x, -o perf.csv ./program"

    def detects(self, log: Log) -> bool:
        """A line of value, unit, event, time and share; or one of JSON with `counter-value`."""
        head = log.text[:65536]
        return (_OBJECT.search(head) or _LINE.search(head)) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """One benchmark with every event that was counted, and a sample for each run."""
        events: list[_Event] = []
        incomplete: list[str] = []
        found = _LINE.search(log.text)
        separator = found["sep"] if found else ","
        *lines, rest = log.text.split("\n")
        if rest:
            refuse(fault(log, len(lines) + 1, "a whole last line", rest), incomplete, allow_partial)
        for line, text in enumerate(lines, 1):
            try:
                events.extend(_events(log, line, text.rstrip("\r"), separator))
            except MalformedLogError as error:
                refuse(error, incomplete, allow_partial)
        runs = _whole_runs(log, events, incomplete, allow_partial)
        benchmarks = [_benchmark(log, runs)] if runs else []
        return Reading(log, self.name, "", benchmarks, incomplete=tuple(incomplete))


def _events(log: Log, line: int, text: str, separator: str) -> Iterator[_Event]:
    """The event in a line; none in an empty line, a comment, or a metric that perf derived."""
    if not text.strip() or text.startswith("#"):
        return
    if text.startswith("{"):
        yield from _of_object(log, line, text)
        return
    fields = text.split(separator)
    if fields[0] in {"", " "} and len(fields) > 4 and not fields[2]:
        return
    varied = len(fields) > 3 and fields[3].endswith("%")
    share = 5 if varied else 4
    if not re.fullmatch(_VALUE, fields[0]) or not share < len(fields) <= 9 or not fields[2].strip():
        raise fault(log, line, "value, unit, event, … (of perf stat without -A, -I and --per-…)", text)
    yield _Event(fields[2], fields[0], fields[1], varied, fields[share], line)


def _of_object(log: Log, line: int, text: str) -> Iterator[_Event]:
    try:
        given = parse_json(_NOT_JSON.sub(r"\1null", text), f"{log.where}:{line}")
    except InputError as error:
        raise fault(log, line, "an object of perf stat -j, whole and on one line,", text) from error
    if not isinstance(given, dict) or not {"interval", "cpu", "core", "socket", "thread"}.isdisjoint(given):
        raise fault(log, line, "an event of the whole run (perf stat without -A, -I and --per-…)", text)
    if "counter-value" not in given and "metric-value" in given:
        return
    name, value = (word(log, given.get(key), line) for key in ("event", "counter-value"))
    unit = given.get("unit")
    if not isinstance(unit, str):
        raise fault(log, line, "a unit", unit)
    yield _Event(name, value, unit, "variance" in given, str(given.get("pcnt-running", "")), line)


def _whole_runs(
    log: Log, events: Sequence[_Event], incomplete: list[str], allow_partial: bool
) -> list[dict[str, _Event]]:
    """The events of each run; a run that has other events than the first is refused, or left out."""
    runs: list[dict[str, _Event]] = []
    for event in events:
        if not runs or event.name in runs[-1]:
            runs.append({})
        runs[-1][event.name] = event
    whole = []
    for run in runs:
        if run.keys() == runs[0].keys():
            whole.append(run)
            continue
        expected = f"a run with the events of the first ({', '.join(runs[0])})"
        error = fault(log, next(iter(run.values())).line, expected, ", ".join(run))
        refuse(error, incomplete, allow_partial)
    return whole


def _benchmark(log: Log, runs: Sequence[Mapping[str, _Event]]) -> Measured:
    metrics: list[Metric] = []
    notes: list[str] = []
    for name in runs[0]:
        _take(log, name, [run[name] for run in runs], metrics, notes)
    if any(event.varied for run in runs for event in run.values()):
        notes.append("each sample is the mean of the runs of -r: perf writes no samples of them")
    line = next(iter(runs[0].values())).line
    return Measured(_log_name(log.where), tuple(metrics), f"line {line}", notes=tuple(notes))


def _take(log: Log, name: str, given: Sequence[_Event], metrics: list[Metric], notes: list[str]) -> None:
    """The metric of one event, or the note that says why there is none."""
    counted = [event for event in given if event.value not in _NOT_MEASURED]
    if len(counted) < len(given):
        why = next(_NOT_MEASURED[event.value] for event in given if event.value in _NOT_MEASURED)
        missing = f" in {len(given) - len(counted)} of {len(given)} runs" if counted else ""
        notes.append(f"{one_line(name, 60)} was {why}{missing}")
    base, _, modifier = name.partition(":")
    if base not in TIMES and base not in COUNTS and not base.endswith("-misses"):
        notes.append(f"{one_line(name, 60)} is left out: perf does not say which way is better")
        return
    samples = tuple(_value(log, event, base) for event in counted)
    if samples:
        unit = "ns" if base in TIMES else "count"
        metric = _metric_name(base, modifier)
        alone = (1,) * len(samples)
        metrics.append(Metric(name=metric, unit=unit, direction="lower", samples=samples, processes=alone))
    if any(event.share not in {"100.00", "100.0", ""} for event in counted):
        notes.append(f"{one_line(name, 60)} was counted for a part of the time, and scaled up")


def _value(log: Log, event: _Event, base: str) -> float:
    units = TIME_UNITS if base in TIMES else {"": 1.0}
    if event.unit not in units:
        expected = f"{shown(event.name)} in {' or '.join(filter(None, units)) or 'no unit, as a count'}"
        raise fault(log, event.line, expected, event.unit)
    return decimal(log, event.value, event.line) * units[event.unit]


def _metric_name(base: str, modifier: str) -> str:
    """`instructions:u` counts something else than `instructions`, and so is another metric; the clocks are
    the same under every modifier."""
    if base in TIMES:
        return TIMES[base]
    return re.sub(r"[^A-Za-z0-9_.]", "_", f"{base}_{modifier}" if modifier else base)[:128]


def _log_name(where: str) -> str:
    stem = re.sub(r"\.[A-Za-z]+$", "", where)
    return stem if stem.strip("-") else "perf stat"
