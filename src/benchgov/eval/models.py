"""The wire types of the eval harness: a case, its score, the report of a run, and a promotion verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from benchgov.canonical import Json, digest_of
from benchgov.eval.vocabulary import ISOLATION_LEVELS, IsolationClass, SutProcess
from benchgov.wire import Blake3, Name, Sha256, Utc, Wire

Severity = Literal["block", "warn", "info"]
__all__ = [
    "ISOLATION_LEVELS",
    "BenchCase",
    "BenchRunReport",
    "BenchScore",
    "FailureMode",
    "IsolationClass",
    "PromotionVerdict",
    "Severity",
    "Shard",
]

BANNED_WORDS = ("confidence", "llm", "self_reported", "model_says")
"""No part of a score may be what a model says of itself; a field or a key that holds one is refused."""

PARTIAL = "partial:"
"""What the id of a run begins with that did not score all of its cases."""

MAX_TEXT = 2_000
MAX_FAILURE_MODES = 100
MAX_BREAKDOWN = 100


def _no_negative_zero(value: float) -> float:
    # −0.0 passes `>= 0` and is another text than 0.0: two equal scores would differ in their bytes.
    if value == 0 and math.copysign(1, value) < 0:
        raise ValueError("−0.0 is not a number that a score holds; 0.0 is")
    return value


Unit = Annotated[float, Field(ge=0, le=1), AfterValidator(_no_negative_zero)]
"""A number in [0, 1]."""
Usd = Annotated[float, Field(ge=0), AfterValidator(_no_negative_zero)]
Part = Annotated[float, AfterValidator(_no_negative_zero)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,127}$")]
CanaryPin = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class FailureMode(Wire):
    """One way in which a case failed: a code of the task class's taxonomy, or of the harness."""

    code: Code
    severity: Severity
    detail: Annotated[str, Field(max_length=MAX_TEXT)] | None = None


class BenchScore(Wire):
    """The score of one case.

    A rubric gives `passed`, `score`, `breakdown` and `failure_modes`. The rest is the harness's: what it
    measured, how far the rubric was isolated, and how often the SUT was asked.
    """

    passed: bool
    score: Unit
    breakdown: Annotated[dict[str, Part], Field(max_length=MAX_BREAKDOWN)] = {}
    failure_modes: Annotated[tuple[FailureMode, ...], Field(max_length=MAX_FAILURE_MODES)] = ()
    cost_usd: Usd = 0.0
    wall_clock_ms: Annotated[int, Field(ge=0)] = 0
    isolation_class: IsolationClass = "in-process"
    attempts: Annotated[int, Field(ge=0)] = 1

    @property
    def blocking(self) -> tuple[str, ...]:
        """The codes of its failure modes that block, as they came."""
        return tuple(mode.code for mode in self.failure_modes if mode.severity == "block")


class BenchCase(Wire):
    """One case of a task class, as its `case.toml` says, with the digest that was verified.

    Paths are those of the folders that the reader may read: the harness's own, or a copy made for it.
    """

    case_id: Name
    task_class: Name
    disposition: Literal["positive", "negative", "ambiguous"]
    difficulty: Literal["easy", "medium", "hard"]
    source: Literal["curated", "outcome-ledger-derived", "regression-converted"]
    curation_class: Literal["rag-corpus-derived", "held-out"]
    commit_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")] | None = None
    added_at: Utc
    last_validated_at: Utc
    input_path: Path
    expected_path: Path
    cassette_path: Path | None = None
    cassette_canary_pin: CanaryPin
    case_digest: Blake3
    rubric_wall_clock_seconds: Annotated[float, Field(gt=0, le=300)] = 60.0

    def shown(self, paths: Mapping[str, Path | None]) -> Json:
        """The case as plain JSON types, with other `paths`: those of copies that were made for a reader."""
        said = self.to_json()
        assert isinstance(said, dict)
        return {**said, **{name: path and str(path) for name, path in paths.items()}}

    @model_validator(mode="after")
    def _sourced(self) -> BenchCase:
        if self.source != "curated" and self.commit_sha is None:
            raise ValueError(f"a case whose source is {self.source} names its commit_sha")
        return self


