"""What the subject of a record holds, by the record's kind.

A log only grows, so a fact that a later version adds is optional: older records stay valid.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from benchgov.audit.record import Record
from benchgov.documents import describe_fault
from benchgov.errors import InputError
from benchgov.wire import Blake3, Name, Sha256, Utc, Wire

Text = Annotated[str, Field(max_length=512)]


class Workflow(Wire):
    """The workflow run that it is of, as GitHub names it; `artifact` is what a collector took it from."""

    run_id: Text | None = None
    run_attempt: Text | None = None
    job: Text | None = None
    artifact: Text | None = None


class Subject(Wire):
    """What any record's subject may hold."""

    workflow: Workflow | None = None


class EnvironmentSubject(Subject):
    """A verified environment: the gate's outcome, and the facts that drifted."""

    gate: Text
    fingerprint: Blake3
    drift: tuple[Text, ...] = ()


class RunSubject(Subject):
    """A measured suite."""

    suite: Name
    regime: Name | None = None
    status: Literal["pass", "fail", "blocked"] | None = None
    performance_gate: Text | None = None
    authoritative: bool | None = None
    revision: Text | None = None
    dirty: bool | None = None
    plan_sha256: Sha256 | None = None
    result_sha256: Sha256 | None = None
    fingerprint: Blake3 | None = None


class ComparisonSubject(Subject):
    """A comparison with baselines, and its verdict."""

    suite: Name
    regime: Name | None = None
    verdict: Text
    mode: Text | None = None
    authoritative: bool | None = None
    report_sha256: Sha256
    baselines: tuple[Text, ...] = ()
    fingerprint: Blake3 | None = None


class BaselineSubject(Subject):
    """A published baseline. Its own store vouches for what is in it."""

    suite: Name | None = None
    regime: Name | None = None
    baseline_id: Text | None = None
    fingerprint: Blake3 | None = None


class ApprovalSubject(BaselineSubject):
    """A maintainer's approval of a recorded run as a baseline."""

    scenario: Text
    run: Text
    approver: Text
    identified_by: Text
    approved_at_utc: Utc
    notes: str = ""
    dataset: str | None = None
    derivation: Blake3 | None = None


class DossierSubject(Subject):
    """A rendered dossier: how many files it has."""

    files: Annotated[int, Field(ge=1)]


class EvalSubject(Subject):
    """A run of the eval harness over the cases of a task class."""

    task_class: Name
    eval_run_id: Text
    harness_version: Text
    sut_digest: Blake3
    rubric_digest: Blake3
    cassette_corpus_digest: Blake3
    case_corpus_digest: Blake3
    result_digest: Blake3
    cases: Annotated[int, Field(ge=0)]
    passed: Annotated[int, Field(ge=0)]
    held_out: Annotated[int, Field(ge=0)]
    mean_score: float
    lower_bound_95: float
    lower_bound_method: Text
    total_cost_usd: float
    block_severity_failure_modes: tuple[Text, ...] = ()
    selection: tuple[Text, ...] = ()


class VerdictSubject(Subject):
    """A promotion verdict: what the evidence of a run suffices for. People decide; nothing reads this to."""

    task_class: Name
    current_tier: Name
    target_tier: Name
    verdict: Literal["sufficient", "insufficient"]
    lower_bound_95: float
    threshold_at_target: float
    eval_run_id: Text
    eval_chain_head: Sha256 | None = None
    rubric_digest: Blake3 | None = None
    host_fingerprint: Name | None = None
    reasons: tuple[Annotated[str, Field(max_length=2048)], ...] = ()


class CalibrationSubject(Subject):
    """A proposal of thresholds for a task class, and how many recorded runs it is made from."""

    task_class: Name
    runs: Annotated[int, Field(ge=1)]


class ControlSubject(Subject):
    """A control: how often the same revision against itself raised an alarm, and what it found."""

    suite: Name
    regime: Name
    verdict: Literal["inside", "outside"]
    alpha: float
    false_alarms: Annotated[int, Field(ge=0)]
    rounds: Annotated[int, Field(ge=0)]
    slowdown_percent: float | None = None
    slowdowns_found: Annotated[int, Field(ge=0)] | None = None
    slowdowns: Annotated[int, Field(ge=0)] | None = None
    revision: Text | None = None
    dirty: bool | None = None
    authoritative: bool | None = None
    fingerprint: Blake3 | None = None


class HistorySubject(Subject):
    """What many reports say together: how many, of which suites, and how many series changed."""

    suites: tuple[Name, ...]
    reports: Annotated[int, Field(ge=0)]
    series: Annotated[int, Field(ge=0)]
    worse: Annotated[int, Field(ge=0)]
    better: Annotated[int, Field(ge=0)]
    method: Text


class ReplaySubject(Subject):
    """A second run of a report's plan, and whether it gave the same."""

    suite: Name
    regime: Name
    verdict: Literal["match", "mismatch"]
    authoritative: bool
    baseline_report_sha256: Sha256
    replay_report_sha256: Sha256
    compared: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=0)]
    mismatched: Annotated[int, Field(ge=0)]


SUBJECTS: dict[str, type[Subject]] = {
    "verify-env": EnvironmentSubject,
    "run": RunSubject,
    "comparison": ComparisonSubject,
    "baseline": BaselineSubject,
    "approval": ApprovalSubject,
    "dossier": DossierSubject,
    "eval": EvalSubject,
    "verdict": VerdictSubject,
    "calibration": CalibrationSubject,
    "control": ControlSubject,
    "history": HistorySubject,
    "replay": ReplaySubject,
}
"""Kind of a record → the type of its subject."""


def check_subject(record: Record) -> None:
    """Hold the subject of `record` against the type of its kind.

    Raises:
        InputError: it has other facts than its kind has, or facts of another type; one detail per fault.
    """
    model = SUBJECTS[record.kind]
    try:
        model.model_validate(record.subject)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=True)
        details = sorted({describe_fault(fault, model, "subject", {}) for fault in faults})
        raise InputError(f"not the subject of a record of kind {record.kind}", details=details) from error
