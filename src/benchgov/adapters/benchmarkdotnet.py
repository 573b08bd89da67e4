"""BenchmarkDotNet: the JSON of its exporters, full, brief and compressed; nanoseconds an operation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.names import as_name
from benchgov.adapters.values import each, fault, mapping, members, number, samples, word, words
from benchgov.report import Metric
from benchgov.text import one_line

_UNITS = {"Count": "count", "B": "bytes", "ns": "ns"}
"""BenchmarkDotNet's units that are ours too; the others stay as its diagnosers write them."""

_KNOWN = {"Allocated Memory": "allocated_bytes"}
_ARCHITECTURES = {"X64", "Arm64"}
"""What can be held against a machine: a 32-bit process says X86 on a 64-bit one."""

_SYSTEMS = (
    ("windows", re.compile(r"(?:Microsoft )?Windows\b")),
    ("darwin", re.compile(r"(?i)mac ?os\b")),
    ("linux", re.compile(r"(?i).*\b(?:linux|ubuntu|debian|fedora|alpine|centos|rhel|opensuse)\b")),
)


class BenchmarkDotNet:
    """BenchmarkDotNet's JSON. A benchmark's name is its `FullName`, and its job where several measured it."""

    name = "benchmarkdotnet"
    reads = "JSON of the exporters full, brief and compressed"
    example = "dotnet run -c Release -- -f '*' -e fulljson -m"

    def detects(self, log: Log) -> bool:
        """An object with `HostEnvironmentInfo` and `Benchmarks`."""
        return log.mapping.keys() >= {"HostEnvironmentInfo", "Benchmarks"}

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark with all its values, and what its diagnosers found."""
        top, items, incomplete = members(log, "Benchmarks", allow_partial)
        info = top.get("HostEnvironmentInfo")
        info = info if isinstance(info, dict) else {}
        several = Counter(str(item.get("FullName")) for item in items if isinstance(item, dict))
        notes = tuple(_warnings(info))

        def read_one(index: int, item: Any) -> Measured:
            given = mapping(log, item, f"Benchmarks[{index}]")
            name = _name(log, given, f"Benchmarks[{index}]", several)
            return _benchmark(log, given, name, f"Benchmarks[{index}]", notes)

        read = each(items, read_one, incomplete, allow_partial)
        version = words(version=info.get("BenchmarkDotNetVersion")).get("version", "")
        return Reading(log, self.name, version, read, _facts(info), incomplete=tuple(incomplete))


def _facts(info: Mapping[str, Any]) -> dict[str, str]:
    """The machine. The processor's name is BenchmarkDotNet's short form, not what the system calls it."""
    system, architecture = info.get("OsVersion"), info.get("Architecture")
    known = (name for name, pattern in _SYSTEMS if isinstance(system, str) and pattern.match(system))
    return words(
        system=next(known, None),
        arch=architecture if architecture in _ARCHITECTURES else None,
        os_version=system,
        processor=info.get("ProcessorName"),
        runtime=info.get("RuntimeVersion"),
        dotnet_sdk=info.get("DotNetCliVersion"),
    )


def _warnings(info: Mapping[str, Any]) -> Iterator[str]:
    if info.get("Configuration") == "DEBUG":
        yield "measured in a DEBUG build"
    if info.get("HasAttachedDebugger") is True:
        yield "measured with a debugger attached"


def _name(log: Log, given: Mapping[str, Any], place: str, several: Mapping[str, int]) -> str:
    """The full name has type, method and parameters; `DisplayInfo` has the job: `Type.Method: Job [N=1]`."""
    name = word(log, given.get("FullName"), f"{place}.FullName")
    if several[name] == 1:
        return name
    display = word(log, given.get("DisplayInfo"), f"{place}.DisplayInfo")
    job = display.partition(": ")[2].partition(" [")[0]
    if not job.strip():
        raise fault(log, f"{place}.DisplayInfo", "`Type.Method: Job`", display)
    return f"{name} [{job}]"


def _benchmark(
    log: Log, given: Mapping[str, Any], name: str, place: str, warnings: Sequence[str]
) -> Measured:
    statistics = mapping(log, given.get("Statistics"), f"{place}.Statistics")
    time, notes = _time(log, statistics, f"{place}.Statistics")
    metrics = {time.name: time, **_memory(log, given, place)}
    for read in _diagnosed(log, given, place):
        if isinstance(read, str):
            notes.append(read)
        else:
            metrics.setdefault(read.name, read)
    group = ".".join(
        text for key in ("Namespace", "Type") if isinstance(text := given.get(key), str) and text
    )
    warmup, operations = _plan(given)
    return Measured(
        name,
        tuple(metrics.values()),
        place,
        group=group,
        parameters=_parameters(given.get("Parameters")),
        iterations=operations,
        warmup=warmup,
        notes=(*warnings, *notes),
    )


def _time(log: Log, statistics: Mapping[str, Any], place: str) -> tuple[Metric, list[str]]:
    """Every value; the exporters of early versions wrote none, and the median stands for them."""
    notes = []
    if "OriginalValues" in statistics:
        values = samples(log, statistics["OriginalValues"], 1, f"{place}.OriginalValues")
        if (total := statistics.get("N", len(values))) != len(values):
            raise fault(log, f"{place}.N", f"{len(values)}, the number of values,", total)
    else:
        values = (number(log, statistics.get("Median"), f"{place}.Median"),)
        notes.append("the log has no samples, only their median")
    return Metric(name="wall_time", unit="ns", direction="lower", samples=values), notes


def _memory(log: Log, given: Mapping[str, Any], place: str) -> dict[str, Metric]:
    """What the memory diagnoser says of an operation: one number, from a run of its own."""
    memory = mapping(log, given.get("Memory") or {}, f"{place}.Memory")
    allocated = memory.get("BytesAllocatedPerOperation")
    if allocated is None:
        return {}
    value = number(log, allocated, f"{place}.Memory.BytesAllocatedPerOperation")
    name = "allocated_bytes"
    return {name: Metric(name=name, unit="bytes", direction="lower", samples=(value,))}


def _diagnosed(log: Log, given: Mapping[str, Any], place: str) -> Iterator[Metric | str]:
    """What the diagnosers found, one number each; they say themselves which way is better."""
    found = given.get("Metrics") or []
    if not isinstance(found, list):
        raise fault(log, f"{place}.Metrics", "an array", found)
    for index, item in enumerate(found):
        at = f"{place}.Metrics[{index}]"
        stated = mapping(log, item, at)
        descriptor = mapping(log, stated.get("Descriptor"), f"{at}.Descriptor")
        name = word(log, descriptor.get("Id"), f"{at}.Descriptor.Id")
        unit, more = descriptor.get("Unit"), descriptor.get("TheGreaterTheBetter")
        if stated.get("Value") in ("", None):  # how BenchmarkDotNet writes NaN
            yield f"{one_line(name, 60)} is left out: BenchmarkDotNet has no number for it"
        elif not isinstance(unit, str) or not one_line(unit, 32) or not isinstance(more, bool):
            yield f"{one_line(name, 60)} is left out: nothing says its unit or which way is better"
        else:
            yield Metric(
                name=as_name(_KNOWN.get(name, name), "unnamed"),
                unit=_UNITS.get(unit, one_line(unit, 32)),
                direction="higher" if more else "lower",
                samples=(number(log, stated.get("Value"), f"{at}.Value"),),
            )


def _parameters(given: Any) -> dict[str, Any]:
    """`N=10&Kind=fast`; those that are integers as such."""
    pairs = [part.partition("=") for part in given.split("&")] if isinstance(given, str) else []
    return {
        name: int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else value
        for name, equals, value in pairs
        if equals
    }


def _plan(given: Mapping[str, Any]) -> tuple[int, int]:
    """(warm-up iterations, least operations of an iteration), when the log has the measurements."""
    measurements = given.get("Measurements")
    workload = [
        one
        for one in (measurements if isinstance(measurements, list) else [])
        if isinstance(one, dict) and one.get("IterationMode") == "Workload"
    ]
    warmup = sum(one.get("IterationStage") == "Warmup" for one in workload)
    operations = [one.get("Operations") for one in workload if one.get("IterationStage") == "Result"]
    return warmup, min(
        (count for count in operations if type(count) is int and 1 <= count < 2**53), default=1
    )
