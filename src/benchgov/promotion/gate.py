"""The promotion gate: does recorded evidence suffice for a tier. It says so, and changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from benchgov.audit.verification import Verification
from benchgov.errors import IncompleteReportError, InputError, PromotionMustBeHumanAuthorizedError
from benchgov.eval.declared import Declaration
from benchgov.eval.models import BenchRunReport, PromotionVerdict
from benchgov.promotion.tiers import Demands, TierConfig

MET = "all conditions met"


@dataclass(frozen=True)
class Seen:
    """A run of a task class as the log has it: enough for the conditions that hold for a whole window."""

    task_class: str
    complete: bool
    ended_at: datetime
    host_fingerprint: str
    isolation_class: str


Witness = BenchRunReport | Seen


class PromotionGate:
    """Holds reports against the tiers. `evaluate` is pure; `apply` exists to say that nothing applies."""

    def __init__(self, tier_config: TierConfig) -> None:
        self._tiers = tier_config

    def evaluate(
        self,
        task_class_name: str,
        current_tier: str,
        report: BenchRunReport,
        *,
        verification: Verification | None = None,
        target_tier: str | None = None,
        window: Iterable[Witness] = (),
        declared: Declaration | None = None,
    ) -> PromotionVerdict:
        """Whether `report` suffices for `target_tier` (default: the one after `current_tier`).

        `reasons` has every condition that fails, each on its own, and then which hosts' runs were ignored.
        `verification` is that of the whole log;
        none is a reason against. `window` are other recorded reports of the class. `declared` is its
        registration: it may ask for more passed cases, and the run must be of the SUT that it names.

        Raises:
            IncompleteReportError: the report is of a partial run.
            InputError: it is of another task class.
            TierConfigError: there is no such tier, or none after the current one.
        """
        if report.task_class != task_class_name:
            raise InputError(f"the report is of {report.task_class!r}, not of {task_class_name!r}")
        if not report.complete:
            raise IncompleteReportError(f"run {report.run_id} did not score all of its cases")
        following = self._tiers.after(current_tier)
        target = target_tier or following or current_tier
        demands = self._tiers.demands(task_class_name, target)
        window = tuple(window)
        needed = max(demands.min_passed, declared.min_cases_for_promotion.get(target, 0) if declared else 0)
        reasons = (
            *_of_tiers(current_tier, target, following),
            *_of_scores(report, target, demands, needed),
            *reasons_of_sut(report, declared),
            *_of_log(report, verification),
            *_of_conditions(report, demands, self._recent(report, demands, window)),
        )
        return PromotionVerdict(
            task_class=task_class_name,
            current_tier=current_tier,
            target_tier=target,
            evidence_sufficient=not reasons,
            reasons=(*(reasons or (MET,)), *_ignored(report, demands, window)),
            lower_bound_95=report.lower_bound_95,
            threshold_at_target=demands.threshold,
            run_id=report.run_id,
            rubric_digest=report.rubric_digest,
            chain_head=report.chain_head,
            host_fingerprint=report.host_fingerprint,
            isolation_class=report.isolation_class,
        )

    def apply(self, *args: object, **kwargs: object) -> NoReturn:
        """Promote nothing, ever.

        Raises:
            PromotionMustBeHumanAuthorizedError: always.
        """
        del args, kwargs
        raise PromotionMustBeHumanAuthorizedError("a tier is changed by people, never by a program")

    def _recent(self, report: BenchRunReport, demands: Demands, window: Iterable[Witness]) -> list[Witness]:
        """The class's complete reports of the days before; of the promotion source, if one is named."""
        since = report.ended_at - timedelta(days=self._tiers.window_days)
        return [
            other
            for other in window
            if other.task_class == report.task_class
            and other.complete
            and since <= other.ended_at <= report.ended_at
            and demands.promotion_source in (None, other.host_fingerprint)
        ]


def _of_tiers(current: str, target: str, following: str | None) -> list[str]:
    if following is None:
        return [f"{current} is the highest tier"]
    return [] if target == following else [f"{target} is not the tier after {current}; that is {following}"]


def _of_scores(report: BenchRunReport, target: str, demands: Demands, needed: int) -> list[str]:
    reasons = []
    if report.lower_bound_95 < demands.threshold:
        reasons.append(
            f"lower_bound_95 {report.lower_bound_95:.4f} < {demands.threshold:g}, the threshold of {target}"
        )
    for found, wanted, what in (
        (len(report.per_case), demands.min_cases, "cases"),
        (report.passed_count, needed, "passed cases"),
        (report.held_out_count, demands.min_held_out, "held-out cases"),
    ):
        if found < wanted:
            reasons.append(f"{found} {what} < {wanted}, which {target} needs")
    if report.block_severity_failure_modes:
        reasons.append(f"block-severity failure modes: {', '.join(report.block_severity_failure_modes)}")
    return reasons


def reasons_of_sut(report: BenchRunReport, declared: Declaration | None) -> list[str]:
    """Why a run is not one of the SUT that would be trusted, run as its registration says."""
    reasons: list[str] = []
    if declared is None:
        return reasons
    if declared.sut not in (None, report.sut):
        reasons.append(f"sut {report.sut} is not the one that the registration names, {declared.sut}")
    if report.sut_process == "reused" != declared.sut_process:
        reasons.append(
            "the SUT's process was reused from case to case, which the registration does not allow"
        )
    return reasons


def _of_log(report: BenchRunReport, verification: Verification | None) -> list[str]:
    reasons = []
    if verification is None:
        reasons.append("the audit log was not verified")
    elif verification.divergence:
        reasons.append(f"the audit log does not verify: {verification.divergence.error()}")
    if report.chain_head is None:
        reasons.append("the report is not recorded in the audit log")
    return reasons


def _of_conditions(report: BenchRunReport, demands: Demands, recent: Sequence[Witness]) -> list[str]:
    reasons = []
    if not demands.allows(report.isolation_class):
        reasons.append(f"isolation_class {report.isolation_class} is weaker than {demands.min_isolation}")
    others = {other.isolation_class for other in recent} - {report.isolation_class}
    if others:
        reasons.append(
            f"isolation_class is mixed in the window: {report.isolation_class}, {', '.join(sorted(others))}"
        )
    source = demands.promotion_source
    if source and report.host_fingerprint != source:
        reasons.append(f"host_fingerprint {report.host_fingerprint} is not the promotion source {source}")
    hosts = {other.host_fingerprint for other in recent} | {report.host_fingerprint}
    if not source and len(hosts) > 1:
        reasons.append(f"no promotion source is named, and the window has {len(hosts)} hosts")
    return reasons


def _ignored(report: BenchRunReport, demands: Demands, window: Iterable[Witness]) -> list[str]:
    """The hosts of the class's runs that did not count, because another one is the promotion source."""
    source = demands.promotion_source
    others = Counter(
        one.host_fingerprint
        for one in window
        if source and one.task_class == report.task_class and one.host_fingerprint != source
    )
    return [
        f"ignored: {count} {'run' if count == 1 else 'runs'} of {host}, not the promotion source {source}"
        for host, count in sorted(others.items())
    ]
