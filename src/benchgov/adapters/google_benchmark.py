"""google-benchmark: the JSON of `--benchmark_out`, and its two texts, from 1.0 on.

All have a row per repetition, and rows of aggregates. `google_benchmark_text` makes rows of CSV and of what
the console shows; here they are read, by the JSON's names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchgov.adapters.google_benchmark_text import is_text, text_facts, text_rows
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import TIME, scale
from benchgov.adapters.values import (
    count,
    each,
    fault,
    mapping,
    members,
    number,
    refuse,
    shown,
    word,
    words,
)
from benchgov.report import Direction, Metric
from benchgov.text import one_line

UNITS = {unit: TIME[unit] for unit in ("ns", "us", "ms", "s")}
"""`time_unit` → nanoseconds."""

COUNTERS: dict[str, tuple[str, str, Direction]] = {
    "bytes_per_second": ("throughput", "bytes/s", "higher"),
    "items_per_second": ("rate", "1/s", "higher"),
    "allocs_per_iter": ("allocations", "count", "lower"),
    "max_bytes_used": ("peak_memory", "bytes", "lower"),
    "INSTRUCTIONS": ("instructions", "count", "lower"),
    "CYCLES": ("cycles", "count", "lower"),
}
"""What the library, its memory manager and `--benchmark_perf_counters` count → metric, unit, direction."""

_ROW_KEYS = {
    "name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions",
    "repetition_index", "threads", "aggregate_name", "aggregate_unit", "error_occurred", "error_message",
    "skipped", "skip_message", "iterations", "real_time", "cpu_time", "time_unit", "label",
    "rounded",
}  # fmt: skip
_CONTEXT = {"num_cpus", "mhz_per_cpu"}
_AGGREGATE = re.compile(r"(.+)_(mean|median|stddev|cv|BigO|RMS)")
_CENTRES = ("median", "mean")
_ARGUMENT = re.compile(r"(?:([A-Za-z_]\w*):)?(-?\d+)")
_SETTINGS = {"iterations", "min_time", "min_warmup_time", "repeats", "threads"}
# Before 1.8 the cv of a counter that is always zero is written as NaN, which no JSON has.
_NO_NUMBER = re.compile(r'(?mi)^(\s+"(?:[^"\\\n]|\\.)*": )(-?(?:nan|inf|infinity))(?=,?\s*$)')


class _Row(NamedTuple):
    """One row: the benchmark's name, the aggregate's or nothing, its fields, and where it stands."""

    name: str
    aggregate: str
    fields: Mapping[str, Any]
    place: str | int

    def at(self, field: str) -> str | int:
        """The place of a field: its JSON path, or the row's line."""
        return self.place if isinstance(self.place, int) else f"{self.place}.{field}"


class GoogleBenchmark:
    """google-benchmark's JSON and CSV; repetitions are the samples of one benchmark."""

    name = "google-benchmark"
    reads = "JSON of --benchmark_out, CSV, console text"
    example = "./bench --benchmark_out=google-benchmark.json"

    def detects(self, log: Log) -> bool:
        """An object with `benchmarks` and the library's `context`; or the header line of one of its texts."""
        if not log.looks_like_json:
            return is_text(log.text[:65536])
        context = log.mapping.get("context")
        return "benchmarks" in log.mapping and isinstance(context, dict) and context.keys() >= _CONTEXT

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark with its repetitions; without them, its median or mean alone."""
        if log.looks_like_json:
            top, items, incomplete = members(_without_nan(log), "benchmarks", allow_partial)
            version, facts = _context(top.get("context"))
            places: list[str | int] = [f"benchmarks[{index}]" for index in range(len(items))]
        else:
            places, items, incomplete = text_rows(log, allow_partial)
            version, facts = "", text_facts(log)
        rows = _rows(log, items, places, incomplete, allow_partial)
        groups = _groups(rows).values()
        read = each(groups, lambda _, group: _benchmark(log, group), incomplete, allow_partial)
        return Reading(log, self.name, version, read, facts, incomplete=tuple(incomplete))


def _without_nan(log: Log) -> Log:
    """`log` with each NaN as a text: where it matters it is a fault, with its path; a cv's does not."""
    try:
        _ = log.document
    except MalformedLogError:
        return Log(log.where, _NO_NUMBER.sub(r'\1"\2"', log.text))
    return log


def _rows(
    log: Log, items: Sequence[Any], places: Sequence[str | int], incomplete: list[str], allow_partial: bool
) -> list[_Row]:
    names = {item["name"] for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)}
    rows = []
    for item, place in zip(items, places, strict=True):
        try:
            rows.append(_row(log, item, place, names))
        except MalformedLogError as error:
            refuse(error, incomplete, allow_partial)
    return rows


def _row(log: Log, item: Any, place: str | int, names: set[str]) -> _Row:
    if isinstance(place, int) and not isinstance(item, dict):
        raise fault(log, place, "a row of the header's columns", item)
    fields = mapping(log, item, str(place))
    row = _Row("", "", fields, place)
    name = word(log, fields.get("name"), row.at("name"))
    if "run_type" in fields:
        run_name = word(log, fields.get("run_name", name), row.at("run_name"))
        aggregate = fields.get("aggregate_name", "aggregate") if fields["run_type"] == "aggregate" else ""
        return row._replace(name=run_name, aggregate=shown(aggregate).strip("'") if aggregate else "")
    return row._replace(name=(found := _by_suffix(name, fields, names))[0], aggregate=found[1])


