"""pyperf: the JSON of `-o`, of one benchmark or of a suite, format 1.0 (pyperf 1 and 2).

A log is a list of benchmarks, each a list of runs, each a process. What all runs have in common stands once,
in the metadata of the benchmark or of the whole log. Runs without values calibrated the loops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.values import count, each, fault, mapping, members, number, samples, word, words
from benchgov.report import Direction, Metric

FORMAT = "1.0"
"""The one version of the format that perf 1.0 and every pyperf wrote."""

_UNITS: dict[str, tuple[str, str, float, Direction]] = {
    "second": ("wall_time", "ns", 1e9, "lower"),
    "byte": ("peak_memory", "bytes", 1.0, "lower"),  # of --track-memory and --tracemalloc, which say peaks
}
_TOP = {"benchmarks", "metadata", "version"}
_LINUX = re.compile(r"Linux-(?P<kernel>.+)-(?P<arch>\w+)-with-.+")


class Pyperf:
    """pyperf's JSON. A sample is a value of a process, in the order of the processes."""

    name = "pyperf"
    reads = "JSON of -o"
    example = "python -m pyperf timeit 'sorted(range(1000))' -o pyperf.json"

    def detects(self, log: Log) -> bool:
        """An object with `benchmarks`, of which the first has `runs`; without one pyperf's other members."""
        benchmarks = log.mapping.get("benchmarks")
        if not isinstance(benchmarks, list):
            return False
        if not benchmarks:
            return log.mapping.keys() <= _TOP and "version" in log.mapping
        first = benchmarks[0]
        runs = first.get("runs") if isinstance(first, dict) and first.keys() <= {"runs", "metadata"} else None
        return isinstance(runs, list)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark with the values of all its processes, and their peak memory."""
        top, items, incomplete = members(log, "benchmarks", allow_partial)
        if top.get("version", FORMAT) != FORMAT:
            raise fault(log, "version", f"{FORMAT!r}", top["version"])
        common = mapping(log, top.get("metadata", {}), "metadata")
        if not incomplete:
            common = {"unit": "second", **common}  # pyperf's own default; of a cut log it may be lost
        read = each(
            items, lambda index, item: _benchmark(log, item, index, common), incomplete, allow_partial
        )
        version = words(version=common.get("perf_version")).get("version", "")
        return Reading(log, self.name, version, read, _facts(common), incomplete=tuple(incomplete))


class _Process(NamedTuple):
    """One run that measured: its values as written, its warm-ups, and everything that is said about it."""

    values: list[Any]
    warmups: int
    metadata: Mapping[str, Any]
    place: str


def _benchmark(log: Log, item: Any, index: int, common: Mapping[str, Any]) -> Measured:
    place = f"benchmarks[{index}]"
    given = mapping(log, item, place)
    metadata = {**common, **mapping(log, given.get("metadata", {}), f"{place}.metadata")}
    name = word(log, metadata.get("name"), f"{place}.metadata.name")
    processes = list(_processes(log, given.get("runs"), metadata, f"{place}.runs"))
    if not processes:
        raise fault(log, f"{place}.runs", "a run with values")
    metrics, notes = _metrics(log, processes, f"{place}.metadata.unit")
    return Measured(
        name,
        metrics,
        place,
        iterations=min(_iterations(log, one) for one in processes),
        warmup=min(one.warmups for one in processes),
        notes=notes,
    )


def _processes(log: Log, runs: Any, common: Mapping[str, Any], place: str) -> Iterator[_Process]:
    """The runs that measured; the others found out how many loops are enough."""
    if not isinstance(runs, list):
        raise fault(log, place, "an array", runs)
    for index, item in enumerate(runs):
        here = f"{place}[{index}]"
        given = mapping(log, item, here)
        if "values" not in given:
            continue
        warmups = given.get("warmups")
        metadata = mapping(log, given.get("metadata", {}), f"{here}.metadata")
        number_of = len(warmups) if isinstance(warmups, list) else 0
        yield _Process(given["values"], number_of, {**common, **metadata}, here)


def _iterations(log: Log, one: _Process) -> int:
    """Loops of a value, times the copies of the statement in each. Values are per copy already."""
    loops = count(log, one.metadata.get("loops", 1), f"{one.place}.metadata.loops")
    return loops * count(log, one.metadata.get("inner_loops", 1), f"{one.place}.metadata.inner_loops")


def _metrics(log: Log, processes: list[_Process], place: str) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    units = [one.metadata.get("unit") for one in processes]
    if any(unit != units[0] for unit in units):
        raise fault(log, place, "one unit for all runs", units)
    unit = units[0]
    if unit == "integer":
        return (), ("its unit is a bare integer, of which pyperf does not say which way is better",)
    if not isinstance(unit, str) or unit not in _UNITS:
        raise fault(log, place, f"one of the units {', '.join(_UNITS)}, integer", unit)
    name, written, factor, direction = _UNITS[unit]
    groups = [samples(log, one.values, factor, f"{one.place}.values") for one in processes]
    values = tuple(value for group in groups for value in group)
    sizes = tuple(map(len, groups))
    metrics = (Metric(name=name, unit=written, direction=direction, samples=values, processes=sizes),)
    return (metrics, ()) if name == "peak_memory" else (metrics + _peaks(log, processes), ())


def _peaks(log: Log, processes: list[_Process]) -> tuple[Metric, ...]:
    """The peak memory of each process, when all have it: of the command that it ran, or its own."""
    for name in ("command_max_rss", "mem_max_rss"):
        if all(name in one.metadata for one in processes):
            peaks = [number(log, one.metadata[name], f"{one.place}.metadata.{name}") for one in processes]
            alone = (1,) * len(peaks)
            return (
                Metric(
                    name="peak_memory", unit="bytes", direction="lower", samples=tuple(peaks), processes=alone
                ),
            )
    return ()


def _facts(metadata: Mapping[str, Any]) -> dict[str, str]:
    platform = metadata.get("platform")
    linux = _LINUX.fullmatch(platform) if isinstance(platform, str) else None
    return {
        **(words(system="Linux", kernel=_kernel(linux), arch=linux["arch"]) if linux else {}),
        **words(
            cpu_model=metadata.get("cpu_model_name"),
            python=_python(metadata),
            platform=platform,
            **{
                name: metadata.get(name)
                for name in ("cpu_count", "cpu_config", "cpu_affinity", "aslr", "timer")
            },
        ),
    }


def _kernel(platform: re.Match[str]) -> str:
    """The release in `Linux-6.1.0-x86_64-with-glibc2.36`; some systems name the processor twice."""
    return platform["kernel"].removesuffix(f"-{platform['arch']}")


def _python(metadata: Mapping[str, Any]) -> str | None:
    """`3.11.7` of `3.11.7 (64-bit)`; other implementations with their name."""
    version, implementation = metadata.get("python_version"), metadata.get("python_implementation", "cpython")
    if not isinstance(version, str) or not version.split():
        return None
    number_of = version.split()[0]
    return number_of if implementation == "cpython" else f"{implementation} {number_of}"
