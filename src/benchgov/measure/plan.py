"""Plan a suite: benchmark × scale × variant → planned runs, and sources; every setting resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

from benchgov.adapters.registry import adapters, named
from benchgov.canonical import Json
from benchgov.errors import InputError, UsageError
from benchgov.measure.functional import PlannedProtocol, plan_protocol
from benchgov.measure.protocol import Protocols
from benchgov.report import Build, run_key
from benchgov.sharding.shard import OPTION, Shard
from benchgov.suites.load import Suite
from benchgov.suites.manifest import Benchmark, Entry, Isolation, SamplingSpec, Variant
from benchgov.suites.parameters import Value, Values, as_placeholders, resolve
from benchgov.suites.part import MIN_RUNS, MIN_WARMUP
from benchgov.suites.protocol import ProtocolEntry
from benchgov.suites.select import select
from benchgov.suites.source import AUTO, SourceEntry

DEFAULT_TIMEOUT_SECONDS = 60.0
DEFAULT_MIN_SAMPLE_MS = 10.0
MAX_TIMEOUT_SECONDS = 86_400.0


@dataclass(frozen=True)
class SamplingFlags:
    """What the command line says about sampling; None means not given. A flag wins over the manifest."""

    warmup: int | None = None
    runs: int | None = None
    timeout_seconds: float | None = None

    def check(self) -> None:
        """Raise `UsageError` for a value that no measurement may rest on."""
        if self.warmup is not None and self.warmup < MIN_WARMUP:
            raise UsageError(f"--warmup {self.warmup}: a measurement needs at least {MIN_WARMUP} warm-ups")
        if self.runs is not None and self.runs < MIN_RUNS:
            raise UsageError(f"--runs {self.runs}: a measurement needs at least {MIN_RUNS} measured runs")
        if self.timeout_seconds is not None and not 0 < self.timeout_seconds <= MAX_TIMEOUT_SECONDS:
            raise UsageError(
                f"--timeout {self.timeout_seconds:g}: more than 0 and at most {MAX_TIMEOUT_SECONDS:g} seconds"
            )

    def given(self) -> dict[str, Json]:
        """The flags that were given, for the report's `config.options`."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class SamplingPlan:
    """How one run's samples are taken; `iterations` None means: calibrate so that a sample is long enough."""

    warmup: int
    runs: int
    timeout_seconds: float
    isolation: Isolation
    iterations: int | None
    min_sample_ms: float


@dataclass(frozen=True)
class PlannedRun:
    """One variant of one benchmark at one scale. `refusal` says why it must not be run."""

    benchmark: Benchmark
    scale: float | None
    variant_name: str
    variant: Variant
    sampling: SamplingPlan
    protocol: str
    protocol_sha256: str
    line: int
    refusal: str = ""

    @property
    def key(self) -> str:
        """`benchmark[@scale]/variant`."""
        return run_key(self.benchmark.id, self.scale, self.variant_name)


@dataclass(frozen=True)
class PlannedSource:
    """One source: `warmup` executions that do not count, then `runs` that do; each has a deadline.

    Where the tool's own samples are taken as they are, one execution is all. `refusal` says why it must not
    be run.
    """

    entry: SourceEntry
    warmup: int
    runs: int
    timeout_seconds: float
    protocol: str
    protocol_sha256: str
    line: int
    refusal: str = ""

    @property
    def key(self) -> str:
        """The entry's id; what it yields is called `<id>/<name>`."""
        return self.entry.id

    @property
    def executions(self) -> int:
        """How often its command runs."""
        return self.warmup + self.runs

    @property
    def isolation(self) -> Literal["process", "imported"]:
        """How its samples stand in the report."""
        return "process" if self.entry.source.samples == "process" else "imported"


Planned = PlannedRun | PlannedSource | PlannedProtocol


