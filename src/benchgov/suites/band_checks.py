"""Cross checks of scale bands and growth limits: sizes in no band, limits that nothing could be held to."""

from __future__ import annotations

from collections.abc import Iterator

from benchgov.documents import Location
from benchgov.report import scale_text
from benchgov.suggest import did_you_mean
from benchgov.suites.bands import MIN_SCALES, Bands
from benchgov.suites.checks import Fault
from benchgov.suites.manifest import Benchmark


def band_faults(index: int, benchmark: Benchmark, suite_bands: Bands) -> Iterator[Fault]:
    """Every fault of one benchmark's bands and growth limits; `suite_bands` are those it inherits."""
    at: Location = ("benchmarks", index)
    if benchmark.bands and not benchmark.scale:
        yield (*at, "bands"), "the benchmark has no scale"
    bands = benchmark.bands or suite_bands
    if bands:
        for scale in benchmark.scale:
            if not any(band.bottom <= scale < band.top for band in bands.values()):
                yield (*at, "scale"), f"size {scale_text(scale)} is in none of the bands {', '.join(bands)}"
    yield from _growth_faults(at, benchmark)


def _growth_faults(at: Location, benchmark: Benchmark) -> Iterator[Fault]:
    if benchmark.growth and len(benchmark.scale) < MIN_SCALES:
        yield (*at, "growth"), f"a limit of growth needs at least {MIN_SCALES} sizes in `scale`"
    metrics = [metric.name for metric in benchmark.metrics]
    for name, limit in benchmark.growth.items():
        where = (*at, "growth", name)
        if name not in metrics:
            yield where, f"metric {name!r} is not among `metrics`{did_you_mean(name, metrics)}"
        for variant in limit.variants:
            if variant not in benchmark.variants:
                hint = did_you_mean(variant, benchmark.variants)
                yield (*where, "variants"), f"no variant {variant!r}{hint}"
