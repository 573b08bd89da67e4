"""pytest-benchmark: the JSON of `--benchmark-json` and `--benchmark-save`, versions 3 to 5."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.values import count, each, fault, mapping, members, number, samples, word, words
from benchgov.report import Metric
from benchgov.text import one_line

TIMERS = {
    "perf_counter": "wall_time",
    "time": "wall_time",
    "monotonic": "wall_time",
    "process_time": "cpu_time",
    "thread_time": "cpu_time",
}
"""`options.timer` → what it measures; all of them give seconds."""

_NANOSECONDS = 1e9
_METRIC = TypeAdapter(Metric)  # makes one in three quarters of the time that `Metric(…)` takes
_IN_NANOSECONDS = {"unit": "ns", "direction": "lower"}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class PytestBenchmark:
    """pytest-benchmark's JSON. A benchmark's name is its `fullname`, which has the parameters."""

    name = "pytest-benchmark"
    reads = "JSON of --benchmark-json or --benchmark-save"
    example = "pytest --benchmark-json=pytest-benchmark.json"

    def detects(self, log: Log) -> bool:
        """An object with `benchmarks`, and with `machine_info` or `commit_info`."""
        return "benchmarks" in log.mapping and not {"machine_info", "commit_info"}.isdisjoint(log.mapping)

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every benchmark, with its rounds as samples; without `data` its median alone."""
        top, items, incomplete = members(log, "benchmarks", allow_partial)
        read = each(items, lambda index, item: _benchmark(log, item, index), incomplete, allow_partial)
        return Reading(
            log,
            self.name,
            words(version=top.get("version")).get("version", ""),
            read,
            _facts(top.get("machine_info")),
            _revision(top.get("commit_info")),
            tuple(incomplete),
        )


def _benchmark(log: Log, item: Any, index: int) -> Measured:
    place = f"benchmarks[{index}]"
    given = mapping(log, item, place)
    stats = given.get("stats")
    if type(stats) is not dict:  # asked here: paths for messages are costly, a hundred thousand times
        raise fault(log, f"{place}.stats", "an object", stats)
    group, params, extra = given.get("group"), given.get("params"), given.get("extra_info")
    name = word(log, given.get("fullname", given.get("name")), f"{place}.fullname")
    options = given.get("options") or {}
    metric, notes = _time(log, stats, _timer(log, options, place), place)
    return Measured(
        name,
        (metric,),
        place,
        group if isinstance(group, str) else "",
        params if isinstance(params, dict) else {},
        count(log, stats.get("iterations", 1), f"{place}.stats.iterations"),
        _warmup(options),
        _source(name),
        (*notes, *_extra(extra)) if extra else notes,
    )


def _timer(log: Log, options: Any, place: str) -> str:
    """The metric that the benchmark's timer measures. Formats before 3.0 had no options, and this timer."""
    timer = mapping(log, options, place).get("timer", "perf_counter")
    metric = TIMERS.get(timer.rpartition(".")[2]) if isinstance(timer, str) else None
    if metric is None:
        raise fault(log, f"{place}.options.timer", f"one of {', '.join(TIMERS)}", timer)
    return metric


def _time(log: Log, stats: Mapping[str, Any], name: str, place: str) -> tuple[Metric, tuple[str, ...]]:
    if "data" in stats:
        values = samples(log, stats["data"], _NANOSECONDS, f"{place}.stats.data")
        rounds = stats.get("rounds", len(values))
        if rounds != len(values):
            raise fault(log, f"{place}.stats.rounds", f"{len(values)}, the number of samples,", rounds)
        notes: tuple[str, ...] = ()
    else:
        values = (number(log, stats.get("median"), f"{place}.stats.median") * _NANOSECONDS,)
        notes = ("the log has no samples, only their median; --benchmark-save-data keeps them",)
    return _METRIC.validate_python({**_IN_NANOSECONDS, "name": name, "samples": values}), notes


def _warmup(options: Mapping[str, Any]) -> int:
    """Warm-up iterations: pytest-benchmark writes `false` or their number."""
    given = options.get("warmup")
    return given if type(given) is int and 0 <= given < 2**53 else 0


def _source(name: str) -> tuple[str, int] | None:
    """The test file: pytest's node ids begin with its path from pytest's root folder; no line is given."""
    path, found, _ = name.partition("::")
    return (path, 1) if found else None


def _extra(extra: Any) -> tuple[str, ...]:
    """`extra_info` as notes: nobody but its author knows its units and directions."""
    if not isinstance(extra, dict):
        return ()
    plain = {key: value for key, value in extra.items() if isinstance(value, str | int | float)}
    return tuple(f"{one_line(key, 60)}: {text}" for key, text in words(**plain).items())


def _facts(info: Any) -> dict[str, str]:
    if not isinstance(info, dict):
        return {}
    cpu = info.get("cpu")
    cpu = cpu if isinstance(cpu, dict) else {}
    python = info.get("python_version")
    implementation = info.get("python_implementation", "CPython")
    return words(
        system=info.get("system"),
        kernel=info.get("release"),
        arch=info.get("machine"),
        cpu_model=cpu.get("brand_raw", cpu.get("brand")),  # `brand` before py-cpuinfo 6
        python=python if implementation == "CPython" else f"{implementation} {python}",
    )


def _revision(info: Any) -> tuple[str, bool | None] | None:
    """The commit, when pytest-benchmark knew one; it writes `unversioned` otherwise."""
    if not isinstance(info, dict) or not isinstance(info.get("id"), str):
        return None
    if not _COMMIT.fullmatch(info["id"]):
        return None
    return info["id"], info["dirty"] if isinstance(info.get("dirty"), bool) else None
