"""memtier_benchmark: the JSON of `--json-out-file`, and the table that it prints. KB are 1,024 bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchgov.adapters.blocks import (
    Keeper,
    errors,
    latency,
    named,
    percentile,
    rate,
    repeated,
    throughput,
    whole_lines,
)
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import LARGEST, TIME, decimal
from benchgov.adapters.values import fault, mapping, number
from benchgov.report import Metric
from benchgov.text import one_line

_SEEN = 64 * 1024
_KB = 1024.0
_ALL, _AVERAGE, _TOTALS = "ALL STATS", "AGGREGATED AVERAGE RESULTS", "Totals"
_RUN = re.compile(r"RUN #\d+ RESULTS")
_SECTION = re.compile(rf"{_ALL}|{_RUN.pattern}|(?:BEST|WORST) RUN RESULTS|{_AVERAGE} \(\d+ runs\)")
_HEADER = re.compile(r"Type\s+Ops/sec\s.*")
_COLUMN = re.compile(r"Type|(?:Avg\. |p[\d.]+ )?Latency|\S+")
_PARAMETER = re.compile(r"(\d+)\s+(Threads|Connections per thread)")
_PERCENTILE = re.compile(r"p([0-9]{1,3}(?:\.[0-9]{1,6})?)(?: Latency)?")
_CONFIGURATION = ("pipeline", "data_size", "ratio")
_ONLY_AVERAGE = "the log has only the average of all runs: with --print-all-runs it has each"


class Memtier:
    """memtier_benchmark's results: a benchmark per kind of command, a sample per run."""

    name = "memtier"
    reads = "JSON of --json-out-file, or text"
    example = "memtier_benchmark --json-out-file memtier.json"

    def detects(self, log: Log) -> bool:
        """An object with its configuration and a section of results; or the heading of its table."""
        if log.looks_like_json:
            top = log.mapping
            return "configuration" in top and ("run information" in top or any(map(_SECTION.fullmatch, top)))
        text = log.text[:_SEEN]
        return re.search(rf"(?m)^(?:{_SECTION.pattern})\s*$", text) is not None and (
            re.search(rf"(?m)^{_HEADER.pattern}$", text) is not None
        )

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every kind of command with its rate, throughput and latencies; their total is none of its own."""
        keeper = Keeper(allow_partial)
        found = list(_json(log, keeper) if log.looks_like_json else _text(log, keeper))
        return Reading(log, self.name, "", repeated(log, found, keeper), incomplete=tuple(keeper.incomplete))


def _wanted(names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """(the sections that are runs, a note): every run, or where there is only their average, that.

    The best and the worst run are runs that are there already.
    """
    runs = [name for name in names if name == _ALL or _RUN.fullmatch(name)]
    if runs:
        return runs, ()
    return [name for name in names if name.startswith(_AVERAGE)], (_ONLY_AVERAGE,)


def _json(log: Log, keeper: Keeper) -> Iterator[Measured]:
    try:
        document = log.document
    except MalformedLogError as error:
        keeper.refuse(error)
        document = log.mapping
    top = mapping(log, document, "document")
    parameters = _parameters(log, top)
    sections, notes = _wanted([name for name in top if _SECTION.fullmatch(name)])
    if not sections:
        keeper.refuse(fault(log, _ALL, "a section of results"))
    for section in sections:
        try:
            yield from _section(log, section, mapping(log, top[section], section), parameters, notes)
        except MalformedLogError as error:
            keeper.refuse(error)


def _parameters(log: Log, top: Mapping[str, Any]) -> dict[str, Any]:
    given = mapping(log, top.get("configuration"), "configuration")
    threads = _number(log, given.get("threads"), "configuration.threads")
    clients = _number(log, given.get("clients"), "configuration.clients")
    others = {name: given[name] for name in _CONFIGURATION if isinstance(given.get(name), int | str)}
    return {"threads": int(threads), "connections": int(clients), **others}


def _section(
    log: Log, section: str, given: Mapping[str, Any], parameters: Mapping[str, Any], notes: tuple[str, ...]
) -> Iterator[Measured]:
    runtime = given.get("Runtime")
    if isinstance(runtime, dict) and runtime.get("Interrupted") == "true":
        raise fault(log, f"{section}.Runtime", "a run that was not interrupted", runtime["Interrupted"])
    mapping(log, given.get(_TOTALS), f"{section}.{_TOTALS}")
    for kind, row in given.items():
        if kind in {"Runtime", _TOTALS} or isinstance(row, list):
            continue
        place = f"{section}.{kind}"
        values = {
            name: _number(log, value, f"{place}.{name}") for name, value in _values(mapping(log, row, place))
        }
        if metrics := _metrics(log, values, place):
            name = one_line(named(kind, **parameters))
            yield Measured(name, metrics, place, parameters=parameters, notes=notes)


def _number(log: Log, value: Any, place: str) -> float:
    found = number(log, value, place)
    if found < LARGEST:
        return found
    raise fault(log, place, f"a number below {LARGEST:g}", value)


def _values(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every number of a kind of command, the percentiles too."""
    for name, value in row.items():
        if name == "Percentile Latencies" and isinstance(value, dict):
            yield from ((key, one) for key, one in value.items() if _PERCENTILE.fullmatch(key))
        elif not isinstance(value, dict):
            yield name, value


