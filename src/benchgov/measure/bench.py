"""Bring the variants of one benchmark to where they may be sampled: start, run once, parity, expectations."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchgov.errors import InputError
from benchgov.measure.assemble import Layer, Observed, stopped
from benchgov.measure.instructions import count_instructions
from benchgov.measure.output import Outcome, disagreement, expectations, output_digest
from benchgov.measure.plan import PlannedRun
from benchgov.measure.progress import Progress
from benchgov.measure.sampling import Sampler, Series
from benchgov.measure.session import SampleError, Session, Specification, host_environ, input_file
from benchgov.report import scale_text
from benchgov.suites.load import Suite
from benchgov.suites.parameters import placeholder_values
from benchgov.suites.placeholders import fill
from benchgov.suites.signature import parse_signature, signature_from_json

PASSED: dict[str, Layer] = {"parity": "pass", "execution": "pass", "expectations": "pass"}


@dataclass(frozen=True)
class Tree:
    """A work tree as it is measured: its suite, and the Python and the variables of its processes.

    `other` is the root of the work tree that is measured in turn with this one, if any: nothing may be
    loaded from there. `delays` makes runs (by key) so many ns slower per iteration, on purpose.
    """

    suite: Suite
    python: str
    environ: Mapping[str, str]
    other: Path | None = None
    delays: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, suite: Suite, environ: Mapping[str, str], other: Path | None = None) -> Tree:
        """The tree of `suite`; `BENCHGOV_PYTHON` in `environ` names its Python (default: this one)."""
        return cls(suite, environ.get("BENCHGOV_PYTHON") or sys.executable, environ, other)

    @property
    def apart(self) -> tuple[str, str] | None:
        """(root, root of the other tree), for the processes that must keep the two apart."""
        return None if self.other is None else (str(self.suite.root), str(self.other))


@dataclass
class Entry:
    """One planned run on its way through the steps; `seen` is there when it has ended early."""

    planned: PlannedRun
    specification: Specification
    environ: Mapping[str, str]
    scratch: Path
    session: Session | None = None
    outcome: Outcome | None = None
    series: Series | None = None
    memory_floor: int = 0
    notes: tuple[str, ...] = ()
    seen: Observed | None = None

    def guarded(self, step: Any, sampler: Sampler | None = None) -> None:
        """Do `step` with the series and what takes samples (the session), unless the run has ended."""
        if self.seen is not None:
            return
        try:
            step(self.series, sampler or self.session)
        except SampleError as error:
            assert self.outcome is not None
            seen = stopped("execution", "blocked", error.reason, error.stderr_tail)
            self.seen = replace(seen, output_digest=self.outcome.output_digest)


class Bench:
    """Opens groups of runs that must agree, in one tree."""

    def __init__(self, tree: Tree, progress: Progress | None = None) -> None:
        self.tree = tree
        self._suite = tree.suite
        self._progress = progress

    def open(self, group: Sequence[PlannedRun], scratch: Path, stack: contextlib.ExitStack) -> list[Entry]:
        """All variants of one benchmark at one scale, each run once, and held against each other."""
        entries = [self._entry(planned, scratch / str(index)) for index, planned in enumerate(group)]
        for entry in entries:
            if self._progress:
                self._progress.begin(entry.planned)
            self._first_run(entry, stack)
        _check_parity(entries)
        return entries

    def count(self, entry: Entry) -> None:
        """Count instructions, where the benchmark asks for them."""
        wanted = any(metric.name == "instructions" for metric in entry.planned.benchmark.metrics)
        if not wanted or entry.seen is not None or entry.series is None:
            return
        counted = count_instructions(
            entry.specification,
            python=self.tree.python,
            environ=entry.environ,
            scratch=entry.scratch,
            timeout=entry.planned.sampling.timeout_seconds,
        )
        if isinstance(counted, str):
            entry.notes += (counted,)
        else:
            entry.series.values["instructions"] = [counted]

    def observed(self, entry: Entry) -> Observed:
        """What became of `entry`, without the paths of this machine in what is published."""
        seen = entry.seen or _complete(entry)
        scratch = str(entry.scratch.parent)
        tail = seen.stderr_tail.replace(str(self._suite.root), ".").replace(scratch, "<scratch>")
        return replace(seen, stderr_tail=tail)

    def _entry(self, planned: PlannedRun, scratch: Path) -> Entry:
        scratch.mkdir(parents=True)
        given = self._input(planned, scratch)
        file = input_file(scratch) if "callable" in given else given.get("file", "")
        values = {
            "python": self.tree.python,
            "scale": "" if planned.scale is None else scale_text(planned.scale),
            "input": str(file),
            "suite": str(self._suite.folder),
            "root": str(self._suite.root),
            **placeholder_values(self.tree.environ),
        }
        specification = Specification(
            folder=self._suite.folder,
            path=(str(self._suite.folder),),
            target=planned.variant.callable,
            argv=fill(planned.variant.command or (), values),
            input=given,
            scale=_number(planned.scale),
            parameters=tuple(p.name for p in parse_signature(planned.benchmark.signature).parameters),
            isolation=planned.sampling.isolation,
            exit_code=planned.benchmark.expect.exit_code,
            apart=self.tree.apart,
            delay_ns=self.tree.delays.get(planned.key, 0),
        )
        environ = host_environ(self.tree.environ, planned.variant.env)
        return Entry(planned, specification, environ, scratch)

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

    def _first_run(self, entry: Entry, stack: contextlib.ExitStack) -> None:
        """Start the host and run once for the output; the outcome, or why there is none."""
        if entry.planned.refusal:
            entry.seen = stopped("execution", "blocked", entry.planned.refusal)
            return
        timeout = entry.planned.sampling.timeout_seconds
        try:
            entry.session = stack.enter_context(self.session(entry))
            ready = entry.session.prepared(timeout)
            reply, data = entry.session.output(timeout)
            entry.memory_floor = int(ready["memory_floor"])
            entry.outcome = _outcome(entry.planned, ready, reply, data)
            _refuse(entry, reply)
        except SampleError as error:
            entry.seen = stopped("execution", "blocked", error.reason, error.stderr_tail)
        except InputError as error:
            entry.seen = stopped("execution", "blocked", f"its output cannot be compared: {error.message}")

    def session(self, entry: Entry) -> Session:
        """A new measuring process for `entry`."""
        return Session(
            entry.specification, python=self.tree.python, environ=entry.environ, scratch=entry.scratch
        )


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


def _refuse(entry: Entry, reply: dict[str, Any]) -> None:
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


def _check_parity(entries: list[Entry]) -> None:
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


def _check_expectations(entry: Entry, outcome: Outcome) -> None:
    found = expectations(entry.planned.benchmark.expect, entry.planned.scale, outcome)
    if not all(item.ok for item in found):
        layers: dict[str, Layer] = {**PASSED, "expectations": "fail"}
        entry.seen = Observed(layers, output_digest=outcome.output_digest, expectations=found)


def _complete(entry: Entry) -> Observed:
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
