"""Scores 1 when the attack that the harness output names went through, 0 when it came to nothing."""

from collections.abc import Mapping
from typing import Any

from benchgov.eval import BenchCase, BenchScore

from . import answering, reaching, using_up

ATTACKS = {**reaching.ATTACKS, **using_up.ATTACKS, **answering.ATTACKS}


class HostileRubric:
    """Code that is under an attacker's control from the first line of `score`."""

    def score(self, case: BenchCase, harness_output: Mapping[str, Any]) -> BenchScore:
        """Attack as told."""
        outcome = ATTACKS[harness_output["attack"]](case, harness_output)
        if isinstance(outcome, BenchScore):
            return outcome
        return BenchScore(passed=bool(outcome), score=float(bool(outcome)))