class Shard(Wire):
    """Which part of the cases a run scored: the `index`-th of `count`."""

    index: Annotated[int, Field(ge=1)]
    count: Annotated[int, Field(ge=1)]


class BenchRunReport(Wire):
    """The report of one run over the cases of a task class, ordered by case id.

    With `sut_process` `reused`, what the SUT kept in its memory could reach the cases that came after.
    `complete` is false when a cost cap cut it short, when cases were selected out, or for a lone shard: such
    a report is no evidence for a promotion. `prev_hash` and `chain_head` name the audit record that it
    became; they are no part of what that record hashes (`unlinked`).
    """

    schema_version: Literal[1] = 1
    run_id: Annotated[str, Field(pattern=r"^(partial:)?[0-9a-f]{16}$")]
    task_class: Name
    harness_version: Annotated[str, Field(min_length=1, max_length=64)]
    sut: Annotated[str, Field(max_length=1024)]
    sut_digest: Blake3
    sut_process: SutProcess = "fresh"
    rubric_digest: Blake3
    cassette_corpus_digest: Blake3
    case_corpus_digest: Blake3
    started_at: Utc
    ended_at: Utc
    per_case: tuple[tuple[Name, BenchScore], ...]
    mean_score: Unit
    score_stddev: Annotated[float, Field(ge=0)]
    lower_bound_95: Unit
    lower_bound_method: Literal["bca", "clopper-pearson", "wilson"]
    passed_count: Annotated[int, Field(ge=0)]
    held_out_count: Annotated[int, Field(ge=0)]
    total_cost_usd: Usd
    block_severity_failure_modes: tuple[str, ...]
    complete: bool
    selection: tuple[str, ...] = ()
    shard: Shard | None = None
    isolation_class: IsolationClass
    host_fingerprint: Name
    prev_hash: Sha256 | None = None
    chain_head: Sha256 | None = None

    def unlinked(self) -> BenchRunReport:
        """The report without its place in the audit log: what is recorded."""
        return self.model_copy(update={"prev_hash": None, "chain_head": None})

    @property
    def result_digest(self) -> str:
        """The digest of what was found: the scores without the time that they took."""
        scores = ((case_id, score.to_json()) for case_id, score in self.per_case)
        return digest_of([[case_id, {**score, "wall_clock_ms": 0}] for case_id, score in scores])

    @property
    def content_id(self) -> str:
        """The run's id without the mark of a partial one."""
        return self.run_id.removeprefix(PARTIAL)


class PromotionVerdict(Wire):
    """Whether the evidence suffices for a tier. Advisory: nothing reads it to change anything."""

    schema_version: Literal[1] = 1
    task_class: Name
    current_tier: Name
    target_tier: Name
    evidence_sufficient: bool
    reasons: tuple[str, ...]
    lower_bound_95: Unit
    threshold_at_target: Unit
    run_id: str
    rubric_digest: Blake3
    chain_head: Sha256 | None
    host_fingerprint: Name
    isolation_class: IsolationClass
    requires_human_approval: Literal[True] = True


@cache
def build() -> None:
    """Make what validates cases and scores now, and use it once.

    It is made when it is first used, and some of it (what regular expressions work in) only by that: in a
    server that forks for each case, that would be in each fork.
    """
    for model in (BenchCase, BenchScore, FailureMode):
        model.model_rebuild(force=True)
    BenchCase.model_validate(_SOME_CASE).to_json()
    mode = {"code": "some", "severity": "info", "detail": "some"}
    BenchScore(passed=True, score=1.0, breakdown={"some": 1.0}, failure_modes=(mode,)).to_json()  # type: ignore[arg-type] # as a rubric may


_SOME_CASE = {
    "case_id": "some",
    "task_class": "some",
    "disposition": "positive",
    "difficulty": "easy",
    "source": "curated",
    "curation_class": "held-out",
    "commit_sha": "0" * 40,
    "added_at": "2026-01-01T00:00:00.000000Z",
    "last_validated_at": "2026-01-01T00:00:00.000000Z",
    "input_path": "/",
    "expected_path": "/",
    "cassette_canary_pin": "0" * 32,
    "case_digest": "blake3:" + "0" * 64,
}
