"""`benchgov.yaml` → settings. One precedence: flag, environment variable, file, default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from benchgov.documents import Location, YamlDocument, load_yaml, yaml_model
from benchgov.errors import ConfigError, InputError
from benchgov.suggest import did_you_mean
from benchgov.wire import Name

FILE_NAME = "benchgov.yaml"

PROPERTIES = ("os", "kernel", "image", "arch", "cpu_model", "cpu_count", "memory_mb", "python")
"""What of a machine `policy.same` may name; a test holds it together with `report.Facts`."""
TOOL_PATTERN = r"tools\.[A-Za-z0-9][A-Za-z0-9._+-]*"

Percent = Annotated[float, Field(gt=0, le=10_000)]
MetricThresholds = dict[Name, Percent]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Probe(_Section):
    """How to learn a tool's version: a command, and a pattern with one group for the version."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    pattern: str = r"(\d+(?:\.\d+)+\S*)"

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        import re

        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if groups != 1:
            raise ValueError("the pattern needs exactly one group, around the version")
        return pattern


class EnvironmentConfig(_Section):
    """The pinned environment: what must be as written before a number counts.

    `pins` maps a property (os, kernel, image, arch, cpu_model, cpu_count, memory_mb) or a tool to the wanted
    version: exact (`1.92.0`), or a specifier (`>=3.11,<3.15`).
    """

    pins: dict[str, str] = Field(default={}, description="property or tool → wanted version")
    probes: dict[Name, Probe] = Field(default={}, description="how to learn the version of further tools")


class AuditConfig(_Section):
    """Where the audit log is, and what may be in it."""

    store: str = Field(
        default=".benchgov/audit",
        description="folder of the audit log; or its branch, as in `git:benchgov-audit`",
    )
    allow: tuple[str, ...] = Field(
        default=(),
        description="regular expressions for texts that may be recorded although they look like a secret, an"
        " e-mail address or a private path; each must match the whole of what was found",
    )


class Statistics(_Section):
    """What the rule `statistical` is held to; docs/adr/0015-the-statistical-rule.md gives the reasons."""

    alpha: Annotated[float, Field(gt=0, le=0.2)] = Field(
        default=0.01, description="chance that a comparison without any change calls a regression"
    )
    false_discoveries: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.05, description="share of wrong ones among what is called an improvement"
    )
    min_effect: MetricThresholds = Field(
        default={"wall_time": 2.0, "cpu_time": 2.0, "peak_memory": 1.0, "instructions": 0.5},
        description="metric → percent below which no change blocks, however certain it is",
    )
    default_min_effect: Percent = Field(
        default=2.0, description="percent for a metric that has none of its own"
    )
    families: dict[Name, MetricThresholds] = Field(
        default={}, description="family → metric → percent, over `min_effect`"
    )
    looks: Annotated[tuple[Annotated[int, Field(ge=5, le=1000)], ...], Field(min_length=1, max_length=6)] = (
        Field(
            default=(10, 20, 40),
            description="pairs after which a paired measurement decides which benchmarks need more",
        )
    )

    @field_validator("min_effect")
    @classmethod
    def _keep_defaults(cls, given: MetricThresholds) -> MetricThresholds:
        return {**cls.model_fields["min_effect"].default, **given}

    @field_validator("looks")
    @classmethod
    def _rising(cls, looks: tuple[int, ...]) -> tuple[int, ...]:
        if list(looks) != sorted(set(looks)):
            raise ValueError("each look has more pairs than the one before")
        if any(look % 5 for look in looks[:-1]):
            raise ValueError("each look but the last is a multiple of 5, as pairs are measured in fives")
        return looks


