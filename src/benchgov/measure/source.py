"""Execute a source once: run its command, take the logs that it wrote, and read them.

A function of the entry, the place and the machine alone, so that another revision's folder can be the place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.adapters.interface import Adapter, Log, MalformedLogError, Reading
from benchgov.adapters.machine import contradictions
from benchgov.adapters.names import benchmark_id, renamed, rules_of
from benchgov.adapters.registry import detect, named, read_all
from benchgov.adapters.results import Result, results
from benchgov.collector import without_collector
from benchgov.errors import InputError
from benchgov.files import decode, inside
from benchgov.measure.scratch import scratch_folder
from benchgov.measure.session import STDERR_TAIL, SampleError, Session, Specification, host_environ, printable
from benchgov.measure.source_files import Folders, Watch, Written
from benchgov.report import Facts
from benchgov.suites.parameters import placeholder_values
from benchgov.suites.placeholders import fill
from benchgov.suites.source import AUTO, SourceEntry, SourceSpec
from benchgov.text import one_line

STANDARD_OUTPUT = "standard output"
_MAX_REASON = 1000


@dataclass(frozen=True)
class Place:
    """Which work tree is measured: the repository's root, and the suite's folder in it."""

    root: Path
    suite: Path

    def run_in(self, source: SourceSpec) -> Path:
        """The folder in which the command runs; raises SampleError when it is not there."""
        try:
            folder = self.suite if source.folder is None else inside(self.root, source.folder)
        except InputError as error:
            raise SampleError(error.message) from error
        if not folder.is_dir():
            raise SampleError(f"no such folder: {source.folder}")
        return folder


@dataclass(frozen=True)
class Means:
    """What an execution is given besides: the Python of `{python}`, the variables, this machine, adapters."""

    python: str
    environ: Mapping[str, str]
    here: Facts
    known: Mapping[str, Adapter]


@dataclass(frozen=True)
class Execution:
    """What one execution gave: its logs, and each benchmark once.

    An execution that failed has a `fault`, perhaps logs, and no results.
    """

    logs: tuple[Log, ...] = ()
    readings: tuple[Reading, ...] = ()
    results: tuple[Result, ...] = ()
    notes: tuple[str, ...] = ()
    processes_left: int = 0
    fault: str = ""
    tail: str = ""


def execute(entry: SourceEntry, place: Place, means: Means, timeout: float) -> Execution:
    """Run the command of `entry` once in `place`, and read what it wrote; `timeout` is in seconds.

    Nothing is raised for what the command or its logs do wrong: that is the execution's `fault`. When time is
    over, the command is ended with everything that it started.
    """
    with scratch_folder() as scratch:
        try:
            left, files, notes = _run(entry.source, place, means, (scratch, timeout))
        except SampleError as error:
            reason, tail = (_cleaned(text, place, scratch) for text in (error.reason, error.stderr_tail))
            return Execution(fault=one_line(reason, _MAX_REASON), tail=tail)
    logs: list[Log] = []
    try:
        pairs = list(_logs(entry.source, files, means, logs))
        with without_collector():
            readings = read_all(pairs, allow_partial=False)
        found = _results(entry, readings)
    except InputError as error:
        said = one_line("; ".join([str(error), *error.details]), _MAX_REASON)
        return Execution(tuple(logs), fault=said, processes_left=left)
    if drifts := contradictions(means.here, [reading.facts for reading in readings]):
        said = ", ".join(f"{one.name}: this one has {one.wanted}, the log {one.found}" for one in drifts)
        return Execution(tuple(logs), tuple(readings), fault=f"the log is of another machine ({said})")
    return Execution(tuple(logs), tuple(readings), tuple(found), notes, left)


def _run(
    source: SourceSpec, place: Place, means: Means, bounds: tuple[Path, float]
) -> tuple[int, list[Written], tuple[str, ...]]:
    """(processes that it left, what it wrote, notes); raises SampleError."""
    scratch, timeout = bounds
    folders = Folders(place.run_in(source), scratch / "files")
    folders.output.mkdir()
    watch = Watch(source.patterns, folders, folders.output.stat().st_mtime_ns)
    values = {"python": means.python, "suite": str(place.suite), "root": str(place.root)}
    values |= {"output": str(folders.output), **placeholder_values(means.environ)}
    specification = Specification(
        folder=folders.run_in,
        path=(),
        target=None,
        argv=fill(source.command, values),
        input={},
        scale=None,
        parameters=(),
        isolation="process",
        exit_code=0,
    )
    own = dict(zip(source.env, fill(tuple(source.env.values()), values), strict=True))
    environ = host_environ(means.environ, own)
    with Session(specification, python=means.python, environ=environ, scratch=scratch) as session:
        session.prepared(timeout)
        reply, printed = session.output(timeout, "an execution")
        if reply["exit_code"] != 0:
            # Test runners say on standard output what failed.
            tail = session.stderr_tail() or printable(printed[-STDERR_TAIL:].decode("utf-8", "replace"))
            raise SampleError(f"exit code {reply['exit_code']}", tail)
    left = int(reply.get("left", 0))
    if not source.files:
        return left, [Written(STANDARD_OUTPUT, printed, must_be_a_log=True)], ()
    files, notes = watch.written()
    return left, files, tuple(notes)


def _logs(
    source: SourceSpec, files: Sequence[Written], means: Means, kept: list[Log]
) -> Iterator[tuple[Log, Adapter]]:
    """(log, its adapter) of every file that is a log, or must be one; those are `kept`, whatever comes next.

    Raises:
        InputError: a file that must be a log and is none.
    """
    chosen = None if source.tool == AUTO else named(source.tool, means.known)
    for file in files:
        try:
            log = Log(file.where, decode(file.data, file.where))
            if file.must_be_a_log:
                kept.append(log)
            adapter = chosen or detect(log, means.known)
        except InputError:
            if file.must_be_a_log:
                raise
            continue
        if file.must_be_a_log:
            yield log, adapter
        elif adapter.detects(log):
            kept.append(log)
            yield log, adapter


def _results(entry: SourceEntry, readings: Sequence[Reading]) -> list[Result]:
    """Every benchmark once, whose logs agree; raises MalformedLogError."""
    found = results(readings, lambda name: _identify(entry, name))
    if not found:
        raise MalformedLogError("no file of it is a log that can be read")
    for one in found:
        one.metrics()
    return found


def _identify(entry: SourceEntry, name: str) -> str:
    return benchmark_id(f"{entry.id}/{renamed(name, rules_of(entry.rename.items()))}")


def _cleaned(text: str, place: Place, scratch: Path) -> str:
    """Without the paths of this machine in what is published."""
    return text.replace(str(scratch), "<scratch>").replace(str(place.root), ".")
