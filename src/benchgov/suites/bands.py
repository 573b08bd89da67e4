"""Scale bands of a suite: which sizes belong together, their limits, and how fast a cost may grow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from benchgov.config import MetricThresholds
from benchgov.suites.part import Part
from benchgov.wire import Name

MIN_SCALES = 3
"""Two sizes give an exponent, but nothing that could contradict it."""

OUTSIDE = "outside"
"""The band of a size that is in none of those that the suite declares."""

Measured = Literal["wall_time", "cpu_time", "peak_memory", "instructions"]


class Band(Part):
    """Sizes from `min` up to, but not including, `max`; and the limits of what is measured there."""

    min: Annotated[float, Field(gt=0)] | None = None
    max: Annotated[float, Field(gt=0)] | None = None
    thresholds: MetricThresholds = {}

    @model_validator(mode="after")
    def _not_empty(self) -> Band:
        if self.bottom >= self.top:
            raise ValueError("min must be below max")
        return self

    @property
    def bottom(self) -> float:
        """The smallest size of the band."""
        return self.min or 0.0

    @property
    def top(self) -> float:
        """The smallest size above the band."""
        return math.inf if self.max is None else self.max


def _apart(bands: Mapping[str, Band]) -> Mapping[str, Band]:
    ordered = sorted(bands.items(), key=lambda item: item[1].bottom)
    for (lower, low), (upper, high) in pairwise(ordered):
        if high.bottom < low.top:
            raise ValueError(f"bands {lower!r} and {upper!r} overlap")
    return bands


Bands = Annotated[dict[Name, Band], AfterValidator(_apart)]
"""Band → its sizes; no two overlap."""


class GrowthLimit(Part):
    """The cost may grow with the size by at most size ** `max_exponent`: 1 is linear, 2 quadratic.

    `variants` are those that it holds for; by default all.
    """

    max_exponent: Annotated[float, Field(ge=0, le=20)]
    variants: tuple[Name, ...] = ()


def _short(value: Any) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {"max_exponent": value} if is_number else value


Growth = dict[Measured, Annotated[GrowthLimit, BeforeValidator(_short)]]
"""Metric → how fast it may grow; a number alone is `max_exponent`."""


class Scaled(Part):
    """What a manifest, or one of its benchmarks, says about sizes."""

    bands: Bands = {}
    growth: Growth = {}


@dataclass(frozen=True)
class ScaleRules:
    """The bands and growth limits of a suite; a benchmark's own win over the suite's.

    Without any bands every decade is one, called by its start: `1e3` is 1,000 up to 10,000.
    """

    suite: Scaled = field(default_factory=Scaled)
    benchmarks: Mapping[str, Scaled] = field(default_factory=dict)

    def band(self, benchmark: str, scale: float) -> str:
        """The name of the band that `scale` is in."""
        bands = self._bands(benchmark)
        if not bands:
            return _decade(scale)
        return next((name for name, band in bands.items() if band.bottom <= scale < band.top), OUTSIDE)

    def thresholds(self, benchmark: str, scale: float | None) -> MetricThresholds:
        """The limits of the band, metric by metric; they win over those of the family."""
        if scale is None:
            return {}
        band = self._bands(benchmark).get(self.band(benchmark, scale))
        return band.thresholds if band else {}

    def max_exponent(self, benchmark: str, variant: str, metric: str) -> float | None:
        """How fast `metric` of `variant` may grow; None without a limit."""
        known = self.suite.growth | self._own(benchmark).growth
        limit = next((one for name, one in known.items() if name == metric), None)
        if limit is None or (limit.variants and variant not in limit.variants):
            return None
        return limit.max_exponent

    def _bands(self, benchmark: str) -> Mapping[str, Band]:
        return self._own(benchmark).bands or self.suite.bands

    def _own(self, benchmark: str) -> Scaled:
        return self.benchmarks.get(benchmark, _NOTHING)


_NOTHING = Scaled()


def _decade(scale: float) -> str:
    # Through the decimal digits: log10(1000) is a little less than 3 in some C libraries.
    return f"1e{int(f'{scale:.17e}'.partition('e')[2])}"


def rules_of(value: Any) -> ScaleRules:
    """The rules in a manifest's parsed YAML, of which nothing else is read.

    Raises:
        ValidationError: they are not valid.
    """
    if not isinstance(value, dict):
        return ScaleRules()
    listed = value.get("benchmarks")
    return ScaleRules(_scaled(value), dict(_by_id(listed if isinstance(listed, list) else [])))


def _by_id(listed: Sequence[Any]) -> Iterator[tuple[str, Scaled]]:
    for item in listed:
        if isinstance(item, dict) and isinstance(item.get("id"), str) and not item.keys().isdisjoint(_KEYS):
            yield item["id"], _scaled(item)


_KEYS = ("bands", "growth")


def _scaled(value: Mapping[str, Any]) -> Scaled:
    return Scaled.model_validate({key: value[key] for key in _KEYS if key in value})
