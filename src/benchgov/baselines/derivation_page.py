"""Derivations as a page for reviewers: the rule, the sessions, the deltas, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from benchgov.baselines.derived import STEP_PERCENT, Derivation, RunDelta
from benchgov.canonical import blake3_hex
from benchgov.text import code, markdown
from benchgov.units import humanize, plain_percent

MAX_RUNS = 25
"""How many runs of one family and metric are listed; derivation files have all."""


def derivation_page(regime: str, derivations: Sequence[Derivation]) -> str:
    """The Markdown of every derivation of `regime`; the same derivations give the same text."""
    ordered = sorted(derivations, key=lambda one: (one.suite, one.fingerprint))
    parts = [f"# Threshold derivation: {regime}", _rule()]
    parts += [block for one in ordered for block in _suite(one)]
    return "\n\n".join(parts) + "\n"


def _rule() -> str:
    return (
        "Written by `benchgov baseline derive-thresholds`; do not edit.\n\n"
        "A threshold is the largest delta that was observed between two repeated runs of the same code, "
        "plus a safety margin.\n"
        "A delta is the worsening of a benchmark's aggregate from the best run to the worst, in percent of "
        "the best. The largest one of a family and metric, plus the margin, is rounded up to the next "
        f"{plain_percent(STEP_PERCENT)}; it is never below the floor, which is the change that does not "
        "matter (`policy.statistics.min_effect`)."
    )


def _suite(one: Derivation) -> Iterator[str]:
    facts = one.facts
    yield f"## {one.suite} on {code(f'{facts.cpu_model} × {facts.cpu_count}, {facts.os}, {facts.arch}')}"
    yield "\n".join(
        [
            f"- environment: `{one.fingerprint}`",
            f"- revision: `{one.revision or 'unknown'}`, plan: `{one.plan_sha256}`",
            f"- margin: {plain_percent(one.margin_percent)} of the observed delta",
            f"- derivation: `{blake3_hex(one.to_bytes())}`",
        ]
    )
    yield "\n".join([*_head("family", "metric", "largest delta", "of", "floor", "threshold"), *_derived(one)])
    yield "### Sessions"
    yield "\n".join([*_head("session", "began (UTC)", "SHA-256 of the report"), *_sessions(one)])
    for (family, metric), group in groupby(one.runs, key=lambda item: (item.family, item.metric)):
        runs = list(group)
        yield f"### {family}: {metric} ({runs[0].aggregate})"
        yield "\n".join(_deltas(runs, len(one.sessions)))
    if one.left_out:
        yield "### Not derived"
        yield "\n".join(f"- {code(line)}" for line in one.left_out)


def _derived(one: Derivation) -> Iterator[str]:
    for family, metrics in sorted(one.thresholds.items()):
        for metric, found in sorted(metrics.items()):
            delta, least = plain_percent(found.observed_percent), plain_percent(found.floor_percent)
            limit = plain_percent(found.threshold_percent)
            yield _row(family, metric, delta, code(found.run), least, f"**{limit}**")


def _sessions(one: Derivation) -> Iterator[str]:
    for number, session in enumerate(one.sessions, 1):
        yield _row(
            str(number), f"{session.started_at_utc:%Y-%m-%d %H:%M:%S}", code(session.report_sha256[:16])
        )


def _deltas(runs: Sequence[RunDelta], sessions: int) -> Iterator[str]:
    yield from _head("run", *map(str, range(1, sessions + 1)), "delta")
    for run in runs[:MAX_RUNS]:
        values = (markdown(humanize(value, run.unit)) for value in run.values)
        yield _row(code(run.run), *values, plain_percent(run.delta_percent))
    hidden = len(runs) - MAX_RUNS
    if hidden > 0:
        yield f"\n{hidden:,} more runs with smaller deltas are in the derivation's file."


def _head(*names: str) -> list[str]:
    return [_row(*names), _row(*("---" for _ in names))]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
