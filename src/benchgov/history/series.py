"""Reports → series: one for each suite, regime, environment, run and metric, in the order of time.

A change of machine or regime ends one series and begins another; it is no change of the code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from benchgov.baselines.aggregate import aggregate
from benchgov.canonical import canonical_json, digest_of
from benchgov.report import Aggregate, Direction, Facts, Metric, Report

Wanted = Callable[[str], bool]

_SHARDED = frozenset({"shard", "shards"})
"""Options of reports whose runs may be in two of them: a shard's, and what shards were merged into."""


class Group(NamedTuple):
    """What must be equal for numbers to be comparable."""

    suite: str
    regime: str
    fingerprint: str


class SeriesKey(NamedTuple):
    """What a series is of. Another unit, direction, aggregate or way of sampling makes another series.

    So does another config of the suite: `config` is its canonical JSON.
    """

    group: Group
    run: str
    metric: str
    unit: str
    direction: Direction
    aggregate: Aggregate
    isolation: str
    config: str


class Point(NamedTuple):
    """One report's value: the aggregate of `samples` samples; when its measurement began, at which commit.

    Points sort by time, and at one time by the report's digest.
    """

    moment: datetime
    report: str
    value: float
    samples: int
    revision: str | None


@dataclass(frozen=True)
class Series:
    """The points of one key, oldest first."""

    key: SeriesKey
    points: tuple[Point, ...]

    @property
    def values(self) -> list[float]:
        """The values alone."""
        return [point.value for point in self.points]


@dataclass
class SeriesBuilder:
    """Takes reports one by one, in any order, and keeps only their aggregates.

    `metrics` are the metrics to keep (none: all), `pattern` the runs: a glob over run keys, or a part of one.
    """

    metrics: Sequence[str] = ()
    pattern: str = ""
    reports: int = 0
    repeated: int = 0
    facts: dict[Group, Facts] = field(default_factory=dict)
    _points: dict[SeriesKey, list[Point]] = field(default_factory=dict)
    _sharded: dict[tuple[SeriesKey, str], Point] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _wanted: Wanted = field(init=False)

    def __post_init__(self) -> None:
        self._wanted = matcher(self.pattern)

    def add(self, report: Report, digest: str) -> None:
        """Take in `report`, whose file has `digest`; the same file a second time changes nothing."""
        if digest in self._seen:
            self.repeated += 1
            return
        self._seen.add(digest)
        self.reports += 1
        config, environment = report.config, report.environment
        group = Group(config.suite, config.regime, environment.fingerprint)
        self.facts.setdefault(group, environment.facts)
        values = canonical_json(config.values).decode()
        sharded = not _SHARDED.isdisjoint(config.options)
        for run in report.runs:
            measured = run.run_is_valid and run.sampling.isolation != "functional"
            if measured and self._wanted(name := run.key):
                # The revision and all samples: two measurements do not agree in them.
                measurement = digest_of([config.revision, run.to_json()]) if sharded else ""
                for metric in run.metrics:
                    if not self.metrics or metric.name in self.metrics:
                        how = (metric.unit, metric.direction, metric.aggregate, run.sampling.isolation)
                        key = SeriesKey(group, name, metric.name, *how, values)
                        self._take(key, _point(report, digest, metric), measurement)

    def _take(self, key: SeriesKey, point: Point, measurement: str) -> None:
        if measurement:  # once, though the shard's own report and the merged one both have it
            other = self._sharded.setdefault((key, measurement), point)
            self._sharded[key, measurement] = min(other, point)
        else:
            self._points.setdefault(key, []).append(point)

    def series(self, last: int | None = None) -> list[Series]:
        """Every series, by key; with `last` only its newest so many points."""
        points = {key: list(found) for key, found in self._points.items()}
        for (key, _), point in self._sharded.items():
            points.setdefault(key, []).append(point)
        return [
            Series(key, tuple(sorted(found)[-last if last else None :]))
            for key, found in sorted(points.items())
        ]


def _point(report: Report, digest: str, metric: Metric) -> Point:
    value = aggregate(metric.samples, metric.aggregate)
    return Point(report.started_at_utc, digest, value, len(metric.samples), report.config.revision)


def matcher(pattern: str) -> Wanted:
    """Whether a run key fits `pattern`: as a glob where it holds `*` or `?`, else as a part of the key."""
    if not pattern:
        return lambda _: True
    if "*" in pattern or "?" in pattern:
        return lambda key: fnmatchcase(key, pattern)
    return lambda key: pattern in key
