"""What a case meets: the system under test, and its rubric, each in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchgov.canonical import Json

if TYPE_CHECKING:
    from benchgov.eval.isolation.rubrics import RubricAnswer
    from benchgov.eval.models import BenchCase, IsolationClass
    from benchgov.eval.registry import TaskClass
    from benchgov.eval.starters import Starters
    from benchgov.eval.sut.answer import SutAnswer
    from benchgov.eval.sut.spec import SutSpec


class SutHost(Protocol):
    """Answers cases; from many threads."""

    def invoke(self, case: BenchCase, *, timeout: float, tag: str, canary: str) -> SutAnswer:
        """The answer to a case; raises `SutFailure`."""


class RubricScorer(Protocol):
    """Scores answers; from many threads."""

    def score(self, case: BenchCase, harness_output: Mapping[str, Json], *, timeout: float) -> RubricAnswer:
        """The score of an answer; raises `RubricFailure`."""


@dataclass(frozen=True)
class Pair:
    """A system under test and the rubric that judges it, both open."""

    sut: SutHost
    rubric: RubricScorer


class Hosts(Protocol):
    """Opens the pair for so many cases at a time; when the block ends, none of their processes is left."""

    def __call__(self, concurrency: int) -> AbstractContextManager[Pair]:
        """The open pair."""


def isolated_hosts(
    task_class: TaskClass,
    spec: SutSpec,
    *,
    root: Path,
    level: IsolationClass,
    deny: tuple[Path, ...],
    starters: Starters,
    note: Any = None,
) -> Hosts:
    """The hosts of a real run: both isolated at `level`, the SUT kept from reading what is in `deny`."""

    @contextmanager
    def opened(concurrency: int) -> Iterator[Pair]:
        from benchgov.eval.isolation.rubrics import open_rubric
        from benchgov.eval.sut.host import open_sut

        judged: dict[str, Any] = {"processes": concurrency, "starter": starters.rubric}
        asked: dict[str, Any] = {"starter": starters.sut, **({"note": note} if note else {})}
        with (
            open_rubric(task_class.bench_path, root, level=level, **judged) as rubric,
            open_sut(spec, root, level=level, environ=starters.environ, deny=deny, **asked) as sut,
        ):
            yield Pair(sut, rubric)

    return opened
