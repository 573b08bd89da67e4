"""Eval: scores of task classes. Nine public names, each imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchgov.eval.models import BenchCase, BenchRunReport, BenchScore, PromotionVerdict
    from benchgov.eval.registry import TaskClass, TaskClassRegistry, default_registry, register_task_class
    from benchgov.eval.rubric import Rubric

__all__ = [
    "BenchCase",
    "BenchRunReport",
    "BenchScore",
    "PromotionVerdict",
    "Rubric",
    "TaskClass",
    "TaskClassRegistry",
    "default_registry",
    "register_task_class",
]

_HOMES = {
    "BenchCase": "models",
    "BenchRunReport": "models",
    "BenchScore": "models",
    "PromotionVerdict": "models",
    "Rubric": "rubric",
    "TaskClass": "registry",
    "TaskClassRegistry": "registry",
    "default_registry": "registry",
    "register_task_class": "registry",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