@dataclass(frozen=True)
class Plan:
    """What `benchgov run` will do. `sampling` is the suite-wide setting that the report's config names.

    `values` is the suite's config; `given` are those of its values that the command line says. `recorded` are
    the options of the report that is replayed, which stand in the new one too.
    """

    suite: Suite
    selection: tuple[str, ...]
    flags: SamplingFlags
    sampling: SamplingPlan
    runs: tuple[PlannedRun, ...]
    sources: tuple[PlannedSource, ...] = ()
    shard: Shard | None = None
    protocols: tuple[PlannedProtocol, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    given: Mapping[str, Value] = field(default_factory=dict)
    skip_build: bool = False
    recorded: Mapping[str, Json] | None = None
    built: Build | None = None

    @property
    def build(self) -> Build | None:
        """What came before the first run; as it is declared, while it did not run."""
        wanted = self.suite.manifest.build
        if wanted is None or self.built is not None:
            return self.built
        return Build(command=wanted.command, outputs=wanted.outputs, skipped=True)

    @property
    def options(self) -> dict[str, Json]:
        """What the report's `config.options` record: the flags that were given, and the shard."""
        if self.recorded is not None:
            return dict(self.recorded)
        return {**self.flags.given(), **({OPTION: self.shard.record} if self.shard else {})}

    @property
    def steps(self) -> int:
        """How many runs, sources and protocols there are."""
        return len(self.runs) + len(self.sources) + len(self.protocols)

    def groups(self) -> Iterator[tuple[PlannedRun, ...]]:
        """Runs that must agree, benchmark and scale equal, in order."""
        group: list[PlannedRun] = []
        for run in self.runs:
            if group and (group[0].benchmark.id, group[0].scale) != (run.benchmark.id, run.scale):
                yield tuple(group)
                group = []
            group.append(run)
        if group:
            yield tuple(group)

    def to_json(self) -> Json:
        """The plan as `run --dry-run --format json` prints it."""
        return {
            "suite": self.suite.manifest.suite,
            "runs": [_described(run) for run in self.runs],
            "sources": [_described_source(source) for source in self.sources],
            "protocols": [protocol.to_json() for protocol in self.protocols],
            "config": dict(self.values),
        }


def _described(run: PlannedRun) -> Json:
    return {
        "run": run.key,
        "benchmark": run.benchmark.id,
        "scale": run.scale,
        "variant": run.variant_name,
        "family": run.benchmark.family,
        "metrics": [metric.name for metric in run.benchmark.metrics],
        "protocol": run.protocol,
        **vars(run.sampling),
        "iterations": run.sampling.iterations or "auto",
    }


def _described_source(source: PlannedSource) -> Json:
    spec = source.entry.source
    return {
        "source": source.key,
        "family": source.entry.family,
        "tool": spec.tool,
        "command": list(spec.command),
        "files": list(spec.files),
        "samples": spec.samples,
        "protocol": source.protocol,
        "warmup": source.warmup,
        "runs": source.runs,
        "timeout_seconds": source.timeout_seconds,
    }


def plan_suite(
    suite: Suite,
    *,
    patterns: Sequence[str] = (),
    sampling: SamplingFlags | None = None,
    shard: Shard | None = None,
    given: Values | None = None,
) -> Plan:
    """Expand the selected benchmarks of `suite`: those that `patterns` name, or those of `shard`.

    `given` are values of the suite's config that win over the manifest's.

    Raises:
        UsageError: a flag is below its minimum, or a pattern matches nothing.
        InputError: a source names a tool that nothing here can read, or a value is not of the config.
    """
    flags = sampling or SamplingFlags()
    flags.check()
    values = resolve(suite.manifest.config_schema, suite.manifest.config, given or {})
    protocols = Protocols(suite.folder, suite.root, suite.path, config=as_placeholders(values))
    defaults = suite.manifest.defaults
    selected = shard.benchmarks if shard else select(suite, patterns)
    runs = tuple(
        _planned(suite, benchmark, scale, name, _resolved(benchmark, variant, defaults, flags), protocols)
        for benchmark in selected
        if isinstance(benchmark, Benchmark)
        for scale in (benchmark.scale or (None,))
        for name, variant in benchmark.variants.items()
    )
    entries = [entry for entry in selected if isinstance(entry, SourceEntry)]
    _check_tools(suite, entries)
    sources = tuple(_planned_source(suite, entry, flags, protocols) for entry in entries)
    sampling_of_all = _merge((flags, defaults), "process", defaults.iterations)
    selection = shard.entry.items if shard else tuple(patterns)
    return Plan(
        suite,
        selection,
        flags,
        sampling_of_all,
        runs,
        sources,
        shard,
        tuple(_planned_protocol(suite, item, flags, protocols) for item in selected if _is_protocol(item)),
        values=values,
        given=given or {},
    )


def _is_protocol(entry: Entry) -> TypeGuard[ProtocolEntry]:
    return isinstance(entry, ProtocolEntry)


def _planned_protocol(
    suite: Suite, entry: ProtocolEntry, flags: SamplingFlags, protocols: Protocols
) -> PlannedProtocol:
    timeout = _merge((flags, entry, suite.manifest.defaults), "process", 1).timeout_seconds
    return plan_protocol(suite, entry, timeout, protocols)


def _planned(
    suite: Suite,
    benchmark: Benchmark,
    scale: float | None,
    name: str,
    sampling: SamplingPlan,
    protocols: Protocols,
) -> PlannedRun:
    variant = benchmark.variants[name]
    protocol, digest = protocols.of(variant)
    return PlannedRun(benchmark, scale, name, variant, sampling, protocol, digest, suite.line(benchmark.id))


def _check_tools(suite: Suite, entries: Sequence[SourceEntry]) -> None:
    """Refuse a tool that nothing here can read, before anything runs."""
    wanted = [entry for entry in entries if entry.source.tool != AUTO]
    known = adapters() if wanted else {}
    for entry in wanted:
        try:
            named(entry.source.tool, known)
        except UsageError as error:
            raise InputError(
                f"source {entry.id!r}: {error.message}",
                where=f"{suite.path}:{suite.line(entry.id)}",
                remedy=error.remedy,
            ) from error


def _planned_source(
    suite: Suite, entry: SourceEntry, flags: SamplingFlags, protocols: Protocols
) -> PlannedSource:
    sampling = _merge((flags, entry, suite.manifest.defaults), "process", 1)
    several = entry.source.samples == "process"
    protocol, digest = protocols.of_source(entry.source)
    return PlannedSource(
        entry,
        warmup=sampling.warmup if several else 0,
        runs=sampling.runs if several else 1,
        timeout_seconds=sampling.timeout_seconds,
        protocol=protocol,
        protocol_sha256=digest,
        line=suite.line(entry.id),
    )


def _resolved(
    benchmark: Benchmark, variant: Variant, defaults: SamplingSpec, flags: SamplingFlags
) -> SamplingPlan:
    if variant.command is not None:  # a launch is a process, and an iteration
        return _merge((flags, benchmark, defaults), "process", 1)
    isolation: Isolation = benchmark.isolation or defaults.isolation or "process"
    return _merge((flags, benchmark, defaults), isolation, benchmark.iterations or defaults.iterations)


def _merge(
    sources: Sequence[SamplingFlags | SamplingSpec | SourceEntry | ProtocolEntry],
    isolation: Isolation,
    iterations: int | Literal["auto"] | None,
) -> SamplingPlan:
    def first(name: str, default: float) -> float:
        values = (getattr(source, name, None) for source in sources)
        return next((value for value in values if value is not None), default)

    return SamplingPlan(
        warmup=int(first("warmup", MIN_WARMUP)),
        runs=int(first("runs", MIN_RUNS)),
        timeout_seconds=first("timeout_seconds", DEFAULT_TIMEOUT_SECONDS),
        isolation=isolation,
        iterations=None if iterations == "auto" else iterations,
        min_sample_ms=first("min_sample_ms", DEFAULT_MIN_SAMPLE_MS),
    )
