"""Report, comparison and audit records → one `Dossier`. Pure, and linear in what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from benchgov.audit.record import Record
from benchgov.canonical import sha256_hex
from benchgov.dossier import control as controls
from benchgov.dossier import numbers, words
from benchgov.dossier.model import (
    Chain,
    ChainEntry,
    Dossier,
    Functional,
    Section,
    Tamper,
    Trouble,
)
from benchgov.dossier.rows import (
    SampleSource,
    count_verdicts,
    make_concerns,
    make_families,
    make_rows,
    metric_names,
    unknown_samples,
)
from benchgov.dossier.studies import make_studies
from benchgov.gate.comparison import Comparison
from benchgov.gate.control_result import Control
from benchgov.report import Growth, Report, Run


class Divergence(Protocol):
    """Where a chain stops being what was published."""

    @property
    def file(self) -> str:
        """The file, as a path."""

    @property
    def position(self) -> int:
        """The record's sequence; 0 for what is no record."""

    @property
    def expected(self) -> str:
        """What should be there."""

    @property
    def found(self) -> str:
        """What is there."""


class Verification(Protocol):
    """The part of the audit room's verification that a dossier shows."""

    @property
    def ok(self) -> bool:
        """Whether every record is what was written."""

    @property
    def divergence(self) -> Divergence | None:
        """The first place that is not, if any."""


def gather(
    report: Report,
    comparison: Comparison | None = None,
    records: Sequence[Record] = (),
    verification: Verification | None = None,
    *,
    report_sha256: str | None = None,
    baseline_samples: SampleSource = unknown_samples,
    control: Control | None = None,
) -> Dossier:
    """Put together what a dossier shows.

    `verification` is None when there is no audit log. `report_sha256` is the digest of the report's file
    (default: of its canonical bytes). A comparison that names another digest is stale: it is left out, and
    the dossier says so. `baseline_samples` gives the raw samples that a comparison does not hold. `control`
    is what `benchgov control` found on this machine; one of another suite is left out.
    """
    digest = report_sha256 or sha256_hex(report.to_bytes())
    if control is not None and control.suite != report.config.suite:
        control = None
    stale = comparison is not None and comparison.report_sha256 != digest
    used = None if stale else comparison
    rows = make_rows(report, used, baseline_samples)
    metrics = metric_names(rows)
    primary = metrics[0] if metrics else ""
    chain = make_chain(records, verification, _own_files(digest, used))
    headline, reason = words.headline(report, comparison, stale)
    dossier = Dossier(
        suite=report.config.suite,
        regime=report.config.regime,
        revision=report.config.revision,
        dirty=report.config.dirty,
        started=report.started_at_utc.strftime("%Y-%m-%d %H:%M UTC"),
        duration_seconds=(report.finished_at_utc - report.started_at_utc).total_seconds(),
        headline=headline,
        title=words.HEADLINES[headline],
        reason=reason,
        authoritative=report.summary.authoritative and (used is None or used.authoritative),
        counts=count_verdicts(rows),
        runs=len(report.runs),
        findings=len(rows),
        primary_metric=primary,
        metrics=metrics,
        notices=words.notices(report, used, stale, chain),
        attention=make_concerns(rows),
        families=make_families(rows, used, metrics, report),
        studies=make_studies(rows, primary),
        bands=used.scale_bands if used else (),
        growth=_growth(report, used),
        functional=_functional(report),
        troubles=tuple(_trouble(run) for run in report.runs if run.overall != "pass"),
        environment=report.environment,
        comparison_drift=used.environment_difference if used else (),
        baselines=used.baselines if used else (),
        mode=used.mode if used else "",
        method=words.method(report, used),
        claims=words.claims(report, used, chain),
        limits=words.caveats(report, used),
        digests=_digests(report, digest, used),
        chain=chain,
        stale=stale,
        against=report.config.against,
        control=control,
        control_caveats=tuple(controls.caveats(control, report)) if control else (),
    )
    return replace(dossier, sections=_sections(dossier))


def _growth(report: Report, comparison: Comparison | None) -> tuple[Growth, ...]:
    """What has a limit, or grew: held to the limits of the comparison where there is one."""
    found = comparison.growth if comparison else report.scale_band_gate.growth
    order = ("over", "inconclusive", "within", "not-limited")
    told = [one for one in found if one.verdict != "not-limited" or one.grew]
    return tuple(sorted(told, key=lambda one: order.index(one.verdict)))


def _own_files(report_sha256: str, comparison: Comparison | None) -> dict[str, str]:
    own = {report_sha256: "report"}
    return own if comparison is None else {**own, sha256_hex(comparison.to_bytes()): "comparison"}


