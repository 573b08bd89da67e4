"""Scores a doubled number: right, nearly right, or wrong."""

import json
from collections.abc import Mapping
from typing import Any

from benchgov.eval import BenchCase, BenchScore
from benchgov.eval.rubric import main


class StubRubric:
    """One for the right number, a half for one that is off by one."""

    def score(self, case: BenchCase, harness_output: Mapping[str, Any]) -> BenchScore:
        wanted = json.loads((case.expected_path / "answer.json").read_text())["double"]
        found = harness_output.get("double")
        if not isinstance(found, int):
            return BenchScore(
                passed=False,
                score=0.0,
                breakdown={"right": 0.0},
                failure_modes=({"code": "no-number", "severity": "warn"},),
            )
        score = {0: 1.0, 1: 0.5}.get(abs(found - wanted), 0.0)
        modes = () if score == 1 else ({"code": "wrong-number", "severity": "info"},)
        return BenchScore(passed=score == 1, score=score, breakdown={"right": score}, failure_modes=modes)


if __name__ == "__main__":
    raise SystemExit(main(StubRubric))
