"""How long a benchmark takes in a job, from reports: what a plan balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, median

from benchgov.report import Metric, Report, Run
from benchgov.sharding.shard import benchmark_of

_TIMES = ("wall_time", "cpu_time")


def durations(reports: Iterable[Report]) -> dict[str, float]:
    """Benchmark id → seconds that all of its variants and scales took together; the mean over `reports`.

    A run's samples took wall time × iterations × (warm-ups + runs). What a report took beyond its samples
    (starting processes, making inputs) is spread evenly over its runs. A benchmark without a time is left
    out.
    """
    found: dict[str, list[float]] = {}
    for report in reports:
        for name, seconds in _of_report(report).items():
            found.setdefault(name, []).append(seconds)
    return {name: mean(seconds) for name, seconds in found.items()}


def _of_report(report: Report) -> dict[str, float]:
    sampled = [(run, seconds) for run in report.runs if (seconds := _sampled_seconds(run)) is not None]
    overhead = _overhead(report, sum(seconds for _, seconds in sampled))
    found: dict[str, float] = {}
    for run, seconds in sampled:
        name = benchmark_of(run.benchmark)
        found[name] = found.get(name, 0.0) + seconds + overhead
    return found


def _sampled_seconds(run: Run) -> float | None:
    by_name = {metric.name: metric for metric in run.metrics if metric.unit == "ns"}
    timed = next((by_name[name] for name in _TIMES if name in by_name), None)
    return None if timed is None else _seconds(run, timed)


def _seconds(run: Run, timed: Metric) -> float:
    sampling = run.sampling
    return median(timed.samples) / 1e9 * sampling.iterations * (sampling.warmup + sampling.runs)


def _overhead(report: Report, sampled: float) -> float:
    """Seconds a run beside its samples. Shards that were merged ran side by side: their span says nothing."""
    if "shards" in report.config.options:
        return 0.0
    elapsed = (report.finished_at_utc - report.started_at_utc).total_seconds()
    return max(0.0, elapsed - sampled) / len(report.runs)


def fill_in(known: Mapping[str, float], names: Sequence[str]) -> tuple[dict[str, float], tuple[str, ...]]:
    """(a duration for each of `names`, those that were not known): the unknown ones get the median.

    Where nothing is known, every benchmark counts one second.
    """
    unknown = tuple(name for name in names if name not in known)
    have = [known[name] for name in names if name in known]
    usual = median(have) if have else 1.0
    return {name: known.get(name, usual) for name in names}, unknown
