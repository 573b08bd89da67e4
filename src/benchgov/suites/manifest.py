"""The types of `bench/<suite>/suite.yaml`: what one benchmark is, and what its parts may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from benchgov.config import MetricThresholds
from benchgov.report import Aggregate, Direction, scale_text
from benchgov.suites.bands import Bands, Growth, Scaled, ScaleRules
from benchgov.suites.part import MIN_RUNS, MIN_WARMUP, EntryId, Part, Variables, Word, split_command, texts
from benchgov.suites.placeholders import PREPARE_PLACEHOLDERS, placeholders_in
from benchgov.suites.source import SourceEntry, compiled
from benchgov.wire import Blake3, Name

CALLABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*$"

Callable_ = Annotated[str, Field(pattern=CALLABLE_PATTERN)]
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


class Prepare(Part):
    """A command that makes a work tree ready to be measured: a build, an installation.

    It runs once in the suite's folder; `{python}`, `{suite}` and `{root}` (the repository's folder) are
    replaced. A command line in its place stands for this with that `command`.
    """

    command: Annotated[tuple[Word, ...], Field(min_length=1)]
    env: Variables = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] = 600

    _split = field_validator("command", mode="before")(split_command)

    @field_validator("command")
    @classmethod
    def _known(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(placeholders_in(command)) - set(PREPARE_PLACEHOLDERS):
            known = ", ".join(PREPARE_PLACEHOLDERS)
            raise ValueError(f"unknown placeholder {{{min(unknown)}}}; known are {known}")
        return command


def _as_prepare(value: Any) -> Any:
    return {"command": value} if isinstance(value, (str, list, tuple)) else value


FamilyRule = tuple[str, str]
"""(regular expression, family)."""


def rules_of_families(families: Mapping[str, Family]) -> tuple[FamilyRule, ...]:
    """Every `match`, in order; the first that fits a name wins."""
    return tuple((pattern, name) for name, family in families.items() for pattern in family.match)


def as_entry(value: Any) -> Benchmark | SourceEntry:
    """`value` as the kind of entry that it is, so that faults are those of that kind alone.

    Raises:
        ValueError: it is not valid (pydantic's ValidationError), or not an entry at all.
    """
    if isinstance(value, (Benchmark, SourceEntry)):
        return value
    if not isinstance(value, dict):
        raise ValueError("an entry is a mapping, with `variants` or a `source`")
    if "source" in value and "variants" in value:
        raise ValueError("an entry has either `variants` or a `source`")
    return (SourceEntry if "source" in value else Benchmark).model_validate(value)


Entry = Annotated[Benchmark | SourceEntry, BeforeValidator(as_entry)]
"""What `benchmarks` lists: a benchmark with variants, or a source of benchmarks."""


class Manifest(Part):
    """A suite's manifest, format version 1."""

    version: Literal[1]
    suite: Name
    kind: Literal["measured"]
    description: str = ""
    defaults: SamplingSpec = SamplingSpec()
    prepare: Annotated[Prepare | None, BeforeValidator(_as_prepare)] = None
    families: Annotated[dict[Name, Family], Field(min_length=1)]
    bands: Bands = Field(default={}, description="band → its sizes, and limits that win over the family's")
    growth: Growth = Field(
        default={}, description="metric → how fast it may grow with the size, for what has three or more"
    )
    benchmarks: Annotated[tuple[Entry, ...], Field(min_length=1)]

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
