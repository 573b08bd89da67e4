"""A comparison in short: the `performance_gate` of a report."""

from __future__ import annotations

from collections import Counter

from benchgov.gate.comparison import Comparison
from benchgov.report import Gate


def as_gate(comparison: Comparison) -> Gate:
    """Verdict, reason, counts of findings, and one sentence per regression."""
    return Gate(
        status=comparison.verdict,
        reason=comparison.reason,
        mode=comparison.mode,
        baselines=comparison.baselines,
        findings=dict(sorted(Counter(finding.verdict for finding in comparison.findings).items())),
        regressions=tuple(one.sentence for one in comparison.findings if one.verdict == "regression"),
    )
