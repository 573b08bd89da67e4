"""vitest bench: the JSON of `--outputJson` (versions 1 to 4), and of the `json` reporter (version 5).

It measures with tinybench, so times are milliseconds. Versions 1 to 4 write no samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.tinybench import statistics_time
from benchgov.adapters.values import each, fault, mapping, members, shown, word
from benchgov.text import one_line

_SEPARATOR = " > "
_Item = tuple[str, str, Any]
"""(group, place, benchmark)."""


class Vitest:
    """vitest's benchmarks. A benchmark's name is that of its file or test and of its groups, then its own."""

    name = "vitest"
    reads = "JSON of --outputJson or, since 5, --reporter=json"
    example = "vitest bench --run --reporter=json --outputFile=vitest.json"

    def detects(self, log: Log) -> bool:
        """An object with `files` that have `groups`, or with `testResults` of which one has benchmarks."""
        top = log.mapping
        return (
            top == {"files": []} or _has_groups(top.get("files")) or _has_benchmarks(top.get("testResults"))
        )

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark with its samples, where they were retained, else its median or mean."""
        is_newer = "testResults" in log.mapping
        _, files, incomplete = members(log, "testResults" if is_newer else "files", allow_partial)
        found: list[_Item] = []
        for index, file in enumerate(files):
            try:
                found += _tasks(log, file, index) if is_newer else _grouped(log, file, index)
            except MalformedLogError as error:
                if not allow_partial:
                    raise
                incomplete.append(one_line(str(error)))
        read = each(found, lambda _, item: _measured(log, *item), incomplete, allow_partial)
        return Reading(log, self.name, "", read, incomplete=tuple(incomplete))


def _has_groups(files: Any) -> bool:
    """Whether it is the array of files of versions 1 to 4."""
    first = files[0] if isinstance(files, list) and files else None
    return isinstance(first, dict) and {"filepath", "groups"} <= first.keys()


def _has_benchmarks(results: Any) -> bool:
    """Whether the results of tests, which other reporters write in this form too, have benchmarks."""
    files = results if isinstance(results, list) else []
    tests = (file.get("assertionResults") for file in files if isinstance(file, dict))
    return any(
        isinstance(test, dict) and isinstance(test.get("benchmarks"), list)
        for some in tests
        if isinstance(some, list)
        for test in some
    )


def _items(
    log: Log, holder: Mapping[str, Any], name: str, place: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, item) of every object in the array `name` of `holder`."""
    items = holder.get(name)
    if not isinstance(items, list):
        raise fault(log, f"{place}.{name}", "an array", items)
    for index, item in enumerate(items):
        inside = f"{place}.{name}[{index}]"
        yield inside, mapping(log, item, inside)


def _grouped(log: Log, file: Any, index: int) -> Iterator[_Item]:
    """The benchmarks of a file in versions 1 to 4: `fullName` of a group begins with the file's path."""
    place = f"files[{index}]"
    for inside, group in _items(log, mapping(log, file, place), "groups", place):
        name = word(log, group.get("fullName"), f"{inside}.fullName")
        for at, benchmark in _items(log, group, "benchmarks", inside):
            yield name, at, benchmark


def _tasks(log: Log, file: Any, index: int) -> Iterator[_Item]:
    """The benchmarks of a file in version 5: several tasks in one test are compared with each other.

    The file's path is that of a machine: its last part has to do.
    """
    place = f"testResults[{index}]"
    given = mapping(log, file, place)
    path = word(log, given.get("name"), f"{place}.name").replace("\\", "/").rpartition("/")[2]
    for inside, test in _items(log, given, "assertionResults", place):
        if test.get("status") == "failed":
            yield path, inside, {"name": test.get("fullName")}
        for at, benchmark in _items(log, test, "benchmarks", inside):
            name = word(log, benchmark.get("name"), f"{at}.name")
            for task_at, task in _items(log, benchmark, "tasks", at):
                if task.get("fromStore") is not True:  # a result of an earlier run, shown beside the new ones
                    yield f"{path}{_SEPARATOR}{name}", task_at, task


def _measured(log: Log, group: str, place: str, given: Mapping[str, Any]) -> Measured:
    name = word(log, given.get("name"), f"{place}.name")
    if {"hz", "latency"}.isdisjoint(given):  # what threw has its name and nothing else
        raise fault(log, place, f"a result of {shown(name)}")
    flat = "hz" in given
    statistics = given if flat else mapping(log, given["latency"], f"{place}.latency")
    metric, notes = statistics_time(log, statistics, place if flat else f"{place}.latency")
    full = f"{group}{_SEPARATOR}{name}"
    return Measured(full, (metric,), place, group=group, source=_source(group, flat), notes=notes)


def _source(group: str, has_path: bool) -> tuple[str, int] | None:
    """The benchmark's file, with whose path groups begin up to version 4; no line is given."""
    return (group.split(_SEPARATOR, maxsplit=1)[0], 1) if has_path else None
