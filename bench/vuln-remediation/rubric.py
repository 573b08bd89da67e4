"""Scores a remediation by what its files mean: no string of the answer is compared with an expected one.

A case ends at the first thing that makes an answer worthless (a false claim, another package changed, a
version that does not exist); only an answer without one earns the parts of the score. See README.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchgov.eval import BenchCase, BenchScore
from benchgov.eval.models import FailureMode, Severity
from benchgov.eval.rubric import main

if __name__ == "__main__":  # a file that is run by itself has to be told its package (PEP 366)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = f"bench.{Path(__file__).resolve().parent.name}"

from .breakdown_keys import BreakdownKey as Key
from .scoring import marks
from .scoring.project import Truth, load, view_all
from .scoring.view import Unreadable

WEIGHTS = {
    Key.FIXED: 0.4,
    Key.AGREEMENT: 0.15,
    Key.INTEGRITY: 0.15,
    Key.MINIMAL: 0.15,
    Key.FORMATTING: 0.1,
    Key.INSTALLED: 0.05,
}
STATUSES = ("remediated", "not-affected", "not-possible")
PARTS = frozenset(("status", "installed", "files", "reason"))
MAX_TEXT = 1_000_000
INFO = ("version.not-minimal", "formatting.noisy")
WARN = ("fix.missed", "fix.incomplete", "agreement.broken", "installed.wrong")

_CODES = {
    Key.FIXED: "fix.incomplete",
    Key.AGREEMENT: "agreement.broken",
    Key.INTEGRITY: "integrity.wrong",
    Key.MINIMAL: "version.not-minimal",
    Key.FORMATTING: "formatting.noisy",
    Key.INSTALLED: "installed.wrong",
}


class VulnRemediationRubric:
    """Whether a project was moved off the affected versions of a package, and nothing else happened to it."""

    def score(self, case: BenchCase, harness_output: Mapping[str, Any]) -> BenchScore:
        """The score of `{"status", "installed", "files", "reason"}` for the project in `input/`."""
        truth = load(case.input_path, case.expected_path)
        files = _changed_files(harness_output, truth)
        if files is None:
            return _worthless("output.malformed")
        status = harness_output["status"]
        if truth.status != "remediated":
            return _left_alone(truth, status, files, harness_output)
        if status != "remediated":
            return _worthless("fix.missed" if status == "not-possible" and not files else "claim.false")
        return _remediated(truth, files, harness_output)


def _changed_files(output: Mapping[str, Any], truth: Truth) -> dict[str, str] | None:
    """The files that the answer changes; None when it is no answer."""
    files = output.get("files")
    if output.get("status") not in STATUSES or not isinstance(files, Mapping) or set(output) - PARTS:
        return None
    if not all(name in truth.files and isinstance(text, str) for name, text in files.items()):
        return None
    if any(len(text) > MAX_TEXT for text in files.values()):
        return None
    return {name: text for name, text in files.items() if text != truth.files[name]}


def _left_alone(truth: Truth, status: str, files: Mapping[str, str], output: Mapping[str, Any]) -> BenchScore:
    """A project that needs no change, or cannot be helped: it must be left alone, for the right reason."""
    if files:
        return _worthless("needless.change")
    if status != truth.status or output.get("reason") != truth.reason:
        return _worthless("claim.false")
    if not _installed_right(truth, output):
        return _worthless("installed.wrong")
    return BenchScore(passed=True, score=1.0, breakdown=dict.fromkeys(map(str, Key), 1.0))


def _remediated(truth: Truth, files: Mapping[str, str], output: Mapping[str, Any]) -> BenchScore:
    before = view_all(truth.files, truth.subject)
    try:
        change = marks.Change(truth, before, view_all({**truth.files, **files}, truth.subject))
    except Unreadable as reason:
        return _worthless("project.unreadable", str(reason))
    code = marks.breach(change)
    if code:
        return _worthless(code)
    fixed = marks.fixed_share(change)
    if fixed == 0:
        return _worthless("claim.false")
    parts = {
        Key.FIXED: fixed,
        Key.AGREEMENT: float(marks.agrees(change)),
        Key.INTEGRITY: marks.intact(change),
        Key.MINIMAL: marks.minimal_share(change),
        Key.FORMATTING: marks.tidy_share(change, files),
        Key.INSTALLED: float(_installed_right(truth, output)),
    }
    return _scored(parts)


def _scored(parts: Mapping[Key, float]) -> BenchScore:
    score = round(sum(WEIGHTS[key] * value for key, value in parts.items()), 6)
    needed = (Key.FIXED, Key.AGREEMENT, Key.INTEGRITY, Key.INSTALLED)
    return BenchScore(
        passed=all(parts[key] == 1 for key in needed),
        score=score,
        breakdown={
            **{str(key): round(value, 6) for key, value in parts.items()},
            **dict.fromkeys((str(Key.STATUS), str(Key.PARSES), str(Key.SCOPE)), 1.0),
        },
        failure_modes=tuple(_mode(_CODES[key]) for key, value in parts.items() if value < 1),
    )


def _worthless(code: str, detail: str | None = None) -> BenchScore:
    return BenchScore(
        passed=False,
        score=0.0,
        breakdown=dict.fromkeys(map(str, Key), 0.0),
        failure_modes=(_mode(code, detail),),
    )


def _mode(code: str, detail: str | None = None) -> FailureMode:
    """A failure mode; its severity is that of failure_modes.yaml, which the harness looks up."""
    severity: Severity = "info" if code in INFO else "warn" if code in WARN else "block"
    return FailureMode(code=code, severity=severity, detail=detail)


def _installed_right(truth: Truth, output: Mapping[str, Any]) -> bool:
    installed = output.get("installed")
    return isinstance(installed, list) and sorted(map(str, installed)) == sorted(truth.installed)


if __name__ == "__main__":
    raise SystemExit(main(VulnRemediationRubric))
