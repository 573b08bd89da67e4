"""Functional results, configs and builds where measurements are joined: baselines, histories."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import ZEROS, report_of, run_of

from benchgov.baselines.active import ActiveBaselines
from benchgov.baselines.generate import one_plan
from benchgov.gate.compare import compare
from benchgov.gate.policy import GatePolicy
from benchgov.history.series import SeriesBuilder
from benchgov.report import Build, Metric, Report, Sampling

TIME = Metric(name="wall_time", unit="ns", direction="lower", samples=(5.0, 6.0, 5.0, 6.0, 5.0))


def report(**config: Any) -> Report:
    return report_of([run_of(metrics=(TIME,))], config=config)


def functional() -> Report:
    sampling = Sampling(isolation="functional", warmup=0, runs=1, iterations=1)
    return report_of([run_of(metrics=(TIME,), sampling=sampling)])


def faults(*reports: Report) -> str:
    return "\n".join(one_plan(reports))


def test_what_a_build_prints_does_not_keep_reports_apart() -> None:
    """`make` prints something else the second time."""
    one, two = (Build(command=("make",), printed_digest=f"blake3:{digit * 64}") for digit in "01")
    assert "configuration" not in faults(report(build=one), report(build=two))


@pytest.mark.parametrize(
    "other",
    [
        {"build": Build(command=("make",), output_digest=f"blake3:{ZEROS}")},
        {"build": Build(command=("ninja",))},
        {"build": Build(command=("make",)), "values": {"depth": 4}},
    ],
)
def test_another_build_or_config_keeps_reports_apart(other: dict[str, Any]) -> None:
    """They were measured with something else."""
    first = report(build=Build(command=("make",)))
    assert "another configuration" in faults(first, report(**other))


def test_the_time_of_a_functional_result_has_no_history() -> None:
    """It is no measurement."""
    builder = SeriesBuilder()
    builder.add(functional(), "a")
    assert builder.series() == []
    builder.add(report(), "b")
    assert len(builder.series()) == 1


def test_another_config_is_another_series() -> None:
    """A step from one depth to another is no change of the code."""
    builder = SeriesBuilder()
    for number, depth in enumerate((3, 3, 4)):
        builder.add(report(values={"depth": depth}), str(number))
    assert [(one.key.config, len(one.points)) for one in builder.series()] == [
        ('{"depth":3}', 2),
        ('{"depth":4}', 1),
    ]


def test_functional_results_are_not_comparable() -> None:
    """Whatever baselines there are."""
    found = compare(functional(), ActiveBaselines({}), GatePolicy("threshold"))
    assert (found.verdict, found.findings) == ("not-comparable", ())
    assert "benchgov replay" in found.reason
