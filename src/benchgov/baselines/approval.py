"""May this run become the active baseline: every rule that it breaks, with the rule's name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchgov.baselines.recorded import Recorded
from benchgov.baselines.standing import APPROVABLE, Standing, narrowed, standing
from benchgov.canonical import sha256_hex
from benchgov.errors import RefusedError
from benchgov.report import Report
from benchgov.suggest import did_you_mean

IN_A_ROW = 3
"""How many consecutive runs must have passed (seed contract of `baseline approve`)."""


@dataclass(frozen=True)
class Scenario:
    """What is approved: a whole suite, or one benchmark of it."""

    name: str
    suite: str
    benchmark: str | None

    def part_of(self, report: Report) -> Report | None:
        """What of `report` is about this scenario, if anything is."""
        if report.config.suite != self.suite:
            return None
        return report if self.benchmark is None else narrowed(report, self.benchmark)


def scenario(name: str, report: Report) -> tuple[Scenario, Report]:
    """What `name` means in `report`, and the part of `report` that is about it.

    It is the report's suite, `suite/benchmark`, or a benchmark's id alone.

    Raises:
        RefusedError: the report has no such thing.
    """
    suite = report.config.suite
    if name == suite:
        return Scenario(name, suite, None), report
    found = name.removeprefix(f"{suite}/")
    part = narrowed(report, found)
    if part is None:
        known = dict.fromkeys(run.benchmark for run in report.runs)
        raise RefusedError(
            f"{name!r} is not in this run of suite {suite!r}{did_you_mean(found, [suite, *known])}",
            remedy="Give the suite, or suite/benchmark.",
        )
    return Scenario(f"{suite}/{found}", suite, found), part


@dataclass(frozen=True)
class Row:
    """The consecutive passing runs that end with the one to approve, newest first, and what is wrong."""

    runs: tuple[Recorded, ...]
    breaches: tuple[str, ...]


def row(wanted: Scenario, chosen: Report, history: Iterable[Recorded]) -> Row:
    """The passing runs in a row; `history` begins with the run of `chosen` and goes back in time.

    They count with the same regime, environment and plan. A run of another plan that passed is passed over;
    one that did not pass, or that cannot be read, ends the row whatever its plan.
    """
    found: list[Recorded] = []
    elsewhere, end = 0, "there are no more"
    for one in history:
        own = wanted.part_of(one.report) if one.report else None
        if one.report is not None and own is None:
            continue
        if own is not None and not _same_place(own, chosen):
            elsewhere += 1
            continue
        if own is None or standing(own) not in APPROVABLE:
            end = f"run {one.run_id} {_failed(own, one)}"
            break
        if own.replay.plan_sha256 == chosen.replay.plan_sha256:
            found.append(one)
        if len(found) == IN_A_ROW:
            return Row(tuple(found), ())
    others = f"; {elsewhere} of another regime or environment do not count" if elsewhere else ""
    return Row(
        tuple(found),
        (
            f"rule three-in-a-row: {IN_A_ROW} consecutive passing runs of the same plan, regime and "
            f"environment are needed, found {len(found)}: {end}{others}",
        ),
    )


def _failed(own: Report | None, one: Recorded) -> str:
    return f"cannot be read ({one.fault})" if own is None else f"is {standing(own)}"


def _same_place(one: Report, other: Report) -> bool:
    return (one.config.regime, one.environment.fingerprint) == (
        other.config.regime,
        other.environment.fingerprint,
    )


def breaches(
    wanted: Scenario, chosen: Report, status: Standing, dataset: str | None, active: Sequence[str]
) -> Iterator[str]:
    """What speaks against `chosen` alone, the part of the run that is about `wanted`, and has this status.

    `active` are the SHA-256 of the active baselines' raw reports.
    """
    if wanted.benchmark is None and chosen.config.selection:
        measured_only = ", ".join(chosen.config.selection)
        yield f"rule whole-suite: only a selection was measured ({measured_only}); name suite/benchmark"
    if status not in APPROVABLE:
        yield f"rule run-status: the run is {status}, not {' or '.join(APPROVABLE)}"
    measured = chosen.config.options.get("dataset")
    if dataset is not None and measured != dataset:
        had = f"dataset {measured}" if measured else "no dataset"
        yield f"rule dataset: the run has {had}, not {dataset}"
    if chosen.environment.gate == "drift":
        yield "rule pinned-environment: the run was measured in a drifted environment"
    if chosen.config.against is not None:
        yield "rule one-revision: the run was measured in turn with another revision"
    if _digest(chosen) in active:
        yield "rule not-again: this run is the active baseline already"


def _digest(report: Report) -> str:
    return sha256_hex(report.to_bytes())
