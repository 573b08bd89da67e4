"""Which adapters there are, and which one a log is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from benchgov.adapters.interface import Adapter, Log, MalformedLogError, Reading, TreeAdapter
from benchgov.errors import ConfigError, UsageError
from benchgov.names import is_name
from benchgov.suggest import did_you_mean
from benchgov.text import one_line

_SHOWN = 60

ENTRY_POINT_GROUP = "benchgov.adapters"
"""A third party's package names its adapter class here: `name = "package.module:Class"`."""

BUILT_IN: dict[str, str] = {
    "pytest-benchmark": "benchgov.adapters.pytest_benchmark:PytestBenchmark",
    "hyperfine": "benchgov.adapters.hyperfine:Hyperfine",
    "go": "benchgov.adapters.go:Go",
    "pyperf": "benchgov.adapters.pyperf:Pyperf",
    "asv": "benchgov.adapters.asv:Asv",
    "junit": "benchgov.adapters.junit:Junit",
    "custom-smaller": "benchgov.adapters.custom:CustomSmaller",
    "custom-bigger": "benchgov.adapters.custom:CustomBigger",
    "nyrkio": "benchgov.adapters.nyrkio:Nyrkio",
    "bencher": "benchgov.adapters.bencher:Bencher",
    "benchmark-js": "benchgov.adapters.benchmark_js:BenchmarkJs",
    "tinybench": "benchgov.adapters.tinybench:Tinybench",
    "vitest": "benchgov.adapters.vitest:Vitest",
    "mitata": "benchgov.adapters.mitata:Mitata",
    "k6": "benchgov.adapters.k6:K6",
    "vegeta": "benchgov.adapters.vegeta:Vegeta",
    "hey": "benchgov.adapters.hey:Hey",
    "jmh": "benchgov.adapters.jmh:Jmh",
    "benchmarkdotnet": "benchgov.adapters.benchmarkdotnet:BenchmarkDotNet",
    "benchmarktools": "benchgov.adapters.benchmarktools:BenchmarkTools",
    "benchmark-ips": "benchgov.adapters.benchmark_ips:BenchmarkIps",
    "phpbench": "benchgov.adapters.phpbench:Phpbench",
    "wrk": "benchgov.adapters.wrk:Wrk",
    "wrk2": "benchgov.adapters.wrk:Wrk2",
    "locust": "benchgov.adapters.locust:Locust",
    "pgbench": "benchgov.adapters.pgbench:Pgbench",
    "redis-benchmark": "benchgov.adapters.redis_benchmark:RedisBenchmark",
    "memtier": "benchgov.adapters.memtier:Memtier",
    "sysbench": "benchgov.adapters.sysbench:Sysbench",
    "google-benchmark": "benchgov.adapters.google_benchmark:GoogleBenchmark",
    "catch2": "benchgov.adapters.catch2:Catch2",
    "gnu-time": "benchgov.adapters.gnu_time:GnuTime",
    "perf-stat": "benchgov.adapters.perf_stat:PerfStat",
    "callgrind": "benchgov.adapters.callgrind:Callgrind",
    "libtest": "benchgov.adapters.libtest:Libtest",
    "criterion": "benchgov.adapters.criterion:Criterion",
}
"""Tool → `module:class`, imported when it is needed."""


def adapters() -> Mapping[str, Adapter]:
    """Every adapter by its tool's name: those of benchgov, then those of other packages.

    Raises:
        ConfigError: a package's adapter cannot be imported, or takes a name that is there already.
    """
    found: dict[str, Adapter] = {name: _built_in(place) for name, place in BUILT_IN.items()}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name in found or not is_name(entry.name):
            raise ConfigError(
                f"the adapter {entry.name!r} of {entry.value} has a name that is taken, or none",
                remedy="Uninstall one of the two, or rename the entry point.",
            )
        found[entry.name] = _third_party(entry)
    return found


def _built_in(place: str) -> Adapter:
    module, attribute = place.split(":")
    adapter: Adapter = getattr(import_module(module), attribute)()
    return adapter


def _third_party(entry: EntryPoint) -> Adapter:
    try:
        adapter: Adapter = entry.load()()
    except Exception as error:  # anybody's code: whatever it raises, the package is at fault
        raise ConfigError(
            f"the adapter {entry.name!r} of {entry.value} cannot be used: {type(error).__name__}: {error}",
            remedy="Correct or uninstall the package that brings it.",
        ) from error
    return adapter


def named(name: str, known: Mapping[str, Adapter]) -> Adapter:
    """The adapter of the tool called `name`; raises UsageError when there is none."""
    if name not in known:
        raise UsageError(
            f"no tool {name!r} can be read{did_you_mean(name, known)}", remedy="`benchgov tools` lists them."
        )
    return known[name]


def detect(log: Log, known: Mapping[str, Adapter]) -> Adapter:
    """The one adapter whose tool wrote `log`, by content.

    Raises:
        MalformedLogError: none claims it, or several do; a broken JSON document is called that.
    """
    if not log.text.strip():
        raise MalformedLogError("the log is empty", where=log.where)
    candidates = [name for name, adapter in known.items() if adapter.detects(log)]
    if len(candidates) == 1:
        return known[candidates[0]]
    if candidates:
        raise MalformedLogError(
            f"it could be of {' or '.join(candidates)}", where=log.where, remedy="Say which with --tool."
        )
    if log.looks_like_json:
        _ = log.document  # cut off or broken: say that first
    raise MalformedLogError(
        f"no known tool wrote this, which begins with {one_line(repr(log.text[:4096].strip()), _SHOWN)}",
        where=log.where,
        remedy="`benchgov tools` lists what can be read, with one command for each.",
    )


def read_all(pairs: Iterable[tuple[Log, Adapter]], allow_partial: bool) -> list[Reading]:
    """What every log says; the logs of an adapter that reads trees together, where the first of them stands.

    Raises:
        MalformedLogError: see `Adapter.read`.
    """
    readings: list[Sequence[Reading]] = []
    trees: dict[str, tuple[int, TreeAdapter, list[Log]]] = {}
    for log, adapter in pairs:
        if isinstance(adapter, TreeAdapter):
            trees.setdefault(adapter.name, (len(readings), adapter, []))[2].append(log)
            readings.append(())
        else:
            readings.append([adapter.read(log, allow_partial)])
    for index, adapter, logs in trees.values():
        readings[index] = adapter.read_tree(logs, allow_partial)
    return [reading for some in readings for reading in some]
