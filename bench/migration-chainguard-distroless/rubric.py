"""Scores a migrated Dockerfile by what the image would be, never by its text.

Nothing is scored for an image that would not start, or that is not what was asked for (`GATES`); what an
image that would start gave up is the rest of the score (`WEIGHTS`). See README.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchgov.eval import BenchCase, BenchScore
from benchgov.eval.models import FailureMode, Severity
from benchgov.eval.rubric import main

if __name__ == "__main__":  # a file that is run by itself has to be told its package (PEP 366)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = f"bench.{Path(__file__).resolve().parent.name}"

from .breakdown_keys import BreakdownKey as Key
from .dockerfile import Dockerfile, DockerfileError, parse
from .scoring import checks

Check = Callable[[Dockerfile, checks.Wanted], bool]

GATES: dict[Key, tuple[Check, str]] = {
    Key.BASE_IMAGE: (checks.has_base, "base.not-distroless"),
    Key.NO_RUN: (checks.runs_nothing, "final.runs"),
    Key.NON_ROOT: (checks.is_not_root, "user.root"),
    Key.EXEC_FORM: (checks.starts_without_shell, "command.shell-form"),
    Key.FILES: (checks.has_files, "files.lost"),
    Key.COMMAND: (checks.starts_the_same, "command.changed"),
}
REST: dict[Key, tuple[Check, str]] = {
    Key.BUILD_IMAGES: (checks.builds_on_chainguard, "build.foreign-image"),
    Key.BUILD_STEPS: (checks.builds_the_same, "build.step-lost"),
    Key.ENVIRONMENT: (checks.has_environment, "environment.lost"),
    Key.PORTS: (checks.has_ports, "port.lost"),
    Key.HEALTH: (checks.has_health, "health.lost"),
}
WEIGHTS = {
    Key.BUILD_IMAGES: 0.15,
    Key.BUILD_STEPS: 0.15,
    Key.ENVIRONMENT: 0.1,
    Key.PORTS: 0.1,
    Key.HEALTH: 0.1,
}
"""The rest of the score, 0.4, is for an image that would start."""

STATUSES = ("migrated", "not-needed", "not-possible")
PARTS = frozenset(("status", "dockerfile", "reason"))
INFO = ("health.lost",)
WARN = ("migration.missed", "build.foreign-image", "build.step-lost", "environment.lost", "port.lost")


class MigrationRubric:
    """Whether the image runs the same program, without root, shell or package manager."""

    def score(self, case: BenchCase, harness_output: Mapping[str, Any]) -> BenchScore:
        """The score of `{"status", "dockerfile", "reason"}` for the Dockerfile in the case's `input/`."""
        before = (case.input_path / "Dockerfile").read_text(encoding="utf-8")
        expected = json.loads((case.expected_path / "image.json").read_text(encoding="utf-8"))
        wanted = checks.Wanted.of(expected, parse(before))
        status, text = harness_output.get("status"), harness_output.get("dockerfile")
        if status not in STATUSES or not isinstance(text, str | None) or set(harness_output) - PARTS:
            return _worthless("output.malformed")
        if wanted.status != "migrated":
            untouched = text is None or text == before
            return _left_alone(wanted, status, untouched, str(harness_output.get("reason", "")))
        if status != "migrated":
            return _worthless("migration.missed" if status == "not-possible" and not text else "claim.false")
        return _worthless("output.malformed") if text is None else _migrated(text, wanted)


def _left_alone(wanted: checks.Wanted, status: str, untouched: bool, reason: str) -> BenchScore:
    """A Dockerfile that needs no migration, or allows none, must be left alone, for the right reason."""
    if not untouched:
        return _worthless("needless.change")
    if status != wanted.status or not all(word in reason for word in wanted.because):
        return _worthless("claim.false")
    return BenchScore(passed=True, score=1.0, breakdown=dict.fromkeys(map(str, Key), 1.0))


def _migrated(text: str, wanted: checks.Wanted) -> BenchScore:
    try:
        dockerfile = parse(text)
    except DockerfileError as reason:
        return _worthless("dockerfile.unreadable", detail=str(reason))
    broken = [code for check, code in GATES.values() if not check(dockerfile, wanted)]
    if broken:
        return _worthless(*broken)
    found = {key: check(dockerfile, wanted) for key, (check, _) in REST.items()}
    lost = sum(WEIGHTS[key] for key, good in found.items() if not good)
    return BenchScore(
        passed=all(good for key, good in found.items() if key != Key.HEALTH),
        score=round(1 - lost, 6),
        breakdown={
            **dict.fromkeys(map(str, Key), 1.0),
            **{str(key): float(good) for key, good in found.items()},
        },
        failure_modes=tuple(_mode(REST[key][1]) for key, good in found.items() if not good),
    )


def _worthless(*codes: str, detail: str | None = None) -> BenchScore:
    return BenchScore(
        passed=False,
        score=0.0,
        breakdown=dict.fromkeys(map(str, Key), 0.0),
        failure_modes=tuple(_mode(code, detail) for code in codes),
    )


def _mode(code: str, detail: str | None = None) -> FailureMode:
    """A failure mode; its severity is that of failure_modes.yaml, which the harness looks up."""
    severity: Severity = "info" if code in INFO else "warn" if code in WARN else "block"
    return FailureMode(code=code, severity=severity, detail=detail)


if __name__ == "__main__":
    raise SystemExit(main(MigrationRubric))
