"""The baseline, schema v1: immutable aggregates, thresholds and provenance; its checksums; and the index."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from benchgov.canonical import digest_of
from benchgov.config import MetricThresholds, Percent
from benchgov.report import Aggregate, Direction, Facts, run_key
from benchgov.wire import BenchmarkId, Blake3, Name, Sha256, Utc, Wire

ID_PATTERN = r"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$"
FILE_PATTERN = r"^(baseline\.json|derivation\.json|raw/[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.json)$"

MAX_NOTES = 4096
"""Longest notes of an approval, in characters."""

BaselineId = Annotated[str, Field(pattern=ID_PATTERN)]
"""`<UTC date and time>-<8 hex digits of the content's BLAKE3>`: sorts by time, safe as a folder name."""

RawName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,122}\.json$")]
Count = Annotated[int, Field(ge=0)]


class Entry(Wire):
    """One metric of one run, condensed: `value` is the `aggregate` of `samples` raw samples, in `unit`."""

    metric: Name
    unit: Annotated[str, Field(min_length=1, max_length=32)]
    direction: Direction
    aggregate: Aggregate
    value: Annotated[float, Field(ge=0)]
    samples: Annotated[int, Field(ge=1)]


class BaselineRun(Wire):
    """One variant of one benchmark at one scale, and how its samples were taken."""

    benchmark: BenchmarkId
    scale: Annotated[float, Field(gt=0)] | None
    variant: Name
    family: Name
    isolation: Literal["process", "shared", "imported"]
    metrics: Annotated[tuple[Entry, ...], Field(min_length=1)]

    @property
    def key(self) -> str:
        """The name under which a report's run is held against this one."""
        return run_key(self.benchmark, self.scale, self.variant)


class Provenance(Wire):
    """Where a baseline comes from. `created_by` is a login that was given, or "unknown"."""

    commit: str | None
    dirty: bool | None
    command: str
    created_by: Annotated[str, Field(min_length=1, max_length=64)] = "unknown"


class Approval(Wire):
    """Who approved a run as a baseline, when, and in which words.

    `identified_by` says how far to trust `approver`: the actor of a workflow run is GitHub's word, a flag or
    Git's settings are only the person's own.
    """

    scenario: Annotated[str, Field(min_length=1, max_length=512)]
    run: Annotated[str, Field(min_length=1, max_length=128)]
    approver: Annotated[str, Field(min_length=1, max_length=64)]
    identified_by: Literal["actions", "flag", "git"]
    approved_at_utc: Utc
    notes: Annotated[str, Field(max_length=MAX_NOTES)] = ""
    dataset: str | None = None


class Baseline(Wire):
    """What later reports are held against. Never edited: a newer one is published beside it.

    `thresholds` (family → metric → percent) were fixed when it was published; `default_threshold` is for
    what they do not name. `banded` (run key → metric → percent) are the limits of scale bands; they win over
    the family's. `selection` is empty when the whole suite was measured; `values` is the suite's config.
    `raw` names the reports below `raw/` with their SHA-256, so that `baseline_id` covers them too.

    `derivation` is the digest of `derivation.json`, when some of the thresholds were derived from repeated
    runs; `approval` is there when a maintainer approved a recorded run.
    """

    schema_version: Literal[1]
    baseline_id: BaselineId
    suite: Name
    suite_sha256: Sha256
    regime: Name
    fingerprint: Blake3
    facts: Facts
    authoritative: bool
    created_at_utc: Utc
    provenance: Provenance
    warmup: Count
    runs: Count
    selection: tuple[str, ...]
    values: dict[str, StrictBool | StrictInt | StrictFloat | StrictStr] = {}
    thresholds: dict[Name, MetricThresholds]
    default_threshold: Percent
    missing: Literal["block", "allow"]
    raw: Annotated[dict[RawName, Sha256], Field(min_length=1)]
    entries: Annotated[tuple[BaselineRun, ...], Field(min_length=1)]
    banded: dict[str, MetricThresholds] = {}
    derivation: Blake3 | None = None
    approval: Approval | None = None

    @model_validator(mode="after")
    def _unique_entries(self) -> Baseline:
        _once([run.key for run in self.entries], "run")
        for run in self.entries:
            if len(run.metrics) > 1:
                _once([entry.metric for entry in run.metrics], f"run {run.key!r}: metric")
        return self

    def limit(self, run: BaselineRun, metric: str) -> float:
        """By how many percent `metric` of `run` may get worse: by its band, its family, or default."""
        family = self.thresholds.get(run.family, {})
        return self.banded.get(run.key, {}).get(metric, family.get(metric, self.default_threshold))

    def content_id(self) -> str:
        """The id that follows from the content: what `baseline_id` must be."""
        # What came later is left out where it is empty, so that older baselines keep their ids.
        later = ("values", "banded", "derivation", "approval")
        unset = {name for name in later if not getattr(self, name)}
        return content_id(self.created_at_utc, self.model_dump(mode="json", exclude={"baseline_id", *unset}))


def _once(names: list[str], what: str) -> None:
    if len(set(names)) != len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise ValueError(f"{what} {twice!r} is there twice")


def content_id(created_at: datetime, content: dict[str, object]) -> str:
    """The id of a baseline made at `created_at` whose JSON without `baseline_id` is `content`."""
    return f"{created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{digest_of(content).removeprefix('blake3:')[:8]}"


def is_baseline_id(text: str) -> bool:
    """Whether `text` has the shape of a baseline id."""
    return re.fullmatch(ID_PATTERN[1:-1], text) is not None


class Checksum(Wire):
    """Size in bytes and digests of one published file."""

    size: Count
    blake3: Blake3
    sha256: Sha256


class Checksums(Wire):
    """`checksums.json`: every other file of the baseline's folder, by its path in it."""

    schema_version: Literal[1]
    files: dict[Annotated[str, Field(pattern=FILE_PATTERN)], Checksum]


class Active(Wire):
    """What is active in one environment: the whole suite's baseline, and over it those of single runs."""

    baseline: BaselineId | None = None
    runs: dict[str, BaselineId] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that is named, the whole suite's first."""
        whole = () if self.baseline is None else (self.baseline,)
        return (*whole, *sorted(set(self.runs.values()) - set(whole)))


class Index(Wire):
    """`index.json` of a regime: environment fingerprint → what is active there. The one file that changes."""

    schema_version: Literal[1]
    suite: Name
    regime: Name
    active: dict[Blake3, Active] = {}
