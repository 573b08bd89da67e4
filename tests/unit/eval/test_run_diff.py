"""Two eval runs side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.promotion_builders import report, score

from benchgov.errors import InputError
from benchgov.eval.diff import diff, find_report
from benchgov.eval.models import FailureMode

LOST = FailureMode(code="lost", severity="warn")
BEFORE = (
    ("a", score(1.0)),
    ("b", score(0.2)),
    ("c", score(0.5)),
    ("d", score(0.5)),
    ("e", score(0.5)),
    ("f", score(0.5)),
    ("g", score(0.5)),
)
AFTER = (
    ("a", score(0.4, failure_modes=(LOST,))),
    ("b", score(1.0)),
    ("c", score(0.6)),
    ("d", score(0.1)),
    ("e", score(0.5, failure_modes=(LOST,))),
    ("f", score(0.5)),
    ("h", score(1.0)),
)


def test_what_flipped_comes_first() -> None:
    """Broken, fixed, worse, better, other modes, gone, new; a case that is the same is left out."""
    found = diff(report(per_case=BEFORE), report(per_case=AFTER))
    assert [(one.case_id, one.change) for one in found.changes] == [
        ("a", "broken"),
        ("b", "fixed"),
        ("d", "worse"),
        ("c", "better"),
        ("e", "modes"),
        ("g", "gone"),
        ("h", "new"),
    ]
    assert found.changes[0].modes == ("+lost",)
    assert found.changes[0].delta == pytest.approx(-0.6)
    assert found.changes[-1].delta is None


def test_a_run_does_not_differ_from_itself() -> None:
    """Whenever it ran."""
    found = diff(report(), report(chain_head="2" * 64))
    assert (found.changes, found.inputs) == ((), ())


def test_what_the_scores_depend_on_is_named() -> None:
    """Digests, isolation, host."""
    other = report(rubric_digest="blake3:" + "b" * 64, isolation_class="subprocess")
    assert [name for name, _, _ in diff(report(), other).inputs] == ["rubric_digest", "isolation_class"]


def test_runs_of_two_classes_are_not_compared() -> None:
    """There is nothing to compare."""
    with pytest.raises(InputError, match="different task classes"):
        diff(report(), report(task_class="other"))


def test_a_run_is_found_by_file_name_or_id(tmp_path: Path) -> None:
    """A path, a part of a run file's name, the beginning of an id; never one of several."""
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "20260101T000000Z-0123.json").write_bytes(report().to_bytes())
    other = report(run_id="partial:fedcba9876543210", complete=False)
    (runs / "20260202T000000Z-fedc.json").write_bytes(other.to_bytes())
    (runs / "broken.json").write_text("{")
    assert find_report("runs/20260101T000000Z-0123.json", runs, tmp_path) == report()
    assert find_report("20260101", runs, tmp_path) == report()
    assert find_report("fedcba98", runs, tmp_path) == other
    for which, message in (("2026", "2 runs match"), ("777", "no run '777'")):
        with pytest.raises(InputError, match=message):
            find_report(which, runs, tmp_path)
