"""Small repositories with benches, and hosts that run in the test's own process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchgov.eval.digests import case_digest
from benchgov.eval.hosts import Pair
from benchgov.eval.isolation.rubrics import RubricAnswer
from benchgov.eval.models import BenchCase, BenchScore, FailureMode
from benchgov.eval.sut.answer import SutAnswer

BENCHES = Path(__file__).parent / "data" / "benches"
STUB = "stub-task-class"
CASE_TOML = """\
case_id = "{name}"
task_class = "{task_class}"
disposition = "positive"
difficulty = "easy"
source = "curated"
curation_class = "held-out"
added_at = 2026-11-01T00:00:00Z
last_validated_at = 2026-11-01T00:00:00Z
cassette_canary_pin = "00000000000000000000000000000000"
"""


def copy_bench(root: Path, name: str = STUB) -> Path:
    """`<root>/bench/<name>`, a copy of the bench in the test data."""
    target = root / "bench" / name
    shutil.copytree(BENCHES / name, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def write_digests(bench: Path) -> None:
    """Make `digests.yaml` say what the cases are."""
    folders = sorted(path for path in (bench / "cases").iterdir() if path.is_dir())
    lines = [f"{path.name}: {case_digest(path)}\n" for path in folders]
    (bench / "cases" / "digests.yaml").write_text("".join(lines))


def add_case(bench: Path, name: str, number: int = 1, toml: str = CASE_TOML) -> Path:
    """A further case of a copy of the stub; its digest is not written."""
    folder = bench / "cases" / name
    (folder / "input").mkdir(parents=True)
    (folder / "expected").mkdir()
    (folder / "input" / "number.json").write_text(f'{{"number": {number}}}\n')
    (folder / "expected" / "answer.json").write_text(f'{{"double": {2 * number}}}\n')
    (folder / "case.toml").write_text(toml.format(name=name, task_class=bench.name))
    return folder


def score(value: float = 1.0, **fields: Any) -> BenchScore:
    """A score of `value`."""
    return BenchScore(**({"passed": value == 1.0, "score": value} | fields))


def mode(code: str, severity: str = "info", detail: str | None = None) -> FailureMode:
    """A failure mode."""
    return FailureMode(code=code, severity=severity, detail=detail)  # type: ignore[arg-type]


@dataclass
class Hosts:
    """A SUT and a rubric as plain functions; counts what they were asked."""

    answer: Callable[[BenchCase], Mapping[str, Any]] = lambda case: {"id": case.case_id}
    judge: Callable[[BenchCase, Mapping[str, Any]], BenchScore] = lambda case, output: score()
    cost_usd: float = 0.0
    asked: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    open: int = 0

    def __call__(self, concurrency: int) -> Any:
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[Pair]:
        self.open += 1
        try:
            yield Pair(self, _Judge(self))
        finally:
            self.open -= 1

    def invoke(self, case: BenchCase, *, timeout: float, tag: str, canary: str) -> SutAnswer:
        self.asked.append(case.case_id)
        self.tags[case.case_id] = tag
        return SutAnswer(self.answer(case), self.cost_usd, 1, 0.01)


@dataclass
class _Judge:
    hosts: Hosts

    def score(self, case: BenchCase, harness_output: Mapping[str, Any], *, timeout: float) -> RubricAnswer:
        given = self.hosts.judge(case, harness_output)
        return RubricAnswer(given.model_copy(update={"wall_clock_ms": 2}), b"", b"printed")


@dataclass
class Observed:
    """An observer that remembers."""

    scores: list[tuple[str, float, bool]] = field(default_factory=list)
    warnings: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def scored(self, case_id: str, score: BenchScore, *, hit: bool) -> None:
        self.scores.append((case_id, score.score, hit))

    def warned(self, event: str, **facts: Any) -> None:
        self.warnings.append((event, facts))
