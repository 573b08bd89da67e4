"""google-benchmark's two texts, CSV and the console's, as rows with the JSON's names.

A row's place is its line. What stands above the header is what the library writes to standard error.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from io import StringIO
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError
from benchgov.adapters.values import fault, refuse, words

_CSV = re.compile(r"(?m)^name,iterations,real_time,cpu_time,time_unit,[^\r\n]*")
_CSV_TEXTS = {"name", "time_unit", "label", "error_message"}
_CONSOLE = re.compile(r"(?m)^-{10,}\r?\n(?=Benchmark +Time +CPU +Iterations)")
_TABLE = re.compile(r"-{10,}|Benchmark +Time +CPU +Iterations(.*)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NUMBER = r"-?(?:\d[\d.]*(?:e[+-]?\d+)?|nan|inf)"
_RESULT = re.compile(rf"(\S.*?) +({_NUMBER}) (\S+) +({_NUMBER}) (\S+)(?: +(\d+)(?: +(\S.*))?)?")
_FAILED = re.compile(r"(\S.*?) +(ERROR OCCURRED|SKIPPED): '(.*)'")
_COUNTER = re.compile(r"(\S+?)=(\S+)(?: +|$)")
_HUMAN = re.compile(rf"({_NUMBER})(?:([kKMGTPEZY])(i?)|([munpfazy]))?(?:/s|s)?")
_OLD_BYTES = re.compile(rf"({_NUMBER}[kMGTPEZY]?)B/s *")
_OLD_ITEMS = re.compile(rf"({_NUMBER}[kMGTPEZY]?) items/s *")
_MACHINE = re.compile(r"(?m)^Run on \((\d+) X (\S+) MHz CPU")

_MAX_LINE = 8192
"""Longest line of the console that is looked at, in characters."""

_Rows = tuple[list[str | int], list[Any], list[str]]
"""(lines, rows, what is incomplete); a row that is none is the text it is."""


def is_text(text: str) -> bool:
    """Whether one of the two headers is in `text`."""
    return (_CSV.search(text) or _CONSOLE.search(text)) is not None


def text_facts(log: Log) -> dict[str, str]:
    """What the library says about the machine, when its standard error is in the log too."""
    found = _MACHINE.search(log.text[:65536])
    return words(num_cpus=found[1], mhz_per_cpu=found[2]) if found else {}


def text_rows(log: Log, allow_partial: bool) -> _Rows:
    """The rows of either text; raises MalformedLogError when it is neither, or cut off."""
    incomplete: list[str] = []
    if rest := _COLOUR.sub("", log.text.rpartition("\n")[2]):
        error = fault(log, log.text.count("\n") + 1, "a whole last line", rest)
        refuse(error, incomplete, allow_partial)
    if header := _CSV.search(log.text):
        return _csv_rows(log, header.start(), incomplete, allow_partial)
    if header := _CONSOLE.search(log.text):
        return _console_rows(log, header.start(), incomplete)
    raise fault(log, 1, "a line that begins `name,iterations,real_time,` or `Benchmark  Time  CPU`")


def _csv_rows(log: Log, start: int, incomplete: list[str], allow_partial: bool) -> _Rows:
    above = log.text.count("\n", 0, start)
    lines: list[str | int] = []
    rows: list[Any] = []
    reader = csv.reader(StringIO(log.text[start:], newline=""), strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            if not names:
                names = cells
            elif cells:
                lines.append(above + reader.line_num)
                rows.append(_csv_row(names, cells))
    except csv.Error as error:
        where = log.at(above + reader.line_num)
        refuse(MalformedLogError(f"not CSV: {error}", where=where), incomplete, allow_partial)
    return lines, rows, incomplete


def _csv_row(names: Sequence[str], cells: Sequence[str]) -> dict[str, Any] | str:
    given = dict(zip(names, cells, strict=False))
    failed = given.get("error_occurred") in {"true", "false"}  # such a row has no cells for the counters
    if len(cells) > len(names) or (len(cells) < len(names) and not failed):
        return ",".join(cells)
    row = {name: _cell(name, cell) for name, cell in given.items() if cell}
    if failed:
        row["error_occurred"] = given["error_occurred"] == "true"
        row["skipped"] = not row["error_occurred"]
    if "iterations" not in row and not failed:
        row["run_type"] = "aggregate"  # BigO and RMS
    return row


def _cell(name: str, cell: str) -> Any:
    if name in _CSV_TEXTS:
        return cell
    value = _float(cell)
    return int(value) if name == "iterations" and isinstance(value, float) and value.is_integer() else value


def _console_rows(log: Log, start: int, incomplete: list[str]) -> _Rows:
    first = log.text.count("\n", 0, start) + 1
    lines: list[str | int] = []
    rows: list[Any] = []
    counters: list[str] = []
    for line, coloured in enumerate(log.text[start:].split("\n"), first):
        text = _COLOUR.sub("", coloured).rstrip()
        if table := _TABLE.fullmatch(text):
            counters = table[1].split() if table[1] is not None else counters
        elif text:
            lines.append(line)
            rows.append(_console_row(text, [] if counters == ["UserCounters..."] else counters))
    return lines, rows, incomplete


def _console_row(text: str, counters: Sequence[str]) -> dict[str, Any] | str:
    if len(text) > _MAX_LINE:
        return text
    if failed := _FAILED.fullmatch(text):
        was_error = failed[2] == "ERROR OCCURRED"
        message = {"error_occurred" if was_error else "skipped": True, "error_message": failed[3]}
        return {"name": failed[1], **message}
    found = _RESULT.fullmatch(text)
    if found is None:
        return text
    name, real, unit, cpu, other_unit, iterations, rest = found.groups()
    if iterations is None or unit == "%":  # BigO, RMS and cv
        return {"name": name, "run_type": "aggregate"}
    if unit != other_unit:
        return text
    row = {"name": name, "real_time": _float(real), "cpu_time": _float(cpu), "time_unit": unit}
    return {**_rest(rest or "", counters), **row, "iterations": int(iterations), "rounded": True}


def _rest(rest: str, counters: Sequence[str]) -> dict[str, Any]:
    """The counters and the label at the end of a line: in columns, as `name=value`, or as before 1.5, when
    bytes and items both went by 1024."""
    found: dict[str, Any] = {}
    if counters:
        values = rest.split(maxsplit=len(counters))
        found = {name: _human(value, _base(name)) for name, value in zip(counters, values, strict=False)}
        rest = "".join(values[len(counters) :])
    for name, pattern in (("bytes_per_second", _OLD_BYTES), ("items_per_second", _OLD_ITEMS)):
        if old := pattern.match(rest):
            found[name], rest = _human(old[1], 1024.0), rest[old.end() :]
    while counter := _COUNTER.match(rest):
        found[counter[1]], rest = _human(counter[2], _base(counter[1])), rest[counter.end() :]
    return {**found, "label": rest} if rest.strip() else found


def _base(counter: str) -> float:
    """What a `k` is: bytes per second go by 1024 in every version, before 1.8 without the `i` of `Ki`."""
    return 1024.0 if counter == "bytes_per_second" else 1000.0


def _human(text: str, base: float) -> Any:
    """`405.437Mi/s` as a number; what is none stays a text."""
    found = _HUMAN.fullmatch(text)
    if found is None:
        return text
    base = 1024.0 if found[3] else base
    power = (
        "KMGTPEZY".find(found[2].upper()) + 1
        if found[2]
        else -("munpfazy".find(found[4]) + 1)
        if found[4]
        else 0
    )
    value = _float(found[1])
    return value * base**power if isinstance(value, float) else text


def _float(text: str) -> float | str:
    """`text` as a number; what is none stays a text, and becomes a fault where a number is needed."""
    try:
        return float(text)
    except ValueError:
        return text
