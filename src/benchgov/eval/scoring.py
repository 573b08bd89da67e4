"""One case, from its input to its score: ask the system under test, let the rubric judge, resolve, keep.

Whatever goes wrong is the case's score: no failure of a SUT or of a rubric ends the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchgov.canonical import Json, canonical_json
from benchgov.eval.cache import put_file
from benchgov.eval.canary import canary_of
from benchgov.eval.cost_tag import invocation_tag
from benchgov.eval.isolation.rubrics import RubricFailure
from benchgov.eval.models import BenchCase, BenchScore, IsolationClass
from benchgov.eval.spans import Span, Tracer
from benchgov.eval.sut.answer import SutFailure
from benchgov.eval.taxonomy import failed, resolved

if TYPE_CHECKING:
    from benchgov.eval.hosts import Pair
    from benchgov.eval.registry import TaskClass

_ENCODER = json.JSONEncoder(allow_nan=False)

MAX_PRINTED_BYTES = 64 * 1024
MAX_OUTPUT_BYTES = 1024 * 1024
"""How much of a SUT's answer is kept beside the report, as canonical JSON."""


@dataclass(frozen=True)
class Bench:
    """What the scoring of all cases of a run has in common. `details` is where each case's is kept."""

    task_class: TaskClass
    isolation: IsolationClass
    started: str
    timeout: float
    details: Path | None
    tracer: Tracer


@dataclass
class Trace:
    """What a case left behind besides its score."""

    harness_output: Mapping[str, Json] | None = None
    sut_log: bytes = b""
    rubric_stdout: bytes = b""
    rubric_stderr: bytes = b""
    cost_usd: float = 0.0
    attempts: int = 0
    seconds: float = 0.0
    rubric_ms: int = field(default=0)


def score_case(case: BenchCase, pair: Pair, bench: Bench, span: Span) -> BenchScore:
    """The score of a case; what it is made of is kept below `bench.details`."""
    trace = Trace()
    score = _asked(case, pair, bench, span, trace).model_copy(
        update={
            "isolation_class": bench.isolation,
            "attempts": trace.attempts,
            "cost_usd": trace.cost_usd,
            "wall_clock_ms": round(trace.seconds * 1000) + trace.rubric_ms,
        }
    )
    if bench.details is not None:
        put_file(f"{bench.details}/{case.case_id}.json", _detail(case, score, trace))
    return score


def _asked(case: BenchCase, pair: Pair, bench: Bench, span: Span, trace: Trace) -> BenchScore:
    tag = invocation_tag(bench.task_class.name, case.case_id, bench.started)
    with bench.tracer.span("sut-invoke", span) as invoked:
        try:
            answer = pair.sut.invoke(
                case, timeout=bench.timeout, tag=tag, canary=canary_of(case.cassette_canary_pin)
            )
        except SutFailure as failure:
            trace.sut_log, trace.attempts, trace.seconds = failure.log, failure.attempts, failure.seconds
            invoked.set(failure=failure.code)
            return failed(failure.code, failure.detail)
        invoked.set(duration_ms=round(answer.seconds * 1000), attempts=answer.attempts)
    trace.harness_output, trace.sut_log = answer.output, answer.log
    trace.cost_usd, trace.attempts, trace.seconds = answer.cost_usd, answer.attempts, answer.seconds
    return _judged(case, answer.output, pair, bench, span, trace)


def _judged(
    case: BenchCase, output: Mapping[str, Json], pair: Pair, bench: Bench, span: Span, trace: Trace
) -> BenchScore:
    with bench.tracer.span("rubric-subprocess", span) as judged:
        try:
            answer = pair.rubric.score(case, output, timeout=case.rubric_wall_clock_seconds)
        except RubricFailure as failure:
            trace.rubric_stderr = failure.stderr
            judged.set(failure=failure.code)
            return failed(failure.code, failure.detail)
        judged.set(stdout_bytes=len(answer.stdout), duration_ms=answer.score.wall_clock_ms)
    trace.rubric_stdout, trace.rubric_stderr = answer.stdout, answer.stderr
    trace.rubric_ms = answer.score.wall_clock_ms
    return resolved(answer.score, bench.task_class)


def _detail(case: BenchCase, score: BenchScore, trace: Trace) -> bytes:
    """What a person wants to see of a case, as JSON: bounded, whatever SUT and rubric print."""
    output = trace.harness_output
    value = {
        "case_id": case.case_id,
        "score": score.to_json(),
        "harness_output": None if output is None else dict(output),
        "sut_log": _text(trace.sut_log),
        "rubric_stdout": _text(trace.rubric_stdout),
        "rubric_stderr": _text(trace.rubric_stderr),
    }
    text = _ENCODER.encode(value)
    # What is short as a whole holds no long answer; only then is it worth looking at alone.
    if output and len(text) > MAX_OUTPUT_BYTES and len(canonical_json(dict(output))) > MAX_OUTPUT_BYTES:
        text = _ENCODER.encode(
            {**value, "harness_output": {"left_out": f"more than {MAX_OUTPUT_BYTES:,} bytes"}}
        )
    return text.encode() + b"\n"


def _text(data: bytes) -> str:
    return data[-MAX_PRINTED_BYTES:].decode("utf-8", "replace")
