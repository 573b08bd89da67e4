"""GNU time: the text of `/usr/bin/time -v`, of one command or of many one after the other.

Commands that ran several times are one benchmark with a sample each. busybox writes nearly the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import each, fault, refuse
from benchgov.report import Metric
from benchgov.text import one_line

COUNTED = {
    "Major (requiring I/O) page faults": "major_page_faults",
    "Minor (reclaiming a frame) page faults": "minor_page_faults",
    "Voluntary context switches": "voluntary_context_switches",
    "Involuntary context switches": "involuntary_context_switches",
}
"""Field → metric, a count of which less is better."""

_LEFT_OUT = ("File system inputs", "File system outputs", "Socket messages sent", "Socket messages received")
_ELAPSED = "Elapsed (wall clock) time (h:mm:ss or m:ss)"
_MEMORY = "Maximum resident set size (kbytes)"
_CPU = ("User time (seconds)", "System time (seconds)")
_LAST = "Exit status"
_START = re.compile(r"(?m)^[^\n]*?\tCommand being timed: \"")
_FIELD = re.compile(r"\t([A-Z][^\n]*?): ([^\s:][^\n]*)")
_COMMAND_END = '"\n\tUser time (seconds): '
_KILLED = re.compile(r"Command (?:terminated by|stopped by) signal \d+$")
_GNU = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_BUSYBOX = re.compile(r"(?:(\d+)h )?(\d+)m (\d+(?:\.\d+)?)s")
_NANOSECONDS = 1e9
_KIB = 1024.0


class _Report(NamedTuple):
    """What time said of one run: the command, its line, and the fields."""

    command: str
    line: int
    fields: Mapping[str, str]


class GnuTime:
    """The reports of `time -v`. A benchmark's name is its command."""

    name = "gnu-time"
    reads = "text of /usr/bin/time -v, one command or several"
    example = "/usr/bin/time -v -a -o time.txt ./program"

    def detects(self, log: Log) -> bool:
        """A line `Command being timed`, and the line that follows it."""
        at = -1 if log.looks_like_json else log.text.find('\tCommand being timed: "')
        return at >= 0 and _COMMAND_END in log.text[at:].replace("\r\n", "\n")

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every command with times, memory, page faults and context switches of each of its runs."""
        text = log.text.replace("\r\n", "\n")
        starts = list(_START.finditer(text))
        if not starts:
            raise fault(log, 1, "a line that begins with a tab and `Command being timed: `")
        incomplete: list[str] = []
        reports: dict[str, list[_Report]] = {}
        ends = [start.start() for start in starts[1:]] + [len(text)]
        line, at = 1, 0
        for start, end in zip(starts, ends, strict=True):
            line, at = line + text.count("\n", at, start.start()), start.start()
            try:
                report = _report(log, text, (start.start(), start.end(), end), line)
                reports.setdefault(report.command, []).append(report)
            except MalformedLogError as error:
                refuse(error, incomplete, allow_partial)
        read = each(reports.values(), lambda _, runs: _benchmark(log, runs), incomplete, allow_partial)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


def _report(log: Log, text: str, span: tuple[int, int, int], line: int) -> _Report:
    """The report of `span`: where its first line begins, its command, and the next report.

    A command may be of several lines; the program's own output may follow the last field, and never stand
    between two.
    """
    begin, command_begin, end = span
    close = text.find(_COMMAND_END, command_begin, end)
    if close < 0:
        raise fault(log, line, "a whole report of time -v")
    command = " ".join(text[command_begin:close].split()) or "command"
    before = text[text.rfind("\n", 0, max(begin - 1, 0)) + 1 : begin].rstrip("\n")
    if _KILLED.search(before):  # its exit status reads 0
        raise fault(log, line, f"a run of {one_line(command, 60)} that ended by itself", before)
    fields_line = line + text.count("\n", begin, close + 2)
    return _Report(command, line, _fields(log, text[close + 2 : end], fields_line))


def _fields(log: Log, text: str, line: int) -> dict[str, str]:
    fields: dict[str, str] = {}
    for offset, row in enumerate(text.split("\n")[:-1]):
        found = _FIELD.fullmatch(row)
        if found is None:
            raise fault(log, line + offset, "a field of time -v", row)
        if found[1] in fields:
            raise fault(log, line + offset, "each field once", found[1])
        fields[found[1]] = found[2]
        if found[1] == _LAST:
            return fields
    raise fault(log, line + len(fields), f"a whole line `{_LAST}: ` at the report's end")


def _benchmark(log: Log, runs: Sequence[_Report]) -> Measured:
    first = runs[0]
    by_busybox = [_BUSYBOX.fullmatch(run.fields.get(_ELAPSED, "")) is not None for run in runs]
    return Measured(
        first.command,
        tuple(_metrics(log, runs, with_memory=not any(by_busybox))),
        f"line {first.line}",
        notes=tuple(_notes(runs, any(by_busybox))),
    )


def _metrics(log: Log, runs: Sequence[_Report], *, with_memory: bool) -> Iterator[Metric]:
    def metric(name: str, unit: str, samples: Sequence[float]) -> Metric:
        alone = (1,) * len(samples)
        return Metric(name=name, unit=unit, direction="lower", samples=tuple(samples), processes=alone)

    yield metric("wall_time", "ns", [_elapsed(log, run) for run in runs])
    spent = [sum(_number(log, run, field) for field in _CPU) * _NANOSECONDS for run in runs]
    yield metric("cpu_time", "ns", spent)
    if with_memory:
        yield metric("peak_memory", "bytes", [_number(log, run, _MEMORY) * _KIB for run in runs])
    for field, name in COUNTED.items():
        yield metric(name, "count", [_number(log, run, field) for run in runs])


def _number(log: Log, run: _Report, field: str) -> float:
    if field not in run.fields:
        raise fault(log, run.line, f"a report with the field {field!r}")
    return decimal(log, run.fields[field], run.line)


def _elapsed(log: Log, run: _Report) -> float:
    """Nanoseconds of `1:02:03`, `0:00.05`, or busybox's `0m 0.05s`."""
    text = run.fields.get(_ELAPSED, "")
    found = _GNU.fullmatch(text) or _BUSYBOX.fullmatch(text)
    if found is None:
        raise fault(log, run.line, "an elapsed time such as 0:01.50 or 1:02:03", text)
    hours, minutes, seconds = (decimal(log, part or "0", run.line) for part in found.groups())
    return (hours * 3600 + minutes * 60 + seconds) * _NANOSECONDS


def _notes(runs: Sequence[_Report], by_busybox: bool) -> Iterator[str]:
    yield "time counts in hundredths of a second"
    codes = [run.fields[_LAST] for run in runs]
    if bad := [code for code in codes if code != "0"]:
        yield f"{len(bad)} of {len(codes)} runs did not exit with 0, the first with {one_line(bad[0], 20)}"
    if by_busybox:
        yield "peak_memory is left out: busybox multiplies it by the pages' size in KiB"
    odd = [field for field in _LEFT_OUT if any(run.fields.get(field, "0") != "0" for run in runs)]
    if odd:
        yield f"left out: {', '.join(odd)}"
