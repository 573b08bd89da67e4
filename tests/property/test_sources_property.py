"""Sources for any input: files stay in their folder, and samples are what executions gave, or nothing."""

from __future__ import annotations

import glob
import posixpath
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.builders import examples

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.results import Result, shape_of
from benchgov.measure.plan import PlannedSource
from benchgov.measure.source import Execution
from benchgov.measure.source_runs import Context, runs_of
from benchgov.report import Metric
from benchgov.suites.source import SourceEntry, SourceSpec

PIECES = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "//",
        "a",
        "b.json",
        "*",
        "**",
        "{output}",
        "{output}/",
        "\\",
        "\0",
        "~",
        "[",
        "{x}",
        " ",
    ]
)


@given(st.lists(PIECES, max_size=7).map("".join))
def test_no_name_of_a_file_can_leave_its_folder(name: str) -> None:
    """It is refused, or lies below its folder however it is joined; only `{output}` is a folder itself."""
    try:
        spec = SourceSpec(command=("x",), files=(name,))
    except ValidationError:
        return
    (pattern,) = spec.patterns
    joined = posixpath.normpath(posixpath.join("/base", pattern.relative))
    assert joined.startswith("/base/") or (name, joined) == ("{output}", "/base")
    if glob.has_magic(pattern.relative):
        list(Path(__file__).parent.glob(pattern.relative))


METRICS = st.builds(
    lambda name, unit, samples: Metric(name=name, unit=unit, direction="lower", samples=samples),
    st.sampled_from(["wall_time", "cpu_time"]),
    st.sampled_from(["ns", "s"]),
    st.lists(st.floats(0, 1e12), min_size=1, max_size=4),
)
MEASURED = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(METRICS, max_size=2, unique_by=lambda metric: metric.name).map(tuple),
    max_size=3,
)
EXECUTIONS = st.lists(MEASURED, min_size=3, max_size=3)
PLANNED = PlannedSource(
    SourceEntry(id="x", family="f", source=SourceSpec(command=("x",))),
    warmup=1,
    runs=2,
    timeout_seconds=1,
    protocol="p",
    protocol_sha256="0" * 64,
    line=1,
)


def execution(given: dict[str, tuple[Metric, ...]]) -> Execution:
    """What an execution of these benchmarks gave."""
    reading = Reading(Log("log", ""), "t", "", ())
    return Execution(
        results=tuple(
            Result(f"x/{name}", ((reading, Measured(name, metrics, "1")),)) for name, metrics in given.items()
        )
    )


@given(EXECUTIONS)
@settings(max_examples=examples(200))
def test_a_run_has_the_medians_of_all_measured_executions_or_nothing(
    given: list[dict[str, tuple[Metric, ...]]],
) -> None:
    """A benchmark counts when every execution has it with the same metrics in the same units."""
    runs = runs_of([execution(one) for one in given], Context(PLANNED, "m", (), ()))
    names = sorted({name for one in given for name in one})
    assert sorted(run.benchmark for run in runs) == ([f"x/{name}" for name in names] or ["x"])
    for run in runs:
        seen = [one.get(run.benchmark.removeprefix("x/")) for one in given]
        whole = [metrics for metrics in seen if metrics]
        alike = len(whole) == 3 and all(shape_of(one) == shape_of(whole[0]) for one in whole)
        assert run.run_is_valid == alike
        assert bool(run.reason) != alike
        for metric in run.metrics:
            found = [next(one for one in metrics if one.name == metric.name) for metrics in whole[1:]]
            assert list(metric.samples) == pytest.approx([median(one.samples) for one in found])
