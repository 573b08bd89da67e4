"""The types of `bench/<suite>/suite.yaml`: what one benchmark is, and what its parts may say."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from benchgov.config import MetricThresholds
from benchgov.report import Aggregate, Direction, scale_text
from benchgov.wire import BenchmarkId, Blake3, Name

MIN_WARMUP = 2
MIN_RUNS = 5
"""The least that a measurement rests on (seed protocol: warm-ups ≥ 2, measured runs ≥ 5)."""

CALLABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*$"

Callable_ = Annotated[str, Field(pattern=CALLABLE_PATTERN)]
Scale = Annotated[float, Field(gt=0)]
Isolation = Literal["process", "shared"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def split_command(value: Any) -> Any:
    """A command line in one string, split as a POSIX shell would, without running one."""
    if isinstance(value, str):
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise ValueError(f"not a command line: {error}") from error
    return value


class Variant(_Part):
    """One implementation: a Python `callable` (`module:function`), or a `command`.

    Modules are found in the suite's own folder first, then where Python finds them. In a command
    `{python}`, `{scale}`, `{input}` (a file with the input as JSON) and `{suite}` (the suite's folder)
    are replaced; the input is on standard input too, and what it prints is its output.
    """

    callable: Callable_ | None = None
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    signature: str | None = None
    protocol: str | None = None
    env: dict[str, str] = {}

    _split = field_validator("command", mode="before")(split_command)

    @model_validator(mode="after")
    def _one_kind(self) -> Variant:
        if (self.callable is None) == (self.command is None):
            raise ValueError("a variant is either a callable or a command")
        return self


class InputSpec(_Part):
    """What every variant is given: what a `callable` returns for the scale, a JSON `file`, or a `value`."""

    callable: Callable_ | None = None
    file: str | None = None
    value: Any = None

    @model_validator(mode="after")
    def _one_kind(self) -> InputSpec:
        if len(self.model_fields_set) != 1:
            raise ValueError("an input is exactly one of callable, file, value")
        return self


class Expect(_Part):
    """What the output must be, beyond being equal for all variants.

    `digest` is the BLAKE3 of the canonical output, per scale where there are several; `exit_code` is for
    commands.
    """

    digest: Blake3 | dict[str, Blake3] | None = None
    value: Any = None
    exit_code: Annotated[int, Field(ge=0, le=255)] = 0


class MetricSpec(_Part):
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


class SamplingSpec(_Part):
    """How samples are taken; a benchmark's own values win over the suite's `defaults`."""

    warmup: Annotated[int, Field(ge=MIN_WARMUP)] | None = None
    runs: Annotated[int, Field(ge=MIN_RUNS)] | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    isolation: Isolation | None = None
    iterations: Annotated[int, Field(ge=1)] | Literal["auto"] | None = None
    min_sample_ms: Annotated[float, Field(gt=0, le=60_000)] | None = None


class Benchmark(SamplingSpec):
    """One measured thing, as it stands in the manifest."""

    id: BenchmarkId
    family: Name
    signature: Annotated[str, Field(min_length=2, max_length=500)]
    variants: Annotated[dict[Name, Variant], Field(min_length=1)]
    description: str = ""
    metrics: tuple[MetricSpec, ...] = tuple(
        MetricSpec(name=name) for name in ("wall_time", "cpu_time", "peak_memory")
    )
    scale: tuple[Scale, ...] = ()
    features: dict[Name, float | Literal["scale"]] = {}
    input: InputSpec | None = None
    expect: Expect = Expect()
    profile: Literal["none", "cprofile", "callgrind"] = "none"

    @field_validator("id")
    @classmethod
    def _no_separators(cls, value: str) -> str:
        if re.search(r"[@/\s]", value):
            raise ValueError("an id holds neither '@', '/' nor white space")
        return value

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


class Family(_Part):
    """Benchmarks that share thresholds: metric → percent that it may get worse."""

    description: str = ""
    thresholds: MetricThresholds = {}


class Manifest(_Part):
    """A suite's manifest, format version 1."""

    version: Literal[1]
    suite: Name
    kind: Literal["measured"]
    description: str = ""
    defaults: SamplingSpec = SamplingSpec()
    families: Annotated[dict[Name, Family], Field(min_length=1)]
    benchmarks: Annotated[tuple[Benchmark, ...], Field(min_length=1)]
