"""What a dossier says, as plain values: gathered once, rendered twice (Markdown and HTML)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchgov.gate.comparison import BandFinding, FindingVerdict
from benchgov.gate.control_result import Control
from benchgov.report import Against, Drift, Environment, Growth, Verdict

RowVerdict = FindingVerdict | Literal["failed", "blocked", "not-compared"]
"""A finding's verdict; `failed` and `blocked` are the run's own, `not-compared` has no finding."""

Headline = Verdict | Literal["failed", "not-compared"]
"""The verdict on top: the comparison's; `failed` when a benchmark did the wrong thing."""

VERDICT_ORDER: tuple[RowVerdict, ...] = (
    "failed",
    "regression",
    "blocked",
    "not-comparable",
    "missing",
    "accepted",
    "inconclusive",
    "new",
    "improvement",
    "unchanged",
    "not-compared",
)
"""Worst first: the order of rows and of counts."""


@dataclass(frozen=True)
class Row:
    """One metric of one run, and what the comparison found about it.

    `value`, `baseline`, `quartiles` and all samples are in `unit`; percents are relative to the baseline,
    above 0 when the number grew. `samples` is empty for a benchmark that only the baseline has;
    `baseline_samples` is empty where they are not known.
    """

    key: str
    benchmark: str
    scale: float | None
    variant: str
    family: str
    metric: str
    unit: str
    direction: Literal["lower", "higher"]
    aggregate: Literal["median", "p95"]
    verdict: RowVerdict
    samples: tuple[float, ...] = ()
    baseline_samples: tuple[float, ...] = ()
    value: float | None = None
    quartiles: tuple[float, float] | None = None
    baseline: float | None = None
    change: float | None = None
    limit: float | None = None
    detectable: float | None = None
    interval: tuple[float, float] | None = None
    sentence: str = ""


@dataclass(frozen=True)
class Concern:
    """A run that a reviewer should look at: its metrics that are not fine, worst first."""

    key: str
    rows: tuple[Row, ...]

    @property
    def verdict(self) -> RowVerdict:
        """The worst of its rows' verdicts."""
        return self.rows[0].verdict


@dataclass(frozen=True)
class MetricTable:
    """One metric of one family: its rows, worst first, and the geometric mean of the changes."""

    metric: str
    rows: tuple[Row, ...]
    geometric_mean: float | None
    limits: tuple[float, ...]


@dataclass(frozen=True)
class Family:
    """A family: its verdict, counts by verdict over all metrics, and one table per metric."""

    name: str
    verdict: Verdict | Literal["not-compared"]
    counts: dict[RowVerdict, int]
    tables: tuple[MetricTable, ...]


@dataclass(frozen=True)
class Point:
    """The aggregate of one variant at one scale, in the study's unit, and its ratio to the reference.

    `ratio` is how many times better than the reference (above 1: better); None for the reference.
    """

    scale: float | None
    value: float
    ratio: float | None


@dataclass(frozen=True)
class Line:
    """One variant over scales. `slope` is the least-squares slope of log value over log scale."""

    variant: str
    points: tuple[Point, ...]
    slope: float | None


@dataclass(frozen=True)
class Study:
    """The variants of one benchmark side by side, on the primary metric, over its scales."""

    benchmark: str
    family: str
    metric: str
    unit: str
    reference: str
    scales: tuple[float | None, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Trouble:
    """A run that failed or could not be measured: why, where, and the end of its stderr."""

    key: str
    overall: Literal["fail", "blocked"]
    reason: str
    layers: tuple[tuple[str, str], ...]
    expectations: tuple[tuple[str, str], ...]
    stderr_tail: str
    source: str


@dataclass(frozen=True)
class Functional:
    """Functional results over all runs: counts by layer and verdict, and of expectations."""

    passed: int
    failed: int
    blocked: int
    layers: tuple[tuple[str, dict[str, int]], ...]
    expectations_met: int
    expectations_all: int


@dataclass(frozen=True)
class ChainEntry:
    """One audit record, in short. `vouches_for` says which of the dossier's own files it names."""

    host: str
    sequence: int
    recorded_at: str
    kind: str
    chain_head: str
    vouches_for: tuple[str, ...]
    subject: str


@dataclass(frozen=True)
class Tamper:
    """Where the audit chain stops being what was published."""

    file: str
    position: int
    expected: str
    found: str


@dataclass(frozen=True)
class Chain:
    """The audit log as it was found; entries newest first."""

    status: Literal["verified", "tampered", "none"]
    entries: tuple[ChainEntry, ...] = ()
    heads: tuple[tuple[str, str], ...] = ()
    tamper: Tamper | None = None

    @property
    def vouched(self) -> bool:
        """Whether any record names the report that this dossier shows."""
        return any("report" in entry.vouches_for for entry in self.entries)


@dataclass(frozen=True)
class Notice:
    """Something that a reader must know before the numbers."""

    level: Literal["alarm", "warning", "note"]
    title: str
    text: str


@dataclass(frozen=True)
class Section:
    """One part of the dossier: its anchor, its title, and what it says in a line."""

    anchor: str
    title: str
    summary: str


@dataclass(frozen=True)
class Dossier:
    """Everything that a dossier shows; times come from the report, so the same input gives the same bytes."""

    suite: str
    regime: str
    revision: str | None
    dirty: bool | None
    started: str
    duration_seconds: float
    headline: Headline
    title: str
    reason: str
    authoritative: bool
    counts: dict[RowVerdict, int]
    runs: int
    findings: int
    primary_metric: str
    metrics: tuple[str, ...]
    notices: tuple[Notice, ...]
    attention: tuple[Concern, ...]
    families: tuple[Family, ...]
    studies: tuple[Study, ...]
    bands: tuple[BandFinding, ...]
    growth: tuple[Growth, ...]
    functional: Functional
    troubles: tuple[Trouble, ...]
    environment: Environment
    comparison_drift: tuple[Drift, ...]
    baselines: tuple[str, ...]
    mode: str
    method: tuple[str, ...]
    claims: tuple[str, ...]
    limits: tuple[str, ...]
    digests: tuple[tuple[str, str, str], ...]
    chain: Chain
    stale: bool
    against: Against | None = None
    control: Control | None = None
    control_caveats: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def compared(self) -> bool:
        """Whether there is a comparison of this report."""
        return self.headline != "not-compared" and bool(self.mode)

    @property
    def sound(self) -> bool:
        """Whether the evidence holds together: an unchanged log, and a comparison of this very report."""
        return not self.stale and self.chain.status != "tampered"
