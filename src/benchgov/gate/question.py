"""What `compare` is asked: which report, against which baselines, by whose policy. Fetched here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Literal

from benchgov.baselines.active import ActiveBaselines
from benchgov.baselines.model import is_baseline_id
from benchgov.baselines.store import BASELINE_FILE, BaselineStore, read_baseline
from benchgov.canonical import sha256_hex
from benchgov.config import FILE_NAME, Settings, load_settings
from benchgov.documents import json_model
from benchgov.errors import UsageError
from benchgov.files import decode, inside, read_bytes
from benchgov.gate.accepted import (
    ACCEPTED_FILE,
    Accepted,
    Subject,
    check_accepted,
    load_accepted,
    subjects_of,
)
from benchgov.gate.compare import compare
from benchgov.gate.comparison import Comparison
from benchgov.gate.policy import GatePolicy, Overrides, check_overrides
from benchgov.git import export
from benchgov.names import is_name
from benchgov.report import Report
from benchgov.rim import RunProcess
from benchgov.suites.load import MANIFEST, benchmark_ids, family_thresholds, scale_rules

BASELINES_FOLDER = "baselines"


@dataclass(frozen=True)
class Question:
    """The report's file, and what the command line says about the rest.

    `suite` is whose baselines to take (default: the report's); `baseline` is an id or a folder, instead of
    what is active; `ref` is a revision whose baselines and settings count, instead of the work tree's.
    `today` is the day on which accepted slowdowns are judged; by default that of the report.
    """

    report: Path
    overrides: Overrides
    suite: str | None = None
    baseline: str | None = None
    ref: str | None = None
    missing: Literal["block", "allow"] | None = None
    today: date | None = None


def answer(
    question: Question, *, root: Path, settings: Settings, run: RunProcess, environ: Mapping[str, str]
) -> Comparison:
    """Read what `question` names in the repository at `root`, and compare.

    Raises:
        InputError: the report, an index or a baseline is missing or malformed.
        TamperError: a baseline is not what was published.
        BlockedError: the revision cannot be read.
        UsageError: a suite's name that is none, or a limit for a metric that no baseline has.
        ConfigError: the revision's settings are not valid.
    """
    report, digest = load_report(question.report)
    suite = question.suite or report.config.suite
    if not is_name(suite):
        raise UsageError(f"{suite!r} is not the name of a suite")
    with _governing(question.ref, suite, (root, settings), run, environ) as (tree, ruling):
        store, folder = store_of(tree, ruling, suite), tree / ruling.bench_dir / suite
        baselines = _baselines(question, store, report, ruling.policy.same)
        if baselines.baselines:
            check_overrides(question.overrides, (one.baseline for one in baselines.baselines))
        policy = GatePolicy(
            ruling.policy.mode,
            question.overrides,
            question.missing,
            settings=ruling.policy,
            families=family_thresholds(folder),
            scales=scale_rules(folder),
            accepted=accepted_by(folder, (ruling, suite), report, baselines, question.today),
        )
        return compare(report, baselines, policy, report_sha256=digest)


def standing_now(report: Report, *, root: Path, settings: Settings) -> tuple[ActiveBaselines, Comparison]:
    """`report` held against what is active in the work tree now, by the work tree's policy.

    What a selection left out does not count as missing. Raises as `answer` does.
    """
    suite = report.config.suite
    folder = root / settings.bench_dir / suite
    active = ActiveBaselines()
    if report.config.against is None:
        store = store_of(root, settings, suite)
        active = store.active(report.config.regime, report.environment, settings.policy.same)
    policy = GatePolicy(
        settings.policy.mode,
        missing="allow" if report.config.selection else None,
        settings=settings.policy,
        families=family_thresholds(folder),
        scales=scale_rules(folder),
        accepted=accepted_by(folder, (settings, suite), report, active),
    )
    return active, compare(report, active, policy)


def accepted_by(
    folder: Path,
    of: tuple[Settings, str],
    report: Report,
    baselines: ActiveBaselines,
    today: date | None = None,
) -> Accepted:
    """The accepted slowdowns of the suite in `folder`; raises InputError, also for what there is not."""
    settings, suite = of
    path = f"{settings.bench_dir}/{suite}/{ACCEPTED_FILE}"
    accepted = load_accepted(folder, path, today or report.finished_at_utc.astimezone(UTC).date())
    if accepted.entries:
        known = [*subjects_of(report), *_subjects(baselines)]
        check_accepted(accepted, known, benchmark_ids(folder))
    return accepted


def _subjects(baselines: ActiveBaselines) -> Iterator[Subject]:
    for active in baselines.runs.values():
        run = active.run
        for entry in run.metrics:
            yield Subject(run.benchmark, entry.metric, run.family, run.variant, run.scale)


def load_report(path: Path) -> tuple[Report, str]:
    """A report, and the SHA-256 of its file; raises InputError."""
    data = read_bytes(path)
    return json_model(decode(data, str(path)), Report, str(path)), sha256_hex(data)


def store_of(root: Path, settings: Settings, suite: str) -> BaselineStore:
    """The baselines of `suite` in the repository at `root`; raises InputError when they lie outside of it."""
    relative = f"{settings.bench_dir}/{suite}/{BASELINES_FOLDER}"
    inside(root, relative)
    return BaselineStore(root / relative)


def _baselines(
    question: Question, store: BaselineStore, report: Report, same: Sequence[str] | None
) -> ActiveBaselines:
    regime, chosen = report.config.regime, question.baseline
    if chosen is None and report.config.against:  # the other revision takes the baseline's place
        return ActiveBaselines()
    if chosen is None:
        return store.active(regime, report.environment, same)
    if is_baseline_id(chosen):
        home = next((name for name in store.regimes() if chosen in store.ids(name)), regime)
        return ActiveBaselines.of(store.read(home, chosen))
    folder = Path(chosen)
    if question.ref is not None:
        raise UsageError(
            "--baseline with --baseline-ref: name a baseline's id, not a folder of the work tree"
        )
    if not (folder / BASELINE_FILE).exists():
        raise UsageError(f"--baseline {chosen}: neither a baseline's id nor a folder with a {BASELINE_FILE}")
    return ActiveBaselines.of(read_baseline(folder))


@contextmanager
def _governing(
    ref: str | None, suite: str, here: tuple[Path, Settings], run: RunProcess, environ: Mapping[str, str]
) -> Iterator[tuple[Path, Settings]]:
    """(root, settings) of what rules: the work tree, or a copy of what `ref` has.

    The revision's own settings say where its suites are: a pull request must not point somewhere else.
    """
    if ref is None:
        yield here
        return
    with tempfile.TemporaryDirectory(prefix="benchgov-") as name:
        copy = Path(name)
        export(run, here[0], ref, [FILE_NAME], copy)
        settings = load_settings(copy, environ)
        suite_folder = f"{settings.bench_dir}/{suite}"
        ruled = (BASELINES_FOLDER, MANIFEST, ACCEPTED_FILE)
        export(run, here[0], ref, [f"{suite_folder}/{name}" for name in ruled], copy)
        yield copy, settings
