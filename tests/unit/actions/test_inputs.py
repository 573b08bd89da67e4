"""INPUT_* → typed inputs."""

from __future__ import annotations

import pytest

from benchgov.actions.compare_thresholds import Inputs as CompareInputs
from benchgov.actions.run_bench import Inputs as RunInputs
from benchgov.errors import UsageError


def test_empty_means_the_default() -> None:
    """GitHub hands an input that is not given as an empty string."""
    inputs = RunInputs.from_environ({"INPUT_SUITE": "core", "INPUT_RUNS": "", "INPUT_ALLOW_DRIFT": " "})

    assert (inputs.suite, inputs.runs, inputs.allow_drift, inputs.upload) == ("core", None, False, True)


def test_lines_are_patterns() -> None:
    """One pattern a line, blank lines and margins dropped."""
    inputs = RunInputs.from_environ(
        {"INPUT_SUITE": "core", "INPUT_ONLY": " a\n\n  b c \n", "INPUT_RUNS": "7"}
    )

    assert (inputs.only, inputs.runs) == (("a", "b c"), 7)


@pytest.mark.parametrize("value", ["True", "yes", "1", "TRUE", "on"])
def test_a_boolean_is_true_or_false_and_nothing_else(value: str) -> None:
    """A guess could turn a gate off."""
    with pytest.raises(UsageError, match=r"`allow-drift`: expected `true` or `false`.*found"):
        RunInputs.from_environ({"INPUT_SUITE": "core", "INPUT_ALLOW_DRIFT": value})


@pytest.mark.parametrize("value", ["-1", "5.0", "five", "٥", "1e3"])
def test_a_count_is_a_whole_number(value: str) -> None:
    """Anything else is refused with what was expected."""
    with pytest.raises(UsageError, match="`runs`: expected a whole number"):
        RunInputs.from_environ({"INPUT_SUITE": "core", "INPUT_RUNS": value})


def test_every_fault_is_named_at_once() -> None:
    """Two wrong inputs take one round, not two."""
    with pytest.raises(UsageError) as caught:
        RunInputs.from_environ({"INPUT_UPLOAD": "no"})

    assert "`suite` is required" in str(caught.value)
    assert "`upload`" in str(caught.value)


def test_the_token_is_in_no_repr_and_in_no_message() -> None:
    """Whoever logs the inputs does not log the token."""
    inputs = CompareInputs.from_environ({"INPUT_GITHUB_TOKEN": "secret-token"})

    assert inputs.github_token == "secret-token"
    assert "secret-token" not in repr(inputs)
