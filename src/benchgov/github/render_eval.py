"""An eval run → what a reviewer sees: a title, annotations at the cases that must not fail, and one page."""

from __future__ import annotations

from collections.abc import Sequence

from benchgov.eval.models import BenchRunReport, BenchScore, PromotionVerdict
from benchgov.github.blocks import Block
from benchgov.github.render import (
    MAX_ANNOTATIONS,
    MAX_TEXT,
    MAX_TITLE,
    SIGNS,
    Annotation,
    Conclusion,
    Links,
    Presentation,
    link_parts,
)
from benchgov.text import code, markdown, one_line

_HEAD = "| case | passed | score | failure modes |\n|---|---|---:|---|"


def present_eval(
    report: BenchRunReport, links: Links, *, bench: str, verdict: PromotionVerdict | None = None
) -> Presentation:
    """Everything that a reviewer sees of an eval run; `bench` is the folder of the task class in the tree."""
    title = headline(report)
    conclusion = conclude(report)
    failed = [one for one in report.per_case if not one[1].passed]
    passed = [one for one in report.per_case if one[1].passed]
    blocks = (
        Block(f"### {SIGNS[conclusion]} benchgov eval {code(report.task_class)} — {markdown(title)}\n"),
        *_table("", failed),
        *_table(f"<details><summary>{len(passed)} passed</summary>\n\n", passed, "\n</details>\n"),
        *_verdict(verdict),
        Block(_footer(report, links)),
    )
    return Presentation(report.task_class, conclusion, title, blocks, annotate(report, bench), kind="eval")


def conclude(report: BenchRunReport) -> Conclusion:
    """Failure modes that block are a failure; a run of a part of the cases is neither."""
    if report.block_severity_failure_modes:
        return "failure"
    return "success" if report.complete else "neutral"


def headline(report: BenchRunReport) -> str:
    """The result in words, in one plain line."""
    blocking = sum(bool(score.blocking) for _, score in report.per_case)
    parts = [
        f"{report.passed_count} of {len(report.per_case)} cases passed",
        f"mean {report.mean_score:.3f}",
        f"lower bound {report.lower_bound_95:.3f}",
        *([f"{blocking} with a failure that blocks"] if blocking else []),
        *([] if report.complete else ["incomplete, so no evidence for a promotion"]),
    ]
    return one_line(", ".join(parts), MAX_TITLE)


def annotate(report: BenchRunReport, bench: str) -> tuple[Annotation, ...]:
    """Each case with a failure mode that blocks, at the head of its `case.toml`."""
    found = [
        Annotation(
            one_line(f"{bench}/cases/{case_id}/case.toml"),
            1,
            "failure",
            one_line(f"{report.task_class} / {case_id}", MAX_TITLE),
            one_line(_modes(score), 2000),
        )
        for case_id, score in report.per_case
        if score.blocking
    ]
    return tuple(found[:MAX_ANNOTATIONS])


def _table(head: str, cases: Sequence[tuple[str, BenchScore]], tail: str = "") -> Sequence[Block]:
    rows = tuple(
        f"| {code(case_id)} | {'yes' if score.passed else 'no'} | {score.score:.3f} "
        f"| {markdown(_modes(score), MAX_TEXT)} |"
        for case_id, score in cases
    )
    return (Block(head + _HEAD, rows, tail),) if rows else ()


def _modes(score: BenchScore) -> str:
    told = [
        f"{mode.code} ({mode.severity})" + (f": {mode.detail}" if mode.detail else "")
        for mode in score.failure_modes
    ]
    return "; ".join(told)


def _verdict(verdict: PromotionVerdict | None) -> Sequence[Block]:
    if verdict is None:
        return ()
    word = "suffices" if verdict.evidence_sufficient else "does not suffice"
    head = f"The evidence {word} for tier {code(verdict.target_tier)}; people decide.\n"
    return (Block(head, tuple(f"- {markdown(reason, MAX_TEXT)}" for reason in verdict.reasons)),)


def _footer(report: BenchRunReport, links: Links) -> str:
    parts = [
        f"run {code(report.run_id)}",
        f"isolation {code(report.isolation_class)}",
        f"bound by {code(report.lower_bound_method)}",
        f"{report.held_out_count} held out",
        f"{report.total_cost_usd:.2f} USD",
        *link_parts(links),
    ]
    return f"\n<sub>{' · '.join(parts)}</sub>\n"
