"""Samples that no honest benchmark gives: the statistical rule answers, in words, and never crashes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.gate_builders import active, metric, report, run

from benchgov.errors import InputError
from benchgov.gate.compare import compare
from benchgov.gate.comparison import Comparison, Finding
from benchgov.gate.policy import GatePolicy
from benchgov.gate.question import load_report
from benchgov.report import Against, Reference


def stored(before: Sequence[float], after: Sequence[float], **changes: str) -> Finding:
    """Against a baseline, by the statistical rule."""
    old = active(report(run("a", metric(before, **changes))))
    [found] = compare(report(run("a", metric(after, **changes))), old, GatePolicy("statistical")).findings
    return found


def paired(before: Sequence[float], after: Sequence[float]) -> Comparison:
    """Both sides measured in turn."""
    one = run("a", metric(after, reference=tuple(before)))
    one = one.model_copy(update={"reference": Reference(overall="pass", family=one.family)})
    against = Against(ref="main", revision="0" * 40, looks=(10, 20, 40), runs=(one.key,))
    return compare(report(one, against=against), active(report()), GatePolicy())


def test_constant_samples_are_a_coarse_clock() -> None:
    """No noise at all: equal is unchanged, different is certain, and percents are exact."""
    same, worse = stored([100.0] * 10, [100.0] * 10), stored([100.0] * 10, [150.0] * 10)
    assert (same.verdict, same.change_percent) == ("unchanged", 0.0)
    assert (worse.verdict, worse.change_percent) == ("regression", 50.0)


def test_one_sample_proves_nothing() -> None:
    """Ten times as slow, once: inconclusive, and it says how many samples it takes."""
    found = stored([100.0] * 10, [1000.0])
    assert found.verdict == "inconclusive"
    assert "cannot prove" in found.sentence or "may be worse" in found.sentence
    assert found.interval_percent is None


def test_ten_thousand_ties_are_no_change() -> None:
    """Nor do they take long: groups of that size are estimated from their order statistics."""
    found = stored([7.0] * 10_000, [7.0] * 10_000)
    assert (found.verdict, found.change_percent) == ("unchanged", 0.0)
    assert paired([7.0] * 10_000, [7.0] * 10_000).verdict == "pass"


@pytest.mark.parametrize("before", [[0.0] * 10, [0.0] * 9 + [1.0], [0.0] * 5 + [1.0] * 5])
def test_zeros_have_an_answer(before: list[float]) -> None:
    """All of them zero on both sides is unchanged; a baseline of 0 and something now has no percentage."""
    assert stored(before, before).verdict in {"unchanged", "inconclusive"}
    more = stored(before, [value + 1 for value in before])
    assert more.verdict in {"not-comparable", "inconclusive", "regression"}
    assert paired(before, before).verdict in {"pass", "inconclusive"}


def test_two_groups_that_are_worlds_apart_give_finite_numbers() -> None:
    """From the smallest double to nearly the largest: a regression or no ratio, and JSON that can be read."""
    for small, large in ((5e-324, 1e300), (1e-300, 1e300), (1.0, 1e300)):
        comparison = paired([small] * 20, [large] * 20)
        [found] = comparison.findings
        assert found.verdict in {"regression", "not-comparable"}
        assert json.loads(comparison.to_bytes())["findings"]


@pytest.mark.parametrize("bad", ["-1.0", "NaN", "Infinity", "1e999", '"slow"', "null"])
def test_samples_that_are_no_measurement_are_refused(tmp_path: Path, bad: str) -> None:
    """Negative, not a number, infinite, text: the report is refused with the place of the fault."""
    text = report(run("a", metric([123.5] * 5))).to_bytes().decode()
    path = tmp_path / "report.json"
    path.write_text(text.replace("123.5", bad, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_report(path)
    assert str(path) in str(caught.value)
