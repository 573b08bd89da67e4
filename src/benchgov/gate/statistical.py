"""The rule `statistical`: exact rank tests, an effect floor from the noise, and control over all tests.

docs/decision.md says how good it is, and docs/adr/0015-the-statistical-rule.md why it is as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from benchgov.gate import noise
from benchgov.gate.decide import Decision, DecisionVerdict, Pair, Sessions, Terms
from benchgov.gate.evidence import Evidence, Sides, gather
from benchgov.gate.threshold import by_limit
from benchgov.statistics.looks import least_p_of, look_of, screen, share
from benchgov.statistics.multiplicity import benjamini_hochberg, holm
from benchgov.statistics.ranks import least_p
from benchgov.units import plain_percent

_DECIMALS = 6  # exp and log differ in the last bit between C libraries; the bytes must not
_MOST_SAMPLES = 100


def decide(pairs: Sequence[Pair], terms: Terms) -> list[Decision]:
    """Judge all pairs together.

    Worst-case metrics (p95) are judged by their limit: no exact test of a tail has any power with tens of
    samples. Counts that repeat exactly on both sides need no test. All others are tested at once.
    """
    decisions: dict[int, Decision] = {}
    tested: dict[int, Sides] = {}
    for at, pair in enumerate(pairs):
        if pair.aggregate != "median" or pair.baseline.value == 0.0:
            decisions[at] = by_limit(pair)
            continue
        samples = (_joined(pair.baseline.sessions()), _joined(pair.current.sessions()))
        if pair.exact and all(min(side) == max(side) > 0 for side in samples):
            decisions[at] = _exactly(pair, samples)
        else:
            tested[at] = samples
    evidence = gather({at: pairs[at] for at in tested}, tested, terms.looks)
    decisions.update(zip(tested, _judge(evidence, terms), strict=True))
    return [decisions[at] for at in range(len(pairs))]


def _joined(sessions: Sessions) -> tuple[float, ...]:
    if len(sessions) == 1:
        return sessions[0]
    return tuple(value for session in sessions for value in session)


def _exactly(pair: Pair, samples: Sides) -> Decision:
    """A count that never varies: any change is certain, and only its size matters."""
    before, after = samples[0][0], samples[1][0]
    change = (after - before) / before * 100.0
    worsening = change if pair.limit.direction == "lower" else -change
    floor = pair.limit.floor_percent
    return Decision(
        "regression" if worsening > floor else "improvement" if worsening < -floor else "unchanged",
        round(change, _DECIMALS),
        minimum_detectable_percent=floor,
        floor_percent=floor,
        samples=(len(samples[0]), len(samples[1])),
    )


def _judge(evidence: Sequence[Evidence], terms: Terms) -> list[Decision]:
    worse = np.array([one.worse_p for one in evidence], dtype=np.float64)
    better = np.array([one.better_p for one in evidence], dtype=np.float64)
    statistics = terms.statistics
    flags = zip(
        holm(worse, statistics.alpha).tolist(),
        benjamini_hochberg(worse, statistics.false_discoveries).tolist(),
        benjamini_hochberg(better, statistics.false_discoveries).tolist(),
        strict=True,
    )
    level = statistics.alpha / max(len(evidence), 1)
    return [
        _Case(one, *given, level, len(evidence)).decision()
        for one, given in zip(evidence, flags, strict=True)
    ]


class _Case(NamedTuple):
    """One pair's evidence, and what the procedures over all `tests` say of it.

    `certain` is Holm's answer, `slower` and `faster` are Benjamini and Hochberg's; at a p-value of `level`
    Holm's is yes, whatever the other tests say.
    """

    evidence: Evidence
    certain: bool
    slower: bool
    faster: bool
    level: float
    tests: int

    def decision(self) -> Decision:
        """Verdict, estimate and what could have been seen."""
        one = self.evidence
        direction = one.pair.limit.direction
        least, floor = self._floors()
        seen = self._detectable(floor)
        verdict, remark = self._verdict(least, floor, seen)
        return Decision(
            verdict,
            _percent(one.change),
            minimum_detectable_percent=None if seen is None else _rounded(noise.as_percent(seen, direction)),
            interval_percent=_interval(one.low, one.high),
            p_value=float(f"{(one.better_p if verdict == 'improvement' else one.worse_p):.9g}"),
            floor_percent=_rounded(noise.as_percent(floor, direction)) if math.isfinite(floor) else None,
            samples=one.counts,
            remark=remark,
        )

    def _floors(self) -> tuple[float, float]:
        """(the policy's floor, the floor with the noise of samples and sessions)."""
        one = self.evidence
        limit = one.pair.limit
        least = noise.as_log(limit.floor_percent, limit.direction)
        session = 0.0
        if not one.pair.paired:
            most = noise.as_log(limit.percent, limit.direction)
            session = noise.session_floor(one.pair.baseline.sessions(), most)
        return least, max(least, noise.FLOOR_ERRORS * one.error, session)

    def _detectable(self, floor: float) -> float | None:
        one = self.evidence
        if one.least_p > self.level:
            return None
        last = share(len(one.looks) - 1, len(one.looks))
        return noise.detectable(one.error, min(one.counts), one.looks, self.level * last, floor)

    def _verdict(self, least: float, floor: float, seen: float | None) -> tuple[DecisionVerdict, str]:
        one = self.evidence
        if self.certain and one.worsening >= floor:
            return "regression", ""
        if self.faster and one.worsening <= -floor:
            return "improvement", ""
        if self.certain and one.worsening >= least:
            return "inconclusive", self._only_session_noise()
        if self._stopped_early():
            pairs, planned = one.counts[0], one.looks[-1]
            return "inconclusive", f"stopped after {pairs} of up to {planned} pairs, before it was decided"
        if self._suspicious(least):
            return "inconclusive", f"it may be worse, but that is not certain among {self.tests:,} tests"
        if seen is None:
            return "inconclusive", self._too_few()
        if seen > noise.as_log(one.pair.limit.percent, one.pair.limit.direction):
            return "inconclusive", f"too noisy for its limit of {plain_percent(one.pair.limit.percent)}"
        return "unchanged", ""

    def _suspicious(self, least: float) -> bool:
        one = self.evidence
        if one.worsening < least:
            return False
        return self.slower or (one.at_the_end and one.worse_p <= screen(len(one.looks) - 1))

    def _stopped_early(self) -> bool:
        """Whether it looked worse at a look that was not the last, and yet was not measured further."""
        one = self.evidence
        if not one.looks or one.counts[0] >= one.looks[-1]:
            return False
        look = look_of(one.counts[0], one.looks)
        return one.worse_p * share(look, len(one.looks)) <= screen(look)

    def _only_session_noise(self) -> str:
        if self.evidence.pair.paired:
            return "the change is not larger than the noise of its own samples"
        return (
            "sessions of the same code may differ that much; measure both revisions in turn (run --against)"
        )

    def _too_few(self) -> str:
        counts, paired = self.evidence.counts, self.evidence.pair.paired
        enough = _enough(paired, self.level)
        what = f"{counts[0]} pairs" if paired else f"{counts[0]} against {counts[1]} independent samples"
        return f"{what} cannot prove any change among {self.tests:,} tests; {enough} would"


@lru_cache(maxsize=16)
def _enough(paired: bool, level: float) -> int:
    """The fewest samples of either side whose p-value can be `level` or less."""

    def least(n: int) -> float:
        return least_p_of((), n) if paired else least_p(((n, n),))

    return next((n for n in range(2, _MOST_SAMPLES) if least(n) <= level), _MOST_SAMPLES)


def _percent(change: float) -> float:
    return _rounded(noise.as_percent(change, "lower"))


def _interval(low: float, high: float) -> tuple[float, float] | None:
    """In percent; None where it has no end, as with too few samples."""
    return (_percent(low), _percent(high)) if math.isfinite(high - low) else None


def _rounded(number: float) -> float:
    return round(number, _DECIMALS) + 0.0  # no negative zero
