"""locust: the `PREFIX_stats.csv` of `--csv`, and the failures beside it. Times are milliseconds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchgov.adapters.blocks import Keeper, errors, latency, percentile, rate
from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.quantities import TIME, decimal
from benchgov.adapters.values import fault, word
from benchgov.text import one_line

_COUNTS = {"Request Count": "Failure Count", "# requests": "# failures"}
"""Column with the number of requests → that with the failures, since 1.0 and before."""

_STATS = {"Name", "Requests/s", "Average Content Size"}
_HISTORY = {"Timestamp", "Name", "Requests/s"}
_FAILURES = {"Method", "Name", "Error", "Occurrences"}
_EXCEPTIONS = {"Count", "Message", "Traceback", "Nodes"}
_PERCENTILE = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,6})?)%?")  # 0.14 forgot a percent sign
_TOTAL = "Aggregated"
_MOST_NOTES = 20


class _Row(NamedTuple):
    """One row: its line, and its fields by column."""

    line: int
    fields: Mapping[str, str]


class Locust:
    """locust's CSV. What it writes beside the statistics may be given with them, and alone is none."""

    name = "locust"
    reads = "PREFIX_stats.csv of --csv, its failures too"
    example = "locust --headless -u 10 -t 30s --csv locust"

    def detects(self, log: Log) -> bool:
        """The first line names the columns of one of its files."""
        return _kind(log) != ""

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """As `read_tree` of this log alone."""
        return self.read_tree([log], allow_partial)[0]

    def read_tree(self, logs: Sequence[Log], allow_partial: bool) -> Sequence[Reading]:
        """A reading per file of statistics; its failures are notes of the requests that failed."""
        stats = [log for log in logs if _kind(log) == "stats"]
        if not stats:
            raise MalformedLogError(
                "this is what locust writes beside its statistics",
                where=logs[0].where,
                remedy="Import PREFIX_stats.csv; the others of the same run may be given with it.",
            )
        return [_reading(log, _failures_of(log, logs, len(stats)), allow_partial) for log in stats]


def _kind(log: Log) -> str:
    """stats, history, failures or exceptions; or nothing when it is no file of locust's."""
    first = log.text[:4096].partition("\n")[0]
    columns = {name.strip().strip('"') for name in first.split(",")}
    if columns >= _HISTORY and columns & {"User Count", "Average Content Size"}:
        return "history"
    if columns >= _STATS and columns & _COUNTS.keys():
        return "stats"
    if columns >= _FAILURES:
        return "failures"
    return "exceptions" if columns >= _EXCEPTIONS else ""


def _failures_of(stats: Log, logs: Sequence[Log], how_many: int) -> Log | None:
    """The failures of the same run: those of the same prefix, or the only ones beside the only statistics."""
    failures = [log for log in logs if _kind(log) == "failures"]
    if how_many == 1 and len(failures) == 1:
        return failures[0]
    prefix = stats.where.rpartition("_")[0]
    return next((log for log in failures if log.where.rpartition("_")[0] == prefix), None)


def _reading(log: Log, failures: Log | None, allow_partial: bool) -> Reading:
    keeper = Keeper(allow_partial)
    notes: dict[str, list[str]] = {}
    for row in _rows(failures, keeper) if failures else ():
        said = f"{row.fields['Occurrences']} × {one_line(row.fields['Error'], 200)}"
        notes.setdefault(_request(row.fields, "Method"), []).append(said)
    found = []
    total = False
    for row in _rows(log, keeper):
        if total:
            keeper.refuse(fault(log, row.line, "no row after the total", ",".join(row.fields.values())))
            break
        total = row.fields["Name"] == _TOTAL and row.fields.get("Type", "") in {"", "None"}
        if not total:
            try:
                found.append(_measured(log, row, notes))
            except MalformedLogError as error:
                keeper.refuse(error)
    if not total:
        keeper.refuse(fault(log, log.text.count("\n") + 1, f"a last row {_TOTAL!r}"))
    return Reading(log, Locust.name, "", found, incomplete=tuple(keeper.incomplete))


def _rows(log: Log, keeper: Keeper) -> Iterator[_Row]:
    """Every row as long as the header; a name may hold line breaks, so the line is where a row ends."""
    reader = csv.reader(io.StringIO(log.text, newline=""), strict=True)
    header: list[str] = []
    try:
        for fields in reader:
            if not header:
                header = fields
            elif len(fields) == len(header):
                yield _Row(reader.line_num, dict(zip(header, fields, strict=True)))
            elif fields:
                wanted = f"a row of {len(header)} fields"
                keeper.refuse(fault(log, reader.line_num, wanted, ",".join(fields)))
    except csv.Error as error:
        keeper.refuse(fault(log, reader.line_num, "a row of CSV", str(error)))


def _request(fields: Mapping[str, str], method: str) -> str:
    """`GET /items`: the method, where there is one, and the name."""
    return one_line(f"{fields.get(method, '')} {fields['Name']}")


def _measured(log: Log, row: _Row, failures: Mapping[str, Sequence[str]]) -> Measured:
    line, fields = row
    word(log, fields["Name"], line)
    requests, failed = next(pair for pair in _COUNTS.items() if pair[0] in fields)
    if not decimal(log, fields[requests], line):
        raise fault(log, line, "one request or more", fields[requests])
    metrics = [rate(decimal(log, fields["Requests/s"], line))]
    times = {statistic: fields[column] for column, statistic in _times(fields)}
    for statistic, text in times.items():
        metrics.append(latency(statistic, decimal(log, text, line) * TIME["ms"]))
    metrics.append(errors(decimal(log, fields.get(failed), line)))
    name = _request(fields, "Type" if "Type" in fields else "Method")
    return Measured(name, tuple(metrics), f"line {line}", notes=tuple(failures.get(name, ())[:_MOST_NOTES]))


def _times(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(column, statistic) of every time; the median is the column 50% again, and 100% the maximum."""
    for column in fields:
        head, _, rest = column.partition(" ")
        found = _PERCENTILE.fullmatch(column)
        if found:
            yield column, percentile(found[1])
        elif rest.lower() == "response time" and head in {"Average", "Min", "Max"}:
            yield column, "mean" if head == "Average" else head.lower()
