"""Eval reports made from fixed values, for tests of what reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from benchgov.eval.models import BenchRunReport, BenchScore

DIGEST = "blake3:" + "a" * 64
ENDED = datetime(2026, 1, 20, 12, tzinfo=UTC)


def score(value: float = 1.0, **given: Any) -> BenchScore:
    """A score that passes when it is 1."""
    return BenchScore(**{"passed": value == 1, "score": value, "isolation_class": "landlock", **given})


def report(**given: Any) -> BenchRunReport:
    """A complete report of ten passed cases, six of them held out, recorded; `given` replaces fields."""
    cases = given.pop("per_case", tuple((f"case-{number:02}", score()) for number in range(10)))
    values = [one.score for _, one in cases]
    return BenchRunReport(
        **{
            "run_id": "0123456789abcdef",
            "task_class": "vuln",
            "harness_version": "1.0.0",
            "sut": "bench.vuln.sut:run",
            "sut_digest": DIGEST,
            "rubric_digest": DIGEST,
            "cassette_corpus_digest": DIGEST,
            "case_corpus_digest": DIGEST,
            "started_at": ENDED,
            "ended_at": ENDED,
            "per_case": cases,
            "mean_score": sum(values) / len(values),
            "score_stddev": 0.0,
            "lower_bound_95": 0.85,
            "lower_bound_method": "clopper-pearson",
            "passed_count": sum(one.passed for _, one in cases),
            "held_out_count": 6,
            "total_cost_usd": 0.0,
            "block_severity_failure_modes": (),
            "complete": True,
            "isolation_class": "landlock",
            "host_fingerprint": "host-a",
            "prev_hash": "0" * 64,
            "chain_head": "1" * 64,
            **given,
        }
    )
