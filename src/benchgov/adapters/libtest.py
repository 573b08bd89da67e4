"""`cargo bench` with Rust's own harness, libtest: its text, which other harnesses print too, and its JSON.

libtest takes many samples of a benchmark, and writes their median and `(+/- …)`, the distance between the
fastest and the slowest: the median is the one sample of a run, and the distance is none. Cargo names the
crate of what follows on standard error, in lines `Running benches/x.rs (…)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import NUMBER, TIME, decimal, scale
from benchgov.adapters.values import fault, number, shown, word
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.report import Metric
from benchgov.text import one_line

MEGABYTE = 1e6
"""Bytes in libtest's MB, which its JSON calls MiB: the number is bytes · 1000 / nanoseconds in both."""

NOTE = "libtest writes the median of its samples, and none of them"

_TEXT = re.compile(
    r"(?m)^(?:test .+ \.\.\. bench: +\S+ \S+/iter\b|running \d+ tests?$|test result: \w+\. \d+ passed;)"
)
_EVENT = re.compile(r'(?m)^\{ ?"type": ?"(?:suite|test|bench)", ?"(?:event|name)": ')
_WORDS = ("/iter", "running ", "test result: ", '"type":')
_RUNNING = re.compile(r"\s+Running (?:unittests )?(?:\S+ )?\(?(\S+?)\)?")
_HASH = re.compile(r"-[0-9a-f]{16}$")
_STARTED = re.compile(r"running (\d{1,9}) tests?")
_BENCH = re.compile(r"test (.+?) +\.\.\. bench: +(.*)")
_OTHER = re.compile(r"test (.+?) +\.\.\. (?:ok|ignored\b.*)")
_ENDED = re.compile(r"test result: (\w+)\. .*?(?:(\d{1,9}) measured.*)?")
_NUMBERS = re.compile(rf"({NUMBER}|\S+) (\S+)/iter \(\+/- \S+\)(?: = ({NUMBER}|\S+) (\S+)/s)?")
_BROKEN = re.compile(r"error: |error\[|thread '.*' panicked at|---- .* stdout ----")
_RATES = {"MB": MEGABYTE}


@dataclass
class _Found:
    """One benchmark: metric → samples, one for each time it ran."""

    line: int
    crate: str
    name: str
    values: dict[str, list[float]]


@dataclass
class _Suite:
    """What a harness said it would run, and what came of it so far."""

    line: int
    announced: int
    seen: int = 0
    measured: int = 0


@dataclass
class _State:
    executable: str = ""
    suite: _Suite | None = None
    found: dict[tuple[str, str], _Found] = field(default_factory=dict)
    incomplete: list[str] = field(default_factory=list)


