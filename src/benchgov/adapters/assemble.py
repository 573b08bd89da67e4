"""Readings → report v1: names, families, runs, and the standing of numbers that others measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.machine import environment_of
from benchgov.adapters.names import Rule, benchmark_id, family_of, renamed
from benchgov.adapters.results import Result, results
from benchgov.canonical import Json, canonical_json, sha256_hex
from benchgov.replay import replay_section
from benchgov.report import (
    Environment,
    Gate,
    Report,
    Run,
    RunConfig,
    Sampling,
    Source,
    summarize,
)
from benchgov.text import one_line

_MAX_WORD = 200
_NO_DEADLINE = 1.0  # `timeout_seconds` must be positive; nothing is run here


@dataclass(frozen=True)
class Rules:
    """What the command line asks for: suite, regime, and how names become ids and families."""

    suite: str
    regime: str
    rename: Sequence[Rule] = ()
    families: Sequence[Rule] = ()


def build_report(
    readings: Sequence[Reading],
    rules: Rules,
    *,
    environment: Environment,
    revision: tuple[str | None, bool | None],
    now: datetime,
) -> Report:
    """The report of `readings`, of at least one benchmark.

    A benchmark that several logs of its tool have is one run with the samples of all, in the order of the
    logs. `environment` is this machine's; see docs/adr/0013-imported-results.md for what becomes of it.

    Raises:
        MalformedLogError: no benchmark; one that is twice in a log, or has other units in the next; two
            that have the same id after renaming.
    """
    found = results(readings, lambda name: benchmark_id(renamed(name, rules.rename)))
    runs = tuple(_run(one, rules) for one in found)
    claimed = [reading.facts for reading in readings]
    standing = environment_of(environment, claimed)
    incomplete = [text for reading in readings for text in reading.incomplete]
    config = RunConfig(
        suite=rules.suite,
        suite_sha256=_plan_digest(readings, rules),
        regime=rules.regime,
        warmup=min(run.sampling.warmup for run in runs),
        runs=min(run.sampling.runs for run in runs),
        timeout_seconds=_NO_DEADLINE,
        options={"import": _options(readings, incomplete)},
        revision=(stated := _revision(readings) or revision)[0],
        dirty=stated[1],
    )
    summary = summarize(runs, standing.gate)
    return Report(
        schema_version=1,
        started_at_utc=now,
        finished_at_utc=now,
        config=config,
        environment=standing,
        summary=summary.model_copy(update={"authoritative": summary.authoritative and not incomplete}),
        performance_gate=Gate(status="not-evaluated", reason="no baseline was compared"),
        scale_band_gate=Gate(status="not-evaluated", reason="imported results have no scale bands"),
        replay=replay_section(config, runs),
        runs=runs,
    )


def raw_of(readings: Sequence[Reading]) -> dict[str, Json]:
    """The logs themselves, for the run's folder: file name → where it was, its digest and its whole text."""
    return {
        f"log-{number:03}.json": {
            "tool": reading.tool,
            "log": reading.log.where,
            "sha256": reading.log.sha256,
            "text": reading.log.text,
        }
        for number, reading in enumerate(readings, 1)
    }


def _run(one: Result, rules: Rules) -> Run:
    reading, first = one.given[0]
    metrics, notes = one.metrics(), one.notes
    logs = [given.log for given, _ in one.given]
    return Run(
        benchmark=one.id,
        variant=reading.tool,
        family=family_of(first.name, first.group, reading.tool, rules.families),
        signature=signature(first),
        protocol=", ".join(log.where for log in logs),
        protocol_sha256=_digest(logs),
        source=_source(one),
        features=features(first.parameters),
        overall="pass" if metrics else "blocked",
        ok=bool(metrics),
        run_is_valid=bool(metrics),
        reason="" if metrics else no_metric(notes),
        notes=notes,
        sampling=Sampling(
            isolation="imported",
            warmup=min(measured.warmup for _, measured in one.given),
            runs=max((len(metric.samples) for metric in metrics), default=0),
            iterations=min(measured.iterations for _, measured in one.given),
        ),
        metrics=metrics,
    )


def no_metric(notes: Sequence[str]) -> str:
    """Why a benchmark is blocked of which no metric is left."""
    return "the log has no metric of it that can be judged: " + "; ".join(notes)


def signature(measured: Measured) -> str:
    """The tool's own name of a benchmark, on one line."""
    return one_line(measured.name, _MAX_WORD)


def _digest(logs: Sequence[Log]) -> str:
    """The log's SHA-256; of several logs the SHA-256 of the canonical list of theirs."""
    return logs[0].sha256 if len(logs) == 1 else sha256_hex(canonical_json([log.sha256 for log in logs]))


def _source(one: Result) -> Source:
    """Where the benchmark is written down, when its tool says so in a path below the root; else the log."""
    reading, first = one.given[0]
    path, line = first.source or (reading.log.where, 1)
    if path.startswith(("/", "\\")) or ".." in path.split("/"):
        path, line = reading.log.where, 1
    return Source(path=one_line(path, _MAX_WORD), line=line)


def features(parameters: Mapping[str, Any]) -> dict[str, float]:
    """The parameters that are numbers; the others are part of the id."""
    return {
        one_line(name, _MAX_WORD): float(value)
        for name, value in parameters.items()
        if type(value) in {int, float} and abs(value) < 2**53
    }


def _plan_digest(readings: Iterable[Reading], rules: Rules) -> str:
    """What stands for the suite's manifest: the tools and the rules, so that equal imports can be joined."""
    plan = {
        "tools": sorted({reading.tool for reading in readings}),
        "rename": [str(rule) for rule in rules.rename],
        "families": [str(rule) for rule in rules.families],
    }
    return sha256_hex(canonical_json(plan))


def _options(readings: Sequence[Reading], incomplete: Sequence[str]) -> dict[str, Json]:
    """What the logs say about tools and machines, each thing once; and what is missing of them."""
    options: dict[str, Json] = {
        "tools": list(_once({"name": one.tool, "version": one.tool_version} for one in readings)),
        "machines": list(_once(dict(one.facts) for one in readings if one.facts)),
    }
    return {**options, "incomplete": list(incomplete)} if incomplete else options


def _once(values: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    seen = []
    for value in values:
        if value not in seen:
            seen.append(value)
            yield value


def _revision(readings: Iterable[Reading]) -> tuple[str, bool | None] | None:
    """What all logs that name a commit agree on. Raises MalformedLogError when they do not."""
    stated = [(reading, reading.revision) for reading in readings if reading.revision]
    for reading, (commit, _) in stated:
        if commit != stated[0][1][0]:
            raise MalformedLogError(
                f"measured at commit {commit}, but {stated[0][0].log.where} at {stated[0][1][0]}",
                where=reading.log.where,
                remedy="Import the logs of one commit at a time.",
            )
    dirty = [state for _, (_, state) in stated]
    if not stated:
        return None
    return stated[0][1][0], True if True in dirty else None if None in dirty else False
