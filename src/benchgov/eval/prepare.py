"""Before a run: find the bench, verify its digests, choose the isolation, and so know what the run will be.

No code of the bench runs here, and nothing large is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchgov.errors import TaskClassIncompleteError
from benchgov.eval.declared import CASES, declaration, find_bench
from benchgov.eval.digests import rubric_digest
from benchgov.eval.loader import Changed, scan_cases
from benchgov.eval.plan import Digests, Plan, make_plan

if TYPE_CHECKING:
    from benchgov.eval.isolation.levels import Level
    from benchgov.eval.sut.spec import SutSpec
    from benchgov.eval.vocabulary import SutProcess

CASSETTES = "cassettes"


@dataclass(frozen=True)
class Request:
    """What is asked for: which cases of which task class, by which SUT, isolated how far.

    `root` is the repository's, `cassettes` the folder of the cassettes (default: that of the bench). Without
    `sut` it is the one that the registration names, in the process that this says, unless `sut_process` does.
    """

    task_class: str
    root: Path
    bench_root: Path
    sut: SutSpec | None = None
    pattern: str | None = None
    shard: tuple[int, int] | None = None
    isolation: str = "auto"
    min_isolation: str | None = None
    cassettes: Path | None = None
    keep_environ: tuple[str, ...] = ()
    retries: int = 0
    sut_process: SutProcess | None = None


@dataclass(frozen=True)
class Prepared:
    """A plan, the SUT that it is about, and the folder of the bench."""

    plan: Plan
    spec: SutSpec
    bench_path: Path
    level: Level

    @property
    def hidden(self) -> tuple[Path, ...]:
        """What the SUT may not read: the cases, of which it gets the input of its own as a copy."""
        return (self.bench_path / CASES,)


Settled = Callable[["SutSpec", Path, "Level"], None]
"""Told which SUT is asked, where the bench of its rubric lies, and how both are isolated."""


def prepare(
    request: Request,
    environ: Mapping[str, str],
    changed: Changed | None = None,
    settled: Settled = lambda _spec, _bench_path, _level: None,
) -> Prepared:
    """The plan of a run, after every case was held against its digest; `settled` is called before that.

    Raises:
        BenchFolderMissingError, TaskClassNotFoundError: the bench is not there.
        TaskClassIncompleteError, BenchCaseError: it is not what it should be.
        IsolationUnavailableError: this machine does not isolate that far.
        EvalError: the SUT is not there.
        UsageError: no case is selected.
    """
    from benchgov.eval.cassettes import corpus_digest
    from benchgov.eval.isolation.levels import choose
    from benchgov.eval.sut.digest import sut_digest

    bench_path = find_bench(request.task_class, request.bench_root)
    spec = request.sut or _default_sut(request, bench_path)
    level = choose(request.isolation, request.min_isolation)  # type: ignore[arg-type] # click's choice
    settled(spec, bench_path, level)
    scanned = scan_cases(bench_path, changed)
    digests = Digests(
        sut=sut_digest(spec, request.root, environ),
        rubric=rubric_digest(bench_path),
        cassettes=corpus_digest(request.cassettes or bench_path / CASSETTES),
        isolation=level,
        sut_process=spec.process,
    )
    plan = make_plan(
        request.task_class, spec.text, digests, scanned, pattern=request.pattern, shard=request.shard
    )
    return Prepared(plan, spec, bench_path, level)


def _default_sut(request: Request, bench_path: Path) -> SutSpec:
    from benchgov.eval.sut.spec import callable_sut

    declared = declaration(bench_path)
    if declared.sut is None:
        raise TaskClassIncompleteError(
            "the registration names no default SUT",
            where=str(bench_path),
            remedy="Give one with --sut or --sut-command, or name it in registration.py: sut=...",
        )
    process = request.sut_process or declared.sut_process
    return callable_sut(declared.sut, keep=request.keep_environ, retries=request.retries, process=process)
