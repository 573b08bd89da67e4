"""Measure a plan: benchmark by benchmark, parity first, then warm-ups, then interleaved samples."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchgov.adapters.registry import adapters
from benchgov.canonical import Json
from benchgov.errors import InputError
from benchgov.measure.assemble import Layer, Measurement, Observed, build_report, build_run, demote, stopped
from benchgov.measure.instructions import count_instructions
from benchgov.measure.output import Outcome, disagreement, expectations, output_digest
from benchgov.measure.plan import Plan, PlannedRun
from benchgov.measure.progress import Progress
from benchgov.measure.sampling import Series, rounds
from benchgov.measure.scratch import scratch_folder
from benchgov.measure.session import SampleError, Session, Specification, host_environ, input_file
from benchgov.measure.source import Means, Place
from benchgov.measure.source_runs import unmeasured
from benchgov.measure.source_series import measure_source
from benchgov.report import Environment, Run, scale_text
from benchgov.rim import Clock
from benchgov.suites.load import Suite
from benchgov.suites.placeholders import fill
from benchgov.suites.signature import parse_signature, signature_from_json

PASSED: dict[str, Layer] = {"parity": "pass", "execution": "pass", "expectations": "pass"}


@dataclass
class _Entry:
    """One planned run on its way through the steps."""

    planned: PlannedRun
    specification: Specification
    session: Session | None = None
    outcome: Outcome | None = None
    series: Series | None = None
    memory_floor: int = 0
    notes: tuple[str, ...] = ()
    seen: Observed | None = None


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
    bench = _Bench(plan.suite, environ, progress)
    runs: list[Run] = []
    samples: list[Json] = []
    mismatched: dict[str, str] = {}
    for group in plan.groups():
        for planned, seen in bench.measure_group(group):
            run = build_run(planned, seen, plan.suite.path)
            progress.done(run)
            runs.append(run)
            if seen.layers["parity"] == "fail":
                mismatched.setdefault(run.benchmark, seen.reason)
            samples.append(seen.raw)
    # A benchmark whose variants disagree at one scale has no valid time at any other.
    runs = [demote(run, mismatched[run.benchmark]) if run.benchmark in mismatched else run for run in runs]
    place = Place(plan.suite.root, plan.suite.folder)
    means = Means(bench.python, environ, environment.facts, adapters() if plan.sources else {})
    logs: dict[str, Json] = {}
    for number, source in enumerate(plan.sources, 1):
        found = measure_source(source, plan, place, means, progress)
        runs += found.runs
        samples += found.samples
        logs |= {f"source-{number:03}-{name}": value for name, value in found.logs.items()}
    if not runs:
        raise InputError(f"no benchmark of the sources belongs to {', '.join(plan.selection)}")
    report = build_report(
        plan, runs, environment=environment, regime=regime, revision=revision, moments=(started, now())
    )
    raw = {
        _file_name(number, run.key): {"run": run.key, **values}
        for number, (run, values) in enumerate(zip(runs, samples, strict=True), 1)
        if run.run_is_valid
    }
    return Measurement(report, raw | logs)


def blocked(
    plan: Plan,
    reason: str,
    *,
    environment: Environment,
    regime: str,
    revision: tuple[str | None, bool | None],
    now: Clock,
) -> Measurement:
    """The report of a plan that did not run at all, such as in a drifted environment."""
    seen = Observed(dict.fromkeys(PASSED, "skipped"), reason)
    runs = [build_run(planned, seen, plan.suite.path) for planned in plan.runs]
    runs += [unmeasured(source, reason, plan.suite.path) for source in plan.sources]
    moment = now()
    report = build_report(
        plan, runs, environment=environment, regime=regime, revision=revision, moments=(moment, moment)
    )
    return Measurement(report, {})


def _file_name(number: int, key: str) -> str:
    return f"{number:05d}-{re.sub(r'[^A-Za-z0-9._+-]+', '-', key)[:100]}.json"


class _Bench:
    """Measures groups of runs that must agree."""

    def __init__(self, suite: Suite, environ: Mapping[str, str], progress: Progress) -> None:
        self._suite = suite
        self._environ = environ
        self.python = environ.get("BENCHGOV_PYTHON") or sys.executable
        self._progress = progress

    def measure_group(self, group: tuple[PlannedRun, ...]) -> Iterator[tuple[PlannedRun, Observed]]:
        """All variants of one benchmark at one scale."""
        with contextlib.ExitStack() as stack:
            scratch = stack.enter_context(scratch_folder())
            entries = [self._entry(planned, scratch / str(index)) for index, planned in enumerate(group)]
            for index, entry in enumerate(entries):
                self._progress.begin(entry.planned)
                self._first_run(entry, scratch / str(index), stack)
            _check_parity(entries)
            self._take_samples([entry for entry in entries if entry.seen is None])
            for index, entry in enumerate(entries):
                self._count(entry, scratch / str(index))
        for entry in entries:
            yield entry.planned, self._cleaned(entry.seen or _complete(entry), scratch)

    def _entry(self, planned: PlannedRun, scratch: Path) -> _Entry:
        scratch.mkdir()
        given = self._input(planned, scratch)
        file = input_file(scratch) if "callable" in given else given.get("file", "")
        values = {
            "python": self.python,
            "scale": "" if planned.scale is None else scale_text(planned.scale),
            "input": str(file),
            "suite": str(self._suite.folder),
        }
        return _Entry(
            planned,
            Specification(
                folder=self._suite.folder,
                path=(str(self._suite.folder),),
                target=planned.variant.callable,
                argv=fill(planned.variant.command or (), values),
                input=given,
                scale=_number(planned.scale),
                parameters=tuple(p.name for p in parse_signature(planned.benchmark.signature).parameters),
                isolation=planned.sampling.isolation,
                exit_code=planned.benchmark.expect.exit_code,
            ),
        )

    def _input(self, planned: PlannedRun, scratch: Path) -> dict[str, str]:
        given = planned.benchmark.input
        if given is None:
            return {}
        if given.callable is not None:
            return {"callable": given.callable}
        if given.file is not None:
            return {"file": str((self._suite.folder / given.file).resolve())}
        path = scratch / "value.json"
        path.write_text(json.dumps(given.value, ensure_ascii=False), encoding="utf-8")
        return {"file": str(path)}

    def _first_run(self, entry: _Entry, scratch: Path, stack: contextlib.ExitStack) -> None:
        """Start the host and run once for the output; the outcome, or why there is none."""
        timeout = entry.planned.sampling.timeout_seconds
        environ = host_environ(self._environ, entry.planned.variant.env)
        try:
            entry.session = stack.enter_context(
                Session(entry.specification, python=self.python, environ=environ, scratch=scratch)
            )
            ready = entry.session.prepared(timeout)
            reply, data = entry.session.output(timeout)
            entry.memory_floor = int(ready["memory_floor"])
            entry.outcome = _outcome(entry.planned, ready, reply, data)
            _refuse(entry, reply)
        except SampleError as error:
            entry.seen = stopped("execution", "blocked", error.reason, error.stderr_tail)
        except InputError as error:
            entry.seen = stopped("execution", "blocked", f"its output cannot be compared: {error.message}")

    def _take_samples(self, entries: list[_Entry]) -> None:
        for entry in entries:
            entry.series = Series(entry.planned.sampling)
            _guarded(entry, lambda series, session: series.warm_up(session))
        for due in rounds(len(entries), [entry.planned.sampling.runs for entry in entries]):
            for index in due:
                _guarded(entries[index], lambda series, session: series.add(session))

    def _count(self, entry: _Entry, scratch: Path) -> None:
        wanted = any(metric.name == "instructions" for metric in entry.planned.benchmark.metrics)
        if not wanted or entry.seen is not None or entry.series is None:
            return
        counted = count_instructions(
            entry.specification,
            python=self.python,
            environ=host_environ(self._environ, entry.planned.variant.env),
            scratch=scratch,
            timeout=entry.planned.sampling.timeout_seconds,
        )
        if isinstance(counted, str):
            entry.notes += (counted,)
        else:
            entry.series.values["instructions"] = [counted]

    def _cleaned(self, seen: Observed, scratch: Path) -> Observed:
        """Without the paths of this machine in what is published."""
        tail = seen.stderr_tail.replace(str(self._suite.root), ".").replace(str(scratch), "<scratch>")
        return replace(seen, stderr_tail=tail)


def _number(scale: float | None) -> float | int | None:
    return int(scale) if scale is not None and scale.is_integer() else scale


def _outcome(planned: PlannedRun, ready: dict[str, Any], reply: dict[str, Any], data: bytes) -> Outcome:
    found = ready["signature"]
    return Outcome(
        variant=planned.variant_name,
        signature=None if found is None else signature_from_json(found),
        input_digest=ready["input_digest"],
        output_digest=output_digest(reply["kind"], data),
        exit_code=reply.get("exit_code"),
    )


def _refuse(entry: _Entry, reply: dict[str, Any]) -> None:
    """Refuse what cannot be measured as it is; adapt what can.

    Raises:
        SampleError: a wrong exit code, or an input that later iterations would find changed.
    """
    assert entry.session is not None
    code, wanted = reply.get("exit_code"), entry.planned.benchmark.expect.exit_code
    if code not in (None, 0, wanted):
        raise SampleError(f"exit code {code}", entry.session.stderr_tail())
    sampling = entry.planned.sampling
    if not reply["mutates"]:
        return
    if sampling.isolation == "shared" or (sampling.iterations or 1) > 1:
        raise SampleError(
            "it changes its input, so only one iteration in a process of its own is the same work"
        )
    entry.planned = replace(entry.planned, sampling=replace(sampling, iterations=1))
    entry.notes += ("it changes its input: one iteration a sample",)


def _check_parity(entries: list[_Entry]) -> None:
    """Block the whole group when the variants disagree, or when one of them gave nothing to compare."""
    failed = [entry.planned.variant_name for entry in entries if entry.seen is not None]
    for entry in entries:
        if failed and entry.seen is None:
            reason = f"parity could not be checked: variant {failed[0]!r} gave no output"
            entry.seen = stopped("parity", "blocked", reason)
    if failed:
        return
    benchmark = entries[0].planned.benchmark
    label = entries[0].planned.key.rpartition("/")[0]
    outcomes = [entry.outcome for entry in entries if entry.outcome is not None]
    difference = disagreement(label, parse_signature(benchmark.signature), outcomes)
    for entry, outcome in zip(entries, outcomes, strict=True):
        if difference:
            seen = stopped("parity", "fail", difference)
            entry.seen = replace(seen, output_digest=outcome.output_digest)
        else:
            _check_expectations(entry, outcome)


def _check_expectations(entry: _Entry, outcome: Outcome) -> None:
    found = expectations(entry.planned.benchmark.expect, entry.planned.scale, outcome)
    if not all(item.ok for item in found):
        layers: dict[str, Layer] = {**PASSED, "expectations": "fail"}
        entry.seen = Observed(layers, output_digest=outcome.output_digest, expectations=found)


def _guarded(entry: _Entry, step: Any) -> None:
    if entry.seen is not None:
        return
    try:
        step(entry.series, entry.session)
    except SampleError as error:
        assert entry.outcome is not None
        seen = stopped("execution", "blocked", error.reason, error.stderr_tail)
        entry.seen = replace(seen, output_digest=entry.outcome.output_digest)


def _complete(entry: _Entry) -> Observed:
    assert entry.series is not None
    assert entry.outcome is not None
    notes = entry.notes
    if entry.series.processes_left:
        notes += ("it left processes running, which were ended",)
    wants_memory = any(metric.name == "peak_memory" for metric in entry.planned.benchmark.metrics)
    if wants_memory and "peak_memory" not in entry.series.values:
        notes += ("peak memory of a shared process cannot be read on this system",)
    return Observed(
        PASSED,
        output_digest=entry.outcome.output_digest,
        expectations=expectations(entry.planned.benchmark.expect, entry.planned.scale, entry.outcome),
        notes=notes,
        warmup=entry.series.warmup,
        iterations=entry.series.iterations,
        memory_floor=entry.memory_floor,
        samples=entry.series.values,
        raw={**entry.series.to_json(), "memory_floor_bytes": entry.memory_floor},
    )
