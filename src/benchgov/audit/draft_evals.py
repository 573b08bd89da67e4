"""Drafts of what the eval harness finds out: runs, promotion verdicts, proposals of thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchgov.audit.chain import Draft
from benchgov.audit.drafting import make_draft, read_model
from benchgov.canonical import Json
from benchgov.eval.models import BenchRunReport, PromotionVerdict


def from_eval(
    report: BenchRunReport, environ: Mapping[str, str], *, name: str, data: bytes | None = None
) -> Draft:
    """The draft of an eval run, without what a record of it adds to the file `name` (`data`, if at hand).

    Recorded once is what the run found: the same inputs with the same scores, whenever and however often they
    are run, are one record. The same inputs with other scores are another, and so cannot hide.
    """
    result = report.result_digest
    subject: dict[str, Json] = {
        "task_class": report.task_class,
        "eval_run_id": report.run_id,
        "harness_version": report.harness_version,
        "sut_digest": report.sut_digest,
        "rubric_digest": report.rubric_digest,
        "cassette_corpus_digest": report.cassette_corpus_digest,
        "case_corpus_digest": report.case_corpus_digest,
        "result_digest": result,
        "cases": len(report.per_case),
        "passed": report.passed_count,
        "held_out": report.held_out_count,
        "mean_score": report.mean_score,
        "lower_bound_95": report.lower_bound_95,
        "lower_bound_method": report.lower_bound_method,
        "total_cost_usd": report.total_cost_usd,
        "block_severity_failure_modes": list(report.block_severity_failure_modes),
        "selection": list(report.selection),
    }
    data = data or report.unlinked().to_bytes()
    isolation = report.isolation_class
    draft = make_draft(
        "eval", {name: data}, subject, environ, complete=report.complete, isolation_class=isolation
    )
    key = f"eval/{report.task_class}/{report.run_id}/{result.removeprefix('blake3:')}"
    return replace(draft, idempotency_key=key)


def from_verdict(data: bytes, environ: Mapping[str, str], *, name: str) -> Draft:
    """The draft of a promotion verdict, as it lies in its recommendation file."""
    verdict = read_model(data, PromotionVerdict, name)
    subject: dict[str, Json] = {
        "task_class": verdict.task_class,
        "current_tier": verdict.current_tier,
        "target_tier": verdict.target_tier,
        "verdict": "sufficient" if verdict.evidence_sufficient else "insufficient",
        "lower_bound_95": verdict.lower_bound_95,
        "threshold_at_target": verdict.threshold_at_target,
        "eval_run_id": verdict.run_id,
        "eval_chain_head": verdict.chain_head,
        "rubric_digest": verdict.rubric_digest,
        "host_fingerprint": verdict.host_fingerprint,
        "reasons": list(verdict.reasons),
    }
    isolation = verdict.isolation_class
    return make_draft("verdict", {name: data}, subject, environ, complete=True, isolation_class=isolation)


def from_calibration(
    data: bytes, environ: Mapping[str, str], *, name: str, task_class: str, runs: int
) -> Draft:
    """The draft of a document that proposes thresholds from recorded runs."""
    subject: dict[str, Json] = {"task_class": task_class, "runs": runs}
    return make_draft("calibration", {name: data}, subject, environ, complete=True)
