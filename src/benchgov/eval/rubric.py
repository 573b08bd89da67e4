"""What a rubric is, and how `python rubric.py` answers one question when it is run by itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from benchgov.eval.models import BenchCase, BenchScore


@runtime_checkable
class Rubric(Protocol):
    """Scores what a system under test made of a case.

    A rubric is deterministic, reads only its case's `input_path` and `expected_path`, and needs neither
    network nor environment. The harness never calls it in its own process.
    """

    def score(self, case: BenchCase, harness_output: Mapping[str, Any]) -> BenchScore:
        """The score of `harness_output` as an answer to `case`."""
        ...


def answer(rubric: Rubric, question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to `{"case", "harness_output", "nonce"}`: `{"nonce", "score"}`.

    Raises:
        KeyError: the question lacks a part.
        pydantic.ValidationError: its case is not a case.
    """
    from benchgov.eval.models import BenchCase

    case = BenchCase.model_validate(question["case"])
    score = rubric.score(case, question["harness_output"])
    return {"nonce": question["nonce"], "score": score.to_json()}


def main(rubric_class: type[Rubric]) -> int:
    """Read one question from standard input and write one answer to standard output.

    For a rubric that is run by hand, or by a harness in another language. What the rubric prints goes to
    standard error, so that the answer is the only thing on standard output.
    """
    out, sys.stdout = sys.stdout, sys.stderr
    try:
        json.dump(answer(rubric_class(), json.load(sys.stdin)), out, allow_nan=False)
    finally:
        sys.stdout = out
    out.write("\n")
    return 0
