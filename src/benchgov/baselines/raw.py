"""What a decision needs of a published raw report: its samples. The rest is not read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from benchgov.report import run_key
from benchgov.wire import Wire

NonNegative = Annotated[float, Field(ge=0)]


class _Part(Wire):
    model_config = ConfigDict(extra="ignore")


class RawMetric(_Part):
    """As `report.Metric`."""

    name: str
    samples: Annotated[tuple[NonNegative, ...], Field(min_length=1)]
    processes: tuple[Annotated[int, Field(ge=1)], ...] = ()

    @model_validator(mode="after")
    def _aligned(self) -> RawMetric:
        if self.processes and sum(self.processes) != len(self.samples):
            raise ValueError("processes add up to the number of samples")
        return self


class RawSampling(_Part):
    """As `report.Sampling`."""

    isolation: Literal["process", "shared", "imported", "functional"]


class RawRun(_Part):
    """As `report.Run`."""

    benchmark: str
    scale: float | None = None
    variant: str
    sampling: RawSampling
    metrics: tuple[RawMetric, ...] = ()

    @property
    def key(self) -> str:
        """As `report.Run.key`."""
        return run_key(self.benchmark, self.scale, self.variant)


class RawReport(_Part):
    """As `report.Report`."""

    schema_version: Literal[1]
    runs: tuple[RawRun, ...]
