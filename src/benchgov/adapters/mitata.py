"""mitata: the JSON of `run({format: 'json'})` in version 1, and of `run({json: true})` in versions 0.1.

Its times are nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.values import each, fault, mapping, members, number, samples, shown, word, words
from benchgov.report import Metric
from benchgov.text import one_line

_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows", "windows": "windows"}
_UNNAMED_GROUP = "$mitata_group"
_MEANS = (
    (("heap", "avg"), "allocated_bytes", "bytes"),
    (("gc", "avg"), "gc_time", "ns"),
    (("counters", "cycles", "avg"), "cycles", "count"),
    (("counters", "instructions", "avg"), "instructions", "count"),
    (("counters", "cache", "misses", "avg"), "cache_misses", "count"),
)
"""Where version 1 writes what it averages beside the times → metric, unit. Of all of them less is better."""

_Item = tuple[str, str, Mapping[str, Any], Mapping[str, Any]]
"""(group, place, run, the benchmark that it is a run of)."""


class Mitata:
    """mitata's benchmarks; in version 1 each has a run for every combination of its arguments."""

    name = "mitata"
    reads = "JSON of run({format: 'json'}), in 0.1 run({json: true})"
    example = "node bench.mjs > mitata.json"

    def detects(self, log: Log) -> bool:
        """An object with `benchmarks` and `layout` (version 1), or with `cpu` and `runtime` (0.1)."""
        top = log.mapping
        if not isinstance(top.get("benchmarks"), list):
            return False
        return "layout" in top or (
            top.keys() <= {"benchmarks", "cpu", "runtime"} and _is_older(top["benchmarks"])
        )

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every run by its group and name, with the samples where they are, else their median."""
        top, benchmarks, incomplete = members(log, "benchmarks", allow_partial)
        found: list[_Item] = []
        for index, benchmark in enumerate(benchmarks):
            try:
                found += _runs(log, top.get("layout"), benchmark, f"benchmarks[{index}]")
            except MalformedLogError as error:
                if not allow_partial:
                    raise
                incomplete.append(one_line(str(error)))
        read = each(found, lambda _, item: _measured(log, *item), incomplete, allow_partial)
        return Reading(log, self.name, "", read, _facts(top), incomplete=tuple(incomplete))


def _is_older(benchmarks: Sequence[Any]) -> bool:
    first = benchmarks[0] if benchmarks else None
    return isinstance(first, dict) and {"name", "group", "baseline"} <= first.keys()


def _runs(log: Log, layout: Any, item: Any, place: str) -> Iterator[_Item]:
    benchmark = mapping(log, item, place)
    if "runs" not in benchmark:
        group = benchmark.get("group")
        yield group if isinstance(group, str) else "", place, benchmark, benchmark
        return
    runs = benchmark["runs"]
    if not isinstance(runs, list):
        raise fault(log, f"{place}.runs", "an array", runs)
    group = _group(layout, benchmark.get("group"))
    for index, run in enumerate(runs):
        inside = f"{place}.runs[{index}]"
        yield group, inside, mapping(log, run, inside), benchmark


def _group(layout: Any, index: Any) -> str:
    """The name of the group whose number in `layout` is `index`; nothing when it has none."""
    if not isinstance(layout, list) or type(index) is not int or not 0 <= index < len(layout):
        return ""
    name = layout[index].get("name") if isinstance(layout[index], dict) else None
    return name if isinstance(name, str) else ""


def _measured(
    log: Log, group: str, place: str, run: Mapping[str, Any], benchmark: Mapping[str, Any]
) -> Measured:
    name = word(log, run.get("name"), f"{place}.name")
    if "error" in run:
        raise fault(log, f"{place}.error", f"a result of {shown(name)}", run["error"])
    stats = mapping(log, run.get("stats"), f"{place}.stats")
    time, notes = _time(log, stats, f"{place}.stats")
    means = tuple(_means(log, stats, f"{place}.stats"))
    if means:
        listed = ", ".join(metric.name for metric in means)
        notes = (*notes, f"mitata writes only the mean of {listed}")
    group = "" if group.startswith(_UNNAMED_GROUP) else group
    arguments = run.get("args")
    arguments = arguments if isinstance(arguments, dict) else {}
    full = _full_name(name, arguments, benchmark.get("alias"))
    return Measured(
        f"{group}/{full}" if group else full,
        (time, *means),
        place,
        group=group,
        parameters=arguments,
        iterations=_iterations(stats, len(time.samples)),
        notes=notes,
    )


def _full_name(name: str, arguments: Mapping[str, Any], alias: Any) -> str:
    """The run's name, and the arguments that the benchmark's own does not hold as `$argument`."""
    template = alias if isinstance(alias, str) else name
    rest = [f"{key}={value}" for key, value in arguments.items() if f"${key}" not in template]
    return f"{name} ({', '.join(rest)})" if rest else name


def _time(log: Log, stats: Mapping[str, Any], place: str) -> tuple[Metric, tuple[str, ...]]:
    if stats.get("samples") is None:
        values: tuple[float, ...] = (number(log, stats.get("p50"), f"{place}.p50"),)
        note = "the log has no samples, only their median"
    else:
        values = samples(log, stats["samples"], 1, f"{place}.samples")
        note = "mitata leaves out the quickest and slowest samples, and sorts the rest"
    return Metric(name="wall_time", unit="ns", direction="lower", samples=values), (note,)


def _means(log: Log, stats: Mapping[str, Any], place: str) -> Iterator[Metric]:
    """What was counted beside the times; `null`, or nothing, where nothing was."""
    for path, name, unit in _MEANS:
        found: Any = stats
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        if found is not None:
            value = number(log, found, ".".join((place, *path)))
            yield Metric(name=name, unit=unit, direction="lower", samples=(value,))


def _iterations(stats: Mapping[str, Any], count: int) -> int:
    """How often the function ran for a sample: `ticks` counts it for all of them, where they are known."""
    ticks = stats.get("ticks")
    if type(ticks) is not int or not count or stats.get("samples") is None:
        return 1
    return min(max(ticks // count, 1), 2**53 - 1)


def _facts(top: Mapping[str, Any]) -> dict[str, str]:
    """The machine and the JavaScript runtime."""
    context = top.get("context")
    if not isinstance(context, dict):  # 0.1: `node v20.20.2 (x64-linux)`
        runtime = top.get("runtime")
        head, _, tail = runtime.partition(" (") if isinstance(runtime, str) else ("", "", "")
        name, _, version = head.partition(" ")
        return _machine(top.get("cpu"), tail.rstrip(")"), name, version.removeprefix("v"))
    cpu = context.get("cpu")
    cpu = cpu.get("name") if isinstance(cpu, dict) else None
    return _machine(cpu, context.get("arch"), context.get("runtime"), context.get("version"))


def _machine(cpu: Any, target: Any, runtime: Any, version: Any) -> dict[str, str]:
    """`target` is `x64-linux`, or of Deno `x86_64-unknown-linux-gnu`."""
    parts = target.split("-") if isinstance(target, str) else [""]
    system = next((_SYSTEMS[part] for part in parts if part in _SYSTEMS), None)
    return words(system=system, arch=parts[0], cpu_model=cpu, runtime=runtime, runtime_version=version)
