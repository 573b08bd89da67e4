"""What runs in the confined process of a rubric: import it, and score one case."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from benchgov.eval import models  # before the confinement, once for all forks
from benchgov.eval.isolation.answering import Handler
from benchgov.eval.isolation.bench_finder import PREFIX, BenchFinder
from benchgov.eval.registry import default_registry
from benchgov.eval.rubric import Rubric


def prepare(setup: dict[str, str]) -> Handler:
    """Import the registration of the bench at `bench_path`, and return what scores with its rubric."""
    models.build()
    bench_path = Path(setup["bench_path"])
    BenchFinder(bench_path).install()
    import_module(f"{PREFIX}.{bench_path.name}.registration")
    rubric_class = default_registry.get(bench_path.name).rubric_class
    if rubric_class is None:
        raise TypeError(f"the registration of {bench_path.name} names no rubric class")
    return Scoring(rubric_class)


class Scoring:
    """The handler: a rubric of its own for each question."""

    def __init__(self, rubric_class: type[Rubric]) -> None:
        self._rubric_class = rubric_class

    def __call__(self, question: dict[str, Any]) -> Any:
        """The score of a `case` and a `harness_output`, as plain JSON types."""
        case = models.BenchCase.model_validate(question["case"])
        return self._rubric_class().score(case, question["harness_output"]).to_json()
