"""Calibrate and take samples: every sample has the same number of iterations and counts once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchgov.canonical import Json
from benchgov.measure.plan import SamplingPlan
from benchgov.measure.session import SampleError

MAX_ITERATIONS = 10_000_000
_MAX_CALIBRATIONS = 12
_HEADROOM = 1.2


class Sampler(Protocol):
    """What takes one sample (a `Session`)."""

    def sample(self, iterations: int, timeout: float) -> dict[str, Any]:
        """`wall_time`, `cpu_time` (ns, all iterations), `peak_memory` (bytes or None), `overhead` (ns)."""


@dataclass
class Series:
    """The samples of one run while they are taken; times are ns per iteration, memory is bytes."""

    plan: SamplingPlan
    iterations: int = 1
    warmup: int = 0
    values: dict[str, list[float]] = field(default_factory=dict)
    overhead: list[int] = field(default_factory=list)
    processes_left: int = 0

    def warm_up(self, sampler: Sampler) -> None:
        """Take the warm-ups, and on the way find how many iterations make a sample long enough.

        Every warm-up is asked, not only the first that was long enough: something else may have run then.
        """
        calibrating = self.plan.iterations is None
        self.iterations = self.plan.iterations or 1
        enough = not calibrating
        while self.warmup < self.plan.warmup or not enough:
            wall = self._take(sampler)["wall_time"]
            self.warmup += 1
            if calibrating:
                wanted = iterations_for(self.iterations, wall, self.plan.min_sample_ms)
                enough = wanted == self.iterations or self.warmup >= _MAX_CALIBRATIONS
                self.iterations = wanted

    def add(self, sampler: Sampler) -> None:
        """Take one sample that counts."""
        reply = self._take(sampler)
        self.overhead.append(int(reply["overhead"]))
        self.processes_left += int(reply.get("left", 0))
        for name, per in (("wall_time", self.iterations), ("cpu_time", self.iterations), ("peak_memory", 1)):
            if reply[name] is not None:
                self.values.setdefault(name, []).append(reply[name] / per)

    def _take(self, sampler: Sampler) -> dict[str, Any]:
        reply = sampler.sample(self.iterations, self.plan.timeout_seconds)
        for name in ("wall_time", "cpu_time", "peak_memory"):
            if reply[name] is not None and not (math.isfinite(reply[name]) and reply[name] >= 0):
                raise SampleError(f"bad clock: {name} came out as {reply[name]}")
        return reply

    def to_json(self) -> Json:
        """The raw samples, as a file of their own."""
        return {
            "isolation": self.plan.isolation,
            "warmup": self.warmup,
            "iterations": self.iterations,
            "samples": self.values,
            "overhead_ns": self.overhead,
            "processes_left": self.processes_left,
        }


def iterations_for(iterations: int, wall_ns: float, min_sample_ms: float) -> int:
    """How many iterations a sample needs to last `min_sample_ms`, after one with `iterations` took `wall_ns`.

    The same number when it is enough; at most a hundredfold at once, because a first sample that
    is short says little.
    """
    wanted_ns = min_sample_ms * 1e6
    if wall_ns >= wanted_ns:
        return iterations
    factor = min(100.0, _HEADROOM * wanted_ns / max(wall_ns, 1.0))
    return min(MAX_ITERATIONS, math.ceil(iterations * factor))


def rounds(count: int, runs: Sequence[int]) -> list[list[int]]:
    """Which of `count` series take a sample in each round: all that still need one, back and forth.

    Interleaving spreads a slow phase of the machine over all variants; the alternating direction
    keeps one from always coming first.
    """
    order = []
    for number in range(max(runs, default=0)):
        due = [index for index in range(count) if runs[index] > number]
        order.append(due if number % 2 == 0 else due[::-1])
    return order
