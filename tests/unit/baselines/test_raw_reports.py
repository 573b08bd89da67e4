"""What a comparison reads of raw reports is held to what a report is held to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from tests.gate_builders import metric, report, run

from benchgov.baselines.raw import RawReport
from benchgov.report import Report


def value() -> Any:
    """A report of one benchmark, as JSON."""
    return report(run("parse", metric([1.0, 2.0, 3.0], processes=(1, 2)))).to_json()


def test_the_samples_are_those_of_the_report() -> None:
    """With run and metric to find them by."""
    raw, whole = RawReport.model_validate(value()), Report.model_validate(value())

    assert [one.key for one in raw.runs] == [one.key for one in whole.runs]
    assert raw.runs[0].metrics[0].samples == whole.runs[0].metrics[0].samples
    assert raw.runs[0].metrics[0].processes == (1, 2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found["runs"][0]["metrics"][0].update(samples=[]),
        lambda found: found["runs"][0]["metrics"][0].update(samples=[1.0, -1.0, 2.0]),
        lambda found: found["runs"][0]["metrics"][0].update(samples=[1.0, float("nan"), 2.0]),
        lambda found: found["runs"][0]["metrics"][0].update(samples=[1.0, "x", 2.0]),
        lambda found: found["runs"][0]["metrics"][0].update(processes=[1, 1]),
        lambda found: found["runs"][0]["metrics"][0].update(processes=[0, 3]),
        lambda found: found["runs"][0]["sampling"].update(isolation="none"),
        lambda found: found["runs"][0].pop("benchmark"),
        lambda found: found.update(schema_version=2),
    ],
)
def test_samples_that_are_none_are_refused_by_both(spoil: Callable[[Any], Any]) -> None:
    """Empty, negative, NaN, text, processes that do not add up, another version."""
    bad = value()
    spoil(bad)

    for model in (RawReport, Report):
        with pytest.raises(ValidationError):
            model.model_validate(bad)
