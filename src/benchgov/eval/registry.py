"""Task classes by name: the decorator that a bench's `registration.py` uses, and the registry it fills.

Decorating only notes what was written. Files are read by `eval.loader`, so that importing a registration is
cheap and cannot fail for a reason that lies in another file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeVar

from benchgov.errors import TaskClassAlreadyRegisteredError, TaskClassNotFoundError
from benchgov.suggest import did_you_mean

if TYPE_CHECKING:
    from benchgov.eval.rubric import Rubric
    from benchgov.eval.vocabulary import SutProcess

RubricClass = TypeVar("RubricClass", bound="type[Rubric]")


@dataclass(frozen=True, slots=True)
class TaskClass:
    """A task class: where its bench lies, who scores it, and what counts.

    `min_cases_for_promotion` maps a tier to the number of passed cases that it needs. `sut` names the system
    under test that is used when none is given, and `sut_process` whether it has a process for each case
    (`fresh`) or one for many (`reused`). `breakdown_keys` and `failure_mode_taxonomy` are empty until
    the loader has read the files beside the registration.
    """

    name: str
    bench_path: Path
    min_cases_for_promotion: Mapping[str, int]
    rubric_class: type[Rubric] | None = None
    sut: str | None = None
    breakdown_keys: frozenset[str] = frozenset()
    failure_mode_taxonomy: Mapping[str, Literal["block", "warn", "info"]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    sut_process: SutProcess = "fresh"


class TaskClassRegistry:
    """Task classes by name; a name is taken once."""

    def __init__(self) -> None:
        self._task_classes: dict[str, TaskClass] = {}

    def register(self, task_class: TaskClass) -> TaskClass:
        """Add a task class.

        Raises:
            TaskClassAlreadyRegisteredError: the name is taken.
        """
        existing = self._task_classes.get(task_class.name)
        if existing is not None:
            raise TaskClassAlreadyRegisteredError(
                f"task class {task_class.name!r} is registered twice: by {_qualname(existing)} and by "
                f"{_qualname(task_class)}"
            )
        self._task_classes[task_class.name] = task_class
        return task_class

    def get(self, name: str) -> TaskClass:
        """The task class of that name.

        Raises:
            TaskClassNotFoundError: there is none; the message names those that there are.
        """
        if name not in self._task_classes:
            known = ", ".join(sorted(self._task_classes)) or "none"
            hint = did_you_mean(name, self._task_classes)
            raise TaskClassNotFoundError(f"no task class {name!r}{hint}; registered: {known}")
        return self._task_classes[name]

    def all_task_classes(self) -> tuple[TaskClass, ...]:
        """All of them, by name."""
        return tuple(self._task_classes[name] for name in sorted(self._task_classes))


default_registry = TaskClassRegistry()
"""What `register_task_class` adds to, unless it is given another."""


def register_task_class(
    name: str,
    *,
    bench_path: Path,
    min_cases_for_promotion: Mapping[str, int],
    sut: str | None = None,
    sut_process: SutProcess = "fresh",
    registry: TaskClassRegistry | None = None,
) -> Callable[[RubricClass], RubricClass]:
    """Register the decorated rubric class as the one that scores task class `name`.

    `sut` is the default system under test, `module:callable`. With `sut_process="reused"` one process of it
    answers many cases, which is fit for what keeps nothing from one case that could tell on the next: a pure
    function, or a client of a model.

    Raises:
        TaskClassAlreadyRegisteredError: on decoration, when the name is taken.
    """

    def register(rubric_class: RubricClass) -> RubricClass:
        (registry or default_registry).register(
            TaskClass(
                name,
                bench_path,
                MappingProxyType(dict(min_cases_for_promotion)),
                rubric_class,
                sut,
                sut_process=sut_process,
            )
        )
        return rubric_class

    return register


def _qualname(task_class: TaskClass) -> str:
    rubric = task_class.rubric_class
    return f"{rubric.__module__}.{rubric.__qualname__}" if rubric else str(task_class.bench_path)
