"""The control, schema v1: how often this machine raises a false alarm, and what it can see."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchgov.report import Environment
from benchgov.wire import BenchmarkId, Name, Sha256, Utc, Wire

Count = Annotated[int, Field(ge=0)]


class Rate(Wire):
    """`events` of `trials`, and the exact 95 % interval (Clopper–Pearson) of the rate, 0 to 1."""

    events: Count
    trials: Count
    rate: Annotated[float, Field(ge=0, le=1)]
    interval: tuple[float, float]


class Noise(Wire):
    """How one metric of one run behaved while nothing changed.

    `cv_percent` is the standard deviation in percent of the mean; `minimum_detectable_percent` is the
    smallest worsening that would have been called a regression, if any; both are medians over the rounds.
    `false_alarms` are the rounds that called it a regression. `slowdown_found` says whether the injected
    slowdown was; None where none was injected.
    """

    benchmark: BenchmarkId
    scale: Annotated[float, Field(gt=0)] | None
    variant: Name
    metric: Name
    cv_percent: float
    minimum_detectable_percent: float | None
    false_alarms: Count
    slowdown_found: bool | None = None


class Control(Wire):
    """What the same revision against itself gave; a pure function of the samples and the policy.

    `alarms`: rounds of paired measurement in which anything was called a regression. `resplits`: the same
    samples with sides drawn anew within each block. `baseline_resplits`: the raw samples of the active
    baselines, each session split in two halves. `power`: wall times that were called a regression after
    `slowdown_percent` was really added to one side; `power_scaled`: all metrics of all rounds with one side
    multiplied instead. `reports` are the digests of the rounds' reports, that with the slowdown last.
    """

    schema_version: Literal[1]
    suite: Name
    regime: Name
    revision: str | None
    dirty: bool | None
    environment: Environment
    authoritative: bool
    started_at_utc: Utc
    finished_at_utc: Utc
    looks: tuple[int, ...]
    alpha: float
    verdict: Literal["inside", "outside"]
    reason: str
    alarms: Rate
    resplits: Rate
    baseline_resplits: Rate | None = None
    slowdown_percent: float | None = None
    power: Rate | None = None
    power_scaled: Rate | None = None
    noise: tuple[Noise, ...]
    reports: tuple[Sha256, ...]
