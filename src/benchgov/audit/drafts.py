"""What to record about an artifact: its kind by its content, its digests, and the few facts worth a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from benchgov.audit.chain import Draft, Kind
from benchgov.audit.draft_evals import from_eval, from_verdict
from benchgov.audit.draft_studies import from_control, from_history, from_replay
from benchgov.audit.drafting import make_draft, read_model, text_of
from benchgov.baselines.model import Baseline
from benchgov.canonical import Json
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.eval.models import BenchRunReport
from benchgov.files import read_bytes
from benchgov.gate.comparison import Comparison
from benchgov.report import Environment, Report


class Maker(Protocol):
    """Makes the draft of one kind of file."""

    def __call__(self, data: bytes, environ: Mapping[str, str], *, name: str) -> Draft:
        """The draft of the file `name` with this content; raises `InputError`."""


_MARKS: tuple[tuple[Kind, str], ...] = (
    ("baseline", "baseline_id"),
    ("run", "performance_gate"),
    ("comparison", "report_sha256"),
    ("verify-env", "facts"),
    ("verdict", "evidence_sufficient"),
    ("eval", "case_corpus_digest"),
    ("control", "baseline_resplits"),
    ("history", "min_points"),
    ("replay", "replay_report_sha256"),
)
_BASELINE_FACTS = ("suite", "regime", "baseline_id", "fingerprint")
_DOSSIER_SUFFIXES = (".md", ".html")


def draft_of(path: Path, environ: Mapping[str, str], kind: Kind | None = None) -> Draft:
    """The draft for an artifact of benchgov: a JSON file, or the folder of a dossier.

    Without `kind` the content says what it is.

    Raises:
        InputError: the artifact is missing, malformed, or of no kind that is recorded.
    """
    if path.is_dir():
        return from_dossier(_dossier_files(path), environ)
    return draft_of_bytes(read_bytes(path), environ, name=path.name, where=str(path), kind=kind)


def draft_of_bytes(
    data: bytes, environ: Mapping[str, str], *, name: str, where: str, kind: Kind | None = None
) -> Draft:
    """The draft for the content of a file called `name`; raises as `draft_of`, about `where`."""
    kind = kind or _kind_of(data, name, where)
    if kind == "dossier":
        return from_dossier({name: data}, environ)
    if kind == "eval":
        return from_eval(read_model(data, BenchRunReport, name), environ, name=name)
    if kind in ("approval", "calibration"):
        raise InputError(f"a record of kind {kind} is made by its own command", where=where)
    return _MAKERS[kind](data, environ, name=name)


def _dossier_files(folder: Path) -> dict[str, bytes]:
    files = {
        path.name: read_bytes(path)
        for path in sorted(folder.iterdir())
        if path.suffix in _DOSSIER_SUFFIXES and path.is_file()
    }
    if not files:
        raise InputError("holds no dossier (a .md or .html file)", where=str(folder))
    return files


def _kind_of(data: bytes, name: str, where: str) -> Kind:
    if PurePosixPath(name).suffix in _DOSSIER_SUFFIXES:
        return "dossier"
    value = parse_json(text_of(data, where), where)
    for kind, mark in _MARKS:
        if isinstance(value, dict) and mark in value:
            return kind
    raise InputError(
        "neither a report, a comparison, an environment, a dossier nor anything else that is recorded",
        where=where,
        remedy="Say what it is with --kind.",
    )


def from_report(data: bytes, environ: Mapping[str, str], *, name: str = "report.json") -> Draft:
    """The draft of a report; complete when nothing was selected out and nothing blocked.

    Raises:
        InputError: it is not a valid report; so with the other functions and their artifacts.
    """
    report = read_model(data, Report, name)
    isolations = {run.sampling.isolation for run in report.runs}
    subject: dict[str, Json] = {
        "suite": report.config.suite,
        "regime": report.config.regime,
        "status": report.summary.status,
        "performance_gate": report.performance_gate.status,
        "authoritative": report.summary.authoritative,
        "revision": report.config.revision,
        "dirty": report.config.dirty,
        "plan_sha256": report.replay.plan_sha256,
        "result_sha256": report.replay.result_sha256,
        "fingerprint": report.environment.fingerprint,
    }
    return make_draft(
        "run",
        {name: data},
        subject,
        environ,
        complete=not report.config.selection and all(run.overall != "blocked" for run in report.runs),
        isolation_class=isolations.pop() if len(isolations) == 1 else "mixed",
    )


def from_comparison(data: bytes, environ: Mapping[str, str], *, name: str = "comparison.json") -> Draft:
    """The draft of a comparison; complete when every metric of the baseline was judged."""
    comparison = read_model(data, Comparison, name)
    unjudged = {"missing", "not-comparable"} & {finding.verdict for finding in comparison.findings}
    subject: dict[str, Json] = {
        "suite": comparison.suite,
        "regime": comparison.regime,
        "verdict": comparison.verdict,
        "mode": comparison.mode,
        "authoritative": comparison.authoritative,
        "report_sha256": comparison.report_sha256,
        "baselines": list(comparison.baselines),
        "fingerprint": comparison.fingerprint,
    }
    complete = comparison.verdict not in ("blocked", "not-comparable") and not unjudged
    return make_draft("comparison", {name: data}, subject, environ, complete=complete)


def from_environment(data: bytes, environ: Mapping[str, str], *, name: str = "environment.json") -> Draft:
    """The draft of a verified environment."""
    environment = read_model(data, Environment, name)
    subject: dict[str, Json] = {
        "gate": environment.gate,
        "fingerprint": environment.fingerprint,
        "drift": [drift.name for drift in environment.drift],
    }
    return make_draft("verify-env", {name: data}, subject, environ, complete=True)


def from_dossier(files: Mapping[str, bytes], environ: Mapping[str, str]) -> Draft:
    """The draft of a rendered dossier: file name → content."""
    return make_draft("dossier", files, {"files": len(files)}, environ, complete=True)


def from_baseline(data: bytes, environ: Mapping[str, str], *, name: str) -> Draft:
    """The draft of a baseline's file, by its digests; the baselines' own store vouches for its content."""
    value = parse_json(text_of(data, name), name)
    if not isinstance(value, dict):
        raise InputError("not a baseline", where=name)
    subject: dict[str, Json] = {key: value[key] for key in _BASELINE_FACTS if isinstance(value.get(key), str)}
    return make_draft("baseline", {name: data}, subject, environ, complete=not value.get("selection"))


def from_approval(baseline: Baseline, files: Mapping[str, bytes], environ: Mapping[str, str]) -> Draft:
    """The draft of an approval: who approved which run as `baseline`; `files` are what they relied on."""
    if baseline.approval is None:
        raise InputError("the baseline was not approved by anybody", where=baseline.baseline_id)
    facts = baseline.to_json()
    subject: dict[str, Json] = {key: facts[key] for key in (*_BASELINE_FACTS, "derivation")}
    subject |= facts["approval"]
    return make_draft("approval", files, subject, environ, complete=not baseline.selection)


_MAKERS: dict[Kind, Maker] = {
    "run": from_report,
    "comparison": from_comparison,
    "verify-env": from_environment,
    "baseline": from_baseline,
    "verdict": from_verdict,
    "control": from_control,
    "history": from_history,
    "replay": from_replay,
}
