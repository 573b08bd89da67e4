"""The metrics that k6, vegeta and hey have in common: latencies, rates, bytes a second, errors."""

from __future__ import annotations

from collections.abc import Iterable

from benchgov.report import Metric


def latencies(values: Iterable[float]) -> Metric:
    """The time of every single request, in nanoseconds."""
    return Metric(name="wall_time", unit="ns", direction="lower", samples=tuple(values))


def latency(statistic: str, nanoseconds: float) -> Metric:
    """One statistic of all latencies: `mean`, `min`, `max`, or a percentile such as `p99.9`."""
    return Metric(name=f"latency_{statistic}", unit="ns", direction="lower", samples=(nanoseconds,))


def rate(per_second: float) -> Metric:
    """Operations a second."""
    return Metric(name="rate", unit="1/s", direction="higher", samples=(per_second,))


def throughput(bytes_per_second: float) -> Metric:
    """Bytes a second."""
    return Metric(name="throughput", unit="bytes/s", direction="higher", samples=(bytes_per_second,))


def errors(count: float) -> Metric:
    """How many operations failed."""
    return Metric(name="errors", unit="count", direction="lower", samples=(count,))
