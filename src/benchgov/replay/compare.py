"""Hold a replay against the report that it replays: a pure function of both and the policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchgov.canonical import Json, sha256_hex
from benchgov.replay.comparison import MAX_LISTED, Hashes, Mismatch, Policy, ReplayComparison, Unmet
from benchgov.replay.section import deterministic_projection, plan_config, replay_section
from benchgov.report import Drift, Report, Run, RunConfig

MAX_PROTOCOLS = "max_protocols"
"""Where `config.options` of a report say that only the first runs of its plan were replayed."""


@dataclass(frozen=True)
class Part:
    """What of a report is replayed: its config, the runs, and the manifest's entries that they come from."""

    config: RunConfig
    runs: tuple[Run, ...]
    entries: tuple[str, ...]

    @property
    def hashes(self) -> Hashes:
        """As a report of only this part would carry them."""
        return _hashes(self.config, self.runs)


def entry_of(run: Run) -> str:
    """The id of the manifest's entry that gave `run`: what stands before the first `/`."""
    return run.benchmark.partition("/")[0]


def part_of(report: Report, max_protocols: int | None) -> Part:
    """The first `max_protocols` runs of `report`, up to the end of an entry; all of them without a number.

    The variants and sizes of one benchmark are held against each other, so an entry is replayed whole.
    """
    entries = tuple(dict.fromkeys(map(entry_of, report.runs)))
    if max_protocols is None or max_protocols >= len(report.runs):
        return Part(report.config, report.runs, entries)
    wanted = dict.fromkeys(entry_of(run) for run in report.runs[:max_protocols])
    runs = tuple(run for run in report.runs if entry_of(run) in wanted)
    if len(runs) == len(report.runs):
        return Part(report.config, report.runs, entries)
    options = {**report.config.options, MAX_PROTOCOLS: max_protocols}
    return Part(report.config.model_copy(update={"options": options}), runs, tuple(wanted))


def compare_replay(
    baseline: Report,
    replay: Report,
    policy: Policy,
    *,
    baseline_sha256: str,
    environment_difference: Sequence[Drift] = (),
) -> ReplayComparison:
    """Hold `replay` against the part of `baseline` that `policy` names; `baseline_sha256` is of its file."""
    part = part_of(baseline, policy.max_protocols)
    config = list(differences("/config", plan_config(part.config), plan_config(replay.config)))
    found, matched = _run_mismatches(baseline, part, replay)
    unmet = list(_unmet(replay.runs, policy))
    all_found = config + found
    hashes = _hashes(replay.config, replay.runs)
    same = part.hashes == hashes and not all_found
    return ReplayComparison(
        schema_version=1,
        suite=baseline.config.suite,
        regime=baseline.config.regime,
        verdict="match" if same and not unmet else "mismatch",
        reason=_reason(len(config), (matched, len(part.runs), len(baseline.runs)), len(found), len(unmet)),
        authoritative=baseline.summary.authoritative and replay.summary.authoritative,
        policy=policy,
        baseline_report_sha256=baseline_sha256,
        replay_report_sha256=sha256_hex(replay.to_bytes()),
        published=Hashes(
            plan_sha256=baseline.replay.plan_sha256, result_sha256=baseline.replay.result_sha256
        ),
        baseline=part.hashes,
        replay=hashes,
        total=len(baseline.runs),
        compared=len(part.runs),
        matched=matched,
        mismatched=len(all_found),
        mismatches=tuple(all_found[:MAX_LISTED]),
        unmet=tuple(unmet),
        environment_difference=tuple(environment_difference),
    )


def _hashes(config: RunConfig, runs: Sequence[Run]) -> Hashes:
    section = replay_section(config, runs)
    return Hashes(plan_sha256=section.plan_sha256, result_sha256=section.result_sha256)


def _run_mismatches(baseline: Report, part: Part, replay: Report) -> tuple[list[Mismatch], int]:
    """(mismatches of runs, how many runs have none)."""
    found: list[Mismatch] = []
    matched = 0
    places = {run.key: at for at, run in enumerate(baseline.runs)}
    theirs = {run.key: value for run, value in zip(replay.runs, _projected(replay.runs), strict=True)}
    for run, wanted in zip(part.runs, _projected(part.runs), strict=True):
        path = f"/runs/{places[run.key]}"
        if run.key not in theirs:
            found.append(Mismatch(path=path, baseline=run.key, only_in="baseline"))
            continue
        before = len(found)
        found += differences(path, wanted, theirs[run.key])
        matched += len(found) == before
    ours = {run.key for run in part.runs}
    extra = [key for key in theirs if key not in ours]
    found += [Mismatch(path="/runs/-", replay=key, only_in="replay") for key in extra]
    wanted_order = [run.key for run in part.runs if run.key in theirs]
    order = [key for key in theirs if key in ours]
    if wanted_order != order:
        found.append(Mismatch(path="/runs", baseline=wanted_order, replay=order))
    return found, matched


def _projected(runs: Sequence[Run]) -> list[Json]:
    return deterministic_projection(runs)


def differences(path: str, wanted: Json, found: Json) -> Iterator[Mismatch]:
    """Every place below `path` where two JSON values differ."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in dict.fromkeys([*wanted, *found]):
            below = f"{path}/{_escaped(name)}"
            if name not in found:
                yield Mismatch(path=below, baseline=wanted[name], only_in="baseline")
            elif name not in wanted:
                yield Mismatch(path=below, replay=found[name], only_in="replay")
            else:
                yield from differences(below, wanted[name], found[name])
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for at, (left, right) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(f"{path}/{at}", left, right)
    elif wanted != found or isinstance(wanted, bool) != isinstance(found, bool):
        yield Mismatch(path=path, baseline=wanted, replay=found)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _unmet(runs: Sequence[Run], policy: Policy) -> Iterator[Unmet]:
    for run in runs:
        if policy.require_pass and not run.ok:
            yield Unmet(run=run.key, rule="require_pass", detail=f"{run.overall}: {run.reason}")
        if policy.require_expectations:
            wrong = [one.name for one in run.expectations if not one.ok]
            if wrong or not run.expectations:
                detail = f"not met: {', '.join(wrong)}" if wrong else "the run has no expectations"
                yield Unmet(run=run.key, rule="require_expectations", detail=detail)


def _reason(config: int, runs: tuple[int, int, int], places: int, unmet: int) -> str:
    """One sentence; `runs` are (the same, replayed, in the report), `places` the mismatches below `/runs`."""
    same, compared, total = runs
    part = f" (of {total:,} in the report)" if compared < total else ""
    parts = [
        f"values of the config that differ: {config:,}" if config else "",
        f"runs that are not the same: {compared - same:,} of {compared:,}" if same < compared else "",
        "the replay has other runs, or another order" if places and same == compared else "",
        f"requirements not met: {unmet:,}" if unmet else "",
    ]
    said = "; ".join(one for one in parts if one) or f"runs that are the same: {same:,} of {compared:,}"
    return f"{said[0].upper()}{said[1:]}{part}."
