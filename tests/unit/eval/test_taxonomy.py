"""A rubric's answer is held against the task class: its keys, its codes, and their severities."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.eval_builders import mode, score

from benchgov.errors import TaskClassIncompleteError
from benchgov.eval.registry import TaskClass
from benchgov.eval.taxonomy import failed, is_of_harness, load_taxonomy, resolved

TASK_CLASS = TaskClass(
    "x",
    Path("x"),
    {"bronze": 1},
    breakdown_keys=frozenset({"right"}),
    failure_mode_taxonomy={"bad": "block", "odd": "info"},
)


def test_the_taxonomy_decides_the_severity() -> None:
    """A rubric cannot call a blocking failure harmless, nor the other way round."""
    given = score(
        0.4, breakdown={"right": 0.4}, failure_modes=(mode("bad", "info", "why"), mode("odd", "block"))
    )
    found = resolved(given, TASK_CLASS)
    assert [(one.code, one.severity, one.detail) for one in found.failure_modes] == [
        ("bad", "block", "why"),
        ("odd", "info", None),
    ]
    assert (found.score, found.breakdown) == (0.4, {"right": 0.4})


def test_an_unknown_key_takes_the_score() -> None:
    """A part that the task class does not have is a failure of the rubric, and names the part."""
    found = resolved(score(breakdown={"right": 1.0, "llm_confidence": 0.9}), TASK_CLASS)
    assert (found.passed, found.score, found.breakdown) == (False, 0.0, {})
    assert found.failure_modes == (mode("rubric.unknown_breakdown_key", "block", "llm_confidence"),)


def test_an_unknown_failure_mode_takes_the_score() -> None:
    """So does a code that is not in the taxonomy, the harness's included; known ones stay beside it."""
    found = resolved(score(failure_modes=(mode("odd"), mode("sut.timeout"))), TASK_CLASS)
    assert (found.passed, found.score) == (False, 0.0)
    assert found.failure_modes == (mode("odd"), mode("rubric.unknown_failure_mode", "block", "sut.timeout"))
    assert is_of_harness(found)


def test_only_failures_of_the_harness_are_its_own() -> None:
    """A case that the rubric failed is a result, and may be cached."""
    assert is_of_harness(failed("sut.exception", "x" * 9_000))
    assert not is_of_harness(score(0.0, failure_modes=(mode("bad", "block"),)))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: {severity: fatal, description: x}", "severity"),
        ("a: {severity: warn}", "description"),
        ("a: {severity: warn, description: ' '}", "description"),
        ("a: {severity: warn, description: x, more: 1}", "unknown key 'more'"),
        ("rubric.timeout: {severity: warn, description: x}", "only the harness"),
        ("A b: {severity: warn, description: x}", "not a code"),
        ("a: warn", "not a mapping"),
        ("- a", "not a mapping"),
        ("a: {severity: warn, description: x}\na: {severity: warn, description: x}", "duplicate"),
    ],
)
def test_a_taxonomy_that_is_not_valid_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """Each fault names its file and line."""
    (tmp_path / "failure_modes.yaml").write_text(text + "\n")
    with pytest.raises(TaskClassIncompleteError) as caught:
        load_taxonomy(tmp_path)
    assert fault in "\n".join([str(caught.value), *caught.value.details])


def test_a_taxonomy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The bench is incomplete then."""
    with pytest.raises(TaskClassIncompleteError, match="no such file"):
        load_taxonomy(tmp_path)
