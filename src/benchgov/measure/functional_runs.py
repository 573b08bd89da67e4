"""Run a protocol once, in a process of its own, and make the report's run of what it says."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from benchgov.canonical import Json
from benchgov.errors import InputError
from benchgov.measure.bench import Tree
from benchgov.measure.functional import VARIANT, PlannedProtocol, refusal_now
from benchgov.measure.functional_result import EXECUTION, Result, manifest_expectations, read_result
from benchgov.measure.scratch import scratch_folder
from benchgov.measure.session import STDERR_TAIL, SampleError, Session, Specification, host_environ, printable
from benchgov.report import Metric, Run, Sampling, Source
from benchgov.suites.parameters import placeholder_values
from benchgov.suites.placeholders import fill
from benchgov.text import one_line

SIGNATURE = "() -> result"
_MAX_REASON = 1000


@dataclass(frozen=True)
class Executed:
    """What one execution gave; `wall_time` in ns, from the start of the process to its end."""

    result: Result
    wall_time: int
    processes_left: int = 0


def run_protocol(planned: PlannedProtocol, tree: Tree) -> tuple[Run, Json]:
    """(run, raw JSON) of one execution. What goes wrong is in the run: nothing is raised for it."""
    if refusal := refusal_now(planned, tree.suite, placeholder_values(tree.environ)):
        return not_run(planned, tree.suite.path, refusal), None
    with scratch_folder() as scratch:
        try:
            with _session(planned, tree, scratch) as session:
                executed = _execute(session, planned.timeout_seconds)
        except SampleError as error:
            reason, tail = (_cleaned(text, tree, scratch) for text in (error.reason, error.stderr_tail))
            return not_run(planned, tree.suite.path, one_line(reason, _MAX_REASON), tail, "blocked"), None
    result = _with_cleaned_details(executed.result, tree, scratch)
    executed = replace(executed, result=result)
    raw = {"wall_time": executed.wall_time, "result": executed.result.to_json()}
    return run_of(planned, executed, tree.suite.path), raw


def _cleaned(text: str, tree: Tree, scratch: Path) -> str:
    """Without the paths of this machine in what is published."""
    return text.replace(str(scratch), "<scratch>").replace(str(tree.suite.root), ".")


def _with_cleaned_details(result: Result, tree: Tree, scratch: Path) -> Result:
    expectations = tuple(
        one.model_copy(update={"detail": _cleaned(one.detail, tree, scratch)}) for one in result.expectations
    )
    return result.model_copy(update={"expectations": expectations})


def _session(planned: PlannedProtocol, tree: Tree, scratch: Path) -> Session:
    values = {"python": tree.python, "suite": str(tree.suite.folder), "root": str(tree.suite.root)}
    entry = planned.entry
    specification = Specification(
        folder=tree.suite.folder,
        path=(str(tree.suite.folder),),
        target=entry.callable,
        argv=fill(entry.command or (), values | placeholder_values(tree.environ)),
        input={},
        scale=None,
        parameters=(),
        isolation="process",
        exit_code=0,
    )
    environ = host_environ(tree.environ, entry.env)
    return Session(specification, python=tree.python, environ=environ, scratch=scratch)


def _execute(session: Session, timeout: float) -> Executed:
    """Raises SampleError: no result, a result that is not valid, or an exit code that contradicts it."""
    session.prepared(timeout)
    start = time.perf_counter_ns()
    reply, printed = session.output(timeout, "its execution")
    wall = int(reply.get("wall_time", time.perf_counter_ns() - start))
    code = reply.get("exit_code") or 0
    tail = session.stderr_tail()
    if code not in {0, 1}:
        raise SampleError(f"exit code {code}", tail)
    try:
        result = read_result(printed)
    except InputError as error:
        tail = tail or printable(printed[-STDERR_TAIL:].decode("utf-8", "replace"))
        raise SampleError(f"exit code {code}: {error}" if code else str(error), tail) from error
    if code and result.ok:
        raise SampleError(f"it says 'pass', but ended with exit code {code}", tail)
    return Executed(result, wall, int(reply.get("left", 0)))


def run_of(planned: PlannedProtocol, executed: Executed, manifest: str) -> Run:
    """The report's run for what was executed. The manifest's expectations can turn a pass into a failure."""
    result = executed.result
    expected = (*result.expectations, *manifest_expectations(planned.entry.expect, result))
    wrong = [one for one in expected if not one.ok]
    overall = "fail" if result.ok and wrong else result.overall
    time_taken = Metric(name="wall_time", unit="ns", direction="lower", samples=(executed.wall_time,))
    left = ("it left processes running, which were ended",) if executed.processes_left else ()
    return Run(
        **_common(planned, manifest),
        overall=overall,
        ok=overall == "pass",
        run_is_valid=result.run_is_valid,
        expectations=expected,
        layers={EXECUTION: "pass", **result.layers},
        output_digest=result.output_digest,
        reason="" if overall == "pass" else _reason(result, [f"{one.name}: {one.detail}" for one in wrong]),
        notes=left,
        sampling=Sampling(isolation="functional", warmup=0, runs=1, iterations=1),
        metrics=(time_taken,) if result.run_is_valid else (),
    )


def _reason(result: Result, wrong: list[str]) -> str:
    if wrong:
        return one_line("; ".join(wrong), _MAX_REASON)
    layers = [f"layer {name}: {verdict}" for name, verdict in result.layers.items() if verdict != "pass"]
    return one_line("; ".join(layers) or f"it says {result.overall!r}", _MAX_REASON)


def not_run(
    planned: PlannedProtocol,
    manifest: str,
    reason: str,
    tail: str = "",
    execution: Literal["skipped", "blocked"] = "skipped",
) -> Run:
    """The run of a protocol that was not run (`execution` skipped), or that gave no result (blocked)."""
    return Run(
        **_common(planned, manifest),
        overall="blocked",
        ok=False,
        run_is_valid=False,
        layers={EXECUTION: execution},
        reason=reason,
        stderr_tail=tail,
        sampling=Sampling(isolation="functional", warmup=0, runs=0, iterations=1),
    )


def _common(planned: PlannedProtocol, manifest: str) -> dict[str, Any]:
    return {
        "benchmark": planned.entry.id,
        "variant": VARIANT,
        "family": planned.entry.family,
        "signature": SIGNATURE,
        "protocol": planned.protocol,
        "protocol_sha256": planned.protocol_sha256,
        "source": Source(path=manifest, line=planned.line),
    }
