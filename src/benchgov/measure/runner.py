"""Measure a plan: benchmark by benchmark, parity first, then warm-ups, then interleaved samples."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchgov.adapters.registry import adapters
from benchgov.canonical import Json
from benchgov.errors import InputError
from benchgov.measure.assemble import Measurement, Observed, build_report, build_run, demote
from benchgov.measure.bench import PASSED, Bench, Entry, Tree
from benchgov.measure.build import Fault, build
from benchgov.measure.functional_runs import not_run, run_protocol
from benchgov.measure.plan import Plan, PlannedRun
from benchgov.measure.progress import Progress
from benchgov.measure.sampling import Series, rounds
from benchgov.measure.scratch import scratch_folder
from benchgov.measure.source import Means, Place
from benchgov.measure.source_runs import unmeasured
from benchgov.measure.source_series import SourceRuns, measure_source
from benchgov.report import Environment, Run
from benchgov.rim import Clock
from benchgov.suites.parameters import with_config


def measure(
    plan: Plan,
    *,
    environment: Environment,
    regime: str,
    revision: tuple[str | None, bool | None],
    now: Clock,
    environ: Mapping[str, str],
    progress: Progress,
) -> Measurement:
    """Run everything that is planned; what goes wrong is in the report, and the rest still runs.

    `BENCHGOV_PYTHON` in `environ` names the Python that runs callables (default: this one).

    Raises:
        InputError: a selection by family to which nothing belongs that the sources gave.
    """
    started = now()
    environ = with_config(environ, plan.values)
    tree = Tree.of(plan.suite, environ)
    built = build(tree, skip=plan.skip_build)
    if isinstance(built, Fault):
        return blocked(plan, built, environment=environment, regime=regime, revision=revision, now=now)
    plan = replace(plan, built=built)
    bench = Bench(tree, progress)
    runs: list[Run] = []
    samples: list[Json] = []
    mismatched: dict[str, str] = {}
    for group in plan.groups():
        for planned, seen in _measure_group(bench, group):
            run = build_run(planned, seen, plan.suite.path)
            progress.done(run)
            runs.append(run)
            if seen.layers["parity"] == "fail":
                mismatched.setdefault(run.benchmark, seen.reason)
            samples.append(seen.raw)
    # A benchmark whose variants disagree at one scale has no valid time at any other.
    runs = [demote(run, mismatched[run.benchmark]) if run.benchmark in mismatched else run for run in runs]
    logs: dict[str, Json] = {}
    for found in (*_sources(plan, tree, environment, progress), *_protocols(plan, tree, progress)):
        runs += found.runs
        samples += found.samples
        logs |= found.logs
    if not runs:
        raise InputError(f"no benchmark of the sources belongs to {', '.join(plan.selection)}")
    report = build_report(
        plan, runs, environment=environment, regime=regime, revision=revision, moments=(started, now())
    )
    raw_files = {
        raw_name(number, run.key): {"run": run.key, **values}
        for number, (run, values) in enumerate(zip(runs, samples, strict=True), 1)
        if run.run_is_valid
    }
    return Measurement(report, raw_files | logs)


def _sources(plan: Plan, tree: Tree, environment: Environment, progress: Progress) -> Iterator[SourceRuns]:
    place = Place(plan.suite.root, plan.suite.folder)
    means = Means(tree.python, tree.environ, environment.facts, adapters() if plan.sources else {})
    for number, source in enumerate(plan.sources, 1):
        if source.refusal:
            yield SourceRuns([unmeasured(source, source.refusal, plan.suite.path)], [None], {})
            continue
        found = measure_source(source, plan, place, means, progress)
        logs = {f"source-{number:03}-{name}": value for name, value in found.logs.items()}
        yield replace(found, logs=logs)


def _protocols(plan: Plan, tree: Tree, progress: Progress) -> Iterator[SourceRuns]:
    for protocol in plan.protocols:
        progress.begin(protocol)
        run, raw = run_protocol(protocol, tree)
        progress.done(run)
        yield SourceRuns([run], [raw], {})


def blocked(
    plan: Plan,
    fault: Fault | str,
    *,
    environment: Environment,
    regime: str,
    revision: tuple[str | None, bool | None],
    now: Clock,
) -> Measurement:
    """The report of a plan that did not run at all, such as in a drifted environment, or unprepared."""
    reason, tail = (fault, "") if isinstance(fault, str) else (fault.reason, fault.stderr_tail)
    seen = Observed(dict.fromkeys(PASSED, "skipped"), reason, tail)
    runs = [build_run(planned, seen, plan.suite.path) for planned in plan.runs]
    runs += [unmeasured(source, reason, plan.suite.path, tail) for source in plan.sources]
    runs += [not_run(protocol, plan.suite.path, reason, tail) for protocol in plan.protocols]
    moment = now()
    report = build_report(
        plan, runs, environment=environment, regime=regime, revision=revision, moments=(moment, moment)
    )
    return Measurement(report, {})


def raw_name(number: int, key: str) -> str:
    """The file with the raw samples of the `number`-th run."""
    return f"{number:05d}-{re.sub(r'[^A-Za-z0-9._+-]+', '-', key)[:100]}.json"


def _measure_group(bench: Bench, group: tuple[PlannedRun, ...]) -> Iterator[tuple[PlannedRun, Observed]]:
    """All variants of one benchmark at one scale."""
    with contextlib.ExitStack() as stack:
        entries = bench.open(group, stack.enter_context(scratch_folder()), stack)
        _take_samples([entry for entry in entries if entry.seen is None])
        for entry in entries:
            bench.count(entry)
    for entry in entries:
        yield entry.planned, bench.observed(entry)


def _take_samples(entries: list[Entry]) -> None:
    for entry in entries:
        entry.series = Series(entry.planned.sampling)
        entry.guarded(Series.warm_up)
    for due in rounds(len(entries), [entry.planned.sampling.runs for entry in entries]):
        for index in due:
            entries[index].guarded(Series.add)