def _by_suffix(name: str, fields: Mapping[str, Any], names: set[str]) -> tuple[str, str]:
    """(name, aggregate) where only a suffix says it: in CSV, and in JSON before 1.5.

    `X_mean` is an aggregate beside X, or beside `X_stddev` when only aggregates were written.
    """
    found = _AGGREGATE.fullmatch(name)
    if found and ({found[1], f"{found[1]}_stddev"} & names or not {"big_o", "rms"}.isdisjoint(fields)):
        return found[1], found[2]
    return name, ""


def _groups(rows: Sequence[_Row]) -> dict[str, list[_Row]]:
    """The rows of each benchmark: its repetitions; where there are none, its median and mean."""
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        if not row.aggregate:
            groups.setdefault(row.name, []).append(row)
    centres = [row for centre in _CENTRES for row in rows if row.aggregate == centre]
    for row in centres:
        groups.setdefault(row.name, [row])
    return groups


def _benchmark(log: Log, rows: Sequence[_Row]) -> Measured:
    first = rows[0]
    good = [row for row in rows if not (_is(row, "error_occurred") or _is(row, "skipped"))]
    _check_once(log, good)
    metrics = tuple(_metrics(log, good)) if good else ()
    iterations = [count(log, row.fields.get("iterations"), row.at("iterations")) for row in good]
    return Measured(
        first.name,
        metrics,
        f"line {first.place}" if isinstance(first.place, int) else first.place,
        group=first.name.partition("/")[0],
        parameters=_parameters(first),
        iterations=1 if first.aggregate else min(iterations, default=1),
        notes=tuple(_notes(rows, len(good))),
    )


def _is(row: _Row, field: str) -> bool:
    return row.fields.get(field) is True


def _check_once(log: Log, rows: Sequence[_Row]) -> None:
    """All rows are in one unit, which is known, and no repetition is there twice; else two benchmarks have
    one name."""
    seen: set[Any] = set()
    for row in rows:
        unit = word(log, row.fields.get("time_unit"), row.at("time_unit"))
        scale(log, unit, UNITS, row.at("time_unit"))
        if unit != rows[0].fields["time_unit"]:
            expected = f"{rows[0].fields['time_unit']}, the unit of this benchmark before,"
            raise fault(log, row.at("time_unit"), expected, unit)
        index = row.fields.get("repetition_index")
        if type(index) is int and index in seen:
            raise fault(log, row.at("repetition_index"), f"each repetition of {shown(row.name)} once", index)
        seen.add(index if type(index) is int else None)


def _metrics(log: Log, rows: Sequence[_Row]) -> Iterator[Metric]:
    factor = UNITS[rows[0].fields["time_unit"]]
    for field, name in (("real_time", "wall_time"), ("cpu_time", "cpu_time")):
        times = (number(log, row.fields.get(field), row.at(field)) * factor for row in rows)
        exact = [number(log, time, row.at(field)) for time, row in zip(times, rows, strict=True)]
        yield Metric(name=name, unit="ns", direction="lower", samples=tuple(exact))
    for field, (name, unit, direction) in COUNTERS.items():
        counted = [number(log, row.fields[field], row.at(field)) for row in rows if field in row.fields]
        if counted:
            yield Metric(name=name, unit=unit, direction=direction, samples=tuple(counted))


def _parameters(row: _Row) -> dict[str, Any]:
    """The arguments in the name, `BM_x/8/width:2`, and the number of threads."""
    found: dict[str, Any] = {}
    for position, part in enumerate(row.name.split("/")[1:], 1):
        argument = _ARGUMENT.fullmatch(part)
        if argument and argument[1] not in _SETTINGS and len(argument[2]) < 20:
            found[argument[1] or f"argument_{position}"] = int(argument[2])
    threads = re.search(r"/threads:([1-9]\d{0,5})\b", row.name)
    return {**found, "threads": int(threads[1])} if threads else found


def _notes(rows: Sequence[_Row], good: int) -> Iterator[str]:
    if good < len(rows):
        bad = next(row for row in rows if _is(row, "error_occurred") or _is(row, "skipped"))
        what, key = ("failed", "error_message") if _is(bad, "error_occurred") else ("skipped", "skip_message")
        message = bad.fields.get(key, bad.fields.get("error_message", ""))
        yield f"{len(rows) - good} of {len(rows)} repetitions {what}: {one_line(str(message), 200)}"
    if rows[0].aggregate:
        yield f"the log has no repetitions, only their {rows[0].aggregate}"
    if rows[0].fields.get("rounded") is True:
        yield "the console rounds what it shows; the JSON of --benchmark_out is exact"
    if label := words(label=rows[0].fields.get("label")):
        yield f"label: {label['label']}"
    odd = [key for key in rows[0].fields if key not in _ROW_KEYS and key not in COUNTERS]
    if odd:
        yield f"left out, as the log says neither unit nor direction: {one_line(', '.join(odd), 200)}"


def _context(context: Any) -> tuple[str, dict[str, str]]:
    """(library version, facts). The host's name is left out: it may be a person's."""
    if not isinstance(context, dict):
        return "", {}
    version = words(version=context.get("library_version")).get("version", "")
    facts = words(
        num_cpus=context.get("num_cpus"),
        mhz_per_cpu=context.get("mhz_per_cpu"),
        library_build_type=context.get("library_build_type"),
    )
    if isinstance(context.get("cpu_scaling_enabled"), bool):
        facts["cpu_scaling_enabled"] = str(context["cpu_scaling_enabled"]).lower()
    return version, facts