class Libtest:
    """libtest's benchmarks. A name is `crate::path`, or the path where the log has no lines of Cargo."""

    name = "libtest"
    reads = "text of cargo bench (libtest, bencher), or its JSON events"
    example = "cargo bench > libtest.txt 2>&1"

    def detects(self, log: Log) -> bool:
        """A line of a benchmark, of what will run or what ran; or a JSON event of that."""
        if log.looks_like_json:
            return _EVENT.match(log.text.lstrip()) is not None
        if not any(words in log.text for words in _WORDS):  # far quicker than the patterns
            return False
        return _TEXT.search(log.text) is not None or _EVENT.search(log.text) is not None

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark of every crate; a crate that ran several times gives several samples."""
        state = _State()
        *whole, rest = log.text.split("\n")
        steps = [(_take, line, text) for line, text in enumerate(whole, 1)]
        for step, line, text in (*steps, (_end, len(whole) + 1, rest)):
            try:
                step(log, line, text.rstrip("\r"), state)
            except MalformedLogError as error:
                if not allow_partial:
                    raise
                state.incomplete.append(one_line(str(error)))
        read = [_measured(one) for one in state.found.values()]
        return Reading(log, self.name, "", read, incomplete=tuple(state.incomplete))


def _end(log: Log, line: int, rest: str, state: _State) -> None:
    if rest:
        raise fault(log, line, "a whole last line", rest)
    if state.suite:
        raise fault(log, line, f"the result of the tests that line {state.suite.line} announces")


def _take(log: Log, line: int, text: str, state: _State) -> None:
    if text.startswith("{"):
        _take_event(log, line, text, state)
    elif text.startswith("test "):
        _take_test(log, line, text, state)
    elif started := _STARTED.fullmatch(text):
        _start(log, line, int(started[1]), state)
    elif running := _RUNNING.fullmatch(text):
        state.executable = running[1]
    elif _BROKEN.match(text):
        raise fault(log, line, "a run of cargo bench that ended well", text)
    elif text.lstrip().startswith("bench: "):
        raise fault(log, line, "a benchmark's name before its numbers, with no other output between", text)


def _take_test(log: Log, line: int, text: str, state: _State) -> None:
    if bench := _BENCH.fullmatch(text):
        _add(log, line, bench[1], _values(log, line, bench[2]), state)
    elif ended := _ENDED.fullmatch(text):
        _finish(log, line, ended[1], ended[2], state)
    elif not _OTHER.fullmatch(text):
        raise fault(log, line, "`test name ... bench: time` on one line, or a test that ended well", text)
    elif state.suite:
        state.suite.seen += 1


def _values(log: Log, line: int, text: str) -> dict[str, float]:
    """metric → value of `18,149 ns/iter (+/- 755) = 12 MB/s`."""
    found = _NUMBERS.fullmatch(text)
    if found is None:
        raise fault(log, line, "`time unit/iter (+/- deviation)`", text)
    values = {"wall_time": decimal(log, found[1], line) * scale(log, found[2], TIME, line)}
    if found[3] is not None:
        values["throughput"] = decimal(log, found[3], line) * scale(log, found[4], _RATES, line)
    return values


def _take_event(log: Log, line: int, text: str, state: _State) -> None:
    event = _event(log, line, text)
    kind, what = event.get("type"), event.get("event")
    if kind == "bench":
        values = {"wall_time": number(log, event.get("median"), line)}
        if "mib_per_second" in event:
            values["throughput"] = number(log, event["mib_per_second"], line) * MEGABYTE
        _add(log, line, word(log, event.get("name"), line), values, state)
    elif what in {"failed", "timeout"}:
        raise fault(log, line, "a run of cargo bench that ended well", text)
    elif kind == "suite" and what == "started":
        _start(log, line, int(number(log, event.get("test_count"), line)), state)
    elif kind == "suite":
        _finish(log, line, what, event.get("measured"), state)
    elif kind == "test" and what != "started" and state.suite:
        state.suite.seen += 1


def _event(log: Log, line: int, text: str) -> dict[str, Any]:
    try:
        event = parse_json(text, f"{log.where}:{line}")
    except InputError as error:
        raise fault(log, line, "an event of libtest, whole and on one line,", text) from error
    if not isinstance(event, dict) or event.get("type") not in {"suite", "test", "bench", "report"}:
        raise fault(log, line, "an event of libtest", text)
    return event


def _start(log: Log, line: int, announced: int, state: _State) -> None:
    before, state.suite = state.suite, _Suite(line, announced)
    if before:
        raise fault(log, line, f"the result of the tests that line {before.line} announces", "another start")


def _finish(log: Log, line: int, what: Any, measured: Any, state: _State) -> None:
    suite, state.suite = state.suite, None
    if what != "ok":
        raise fault(log, line, "a run of cargo bench that ended well", what)
    if suite is None:
        raise fault(log, line, "the line `running … tests` of this result", "a result alone")
    if suite.seen != suite.announced:
        place = f"line {suite.line} announces"
        raise fault(log, line, f"each of the {suite.announced} tests that {place}", suite.seen)
    if measured is not None and str(measured) != str(suite.measured):
        raise fault(log, line, f"{suite.measured} measured, as many as there are benchmarks,", measured)


def _add(log: Log, line: int, name: str, values: dict[str, float], state: _State) -> None:
    if state.suite:
        state.suite.seen += 1
        state.suite.measured += 1
    key = (state.executable, name)
    known = state.found.get(key)
    if known is None:
        listed = {metric: [value] for metric, value in values.items()}
        state.found[key] = _Found(line, _crate(state.executable), name, listed)
        return
    if not state.executable:
        message = f"benchmark {shown(name)} is there twice, first on line {known.line}"
        remedy = "Keep Cargo's lines `Running …`, which tell crates apart: `cargo bench > log 2>&1`."
        raise MalformedLogError(message, where=log.at(line), remedy=remedy)
    if known.values.keys() != values.keys():
        wanted = " and ".join(known.values)
        raise fault(log, line, f"{wanted} of {shown(name)} as on line {known.line}", " and ".join(values))
    for metric, value in values.items():
        known.values[metric].append(value)


def _crate(executable: str) -> str:
    """`target/release/deps/numbers-cfdcab537b959f28` is of the crate `numbers`."""
    return _HASH.sub("", re.split(r"[/\\]", executable)[-1].removesuffix(".exe"))


def _measured(one: _Found) -> Measured:
    metrics = [Metric(name="wall_time", unit="ns", direction="lower", samples=tuple(one.values["wall_time"]))]
    if given := one.values.get("throughput"):
        metrics.append(
            Metric(name="throughput", unit="bytes/s", direction="higher", samples=tuple(given)),
        )
    name = f"{one.crate}::{one.name}" if one.crate else one.name
    return Measured(name, tuple(metrics), f"line {one.line}", group=one.crate, notes=(NOTE,))
