"""Attacks on the answer: a second one, another's, none, or one that is no score."""

# ruff: noqa: PTH123

import atexit
import json
import os
import pickle
import sys
from collections.abc import Mapping
from typing import Any

from benchgov.eval import BenchCase, BenchScore

Given = Mapping[str, Any]
PERFECT = {"passed": True, "score": 1.0}


def _nonce() -> str:
    """The nonce of this question, out of the frames of those who called."""
    frame = sys._getframe()
    while "message" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    return str(frame.f_locals["message"]["nonce"])


def _say(text: str) -> None:
    data = text.encode()
    while data:
        data = data[os.write(1, data) :]


def two_answers(case: BenchCase, given: Given) -> bool:
    _say(json.dumps({"nonce": _nonce(), "answer": PERFECT}) + "\n")
    return True


def print_before_the_answer(case: BenchCase, given: Given) -> bool:
    _say("scoring…\n")
    return True


def wrong_nonce(case: BenchCase, given: Given) -> bool:
    _say(json.dumps({"nonce": "0" * 32, "answer": PERFECT}))
    os._exit(0)


def nan_by_hand(case: BenchCase, given: Given) -> bool:
    _say(f'{{"nonce": "{_nonce()}", "answer": {{"passed": true, "score": NaN}}}}')
    os._exit(0)


def nan(case: BenchCase, given: Given) -> BenchScore:
    return BenchScore.model_construct(passed=True, score=float("nan"))


def negative_zero(case: BenchCase, given: Given) -> BenchScore:
    return BenchScore.model_construct(passed=True, score=-0.0)


def too_much(case: BenchCase, given: Given) -> BenchScore:
    return BenchScore.model_construct(passed=True, score=1.5)


def words_for_values(case: BenchCase, given: Given) -> bool:
    _say(json.dumps({"nonce": _nonce(), "answer": {"passed": "yes", "score": "1.0"}}))
    os._exit(0)


def deep_json(case: BenchCase, given: Given) -> bool:
    _say("[" * 200_000)
    os._exit(0)


def deep_json_in_the_score(case: BenchCase, given: Given) -> bool:
    deep = "[" * 50_000 + "]" * 50_000
    _say(f'{{"nonce": "{_nonce()}", "answer": {{"passed": true, "score": 1.0, "breakdown": {deep}}}}}')
    os._exit(0)


def huge_json(case: BenchCase, given: Given) -> bool:
    _say(json.dumps({"nonce": _nonce(), "answer": {**PERFECT, "breakdown": {"a": 1.0, "b" * 2**21: 1.0}}}))
    os._exit(0)


def duplicate_keys(case: BenchCase, given: Given) -> bool:
    _say(f'{{"nonce": "{_nonce()}", "answer": {{"passed": true, "score": 0.0, "score": 1.0}}}}')
    os._exit(0)


def pickled(case: BenchCase, given: Given) -> bool:
    os.write(1, pickle.dumps(PERFECT))
    os._exit(0)


def no_answer(case: BenchCase, given: Given) -> bool:
    os._exit(0)


def leave(case: BenchCase, given: Given) -> bool:
    raise SystemExit(0)


def fail(case: BenchCase, given: Given) -> bool:
    raise RuntimeError("the rubric failed")


def abort(case: BenchCase, given: Given) -> bool:
    os.abort()


def segmentation_fault(case: BenchCase, given: Given) -> bool:
    import ctypes

    return bool(ctypes.string_at(0))


def answer_at_exit(case: BenchCase, given: Given) -> bool:
    atexit.register(_say, "more\n")
    return False


def no_exit(case: BenchCase, given: Given) -> bool:
    os._exit = lambda status: None  # type: ignore[assignment,misc]
    return True


def patched_json(case: BenchCase, given: Given) -> bool:
    json.dumps = json.JSONEncoder.encode = lambda *_, **__: "{}"
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    return True


class Lying(BenchScore):
    """A score that says something else of itself."""

    def to_json(self) -> Any:
        """No score at all."""
        return {**PERFECT, "llm_confidence": 0.9}


def lying_subclass(case: BenchCase, given: Given) -> BenchScore:
    return Lying(passed=True, score=1.0)


def smuggled_key(case: BenchCase, given: Given) -> BenchScore:
    return BenchScore(passed=True, score=1.0, breakdown={"llm_confidence": 0.9})


def smuggled_code(case: BenchCase, given: Given) -> BenchScore:
    mode = {"code": "model_says.fine", "severity": "info"}
    return BenchScore.model_validate({**PERFECT, "failure_modes": [mode]})


def closed_descriptors(case: BenchCase, given: Given) -> bool:
    os.closerange(0, 200)
    return True


def swapped_descriptors(case: BenchCase, given: Given) -> bool:
    os.dup2(2, 1)
    return True


def claimed_isolation(case: BenchCase, given: Given) -> BenchScore:
    claim = {"isolation_class": "microvm", "cost_usd": 0.5, "attempts": 7, "wall_clock_ms": 1}
    return BenchScore.model_validate({"passed": False, "score": 0.0, **claim})


ATTACKS = {
    function.__name__: function
    for function in (
        two_answers, print_before_the_answer, wrong_nonce, nan_by_hand, nan, negative_zero, too_much,
        words_for_values, deep_json, deep_json_in_the_score, huge_json, duplicate_keys, pickled, no_answer,
        leave, fail, abort, segmentation_fault, answer_at_exit, no_exit, patched_json, lying_subclass,
        smuggled_key, smuggled_code, closed_descriptors, swapped_descriptors, claimed_isolation,
    )
}  # fmt: skip
