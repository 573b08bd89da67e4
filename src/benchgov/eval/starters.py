"""What the processes of a rubric, and of a system under test, are forked from; begun as early as can be."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import benchgov
from benchgov.eval.isolation import places
from benchgov.eval.isolation.launch import Launch
from benchgov.eval.isolation.starter import Starter
from benchgov.eval.sut.environment import sut_environment

if TYPE_CHECKING:
    from benchgov.eval.isolation.levels import Level
    from benchgov.eval.sut.spec import SutSpec

WRAPPED = frozenset({"bubblewrap", "container"})
"""Levels at which each process is wrapped on its own, with what it may see."""

_MODELS = "benchgov.eval.models:build"
_RUBRIC = ("benchgov.eval.isolation.rubric_worker", _MODELS)
_COMMAND = ("benchgov.eval.sut.child",)
_CALLABLE = (*_COMMAND, _MODELS, "benchgov.eval.canary", "benchgov.eval.cost_tag")
_SUT_FLAGS = ("-P", "-B")  # unlike a rubric's Python it is the caller's, with all that is installed there


def rubric_launch(bench_path: Path) -> Launch:
    """The Python of the rubric at `bench_path`, a resolved path."""
    python = os.path.realpath(sys.executable)
    return Launch(python=python, path=places.importable(Launch().path, bench_path))


def rubric_starter(bench_path: Path, level: Level) -> Starter | None:
    """Starts the processes of the rubric at `bench_path`; None where each is wrapped on its own."""
    return None if level in WRAPPED else Starter(rubric_launch(bench_path.resolve()), _RUBRIC)


def sut_starter(spec: SutSpec, environ: Mapping[str, str]) -> Starter:
    """Starts the processes of `spec`, with what a SUT is given of the caller's environment."""
    own = str(Path(benchgov.__file__).resolve().parent.parent)
    given = sut_environment(environ, spec.keep, Path.cwd())
    launch = Launch(environ=given, flags=_SUT_FLAGS, path=(own,))
    return Starter(launch, _COMMAND if spec.command else _CALLABLE)


@dataclass
class Starters:
    """Those of a run, which may be begun before it is known which cases have to be scored.

    Loading what they need takes as long as reading a thousand cases, and another processor may do it.
    """

    environ: Mapping[str, str]
    rubric: Starter | None = None
    sut: Starter | None = None

    def begin_sut(self, spec: SutSpec) -> None:
        """Begin that of the SUT, of which it matters only whether it is a command, and what it is given."""
        if self.sut is None:
            self.sut = sut_starter(spec, self.environ)
            self.sut.begin()

    def begin(self, spec: SutSpec, bench_path: Path, level: Level) -> None:
        """Begin both; nobody waits for that here."""
        self.begin_sut(spec)
        self.rubric = rubric_starter(bench_path, level)
        if self.rubric:
            self.rubric.begin()

    def close(self) -> None:
        """End them, if nobody has done that yet."""
        for one in (self.sut, self.rubric):
            if one:
                one.close()
