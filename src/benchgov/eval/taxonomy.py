"""The failure modes of a task class, and how a rubric's answer is held against them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benchgov.documents import load_yaml
from benchgov.errors import InputError, TaskClassIncompleteError
from benchgov.eval.declared import FAILURE_MODES
from benchgov.eval.models import MAX_TEXT, BenchScore, FailureMode, Severity
from benchgov.eval.vocabulary import HARNESS_PREFIXES

if TYPE_CHECKING:
    from benchgov.eval.registry import TaskClass

_SEVERITIES = ("block", "warn", "info")
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,127}", re.ASCII)


def load_taxonomy(bench_path: Path) -> Mapping[str, Severity]:
    """Code → severity, as `failure_modes.yaml` says.

    Raises:
        TaskClassIncompleteError: missing, malformed, or an entry without severity or description.
    """
    path = bench_path / FAILURE_MODES
    try:
        document = load_yaml(path)
    except InputError as error:
        raise TaskClassIncompleteError(error.message, where=error.where) from error
    if not isinstance(document.value, dict):
        raise TaskClassIncompleteError("not a mapping of codes", where=str(path))
    faults = [
        f"{path}:{document.line((code,))}: {code}: {fault}"
        for code, entry in document.value.items()
        for fault in _faults(code, entry)
    ]
    if faults:
        raise TaskClassIncompleteError("not a valid taxonomy", where=str(path), details=faults)
    return MappingProxyType({code: entry["severity"] for code, entry in document.value.items()})


def _faults(code: object, entry: Any) -> list[str]:
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return ["not a code: lower-case letters, digits, `.`, `_` and `-`"]
    if code.startswith(HARNESS_PREFIXES):
        return [f"only the harness has codes that begin with {', '.join(HARNESS_PREFIXES)}"]
    if not isinstance(entry, dict):
        return ["not a mapping with severity and description"]
    faults = [f"unknown key {key!r}" for key in entry if key not in ("severity", "description")]
    if entry.get("severity") not in _SEVERITIES:
        faults.append(f"severity is none of {', '.join(_SEVERITIES)}")
    description = entry.get("description")
    if not isinstance(description, str) or not description.strip():
        faults.append("there is no description")
    return faults


def failed(code: str, detail: str | None = None) -> BenchScore:
    """The score of a case that the harness could not score: none, and a failure mode that blocks."""
    text = detail[:MAX_TEXT] if detail else None
    return BenchScore(
        passed=False, score=0.0, failure_modes=(FailureMode(code=code, severity="block", detail=text),)
    )


def resolved(score: BenchScore, task_class: TaskClass) -> BenchScore:
    """A rubric's score with the severities of the taxonomy, whatever the rubric says of them.

    A breakdown key, or a failure mode, that the task class does not have is a failure of the rubric: the case
    has no score then.
    """
    unknown = sorted(set(score.breakdown) - task_class.breakdown_keys)
    if unknown:
        return failed("rubric.unknown_breakdown_key", ", ".join(unknown))
    modes = tuple(resolve_mode(mode, task_class.failure_mode_taxonomy) for mode in score.failure_modes)
    if any(is_harness(mode.code) for mode in modes):
        return failed("rubric.unknown_failure_mode").model_copy(update={"failure_modes": modes})
    return score if modes == score.failure_modes else score.model_copy(update={"failure_modes": modes})


def resolve_mode(mode: FailureMode, taxonomy: Mapping[str, Severity]) -> FailureMode:
    """`mode` with the severity of the taxonomy; one that is not in it becomes a blocking failure."""
    severity = taxonomy.get(mode.code)
    if severity is None:
        return FailureMode(code="rubric.unknown_failure_mode", severity="block", detail=mode.code)
    return mode if mode.severity == severity else mode.model_copy(update={"severity": severity})


def is_harness(code: str) -> bool:
    """Whether a failure mode is the harness's, and not one of a taxonomy: such a score is never kept."""
    return code.startswith(HARNESS_PREFIXES)


def is_of_harness(score: BenchScore) -> bool:
    """Whether the harness, and not the rubric, says that the case failed."""
    return any(is_harness(mode.code) for mode in score.failure_modes)