def _metrics(log: Log, values: Mapping[str, float], place: str | int) -> tuple[Metric, ...]:
    """Of one kind of command, in the names of the JSON; none when no such command was sent.

    Hits and misses are left out: they say which keys there were. A run so short that memtier counts no
    commands a second, though it has latencies, says nothing of the rate, and is refused.
    """
    centre = values.get("Average Latency", values.get("Latency"))
    if not values.get("Count", 1.0) or not (centre or values.get("Ops/sec")):
        return ()
    if not values.get("Ops/sec") or centre is None:
        raise fault(log, place, "commands per second above 0, and their latency", values.get("Ops/sec"))
    found = [rate(values["Ops/sec"])]
    if "KB/sec" in values:
        found.append(throughput(values["KB/sec"] * _KB))
    found.append(latency("mean", centre * TIME["ms"]))
    for name, value in values.items():
        if name in {"Min Latency", "Max Latency"}:
            found.append(latency(name[:3].lower(), value * TIME["ms"]))
        elif shown := _PERCENTILE.fullmatch(name):
            found.append(latency(percentile(shown[1]), value * TIME["ms"]))
    if "Connection Errors" in values:
        found.append(errors(values["Connection Errors"]))
    return tuple(found)


@dataclass
class _Table:
    """One section of the text: the line and fields of each row."""

    line: int
    section: str
    parameters: Mapping[str, int]
    columns: Sequence[str] = ()
    rows: list[tuple[int, str, Sequence[str]]] = field(default_factory=list)
    total: bool = False


def _text(log: Log, keeper: Keeper) -> Iterator[Measured]:
    tables = list(_tables(log, keeper))
    sections, notes = _wanted([table.section for table in tables])
    if any(map(_RUN.fullmatch, sections)) and not tables[-1].section.startswith(_AVERAGE):
        keeper.refuse(fault(log, tables[-1].line, f"{_AVERAGE}, which come last,", tables[-1].section))
    for table in tables:
        if table.section not in sections:
            continue
        try:
            yield from _rows(log, table, notes)
        except MalformedLogError as error:
            keeper.refuse(error)


def _tables(log: Log, keeper: Keeper) -> Iterator[_Table]:
    """Every table up to its total; what is between them is progress, and the distribution."""
    parameters: dict[str, int] = {}
    table: _Table | None = None
    for line, text in enumerate(whole_lines(log, keeper), 1):
        if shown := _PARAMETER.fullmatch(text):
            parameters = {**parameters, shown[2].split()[0].lower(): int(decimal(log, shown[1], line))}
        elif _SECTION.fullmatch(text):
            table = _Table(line, text, parameters)
            yield table
        elif table and text and not table.total:
            try:
                _take(log, table, line, text)
            except MalformedLogError as error:
                keeper.refuse(error)


def _take(log: Log, table: _Table, line: int, text: str) -> None:
    if _HEADER.fullmatch(text):
        table.columns = _COLUMN.findall(text)
    elif set(text) - set("=-"):
        values = len(table.columns) - 1
        name, *fields = text.rsplit(maxsplit=values) if values > 0 else [text]
        if not table.columns or len(fields) != values:
            raise fault(log, line, "a row of memtier's table, with no other output between,", text)
        table.total = name == _TOTALS
        table.rows.append((line, name, fields))


def _rows(log: Log, table: _Table, notes: tuple[str, ...]) -> Iterator[Measured]:
    if not table.total:
        raise fault(log, table.line, f"a table that ends with {_TOTALS}", table.section)
    for line, kind, fields in table.rows:
        if kind == _TOTALS:
            continue
        values = {
            column.replace("Avg. ", ""): decimal(log, text, line)
            for column, text in zip(table.columns[1:], fields, strict=True)
            if text != "---"
        }
        if metrics := _metrics(log, values, line):
            name = one_line(named(kind, **table.parameters))
            yield Measured(name, metrics, f"line {line}", parameters=table.parameters, notes=notes)
