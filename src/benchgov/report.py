"""The benchmark report, schema v1: the wire type between all rooms."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from benchgov.canonical import Json
from benchgov.wire import BenchmarkId, Blake3, Name, Sha256, Utc, Wire

SCHEMA_VERSION = 1

Direction = Literal["lower", "higher"]
Aggregate = Literal["median", "p95"]
Verdict = Literal["pass", "regression", "inconclusive", "not-comparable", "blocked"]
"""What a gate says. `blocked` means that there was nothing to judge: trouble, not a regression."""

EnvironmentGate = Literal["pass", "drift", "unpinned"]


class Metric(Wire):
    """One metric's raw samples, in the order in which they were taken.

    `samples` are finite and not negative, in `unit` per iteration. `aggregate` says how a gate
    condenses them: the median, or the 95th percentile for worst-case metrics.

    `processes` says how many consecutive samples each process gave, when several processes gave several:
    iterations inside one process are not independent. `reference` are samples of another revision, taken in
    turn with these: the first of both are a pair, and so on (`RunConfig.against`).
    """

    name: Name
    unit: Annotated[str, Field(min_length=1, max_length=32)]
    direction: Direction
    aggregate: Aggregate = "median"
    samples: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)]
    processes: tuple[Annotated[int, Field(ge=1)], ...] = ()
    reference: tuple[Annotated[float, Field(ge=0)], ...] = ()

    @model_validator(mode="after")
    def _aligned(self) -> Metric:
        if self.reference and len(self.reference) != len(self.samples):
            raise ValueError("reference has as many samples as samples, or none")
        if self.processes and sum(self.processes) != len(self.samples):
            raise ValueError("processes add up to the number of samples")
        return self


class Expectation(Wire):
    """One thing the manifest said would hold, and whether it did."""

    name: str
    ok: bool
    detail: str = ""


class Sampling(Wire):
    """How a run's samples were taken.

    With isolation `process` every sample had a process of its own; with `shared` one process gave
    them all, and they are not independent. `functional` is one execution for its result: its time is no
    measurement, and is not compared. `iterations` inside one process are one sample: their mean, or,
    where another tool took them, their median. `memory_floor_bytes` is the least peak memory that the
    harness can tell apart from its own.
    """

    isolation: Literal["process", "shared", "imported", "functional"]
    warmup: Annotated[int, Field(ge=0)]
    runs: Annotated[int, Field(ge=0)]
    iterations: Annotated[int, Field(ge=1)]
    memory_floor_bytes: Annotated[int, Field(ge=0)] = 0


class Source(Wire):
    """Where a benchmark is written down, for annotations: repository-relative path, 1-based line."""

    path: str
    line: Annotated[int, Field(ge=1)]


class Reference(Wire):
    """What became of a run in the other revision: measured (`pass`), or why there is nothing to compare.

    `absent` says that the other revision does not have it; `family` is the one that it has there.
    """

    overall: Literal["pass", "fail", "blocked", "absent"]
    family: Name
    reason: str = ""


class Run(Wire):
    """One variant of one benchmark at one scale: what it did, and what it cost.

    `overall` is `pass`, `fail` (it ran, and did the wrong thing) or `blocked` (it could not be
    measured); `ok` is `overall == "pass"`; `run_is_valid` says that its samples may be compared.
    `layers` are the verdicts of the steps on the way (`parity`, `execution`, `expectations`).
    `reference` is there when another revision was measured in turn with this one.
    """

    benchmark: BenchmarkId
    scale: Annotated[float, Field(gt=0)] | None = None
    variant: Name
    family: Name
    signature: str
    protocol: str
    protocol_sha256: Sha256
    source: Source
    features: dict[str, float] = {}
    profile: str = "none"
    overall: Literal["pass", "fail", "blocked"]
    ok: bool
    run_is_valid: bool
    expectations: tuple[Expectation, ...] = ()
    layers: dict[str, Literal["pass", "fail", "blocked", "skipped"]] = {}
    output_digest: Blake3 | None = None
    reason: str = ""
    stderr_tail: str = ""
    notes: tuple[str, ...] = ()
    sampling: Sampling
    metrics: tuple[Metric, ...] = ()
    reference: Reference | None = None

    @property
    def key(self) -> str:
        """`benchmark[@scale]/variant`: unique in a report, equal between comparable reports."""
        return run_key(self.benchmark, self.scale, self.variant)

    @model_validator(mode="after")
    def _agree(self) -> Run:
        if self.ok != (self.overall == "pass"):
            raise ValueError("ok must be true exactly when overall is 'pass'")
        names = [metric.name for metric in self.metrics]
        if len(set(names)) != len(names):
            raise ValueError(f"a metric is there twice: {sorted(names)}")
        if self.run_is_valid and not self.metrics:
            raise ValueError("a valid run has at least one metric")
        return self


def run_key(benchmark: str, scale: float | None, variant: str) -> str:
    """The name under which two reports' runs are held against each other."""
    return f"{benchmark}{'' if scale is None else '@' + scale_text(scale)}/{variant}"


def scale_text(scale: float) -> str:
    """A scale as it is written in keys and on command lines: `1000000`, not `1e+06`; no digit is lost."""
    return str(int(scale)) if scale.is_integer() and scale < 1e16 else repr(scale)


