"""Proposals for the thresholds of a task class, from the lower bounds of its recorded runs.

A proposal is a document for people. Nothing changes docs/trust-tiers.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.audit.chain import Appended
from benchgov.audit.draft_evals import from_calibration
from benchgov.audit.files import LogFiles
from benchgov.audit.folder import as_files
from benchgov.audit.record import Record
from benchgov.errors import EvalError
from benchgov.files import put_back, read_bytes, write_atomic
from benchgov.promotion.recorded import Recorder, history
from benchgov.promotion.tiers import TierConfig

MIN_RUNS = 50
FOLDER = Path("docs/benchmarks")
_STEP = 0.01
_CONFIDENCE = 0.90


@dataclass(frozen=True)
class Proposal:
    """A threshold for one tier: the share of runs that reached it, and a 90 % interval of that quantile."""

    tier: str
    current: float
    reached_current: float
    reached: float
    proposed: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """The proposals, and the recorded runs that they are made from."""

    task_class: str
    records: tuple[Record, ...]
    left_out: tuple[tuple[str, int], ...]
    proposals: tuple[Proposal, ...]

    @property
    def bounds(self) -> tuple[float, ...]:
        """The lower bounds, rising."""
        return tuple(sorted(float(one.subject["lower_bound_95"]) for one in self.records))


def calibrate(store: LogFiles | Path, task_class: str, tiers: TierConfig) -> Calibration:
    """Propose thresholds from the complete runs that can be pooled: of one rubric, isolation and source.

    Raises:
        EvalError: there are fewer than 50.
        TamperError: the log does not verify.
        InputError: there is no log.
    """
    source = tiers.demands(task_class, tiers.tiers[0]).promotion_source
    everything = history(store, task_class).records
    records, left_out = _pooled(everything, source)
    if len(records) < MIN_RUNS:
        raise EvalError(
            f"{len(records)} recorded runs of {task_class!r} can be pooled; a calibration takes {MIN_RUNS}",
            where=as_files(store).where(),
            details=[f"{count} left out: {why}" for why, count in left_out],
            remedy="Record more runs; a threshold from fewer would be a guess.",
        )
    bounds = sorted(float(one.subject["lower_bound_95"]) for one in records)
    current = {tier: tiers.demands(task_class, tier).threshold for tier in tiers.tiers}
    return Calibration(task_class, records, left_out, _proposals(bounds, current))


def write(
    root: Path, store: LogFiles | Path, calibration: Calibration, *, recorder: Recorder
) -> tuple[Path, Appended]:
    """Write docs/benchmarks/tier_calibration_<class>.md and record it: both or none; the file and the record.

    Raises:
        OutputError: it cannot be written.
        RefusedError: the record would hold what no log should.
    """
    path = root / FOLDER / f"tier_calibration_{calibration.task_class}.md"
    before = read_bytes(path) if path.exists() else None
    data = page(calibration).encode()
    write_atomic(path, data)
    name, count = calibration.task_class, len(calibration.records)
    try:
        draft = from_calibration(data, recorder.environ, name=path.name, task_class=name, runs=count)
        return path, recorder.append(store, draft)
    except BaseException:
        put_back(path, before)
        raise


def page(calibration: Calibration) -> str:
    """The document: proposals, data, and how one came from the other."""
    records, bounds = calibration.records, calibration.bounds
    first, last = records[0], records[-1]
    rows = [_row(one) for one in calibration.proposals]
    quantiles = " | ".join(f"{_quantile(bounds, share):.3f}" for share in (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1))
    left_out = "".join(f"\n- {count} left out: {why}" for why, count in calibration.left_out)
    return f"""# Tier calibration of {calibration.task_class}

A proposal from recorded runs. It changes nothing: thresholds are those of `docs/trust-tiers.yaml`, which
people edit in a reviewed pull request.

| tier | now | runs that reach it | proposed | runs that reach that | 90 % interval |
|---|---|---|---|---|---|
{chr(10).join(rows)}

The proposed thresholds are quantiles of `lower_bound_95` over the runs: the lowest tier is one that 95 of 100
runs reach, the highest one that 5 of 100 reach, those between at equal steps; rounded down to {_STEP:g}, and
rising. The interval is that of the quantile, by order statistics: no distribution is assumed.

## Data

- {len(records)} complete recorded runs, {first.recorded_at_utc:%Y-%m-%d} to {last.recorded_at_utc:%Y-%m-%d}
- rubric `{last.subject["rubric_digest"]}`, isolation `{last.isolation_class}`
- first and last record: `{first.chain_head}`, `{last.chain_head}`{left_out}

| lowest | 5 % | 25 % | median | 75 % | 95 % | highest |
|---|---|---|---|---|---|---|
| {quantiles} |
"""


def _row(one: Proposal) -> str:
    now = f"| {one.tier} | {one.current:.2f} | {one.reached_current:.0%} "
    return f"{now}| **{one.proposed:.2f}** | {one.reached:.0%} | {one.low:.2f} to {one.high:.2f} |"


def _pooled(
    everything: Sequence[Record], source: str | None
) -> tuple[tuple[Record, ...], tuple[tuple[str, int], ...]]:
    """The runs that may be pooled with the newest one, by time; and how many were left out, and why."""
    records = sorted(everything, key=lambda one: one.recorded_at_utc)
    left_out: list[tuple[str, int]] = []

    def keep(why: str, kept: list[Record]) -> list[Record]:
        if len(kept) < len(records):
            left_out.append((why, len(records) - len(kept)))
        return kept

    records = keep("not complete", [one for one in records if one.complete])
    if source:
        records = keep("of another host", [one for one in records if one.host == source])
    rubrics = {one.subject.get("rubric_digest") for one in records[-1:]}
    kept = [one for one in records if one.subject.get("rubric_digest") in rubrics]
    records = keep("scored by another rubric", kept)
    isolations = {one.isolation_class for one in records[-1:]}
    records = keep("isolated otherwise", [one for one in records if one.isolation_class in isolations])
    return tuple(records), tuple(left_out)


def _proposals(bounds: Sequence[float], current: dict[str, float]) -> tuple[Proposal, ...]:
    proposals: list[Proposal] = []
    lowest = 0.0
    for number, (tier, threshold) in enumerate(current.items()):
        share = 0.5 if len(current) == 1 else 0.05 + 0.9 * number / (len(current) - 1)
        floored = math.floor(_quantile(bounds, share) / _STEP + 1e-9) * _STEP
        proposed = round(min(1.0, max(lowest, floored)), 2)
        lowest = proposed + _STEP
        low, high = _interval(bounds, share)
        reached_now, reached = _reached(bounds, threshold), _reached(bounds, proposed)
        proposals.append(Proposal(tier, threshold, reached_now, reached, proposed, low, high))
    return tuple(proposals)


def _reached(bounds: Sequence[float], threshold: float) -> float:
    return sum(bound >= threshold for bound in bounds) / len(bounds)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def _interval(ordered: Sequence[float], share: float) -> tuple[float, float]:
    """Order statistics between which the quantile lies with at least 90 %: the ranks are binomial."""
    from scipy.stats import binom

    count, tail = len(ordered), (1 - _CONFIDENCE) / 2
    low = int(binom.ppf(tail, count, share)) - 1
    high = int(binom.ppf(1 - tail, count, share))
    return ordered[max(0, low)], ordered[min(count - 1, high)]
