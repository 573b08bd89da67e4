"""Variants side by side, over scales: speed-up over the reference, and how the cost grows with the size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from benchgov.dossier.model import Line, Point, Row, Study

_REFERENCES = ("reference", "baseline", "naive")
"""Names of the variant that others are held against; without one it is the first in the report."""


def make_studies(rows: Iterable[Row], metric: str) -> tuple[Study, ...]:
    """One study per benchmark that has at least two variants or two scales with valid runs."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row.metric == metric and row.samples and row.value is not None and row.verdict != "blocked":
            groups.setdefault((row.benchmark, row.family, row.unit), []).append(row)
    studies = (_study(*key, metric, group) for key, group in groups.items())
    return tuple(study for study in studies if len(study.lines) > 1 or len(study.scales) > 1)


def _study(benchmark: str, family: str, unit: str, metric: str, rows: Sequence[Row]) -> Study:
    variants = list(dict.fromkeys(row.variant for row in rows))
    reference = next((name for name in _REFERENCES if name in variants), variants[0])
    variants.sort(key=lambda name: name != reference)
    scales = sorted({row.scale for row in rows}, key=lambda scale: scale or 0.0)
    base = {row.scale: row.value or 0.0 for row in rows if row.variant == reference}
    by_variant: dict[str, list[Row]] = {name: [] for name in variants}
    for row in rows:
        by_variant[row.variant].append(row)
    return Study(
        benchmark=benchmark,
        family=family,
        metric=metric,
        unit=unit,
        reference=reference,
        scales=tuple(scales),
        lines=tuple(_line(name, by_variant[name], None if name == reference else base) for name in variants),
    )


def _line(variant: str, rows: Sequence[Row], base: dict[float | None, float] | None) -> Line:
    ordered = sorted(rows, key=lambda row: row.scale or 0.0)
    points = tuple(
        Point(row.scale, row.value or 0.0, None if base is None else _ratio(row, base.get(row.scale)))
        for row in ordered
    )
    return Line(variant, points, _slope(points))


def _ratio(row: Row, base: float | None) -> float | None:
    if not base or not row.value:
        return None
    return base / row.value if row.direction == "lower" else row.value / base


def _slope(points: Sequence[Point]) -> float | None:
    """Least-squares slope of log value over log scale: 1 is linear growth, 2 quadratic."""
    pairs = [
        (math.log(point.scale), math.log(point.value)) for point in points if point.scale and point.value > 0
    ]
    if len(pairs) < 2:
        return None
    mean_x = sum(x for x, _ in pairs) / len(pairs)
    mean_y = sum(y for _, y in pairs) / len(pairs)
    spread = sum((x - mean_x) ** 2 for x, _ in pairs)
    return sum((x - mean_x) * (y - mean_y) for x, y in pairs) / spread if spread else None
