"""The types of `bench/<suite>/suite.yaml`: what one benchmark is, and what its parts may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from benchgov.config import MetricThresholds
from benchgov.report import Aggregate, Direction, scale_text
from benchgov.suites.bands import Bands, Growth, Scaled, ScaleRules
from benchgov.suites.build import BuildStep
from benchgov.suites.parameters import Parameter, ParameterName, Value
from benchgov.suites.part import (
    MIN_RUNS,
    MIN_WARMUP,
    Callable_,
    EntryId,
    Part,
    Variables,
    Word,
    split_command,
    texts,
)
from benchgov.suites.protocol import ProtocolEntry
from benchgov.suites.source import SourceEntry, compiled
from benchgov.wire import Blake3, Name

Scale = Annotated[float, Field(gt=0)]
Isolation = Literal["process", "shared"]


class Variant(Part):
    """One implementation: a Python `callable` (`module:function`), or a `command`.

    Modules are found in the suite's own folder first, then where Python finds them. In a command
    `{python}`, `{scale}`, `{input}` (a file with the input as JSON), `{suite}` (the suite's folder) and
    `{root}` (the repository's) are replaced; the input is on standard input too, and what it prints is its
    output.
    """

    callable: Callable_ | None = None
    command: Annotated[tuple[Word, ...], Field(min_length=1)] | None = None
    signature: str | None = None
    protocol: str | None = None
    env: Variables = {}

    _split = field_validator("command", mode="before")(split_command)

    @model_validator(mode="after")
    def _one_kind(self) -> Variant:
        if (self.callable is None) == (self.command is None):
            raise ValueError("a variant is either a callable or a command")
        return self


class InputSpec(Part):
    """What every variant is given: what a `callable` returns for the scale, a JSON `file`, or a `value`."""

    callable: Callable_ | None = None
    file: str | None = None
    value: Any = None

    @model_validator(mode="after")
    def _one_kind(self) -> InputSpec:
        if len(self.model_fields_set) != 1:
            raise ValueError("an input is exactly one of callable, file, value")
        return self


class Expect(Part):
    """What the output must be, beyond being equal for all variants.

    `digest` is the BLAKE3 of the canonical output, per scale where there are several; `exit_code` is for
    commands.
    """

    digest: Blake3 | dict[str, Blake3] | None = None
    value: Any = None
    exit_code: Annotated[int, Field(ge=0, le=255)] = 0


class MetricSpec(Part):
    """A metric to take: its name, and the aggregate that a gate uses."""

    name: Literal["wall_time", "cpu_time", "peak_memory", "instructions"]
    aggregate: Aggregate = "median"


METRIC_UNITS: dict[str, tuple[str, Direction]] = {
    "wall_time": ("ns", "lower"),
    "cpu_time": ("ns", "lower"),
    "peak_memory": ("bytes", "lower"),
    "instructions": ("count", "lower"),
}
"""Unit and direction of what the harness itself measures."""


class SamplingSpec(Part):
    """How samples are taken; a benchmark's own values win over the suite's `defaults`."""

    warmup: Annotated[int, Field(ge=MIN_WARMUP)] | None = None
    runs: Annotated[int, Field(ge=MIN_RUNS)] | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    isolation: Isolation | None = None
    iterations: Annotated[int, Field(ge=1)] | Literal["auto"] | None = None
    min_sample_ms: Annotated[float, Field(gt=0, le=60_000)] | None = None


class Benchmark(SamplingSpec):
    """One measured thing, as it stands in the manifest."""

    id: EntryId
    family: Name
    signature: Annotated[str, Field(min_length=2, max_length=500)]
    variants: Annotated[dict[Name, Variant], Field(min_length=1)]
    description: str = ""
    metrics: tuple[MetricSpec, ...] = tuple(
        MetricSpec(name=name) for name in ("wall_time", "cpu_time", "peak_memory")
    )
    scale: tuple[Scale, ...] = ()
    bands: Bands = {}
    growth: Growth = {}
    features: dict[Name, float | Literal["scale"]] = {}
    input: InputSpec | None = None
    expect: Expect = Expect()
    profile: Literal["none", "cprofile", "callgrind"] = "none"

    @field_validator("scale", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    @field_validator("metrics", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return tuple({"name": item} if isinstance(item, str) else item for item in value)
        return value

    @model_validator(mode="after")
    def _no_repeats(self) -> Benchmark:
        names = [metric.name for metric in self.metrics]
        if not names or len(set(names)) != len(names):
            raise ValueError("metrics: at least one, each once")
        if len(set(self.scale)) != len(self.scale):
            raise ValueError("scale: a size is there twice")
        if isinstance(self.expect.digest, dict):
            unknown = set(self.expect.digest) - set(map(scale_text, self.scale))
            if unknown:
                raise ValueError(f"expect.digest: no such scale: {', '.join(sorted(unknown))}")
        return self


class Family(Part):
    """Benchmarks that share thresholds: metric → percent that it may get worse."""

    description: str = ""
    thresholds: MetricThresholds = {}
    match: tuple[str, ...] = Field(
        default=(), description="regular expressions: what a source or an import calls so is of this family"
    )

    _several = field_validator("match", mode="before")(texts)

    @field_validator("match")
    @classmethod
    def _expressions(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in given:
            compiled(pattern)
        return given


FamilyRule = tuple[str, str]
"""(regular expression, family)."""


def rules_of_families(families: Mapping[str, Family]) -> tuple[FamilyRule, ...]:
    """Every `match`, in order; the first that fits a name wins."""
    return tuple((pattern, name) for name, family in families.items() for pattern in family.match)


def as_entry(value: Any) -> Benchmark | SourceEntry | ProtocolEntry:
    """`value` as the kind of entry that it is, so that faults are those of that kind alone.

    Raises:
        ValueError: it is not valid (pydantic's ValidationError), or not an entry at all.
    """
    if isinstance(value, (Benchmark, SourceEntry, ProtocolEntry)):
        return value
    if not isinstance(value, dict):
        raise ValueError("an entry is a mapping, with `variants` or a `source`, or a protocol's `command`")
    kinds = [name for name in ("source", "variants") if name in value]
    if len(kinds) == 2:
        raise ValueError("an entry has either `variants` or a `source`")
    if kinds == ["source"]:
        return SourceEntry.model_validate(value)
    if not kinds and ("command" in value or "callable" in value):
        return ProtocolEntry.model_validate(value)
    return Benchmark.model_validate(value)


Entry = Annotated[Benchmark | SourceEntry | ProtocolEntry, BeforeValidator(as_entry)]
"""What `benchmarks` lists: a benchmark with variants, a source of benchmarks, or a protocol."""


class Manifest(Part):
    """A suite's manifest, format version 1.

    A suite is of one `kind`: `measured` (benchmarks and sources), or `protocols` (functional results).
    """

    version: Literal[1]
    suite: Name
    kind: Literal["measured", "protocols"]
    description: str = ""
    defaults: SamplingSpec = SamplingSpec()
    build: BuildStep | None = None
    config_schema: dict[ParameterName, Parameter] = Field(
        default={}, description="the suite's config: name → its type, and what it may be"
    )
    config: dict[ParameterName, Value] = Field(
        default={}, description="values of the config; `--set` wins over them, and they over the defaults"
    )
    families: Annotated[dict[Name, Family], Field(min_length=1)]
    bands: Bands = Field(default={}, description="band → its sizes, and limits that win over the family's")
    growth: Growth = Field(
        default={}, description="metric → how fast it may grow with the size, for what has three or more"
    )
    benchmarks: Annotated[tuple[Entry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_kind(self) -> Manifest:
        functional = self.kind == "protocols"
        for entry in self.benchmarks:
            if isinstance(entry, ProtocolEntry) != functional:
                what = "a protocol" if not functional else "not a protocol"
                raise ValueError(f"{entry.id!r} is {what}, and the suite's kind is {self.kind!r}")
        return self

    def scales(self) -> ScaleRules:
        """Bands and growth limits."""
        own = [one for one in self.benchmarks if isinstance(one, Benchmark)]
        return ScaleRules(
            Scaled(bands=self.bands, growth=self.growth),
            {one.id: Scaled(bands=one.bands, growth=one.growth) for one in own},
        )

    def family_rules(self) -> tuple[FamilyRule, ...]:
        """By which names a family is found."""
        return rules_of_families(self.families)