class Against(Wire):
    """The other revision of a paired measurement.

    `looks` are the numbers of pairs after which it was decided whether a benchmark needs more; `runs` are the
    keys of everything that the other revision has, so that what is missing here can be named.
    """

    ref: str
    revision: str
    looks: Annotated[tuple[Annotated[int, Field(ge=2)], ...], Field(min_length=1)]
    runs: tuple[str, ...]


class Build(Wire):
    """The `build` step that came before the first run.

    `output_digest` is that of the files which the suite names as its `outputs`; `printed_digest` that of what
    the command printed on standard output. `skipped` says that it was left out (`--skip-build`).
    """

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    outputs: tuple[str, ...] = ()
    output_digest: Blake3 | None = None
    printed_digest: Blake3 | None = None
    skipped: bool = False


class RunConfig(Wire):
    """What was asked for: everything that a second run needs in order to do the same.

    `values` is the suite's own config (mode, depth, solver options), typed by its manifest.
    """

    suite: Name
    suite_sha256: Sha256
    regime: Name
    warmup: Annotated[int, Field(ge=0)]
    runs: Annotated[int, Field(ge=0)]
    timeout_seconds: Annotated[float, Field(gt=0)]
    selection: tuple[str, ...] = ()
    options: dict[str, Json] = {}
    values: dict[str, StrictBool | StrictInt | StrictFloat | StrictStr] = {}
    build: Build | None = None
    revision: str | None = None
    dirty: bool | None = None
    against: Against | None = None


class Drift(Wire):
    """One pinned property that is not as pinned."""

    name: str
    wanted: str
    found: str


class Facts(Wire):
    """What machine this is. Nothing here names a person, a host or an address."""

    os: str
    kernel: str
    image: str
    arch: str
    cpu_model: str
    cpu_count: Annotated[int, Field(ge=1)]
    memory_mb: Annotated[int, Field(ge=1)]
    python: str
    tools: dict[str, str] = {}


class Environment(Wire):
    """The machine, its fingerprint, and whether it is the pinned one."""

    facts: Facts
    fingerprint: Blake3
    gate: EnvironmentGate
    drift: tuple[Drift, ...] = ()


class Summary(Wire):
    """Counts over `runs`. `authoritative` only after a passed environment gate."""

    status: Literal["pass", "fail", "blocked"]
    authoritative: bool
    passed: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]
    blocked: Annotated[int, Field(ge=0)]


class Growth(Wire):
    """How one metric of one variant grows with the problem size: about as size ** `exponent`.

    `interval` is the exponent's 95 % interval over the samples of `scales` sizes; None with too few samples.
    `limit` is what the manifest allows. `over` means that the exponent is certainly above it, `within` that
    the whole interval is not; `not-limited` has no limit. Where higher is better the exponent is that of the
    inverse, the cost. `before` is the exponent of the baseline's values, and `grew` says that the interval
    lies clearly above it.
    """

    benchmark: BenchmarkId
    variant: Name
    metric: Name
    verdict: Literal["over", "inconclusive", "within", "not-limited"]
    scales: Annotated[int, Field(ge=1)]
    exponent: float | None = None
    interval: tuple[float, float] | None = None
    limit: float | None = None
    p_value: float | None = None
    before: float | None = None
    grew: bool = False
    source: Source | None = None
    sentence: str


class Gate(Wire):
    """A gate's outcome in short; the comparison file has every finding. `growth` is the scale band gate's."""

    status: Verdict | Literal["not-evaluated"]
    reason: str = ""
    mode: str = ""
    baselines: tuple[str, ...] = ()
    findings: dict[str, int] = {}
    regressions: tuple[str, ...] = ()
    growth: tuple[Growth, ...] = ()


class Replay(Wire):
    """What a second run of the same plan must reproduce (see `benchgov.replay`)."""

    harness: str
    plan_sha256: Sha256
    result_sha256: Sha256
    deterministic_fields: tuple[str, ...]
    nondeterministic_fields: tuple[str, ...]


class Report(Wire):
    """A benchmark report. Any `schema_version` but 1 is refused, older and newer alike."""

    schema_version: Literal[1]
    started_at_utc: Utc
    finished_at_utc: Utc
    config: RunConfig
    environment: Environment
    summary: Summary
    performance_gate: Gate
    scale_band_gate: Gate
    replay: Replay
    runs: Annotated[tuple[Run, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique_runs(self) -> Report:
        keys = [run.key for run in self.runs]
        if len(set(keys)) != len(keys):
            twice = next(key for key, count in Counter(keys).items() if count > 1)
            raise ValueError(f"run {twice!r} is there twice")
        if self.finished_at_utc < self.started_at_utc:
            raise ValueError("finished_at_utc is before started_at_utc")
        return self


def summarize(runs: tuple[Run, ...], gate: EnvironmentGate) -> Summary:
    """Count the runs. A failure is certain, so it beats blocked; either beats a pass."""
    counts = {verdict: sum(run.overall == verdict for run in runs) for verdict in ("pass", "fail", "blocked")}
    status: Literal["pass", "fail", "blocked"] = (
        "fail" if counts["fail"] else "blocked" if counts["blocked"] or not runs else "pass"
    )
    return Summary(
        status=status,
        authoritative=gate == "pass",
        passed=counts["pass"],
        failed=counts["fail"],
        blocked=counts["blocked"],
    )
