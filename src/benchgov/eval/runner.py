"""Run the cases of a task class and report: load, probe the cache, execute, aggregate.

Recording the report is the caller's: this room knows no audit log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchgov.eval.assemble import assemble
from benchgov.eval.cache import Cache
from benchgov.eval.execution import Executed, Execution, Observer
from benchgov.eval.hosts import Hosts, isolated_hosts
from benchgov.eval.loader import load_task_class, parse_cases, stale
from benchgov.eval.models import BenchCase, BenchRunReport, Shard
from benchgov.eval.prepare import Prepared, Request
from benchgov.eval.registry import TaskClass
from benchgov.eval.scoring import Bench
from benchgov.eval.spans import SILENT, Tracer
from benchgov.eval.starters import Starters
from benchgov.rim import Clock
from benchgov.wire import utc_text

MAX_CONCURRENCY = 4
"""The default is the number of processors, but no more than this."""

DETAILS = "cases"


@dataclass(frozen=True)
class Options:
    """How a run is carried out. None of it changes a score, so none of it is part of a cache key.

    `cache` is the folder of the cache, or None to neither read nor write one; `details` the folder for what
    each case left behind, below which each run has one of its own.
    """

    cache: Path | None
    details: Path | None
    concurrency: int
    timeout: float = 600.0
    max_cost_usd: float = 5.0


@dataclass(frozen=True)
class World:
    """What a run may touch: clock, environment, who is told, and who this machine is."""

    environ: Mapping[str, str]
    now: Clock
    host: str
    observer: Observer
    tracer: Tracer = SILENT
    hosts: Callable[[Prepared, TaskClass], Hosts] | None = None
    starters: Starters | None = None


@dataclass(frozen=True)
class Finished:
    """The report of a run, not recorded yet, and how many of its scores came from the cache.

    `oldest` is when that case was validated that nobody looked at for longest.
    """

    report: BenchRunReport
    hits: int
    oldest: datetime


def default_concurrency() -> int:
    """How many cases are scored at a time when nobody says."""
    return min(os.cpu_count() or 1, MAX_CONCURRENCY)


def run_eval(request: Request, prepared: Prepared, options: Options, world: World) -> Finished:
    """Carry out what `prepare` planned.

    Raises:
        TaskClassIncompleteError, BenchCaseError: a file of the bench is not valid.
        OutputError: the cache, or what a case left behind, cannot be written.
    """
    plan = prepared.plan
    started = world.now()
    task_class = load_task_class(request.task_class, request.bench_root)
    cases = parse_cases(plan.cases, task_class, request.root)
    for case_id, days in stale(cases, started):
        world.observer.warned("case.stale", case_id=case_id, days=days)
    cache = Cache(options.cache) if options.cache else None
    identity: dict[str, Any] = {
        "task_class": plan.task_class,
        "run_id": plan.run_id,
        "harness_version": plan.digests.harness_version,
        "sut_digest": plan.digests.sut,
        "rubric_digest": plan.digests.rubric,
    }
    with world.tracer.span("eval-run", None, **identity) as span:
        execution = Execution(
            plan=plan,
            bench=Bench(
                task_class=task_class,
                isolation=prepared.level,
                started=utc_text(started),
                timeout=options.timeout,
                details=options.details / plan.run_id / DETAILS if options.details else None,
                tracer=world.tracer,
            ),
            hosts=(world.hosts or _isolated(request, world))(prepared, task_class),
            cache=cache,
            concurrency=options.concurrency,
            max_cost_usd=options.max_cost_usd,
            observer=world.observer,
        )
        executed = execution.run(cases, span)
        if cache:
            cache.gc_daily(started.timestamp())
        identity |= _facts(prepared, cases, executed) | {
            "host_fingerprint": world.host,
            "started_at": started,
            "ended_at": world.now(),
        }
        report = assemble(
            identity,
            sorted(executed.scores.items()),
            isolation=prepared.level,
            partial=not executed.complete,
        )
        span.set(complete=report.complete, mean_score=report.mean_score, hits=executed.hits)
    return Finished(report, executed.hits, min(case.last_validated_at for case in cases))


def _isolated(request: Request, world: World) -> Callable[[Prepared, TaskClass], Hosts]:
    def hosts(prepared: Prepared, task_class: TaskClass) -> Hosts:
        return isolated_hosts(
            task_class,
            prepared.spec,
            root=request.root,
            level=prepared.level,
            deny=prepared.hidden,
            starters=world.starters or Starters(world.environ),
            note=lambda case, failure: world.observer.warned(
                "sut.attempt", case_id=case.case_id, code=failure.code, detail=failure.detail
            ),
        )

    return hosts


def _facts(prepared: Prepared, cases: Sequence[BenchCase], executed: Executed) -> dict[str, Any]:
    plan = prepared.plan
    held_out = {case.case_id for case in cases if case.curation_class == "held-out"}
    return {
        "sut": plan.sut,
        "sut_process": prepared.spec.process,
        "cassette_corpus_digest": plan.digests.cassettes,
        "case_corpus_digest": plan.case_corpus_digest,
        "held_out_count": len(held_out & set(executed.scores)),
        "complete": executed.complete and plan.whole,
        "selection": plan.selection,
        "shard": Shard(index=plan.shard[0], count=plan.shard[1]) if plan.shard else None,
    }
