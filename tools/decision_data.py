"""Measurements to try decision rules on: simulated families, and recorded samples dealt out anew.

A measurement is (before, after), both (benchmarks, pairs): in every block of five pairs the ten runs were
made in random order, so sample i of both sides belongs to block i // 5.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchgov.statistics.looks import PAIRS_PER_BLOCK
from benchgov.statistics.ranks import Array

RECORDED = Path(__file__).resolve().parents[1] / "tests" / "data" / "aa" / "samples.json"
BLOCK = 2 * PAIRS_PER_BLOCK


@dataclass(frozen=True)
class Noise:
    """What a machine does to times.

    Every run varies by `cv`; the share `outliers` takes `heavy` times as long, or without it 30 % longer on
    average; from run to run the machine changes by about `walk`, up or down, and by `trend`.
    """

    cv: float = 0.02
    outliers: float = 0.05
    heavy: float = 0.0
    walk: float = 0.003
    trend: float = 0.0


def simulated(noise: Noise, benchmarks: int, pairs: int, chance: np.random.Generator) -> tuple[Array, Array]:
    """A measurement without any change."""
    runs = np.exp(chance.normal(0, noise.cv, size=(benchmarks, 2 * pairs)))
    longer = noise.heavy or 1 + chance.exponential(0.3, size=runs.shape)
    runs *= np.where(chance.random(runs.shape) < noise.outliers, longer, 1.0)
    steps = chance.normal(noise.trend, noise.walk, size=runs.shape) if noise.walk or noise.trend else 0.0
    runs *= np.exp(np.cumsum(np.broadcast_to(steps, runs.shape), axis=1))
    return dealt(runs.reshape(benchmarks, -1, BLOCK), chance)


def recorded(path: Path = RECORDED) -> Array:
    """Real samples of unchanged code: (benchmarks, blocks, runs of a block)."""
    samples: Array = np.array(list(json.loads(path.read_text(encoding="utf-8")).values()), dtype=np.float64)
    return samples


def resplit(blocks: Array, pairs: int, chance: np.random.Generator) -> tuple[Array, Array]:
    """A measurement without any change from `recorded` blocks: which ones, and whose each run is, by lot."""
    wanted = pairs // PAIRS_PER_BLOCK
    order = chance.random(blocks.shape[:2]).argsort(axis=1)[:, :wanted]
    return dealt(np.take_along_axis(blocks, order[:, :, None], axis=1), chance)


def dealt(blocks: Array, chance: np.random.Generator) -> tuple[Array, Array]:
    """(benchmarks, blocks, ten runs) → both sides, five runs of every block each."""
    order = chance.random(blocks.shape).argsort(axis=2)
    mixed = np.take_along_axis(blocks, order, axis=2)
    before, after = mixed[:, :, :PAIRS_PER_BLOCK], mixed[:, :, PAIRS_PER_BLOCK:]
    return before.reshape(len(blocks), -1), after.reshape(len(blocks), -1)