def make_chain(records: Sequence[Record], verification: Verification | None, own: Mapping[str, str]) -> Chain:
    """The audit log in short, newest record first; `own` maps SHA-256 digests to look for to their names."""
    if verification is None:
        return Chain("none")
    divergence = verification.divergence
    heads = {record.host: record.chain_head for record in sorted(records, key=lambda r: r.sequence)}
    newest = sorted(records, key=lambda r: (r.recorded_at_utc, r.host, r.sequence), reverse=True)
    return Chain(
        status="verified" if verification.ok else "tampered",
        entries=tuple(_entry(record, own) for record in newest),
        heads=tuple(sorted(heads.items())),
        tamper=Tamper(
            str(divergence.file), divergence.position, str(divergence.expected), str(divergence.found)
        )
        if divergence is not None and not verification.ok
        else None,
    )


def _entry(record: Record, own: Mapping[str, str]) -> ChainEntry:
    shown = [f"{key}: {value}" for key, value in sorted(record.subject.items()) if isinstance(value, str)]
    return ChainEntry(
        host=record.host,
        sequence=record.sequence,
        recorded_at=record.recorded_at_utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        kind=record.kind,
        chain_head=record.chain_head,
        vouches_for=tuple(own[item.sha256] for item in record.evidence if item.sha256 in own),
        subject=", ".join(part for part in shown if len(part) <= 60),
    )


def _trouble(run: Run) -> Trouble:
    return Trouble(
        key=run.key,
        overall="fail" if run.overall == "fail" else "blocked",
        reason=run.reason,
        layers=tuple(run.layers.items()),
        expectations=tuple((item.name, item.detail) for item in run.expectations if not item.ok),
        stderr_tail=run.stderr_tail,
        source=f"{run.source.path}:{run.source.line}",
    )


def _functional(report: Report) -> Functional:
    layers: dict[str, Counter[str]] = {}
    for run in report.runs:
        for layer, verdict in run.layers.items():
            layers.setdefault(layer, Counter())[verdict] += 1
    expectations = [item.ok for run in report.runs for item in run.expectations]
    return Functional(
        passed=report.summary.passed,
        failed=report.summary.failed,
        blocked=report.summary.blocked,
        layers=tuple((layer, dict(counts)) for layer, counts in layers.items()),
        expectations_met=sum(expectations),
        expectations_all=len(expectations),
    )


def _digests(
    report: Report, report_sha256: str, comparison: Comparison | None
) -> tuple[tuple[str, str, str], ...]:
    """(what, digest, what it covers)."""
    listed = [
        ("report", f"sha256:{report_sha256}", "the report's bytes"),
        ("suite", f"sha256:{report.config.suite_sha256}", "the manifest that was run"),
        ("plan", f"sha256:{report.replay.plan_sha256}", "what was to be run: settings and protocols"),
        ("result", f"sha256:{report.replay.result_sha256}", "what must come out again on a second run"),
        ("environment", report.environment.fingerprint, "the machine and its tools"),
    ]
    if comparison is not None:
        listed.insert(
            1, ("comparison", f"sha256:{sha256_hex(comparison.to_bytes())}", "the verdict and its findings")
        )
    return tuple(listed)


def _sections(dossier: Dossier) -> tuple[Section, ...]:
    """The parts that this dossier has, in order, each with what it says in a line."""
    functional = dossier.functional
    families = numbers.plural(len(dossier.families), "family", "families")
    attention = numbers.plural(len(dossier.attention), "run")
    listed = [
        Section("summary", "Verdict", dossier.title),
        Section("attention", "Needs a look", attention) if dossier.attention else None,
        Section("families", "Families", f"{families}, {numbers.plural(dossier.runs, 'run')}"),
        Section("variants", "Variants and scales", _studies_summary(dossier)) if dossier.studies else None,
        Section("growth", "Scale bands and growth", _growth_summary(dossier))
        if dossier.bands or dossier.growth
        else None,
        Section("functional", "Functional results", f"{functional.passed:,} of {dossier.runs:,} runs pass"),
        Section("environment", "Environment", words.GATE_WORDS[dossier.environment.gate]),
        Section("control", "Control", f"{dossier.control.verdict} the policy") if dossier.control else None,
        Section("method", "Method", dossier.mode or "not compared"),
        Section("evidence", "Evidence", _chain_summary(dossier.chain)),
    ]
    return tuple(section for section in listed if section is not None)


def _studies_summary(dossier: Dossier) -> str:
    return numbers.plural(len(dossier.studies), "benchmark")


def _growth_summary(dossier: Dossier) -> str:
    over = sum(one.verdict == "over" for one in dossier.growth)
    limits = numbers.plural(len(dossier.growth), "limit of growth", "limits of growth")
    return f"{numbers.plural(len(dossier.bands), 'band')}, {limits}" + (f", {over:,} broken" if over else "")


def _chain_summary(chain: Chain) -> str:
    if chain.status == "none":
        return "no audit log"
    state = "chain verified" if chain.status == "verified" else "chain broken"
    return f"{numbers.plural(len(chain.entries), 'record')}, {state}"