class Policy(_Section):
    """How a comparison is judged."""

    mode: Literal["auto", "threshold", "statistical"] = Field(
        default="auto",
        description="how a change is judged; `auto`: statistical for pairs, threshold against a baseline",
    )
    thresholds: MetricThresholds = Field(
        default={"wall_time": 10.0, "cpu_time": 10.0, "peak_memory": 10.0, "instructions": 2.0},
        description="metric → percent that it may get worse",
    )
    default_threshold: Percent = Field(
        default=10.0, description="percent for a metric that has none of its own"
    )
    families: dict[Name, MetricThresholds] = Field(
        default={}, description="family → metric → percent, over `thresholds`"
    )
    same: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="what of two machines must agree before their numbers are compared, such as "
        "`[arch, os, tools.gcc]`; without it, all that the fingerprint covers",
    )
    threshold_margin: Percent = Field(
        default=50.0,
        description="percent of the largest observed delta that `baseline derive-thresholds` adds to it",
    )
    missing: Literal["block", "allow"] = Field(
        default="block", description="what a benchmark that only the baseline has does to the verdict"
    )
    statistics: Statistics = Statistics()

    @field_validator("thresholds")
    @classmethod
    def _keep_defaults(cls, given: MetricThresholds) -> MetricThresholds:
        return {**cls.model_fields["thresholds"].default, **given}

    @field_validator("same")
    @classmethod
    def _known(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in given or ():
            if name not in PROPERTIES and not re.fullmatch(TOOL_PATTERN, name, re.ASCII):
                hint = did_you_mean(name, PROPERTIES) or f"; known are {', '.join(PROPERTIES)}, tools.<name>"
                raise ValueError(f"no property {name!r}{hint}")
        if given and len(set(given)) != len(given):
            raise ValueError("a property is there twice")
        return given


class EvalConfig(_Section):
    """How the eval harness runs, when no flag says otherwise."""

    default_concurrency: Annotated[int, Field(ge=1, le=256)] | None = Field(
        default=None, description="cases at a time  (default: processors, at most 4)"
    )
    default_max_cost_usd: Annotated[float, Field(ge=0)] = Field(
        default=5.0, description="US dollars that one run may spend"
    )
    default_out_dir: str = Field(default=".benchgov/eval/runs", description="folder of the reports of runs")
    cache_dir: str = Field(default=".benchgov/eval/cache", description="folder of the cached scores")
    promotion_source_host: Name | None = Field(
        default=None, description="the one host whose recorded runs count for a promotion"
    )
    min_isolation: Literal["subprocess", "landlock", "bubblewrap", "container", "microvm"] | None = Field(
        default=None, description="a run that cannot isolate its rubric at least so far does not start"
    )
    cassettes: str | None = Field(
        default=None, description="folder of the HTTP cassettes  (default: `cassettes` of the bench)"
    )


class Settings(_Section):
    """Everything that `benchgov.yaml` may say."""

    version: Literal[1] = Field(default=1, description="version of this file's format")
    regime: Name = Field(default="default", description="named set of measuring conditions")
    bench_dir: str = Field(default="bench", description="folder of the suites")
    output_dir: str = Field(default=".benchgov/out", description="folder for reports and other results")
    environment: EnvironmentConfig = EnvironmentConfig()
    maintainers: tuple[str, ...] = Field(default=(), description="who may approve a baseline")
    audit: AuditConfig = AuditConfig()
    policy: Policy = Policy()
    eval: EvalConfig = EvalConfig()


VARIABLES: dict[str, Location] = {
    "BENCHGOV_REGIME": ("regime",),
    "BENCHGOV_BENCH_DIR": ("bench_dir",),
    "BENCHGOV_OUTPUT_DIR": ("output_dir",),
    "BENCHGOV_AUDIT_STORE": ("audit", "store"),
    "BENCHGOV_EVAL_CONCURRENCY": ("eval", "default_concurrency"),
    "BENCHGOV_EVAL_MAX_COST_USD": ("eval", "default_max_cost_usd"),
    "BENCHGOV_POLICY_MODE": ("policy", "mode"),
    "BENCHGOV_POLICY_MISSING": ("policy", "missing"),
}
"""Environment variables, and the key that each sets."""


def load_settings(
    root: Path,
    environ: Mapping[str, str],
    flags: Mapping[Location, Any] | None = None,
    file: Path | None = None,
) -> Settings:
    """The settings of the repository at `root`.

    `flags` maps a key's path to the value given on the command line; None means not given. Without
    `file`, `benchgov.yaml` at `root` is read when it is there.

    Raises:
        ConfigError: the file or a variable is not valid; every fault of the file at once, by line.
    """
    document = _read(root, file)
    settings = yaml_model(document, Settings, ConfigError)
    overrides = {at: environ[name] for name, at in VARIABLES.items() if environ.get(name)}
    overrides |= {at: value for at, value in (flags or {}).items() if value is not None}
    if not overrides:
        return settings
    names = {at: name for name, at in VARIABLES.items()}
    value = settings.model_dump()
    for at, given in overrides.items():
        _put(value, at, given)
    source = ", ".join(sorted(names.get(at, ".".join(map(str, at))) for at in overrides))
    return yaml_model(YamlDocument(value, {}, f"{source} (variable or flag)"), Settings, ConfigError)


def _read(root: Path, file: Path | None) -> YamlDocument:
    path = file or root / FILE_NAME
    if file is None and not path.exists():
        return YamlDocument({}, {}, FILE_NAME)
    try:
        return load_yaml(path)
    except InputError as error:
        raise ConfigError(error.message, where=error.where) from error


def _put(tree: dict[str, Any], at: Location, value: Any) -> None:
    for step in at[:-1]:
        tree = tree[str(step)]
    tree[str(at[-1])] = value
