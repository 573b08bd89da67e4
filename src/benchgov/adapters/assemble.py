"""Readings → report v1: names, families, runs, and the standing of numbers that others measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchgov.adapters.interface import Log, MalformedLogError, Measured, Reading
from benchgov.adapters.machine import environment_of
from benchgov.adapters.names import Rule, benchmark_id, family_of, renamed
from benchgov.canonical import Json, canonical_json, sha256_hex
from benchgov.replay import replay_section
from benchgov.report import (
    Environment,
    Gate,
    Metric,
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


@dataclass(frozen=True)
class _Repeats:
    """One benchmark, in one log or in several: its readings and what each says, in order."""

    id: str
    given: tuple[tuple[Reading, Measured], ...]

    @property
    def first(self) -> Measured:
        """What the first log says."""
        return self.given[0][1]

    @property
    def place(self) -> str:
        """Where it stands first."""
        reading, measured = self.given[0]
        return f"{reading.log.where}: {measured.place}"


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
    runs = tuple(_run(one, rules) for one in _benchmarks(readings, rules))
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


def _benchmarks(readings: Sequence[Reading], rules: Rules) -> list[_Repeats]:
    """Every benchmark once, in the order of the logs."""
    names: dict[tuple[str, str], list[tuple[Reading, Measured]]] = {}
    for reading in readings:
        _refuse_none(reading)
        seen: dict[str, Measured] = {}
        for measured in reading.benchmarks:
            if (before := seen.setdefault(measured.name, measured)) is not measured:
                raise MalformedLogError(
                    f"benchmark {one_line(measured.name)!r} is there twice, first at {before.place}",
                    where=reading.log.at(measured.place),
                )
            names.setdefault((reading.tool, measured.name), []).append((reading, measured))
    return _with_ids(names, rules)


def _refuse_none(reading: Reading) -> None:
    if not reading.benchmarks:
        raise MalformedLogError(
            f"this log of {reading.tool} has no benchmark",
            where=reading.log.where,
            details=reading.incomplete,
            remedy="Zero results are an error: let the tool run again, and look at what it says.",
        )


def _with_ids(
    names: Mapping[tuple[str, str], list[tuple[Reading, Measured]]], rules: Rules
) -> list[_Repeats]:
    found: dict[tuple[str, str], _Repeats] = {}
    for (tool, name), given in names.items():
        one = _Repeats(benchmark_id(renamed(name, rules.rename)), tuple(given))
        if (other := found.setdefault((tool, one.id), one)) is not one:
            raise MalformedLogError(
                f"{one_line(name)!r} and {one_line(other.first.name)!r} ({other.place}) would both be "
                f"benchmark {one.id!r}",
                where=one.place,
                remedy="Tell them apart with --rename 'regex=replacement'.",
            )
    return list(found.values())


def _run(one: _Repeats, rules: Rules) -> Run:
    reading, first = one.given[0]
    metrics = _joined(one)
    notes = tuple(dict.fromkeys(note for _, measured in one.given for note in measured.notes))
    logs = [given.log for given, _ in one.given]
    return Run(
        benchmark=one.id,
        variant=reading.tool,
        family=family_of(first.name, first.group, reading.tool, rules.families),
        signature=one_line(first.name, _MAX_WORD),
        protocol=", ".join(log.where for log in logs),
        protocol_sha256=_digest(logs),
        source=_source(one),
        features=_features(first.parameters),
        overall="pass" if metrics else "blocked",
        ok=bool(metrics),
        run_is_valid=bool(metrics),
        reason="" if metrics else "the log has no metric of it that can be judged: " + "; ".join(notes),
        notes=notes,
        sampling=Sampling(
            isolation="imported",
            warmup=min(measured.warmup for _, measured in one.given),
            runs=max((len(metric.samples) for metric in metrics), default=0),
            iterations=min(measured.iterations for _, measured in one.given),
        ),
        metrics=metrics,
    )


def _digest(logs: Sequence[Log]) -> str:
    """The log's SHA-256; of several logs the SHA-256 of the canonical list of theirs."""
    return logs[0].sha256 if len(logs) == 1 else sha256_hex(canonical_json([log.sha256 for log in logs]))


def _source(one: _Repeats) -> Source:
    """Where the benchmark is written down, when its tool says so in a path below the root; else the log."""
    reading, first = one.given[0]
    path, line = first.source or (reading.log.where, 1)
    if path.startswith(("/", "\\")) or ".." in path.split("/"):
        path, line = reading.log.where, 1
    return Source(path=one_line(path, _MAX_WORD), line=line)


def _features(parameters: Mapping[str, Any]) -> dict[str, float]:
    """The parameters that are numbers; the others are part of the id."""
    return {
        one_line(name, _MAX_WORD): float(value)
        for name, value in parameters.items()
        if type(value) in {int, float} and abs(value) < 2**53
    }


def _joined(one: _Repeats) -> tuple[Metric, ...]:
    """The metrics of all logs, each with every sample; raises MalformedLogError when they do not agree."""
    shapes = [_shape(reading, measured) for reading, measured in one.given]
    for (reading, measured), shape in zip(one.given[1:], shapes[1:], strict=True):
        if shape != shapes[0]:
            raise MalformedLogError(
                f"benchmark {one_line(measured.name)!r} has {_listed(shape)} here, "
                f"and {_listed(shapes[0])} in {one.place}",
                where=reading.log.at(measured.place),
            )
    if len(one.given) == 1:
        return one.first.metrics
    by_name = [{metric.name: metric.samples for metric in measured.metrics} for _, measured in one.given]
    return tuple(
        metric.model_copy(update={"samples": tuple(sample for log in by_name for sample in log[metric.name])})
        for metric in one.first.metrics
    )


def _shape(reading: Reading, measured: Measured) -> dict[str, tuple[str, str]]:
    shape: dict[str, tuple[str, str]] = {
        metric.name: (metric.unit, metric.direction) for metric in measured.metrics
    }
    if len(shape) != len(measured.metrics):
        raise MalformedLogError("a metric is there twice", where=reading.log.at(measured.place))
    return shape


def _listed(shape: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(f"{name} in {unit}" for name, (unit, _) in sorted(shape.items())) or "no metric"


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
