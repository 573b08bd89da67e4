"""How published baselines look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from benchgov.cli.common import console

if TYPE_CHECKING:
    from benchgov.baselines.model import Baseline
    from benchgov.rim import Rim


def print_list(rim: Rim, rows: Iterable[Mapping[str, Any]]) -> None:
    """One line per published baseline."""
    from rich.table import Table
    from rich.text import Text

    table = Table("suite", "regime", "id", "created", "environment", "runs", "authoritative", "active")
    for row in rows:
        shown = {**row, "fingerprint": row["fingerprint"].removeprefix("blake3:")[:12]}
        table.add_row(*(Text({True: "yes", False: "-"}.get(one, str(one))) for one in shown.values()))
    console(rim).print(table)


def print_baseline(rim: Rim, one: Baseline) -> None:
    """A baseline: provenance, environment, values and limits."""
    from rich.table import Table
    from rich.text import Text

    from benchgov.text import one_line
    from benchgov.units import humanize, plain_percent

    origin, facts = one.provenance, one.facts
    screen = console(rim)
    screen.print(Text(f"{one.baseline_id}   suite {one.suite}   regime {one.regime}"))
    screen.print(Text(f"made by {origin.created_by} with: {origin.command}"))
    dirty = {True: " (dirty)", False: "", None: ""}[origin.dirty]
    screen.print(Text(f"commit {origin.commit or 'unknown'}{dirty}; {one.warmup} warm-ups, {one.runs} runs"))
    screen.print(
        Text(f"{facts.os}, {facts.cpu_model} × {facts.cpu_count}, {facts.memory_mb} MB, {facts.python}")
    )
    if one.derivation:
        screen.print(Text(f"limits derived from repeated runs: {one.derivation}"))
    if given := one.approval:
        when = f"{given.approved_at_utc:%Y-%m-%d %H:%M:%S}"
        screen.print(Text(f"approved by {given.approver} ({given.identified_by}) on {when}: run {given.run}"))
        screen.print(Text(one_line(f"notes: {given.notes or '-'}")))
    table = Table("benchmark", "family", "metric", "aggregate", "value", "samples", "limit")
    for run in one.entries:
        for entry in run.metrics:
            limit = one.limit(run, entry.metric)
            value = humanize(entry.value, entry.unit)
            cells = (run.key, run.family, entry.metric, entry.aggregate, value, str(entry.samples))
            table.add_row(*map(Text, (*cells, plain_percent(limit))))
    screen.print(table)
