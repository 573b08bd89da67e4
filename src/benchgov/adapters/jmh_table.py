"""JMH: the table at the end of what it prints, and of `-rf text`: averages, rounded to three digits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchgov.adapters.interface import Log, MalformedLogError, Measured
from benchgov.adapters.jmh_metrics import MODES, Score, scored, secondary
from benchgov.adapters.values import fault, number, words
from benchgov.report import Metric
from benchgov.text import one_line

_HEADER = re.compile(r"(?m)^Benchmark +((?:\([^()\n]*\) +)*)Mode +(?:Cnt|Samples) +Score +Error +Units *$")
_ROW = re.compile(
    r"(\S{1,500}) +(?:(\S.{0,999}?) +)?(thrpt|avgt|sample|ss)(?: +\d+)? +(≈ )?(\S+)(?: +± +\S+)? +(\S+) *"
)
_SCORE = re.compile(r"\d{1,300}\.\d{3}")
_COLUMNS = re.compile(r" {2,}")
_VERSION = re.compile(r"(?m)^# JMH(?: version:)? (\d\S*)")
_VM = re.compile(r"(?m)^# VM version: JDK ([^,\n]+), ([^,\n]+)(?:, (\S+))?$")
_AVERAGE = "the log has no samples, only their average; -rf json has them"

_Key = tuple[str, tuple[tuple[str, str], ...], str]


@dataclass
class _Found:
    """The rows of one benchmark, with its parameters and mode."""

    line: int
    metrics: dict[str, Metric] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def is_table(text: str) -> bool:
    """Whether `text` has the heading of the table. One word is looked for first, since that is quick."""
    return " Score " in text and _HEADER.search(text) is not None


def version_and_facts(text: str) -> tuple[str, dict[str, str]]:
    """What JMH prints before it begins; a file of `-rf text` has none of it."""
    version, vm = _VERSION.search(text), _VM.search(text)
    facts = words(jdk=vm[1], vm=vm[2], vm_version=vm[3]) if vm else {}
    return version[1] if version else "", facts


def read_table(log: Log, incomplete: list[str], allow_partial: bool) -> Sequence[Measured]:
    """Every benchmark of the tables in `log`.

    Raises:
        MalformedLogError: a row is none, or has no number (unless `allow_partial`: `incomplete` says it).
    """
    found: dict[_Key, _Found] = {}
    for line, text, names in _rows(log):
        try:
            _take(log, line, text, names, found)
        except MalformedLogError as error:
            if not allow_partial:
                raise
            incomplete.append(one_line(str(error)))
    modes = Counter((name, parameters) for name, parameters, _ in found)
    return [_measured(key, one, several=modes[key[:2]] > 1) for key, one in found.items()]


def _rows(log: Log) -> Iterator[tuple[int, str, Sequence[str]]]:
    """(line, text, names of the parameters) of every row; a blank line ends a table."""
    names: Sequence[str] | None = None
    for line, text in enumerate(log.text.split("\n"), 1):
        if header := _HEADER.fullmatch(text):
            names = re.findall(r"\(([^()]*)\)", header[1])
        elif not text.strip():
            names = None
        elif names is not None:
            yield line, text, names


def _take(log: Log, line: int, text: str, names: Sequence[str], found: dict[_Key, _Found]) -> None:
    row = _ROW.fullmatch(text)
    if row is None:
        raise fault(log, line, "a row of JMH's table, or a blank line after it,", text)
    given = _COLUMNS.split(row[2]) if row[2] else []
    if len(given) != len(names):
        raise fault(log, line, f"the parameters {', '.join(names) or 'of none'}", row[2])
    name, _, metric = row[1].partition(":")
    parameters = tuple((key, value) for key, value in zip(names, given, strict=True) if value != "N/A")
    key = (name, parameters, row[3])
    if metric and key not in found:
        raise fault(log, line, f"the row of {name} before those of its metrics", text)
    if metric:
        _take_secondary(log, line, row, metric, found[key])
        return
    if key in found:
        raise fault(log, line, f"{name} once, as on line {found[key].line},", text)
    found[key] = _primary(log, line, row)


def _primary(log: Log, line: int, row: re.Match[str]) -> _Found:
    """The benchmark's own row; one whose score is rounded away is there, without the metric."""
    score = scored(row[6])
    if score is None or score.name != MODES[row[3]][0]:
        raise fault(log, line, f"a unit {MODES[row[3]][1]} of mode {row[3]}", row[6])
    if _is_rounded_away(row):
        return _Found(line, notes=[f"JMH prints {row[5]} {row[6]} alone; a shorter -tu has digits"])
    return _Found(line, {score.name: _metric(log, line, score, row)}, [_AVERAGE])


def _is_rounded_away(row: re.Match[str]) -> bool:
    """Of a number too small for three digits JMH prints the power of ten alone: `≈ 10⁻⁷`."""
    return bool(row[4]) and row[5] != "0"


def _take_secondary(log: Log, line: int, row: re.Match[str], name: str, one: _Found) -> None:
    """A row `benchmark:metric`."""
    score = secondary(name, row[1].partition(":")[0].rpartition(".")[2], row[6])
    left_out = f"{one_line(name, 60)} in {one_line(row[6], 20)} is left out"
    if score is None:
        one.notes.append(f"{left_out}: nothing says which way is better")
    elif _is_rounded_away(row) or row[5] in {"NaN", "Infinity"}:
        one.notes.append(f"{left_out}: JMH prints no number for it")
    elif one.metrics.setdefault(score.name, read := _metric(log, line, score, row)) is not read:
        one.notes.append(f"{left_out}: {score.name} is there already")


def _metric(log: Log, line: int, score: Score, row: re.Match[str]) -> Metric:
    if not _SCORE.fullmatch(row[5]) and (row[4], row[5]) != ("≈ ", "0"):
        raise fault(log, line, "a score with a point and three digits", f"{row[4] or ''}{row[5]}")
    value = number(log, float(row[5]) * score.factor, line)
    return Metric(name=score.name, unit=score.unit, direction=score.direction, samples=(value,))


def _measured(key: _Key, one: _Found, *, several: bool) -> Measured:
    name, parameters, mode = key
    shown = ", ".join(f"{key}={value}" for key, value in parameters)
    full = f"{name} ({shown})" if shown else name
    return Measured(
        f"{full} {mode}" if several else full,
        tuple(one.metrics.values()),
        f"line {one.line}",
        group=name.rpartition(".")[0],
        parameters=with_integers(dict(parameters)),
        notes=tuple(one.notes),
    )


def with_integers(parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters, which JMH writes as texts, with integers as such."""
    return {
        name: int(value)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16
        else value
        for name, value in parameters.items()
    }
