"""Series out of many reports, plain and as benchgov builds them.

Each side answers [run, metric, values] for every series, so that outputs can be held against each other.
"""

from __future__ import annotations

import statistics
from typing import Any

from benchgov.history.series import SeriesBuilder
from benchgov.report import Report


def reference(reports: list[tuple[Report, str]]) -> list[list[Any]]:
    """Plain: what tells the points of one series from those of another as key, and `statistics.median`."""
    collected: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    seen = set()
    for report, digest in reports:
        if digest in seen:
            continue
        seen.add(digest)
        for run in report.runs:
            for metric in run.metrics:
                place = (report.config.suite, report.config.regime, report.environment.fingerprint)
                key = (*place, run.key, metric.name, metric.unit, metric.direction, metric.aggregate)
                value = statistics.median(metric.samples)
                point = (report.started_at_utc, digest, value, len(metric.samples), report.config.revision)
                collected.setdefault(key, []).append(point)
    return [[key[3], key[4], [one[2] for one in sorted(points)]] for key, points in sorted(collected.items())]


def optimized(reports: list[tuple[Report, str]]) -> list[list[Any]]:
    """As benchgov builds them."""
    builder = SeriesBuilder()
    for report, digest in reports:
        builder.add(report, digest)
    return [[one.key.run, one.key.metric, one.values] for one in builder.series()]
