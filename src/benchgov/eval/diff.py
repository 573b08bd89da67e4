"""Two runs of a task class side by side: cases that flipped, scores that moved, and what else differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchgov.documents import load_json_model
from benchgov.errors import InputError
from benchgov.eval.models import BenchRunReport, BenchScore

MAX_REPORT_BYTES = 64 * 1024 * 1024
INPUTS = (
    "harness_version",
    "sut",
    "sut_digest",
    "sut_process",
    "rubric_digest",
    "cassette_corpus_digest",
    "case_corpus_digest",
    "isolation_class",
    "host_fingerprint",
    "selection",
    "complete",
)
"""The fields of a report that say under which conditions its scores came about."""

Change = Literal["fixed", "broken", "better", "worse", "modes", "new", "gone"]
_ORDER: tuple[Change, ...] = ("broken", "fixed", "worse", "better", "modes", "gone", "new")


@dataclass(frozen=True)
class CaseChange:
    """What became of one case; None where a run lacks it. `modes` are codes with a sign: +new, −gone."""

    case_id: str
    change: Change
    before: float | None
    after: float | None
    modes: tuple[str, ...] = ()

    @property
    def delta(self) -> float | None:
        """How much the score rose."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class RunDiff:
    """What differs between two runs; cases that flipped come first, the worse before the better."""

    task_class: str
    before: BenchRunReport
    after: BenchRunReport
    changes: tuple[CaseChange, ...]
    inputs: tuple[tuple[str, str, str], ...]

    def of(self, *kinds: Change) -> tuple[CaseChange, ...]:
        """The changes of some kinds."""
        return tuple(one for one in self.changes if one.change in kinds)


def diff(before: BenchRunReport, after: BenchRunReport) -> RunDiff:
    """Hold two reports against each other.

    Raises:
        InputError: they are of different task classes.
    """
    if before.task_class != after.task_class:
        raise InputError(
            f"runs of different task classes: {before.task_class} and {after.task_class}",
            remedy="Give two runs of one task class.",
        )
    old, new = dict(before.per_case), dict(after.per_case)
    found = [_change(name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]
    changes = sorted(
        (one for one in found if one),
        key=lambda one: (_ORDER.index(one.change), -abs(one.delta or 0), one.case_id),
    )
    inputs = tuple(
        (name, str(getattr(before, name)), str(getattr(after, name)))
        for name in INPUTS
        if getattr(before, name) != getattr(after, name)
    )
    return RunDiff(before.task_class, before, after, tuple(changes), inputs)


def _change(name: str, old: BenchScore | None, new: BenchScore | None) -> CaseChange | None:
    if old is None or new is None:
        return CaseChange(
            name, "new" if old is None else "gone", old.score if old else None, new.score if new else None
        )
    before, after = ({mode.code for mode in one.failure_modes} for one in (old, new))
    modes = (
        *(f"+{code}" for code in sorted(after - before)),
        *(f"−{code}" for code in sorted(before - after)),
    )
    kind: Change
    if old.passed != new.passed:
        kind = "fixed" if new.passed else "broken"
    elif old.score != new.score:
        kind = "better" if new.score > old.score else "worse"
    elif modes:
        kind = "modes"
    else:
        return None
    return CaseChange(name, kind, old.score, new.score, modes)


def find_report(which: str, runs: Path, cwd: Path) -> BenchRunReport:
    """The report that `which` names: a file, a run id, or a part of a run file's name.

    Raises:
        InputError: there is none, several, or it is not a report.
    """
    path = cwd / which
    if path.is_file():
        return load_json_model(path, BenchRunReport, MAX_REPORT_BYTES)
    files = sorted(runs.glob("*.json"))
    named = [file for file in files if which in file.name]
    found = named or [file for file in files if _id_of(file).removeprefix("partial:").startswith(which)]
    if len(found) == 1:
        return load_json_model(found[0], BenchRunReport, MAX_REPORT_BYTES)
    if found:
        names = [file.name for file in found]
        raise InputError(f"{len(found)} runs match {which!r}", where=str(runs), details=names[-20:])
    raise InputError(f"no run {which!r}; there are {len(files)}", where=str(runs))


def last_two(task_class: str, runs: Path) -> tuple[BenchRunReport, BenchRunReport]:
    """The reports of the last two runs of a task class, the newer last.

    Raises:
        InputError: there are not two.
    """
    found: list[BenchRunReport] = []
    for file in sorted(runs.glob("*.json"), reverse=True):  # a run file's name begins with its time
        report = _report(file)
        if report and report.task_class == task_class:
            found.append(report)
        if len(found) == 2:
            return found[1], found[0]
    raise InputError(f"{len(found)} runs of {task_class!r}; two are compared", where=str(runs))


def _id_of(file: Path) -> str:
    report = _report(file)
    return report.run_id if report else ""


def _report(file: Path) -> BenchRunReport | None:
    """The report in a file; None for a file that is no report."""
    try:
        return load_json_model(file, BenchRunReport, MAX_REPORT_BYTES)
    except InputError:
        return None
