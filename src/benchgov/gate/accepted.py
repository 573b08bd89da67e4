"""`bench/<suite>/accepted.yaml`: slowdowns that somebody has accepted, up to a size and until a day.

docs/adr/0018-accepted-slowdowns.md gives the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from benchgov.config import Percent
from benchgov.documents import parse_yaml, yaml_model
from benchgov.errors import InputError
from benchgov.files import MAX_MANIFEST_BYTES, read_text
from benchgov.report import Report, run_key, scale_text
from benchgov.suggest import did_you_mean
from benchgov.wire import BenchmarkId, Name

ACCEPTED_FILE = "accepted.yaml"


def _day(value: Any) -> Any:
    """A date as YAML reads it or as text; not the numbers that would pass for seconds since 1970."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    if not (is_day or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII))):
        raise ValueError("a day, as 2026-12-31")
    return value


class Acceptance(BaseModel):
    """One accepted slowdown: `metric` of `benchmark` may be worse by `up_to_percent` through the day `until`.

    `family`, `variant` and `scale` narrow it down.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    benchmark: BenchmarkId
    metric: Name
    up_to_percent: Percent
    reason: Annotated[str, Field(min_length=3, max_length=300)]
    until: Annotated[date, BeforeValidator(_day)]
    family: Name | None = None
    variant: Name | None = None
    scale: Annotated[float, Field(gt=0)] | None = None

    @field_validator("reason")
    @classmethod
    def _plain(cls, given: str) -> str:
        if not given.isprintable() or not given.strip():
            raise ValueError("one line of text")
        return given.strip()

    @property
    def narrowness(self) -> int:
        """How many of family, variant and scale it names."""
        return sum(one is not None for one in (self.family, self.variant, self.scale))

    def fits(self, at: Subject) -> bool:
        """Whether it speaks of `at`; what `at` does not know fits."""
        pairs = (
            (self.metric, at.metric),
            (self.family, at.family),
            (self.variant, at.variant),
        )
        same_size = self.scale is None or self.scale == at.scale
        return (
            same_size
            and self.benchmark == at.benchmark
            and all(wanted is None or found is None or wanted == found for wanted, found in pairs)
        )


@dataclass(frozen=True)
class Subject:
    """What an acceptance may speak of. None is not known, but for the scale: then there is none."""

    benchmark: str
    metric: str | None = None
    family: str | None = None
    variant: str | None = None
    scale: float | None = None


class AcceptedFile(BaseModel):
    """The whole of `accepted.yaml`, format version 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    accepted: tuple[Acceptance, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """The entries of the file called `path`, each with its line, and the day on which they are judged."""

    path: str = ""
    entries: tuple[tuple[Acceptance, int], ...] = ()
    today: date = date.max

    def expired(self, entry: Acceptance) -> bool:
        """Whether the last day of `entry` is over."""
        return entry.until < self.today


def load_accepted(folder: Path, path: str, today: date) -> Accepted:
    """The accepted slowdowns of the suite in `folder`; none without a file. `path` is its name in messages.

    Raises:
        InputError: the file cannot be read, is not valid, or has an entry twice; each fault with its line.
    """
    file = folder / ACCEPTED_FILE
    if not (file.exists() or file.is_symlink()):
        return Accepted()
    document = parse_yaml(read_text(file, MAX_MANIFEST_BYTES), path)
    listed = yaml_model(document, AcceptedFile).accepted
    lines = [document.line(("accepted", at)) for at in range(len(listed))]
    if twice := list(_twice(listed, lines, path)):
        raise InputError("a slowdown is accepted twice", where=path, details=twice)
    return Accepted(path, tuple(zip(listed, lines, strict=True)), today)


def _twice(listed: Sequence[Acceptance], lines: Sequence[int], path: str) -> Iterator[str]:
    first: dict[tuple[object, ...], int] = {}
    for entry, line in zip(listed, lines, strict=True):
        at = (entry.benchmark, entry.metric, entry.family, entry.variant, entry.scale)
        if at in first:
            yield f"{path}:{line}: {described(entry)} is accepted on line {first[at]} already"
        first.setdefault(at, line)


def described(entry: Acceptance) -> str:
    """`sort@1000/fast wall_time`, with what the entry names."""
    name = entry.benchmark if entry.scale is None else f"{entry.benchmark}@{scale_text(entry.scale)}"
    whole = name if entry.variant is None else run_key(entry.benchmark, entry.scale, entry.variant)
    family = "" if entry.family is None else f" of family {entry.family}"
    return f"{whole}{family} {entry.metric}"


def check_accepted(accepted: Accepted, known: Sequence[Subject], ids: Sequence[str]) -> None:
    """Refuse entries that speak of nothing: a typing error must not go unnoticed until it is needed.

    `known` is what the report and its baselines hold; `ids` are those of the manifest, whose sources yield
    benchmarks called `<id>/…`.

    Raises:
        InputError: one detail per entry, with its line.
    """
    by_name: dict[str, list[Subject]] = {}
    for one in known:
        by_name.setdefault(one.benchmark, []).append(one)
    details = []
    for entry, line in accepted.entries:
        subjects = by_name.get(entry.benchmark, [])
        from_manifest = entry.benchmark in ids or entry.benchmark.partition("/")[0] in ids
        if not subjects and not from_manifest:
            hint = did_you_mean(entry.benchmark, sorted({*by_name, *ids}))
            details.append(f"{accepted.path}:{line}: no benchmark {entry.benchmark!r}{hint}")
        elif subjects and not any(map(entry.fits, subjects)):
            metrics = sorted({one.metric for one in subjects if one.metric})
            hint = did_you_mean(entry.metric, metrics) if entry.metric not in metrics else ""
            details.append(f"{accepted.path}:{line}: nothing is called {described(entry)}{hint}")
    if details:
        raise InputError("it accepts what there is not", where=accepted.path, details=details)


def subjects_of(report: Report) -> Iterator[Subject]:
    """What `report` holds, and what the other revision of a paired one has."""
    for run in report.runs:
        families = {run.family, run.reference.family if run.reference else run.family}
        for family in sorted(families):
            known = Subject(run.benchmark, None, family, run.variant, run.scale)
            yield from (
                Subject(run.benchmark, metric.name, family, run.variant, run.scale) for metric in run.metrics
            )
            if not run.metrics:
                yield known
    for key in report.config.against.runs if report.config.against else ():
        name, _, variant = key.rpartition("/")
        benchmark, _, scale = name.partition("@")
        yield Subject(benchmark, variant=variant, scale=float(scale) if scale else None)
