"""The comparison, schema v1: what a gate found, metric by metric, family by family, and on the whole."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from benchgov.config import Percent
from benchgov.report import Aggregate, Direction, Drift, Growth, Source, Verdict
from benchgov.wire import BenchmarkId, Blake3, Name, Sha256, Wire

FindingVerdict = Literal[
    "regression",
    "accepted",
    "improvement",
    "unchanged",
    "inconclusive",
    "not-comparable",
    "new",
    "missing",
]
"""`accepted` is a regression that `accepted.yaml` allows."""


class AcceptedBy(Wire):
    """The entry of `accepted.yaml` that speaks of a regression, and where it stands.

    The metric may be worse by `up_to_percent` through the day `until`; `expired` says that this is over.
    """

    up_to_percent: Percent
    until: date
    reason: str
    source: Source
    expired: bool


class Finding(Wire):
    """One metric of one run, against its baseline.

    Percents are relative to the baseline's value: `change_percent` above 0 means that the number grew,
    whichever direction is better. `minimum_detectable_percent` is the smallest change for the worse that
    this comparison would have called a regression. `interval_percent` and `p_value` are there when the
    decision rule gives them; `floor_percent` is the worsening from which on it blocks. `accepted` is the
    entry that accepts it, or that is too small for it or has expired.
    """

    benchmark: BenchmarkId
    scale: Annotated[float, Field(gt=0)] | None
    variant: Name
    family: Name
    metric: Name
    unit: str
    direction: Direction
    aggregate: Aggregate
    verdict: FindingVerdict
    baseline_value: float | None = None
    current_value: float | None = None
    change_percent: float | None = None
    threshold_percent: float | None = None
    floor_percent: float | None = None
    minimum_detectable_percent: float | None = None
    interval_percent: tuple[float, float] | None = None
    p_value: float | None = None
    baseline_samples: Annotated[int, Field(ge=0)] = 0
    current_samples: Annotated[int, Field(ge=0)] = 0
    source: Source | None = None
    accepted: AcceptedBy | None = None
    sentence: str

    @property
    def limit_percent(self) -> float | None:
        """The worsening from which on the rule that judged it blocks, as tables show it."""
        return self.threshold_percent if self.floor_percent is None else self.floor_percent


class FamilyFinding(Wire):
    """One family: its verdict, how many findings of each kind, and the geometric mean change by metric."""

    family: Name
    verdict: Verdict
    findings: dict[FindingVerdict, int]
    geometric_mean_percent: dict[str, float]


class BandFinding(Wire):
    """One scale band: as a family, over every benchmark whose size is in it."""

    band: str
    verdict: Verdict
    findings: dict[FindingVerdict, int]
    geometric_mean_percent: dict[str, float]


class Comparison(Wire):
    """The outcome of `compare`: a pure function of the report's and the baseline's bytes, and the policy.

    It holds no moment and no machine's path, so the same input gives the same bytes. `accepted_on` is the day
    on which accepted slowdowns were judged, an input too; it is there when there are any.
    `environment_difference` says how the two machines differ when they do (`wanted` is the baseline's), and
    `same` which properties had to agree (null: all of them).
    `against` is the other revision of a paired measurement, and `missing_runs` are those that only it has.
    `scale_bands` group what has a size, and `growth` says how its cost grows with the size.
    """

    schema_version: Literal[1]
    suite: Name
    regime: Name
    mode: str
    verdict: Verdict
    reason: str
    authoritative: bool
    report_sha256: Sha256
    baselines: tuple[str, ...]
    against: str | None = None
    fingerprint: Blake3
    baseline_fingerprint: Blake3 | None
    environment_difference: tuple[Drift, ...] = ()
    same: tuple[str, ...] | None = None
    missing_runs: tuple[str, ...] = ()
    accepted_on: date | None = None
    families: tuple[FamilyFinding, ...] = ()
    scale_bands: tuple[BandFinding, ...] = ()
    growth: tuple[Growth, ...] = ()
    findings: tuple[Finding, ...] = ()
