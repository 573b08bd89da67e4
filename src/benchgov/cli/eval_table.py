"""The report of an eval run as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchgov.cli.common import console
from benchgov.text import one_line

if TYPE_CHECKING:
    from benchgov.eval.models import BenchRunReport, BenchScore
    from benchgov.rim import Rim

_WIDTH = 60


def print_table(rim: Rim, report: BenchRunReport, hits: int) -> None:
    """Print one row a case, and below it what they come to."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, justify in (
        ("case", "left"),
        ("passed", "left"),
        ("score", "right"),
        ("failure modes", "left"),
    ):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    for case_id, score in report.per_case:
        passed = Text("yes", "green") if score.passed else Text("no", "red")
        table.add_row(Text(case_id), passed, f"{score.score:.3f}", Text(_modes(score)))
    out = console(rim)
    out.print(table)
    count = len(report.per_case)
    rim.stdout.write(
        f"\n{report.task_class}: {report.passed_count} of {count} passed, mean {report.mean_score:.3f}"
        f" (deviation {report.score_stddev:.3f}), lower bound {report.lower_bound_95:.3f}"
        f" ({report.lower_bound_method})\n"
        f"run {report.run_id}  isolation: {report.isolation_class}  held-out: {report.held_out_count}"
        f"{_reused(report)}  cost: {report.total_cost_usd:.2f} USD  from the cache: {hits}"
        f"{'' if report.complete else '  INCOMPLETE'}\n"
    )


def _reused(report: BenchRunReport) -> str:
    return "  SUT's process: reused" if report.sut_process == "reused" else ""


def _modes(score: BenchScore) -> str:
    shown = [
        f"{mode.code} ({mode.severity})" + (f": {mode.detail}" if mode.detail else "")
        for mode in score.failure_modes
    ]
    return one_line("; ".join(shown), _WIDTH)
