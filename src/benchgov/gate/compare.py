"""(report, baselines, policy) → comparison: a pure function; the same bytes in give the same bytes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from benchgov.baselines.active import ActiveBaselines
from benchgov.baselines.model import Baseline
from benchgov.canonical import sha256_hex
from benchgov.environment.pinned import difference, may_be_compared
from benchgov.errors import ConfigError
from benchgov.gate import sentences, threshold
from benchgov.gate.acceptance import accept, remarks
from benchgov.gate.comparison import Comparison, Finding
from benchgov.gate.decide import Decision, Pair, Rule, Terms
from benchgov.gate.families import Judged, families, scale_bands, verdict_of, worst
from benchgov.gate.growth import with_growth
from benchgov.gate.paired import missing_runs, paired_rows
from benchgov.gate.pairing import Row, rows
from benchgov.gate.policy import GatePolicy
from benchgov.report import Report, Run, Verdict
from benchgov.suggest import did_you_mean


def _statistical(pairs: Sequence[Pair], terms: Terms) -> Sequence[Decision]:
    from benchgov.gate import statistical  # NumPy, only where it is needed

    return statistical.decide(pairs, terms)


RULES: dict[str, Rule] = {"threshold": threshold.decide, "statistical": _statistical}
"""`policy.mode` → rule."""


def compare(
    report: Report, baselines: ActiveBaselines, policy: GatePolicy, *, report_sha256: str | None = None
) -> Comparison:
    """Hold `report` against the baselines that apply to it; a paired one against its other revision.

    `report_sha256` is the digest of the file that the report came from; by default that of its canonical
    bytes, which is what benchgov writes. Another suite, regime or environment is "not comparable", with the
    difference shown; a report without one valid run is "blocked".

    Raises:
        ConfigError: there is no rule called `policy.mode`.
        TamperError: the rule asks for raw samples that are not what was published.
    """
    against = report.config.against
    mode = policy.rule(paired=against is not None)
    rule = RULES.get(mode)
    if rule is None:
        raise ConfigError(f"policy.mode: no rule {mode!r}{did_you_mean(mode, RULES)}")
    digest = report_sha256 or sha256_hex(report.to_bytes())
    if stop := _stop(report, baselines, policy.settings.same):
        return with_growth(_comparison(report, baselines, mode, digest, stop, []), report, policy)
    listed = paired_rows(report, policy) if against else rows(report, baselines, policy)
    terms = Terms(policy.settings.statistics, against.looks if against else ())
    judged = accept(_judge(list(listed), rule, terms, policy), policy.accepted)
    missing = missing_runs(report)
    verdict = verdict_of(judged)
    if missing and policy.blocks_missing(None):
        verdict = worst(verdict, "blocked")
    counts = Counter[str](one.finding.verdict for one in judged)
    blocked = sum(one.effect == "blocked" for one in judged)
    reasons = [sentences.overall(verdict, counts, blocked, policy), *_remarks(report, baselines, missing)]
    reasons += [*_other_machine(report, baselines, policy), *remarks(judged, policy.accepted)]
    outcome = (verdict, sentences.join(reasons))
    found = _comparison(report, baselines, mode, digest, outcome, judged, missing)
    bands = scale_bands(judged, policy.scales)
    accepted_on = policy.accepted.today if policy.accepted.entries else None
    whole = found.model_copy(
        update={"scale_bands": bands, "accepted_on": accepted_on, "same": policy.settings.same}
    )
    return with_growth(whole, report, policy)


def _comparison(
    report: Report,
    baselines: ActiveBaselines,
    mode: str,
    digest: str,
    outcome: tuple[Verdict, str],
    judged: Sequence[Judged],
    missing: Sequence[str] = (),
) -> Comparison:
    paired = report.config.against
    against = _against(baselines)
    ids = tuple(one.baseline.baseline_id for one in baselines.baselines)
    return Comparison(
        schema_version=1,
        suite=report.config.suite,
        regime=report.config.regime,
        mode=mode,
        verdict=outcome[0],
        reason=outcome[1],
        authoritative=_authoritative(report, baselines),
        report_sha256=digest,
        baselines=ids,
        against=paired.revision if paired else None,
        fingerprint=report.environment.fingerprint,
        baseline_fingerprint=against.fingerprint if against else None,
        environment_difference=difference(against.facts, report.environment.facts) if against else (),
        missing_runs=tuple(missing),
        families=families(judged),
        findings=tuple(one.finding for one in judged),
    )


def _authoritative(report: Report, baselines: ActiveBaselines) -> bool:
    if report.config.against:
        return report.summary.authoritative
    stored = baselines.baselines
    return report.summary.authoritative and bool(stored) and all(one.baseline.authoritative for one in stored)


def _against(baselines: ActiveBaselines) -> Baseline | None:
    return baselines.baselines[0].baseline if baselines.baselines else baselines.nearest


def _stop(
    report: Report, baselines: ActiveBaselines, same: Sequence[str] | None
) -> tuple[Verdict, str] | None:
    """The verdict and its reason when no metric can be judged at all."""
    if not any(run.run_is_valid for run in report.runs):
        return "blocked", sentences.join(["The report has no valid run.", *_reasons(report.runs)])
    if all(run.sampling.isolation == "functional" for run in report.runs):
        reason = "Its results are functional, not measured: `benchgov replay` holds them against a report."
        return "not-comparable", reason
    if report.config.against:
        return None
    make = f"Make one: `benchgov baseline generate {report.config.suite} --activate`, in a reviewed change."
    against = _against(baselines)
    if against is None:
        others = f" (there are some for: {', '.join(baselines.regimes)})" if baselines.regimes else ""
        reason = f"No baseline is active for regime {report.config.regime}{others}."
        return "not-comparable", sentences.join([reason, make])
    if differs := _other_plan(against, report):
        return "not-comparable", differs
    if not _comparable(against, report, same):
        names = [one.name for one in difference(against.facts, report.environment.facts)]
        differs = f" It differs in: {', '.join(names)}." if names else ""
        return "not-comparable", sentences.join(
            [f"No baseline was measured in this environment.{differs}", make]
        )
    return None


def _other_plan(against: Baseline, report: Report) -> str:
    """Why the baseline is of something else, whatever the machine; empty when it is not."""
    config = report.config
    if against.suite != config.suite:
        return f"The baseline is of suite {against.suite}, not {config.suite}."
    if against.regime != config.regime:
        return f"The baseline is of regime {against.regime}, not {config.regime}."
    if against.values != config.values:
        return f"The suite's config differs: {_differences(against.values, config.values)}."
    return ""


def _differences(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """`depth is 5, the baseline has 3`, for every value that is not the same."""
    return "; ".join(
        f"{name} is {now.get(name, 'not there')!r}, the baseline has {before.get(name, 'none')!r}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    )


def _comparable(against: Baseline, report: Report, same: Sequence[str] | None) -> bool:
    here = report.environment
    return against.fingerprint == here.fingerprint or (
        same is not None and may_be_compared(against.facts, here.facts, same)
    )


def _other_machine(report: Report, baselines: ActiveBaselines, policy: GatePolicy) -> list[str]:
    """In the open: what was not compared of two machines whose numbers were."""
    against = _against(baselines)
    if report.config.against or against is None or against.fingerprint == report.environment.fingerprint:
        return []
    names = [one.name for one in difference(against.facts, report.environment.facts)]
    return [
        f"The baseline is another machine's: policy.same compares {', '.join(policy.settings.same or ())}, "
        f"and they differ in {', '.join(names)}."
    ]


def _reasons(runs: Sequence[Run]) -> list[str]:
    """The reasons of the runs that are not valid: each once, the commonest three."""
    found = Counter(run.reason for run in runs if run.reason and not run.run_is_valid)
    return [f"{count} of {len(runs)}: {reason}." for reason, count in found.most_common(3)]


def _remarks(report: Report, baselines: ActiveBaselines, missing: Sequence[str]) -> list[str]:
    """What a reader should know besides the findings."""
    against = report.config.against
    known = set(against.runs if against else baselines.runs)
    unseen = sum(not run.run_is_valid and run.key not in known for run in report.runs)
    lost = [f"The other revision has {', '.join(missing)}, which this one has not."] if missing else []
    remarks = [*lost, *([f"{unseen} new benchmarks could not be measured."] if unseen else [])]
    if report.config.selection:
        remarks.append(f"Only a selection was measured: {', '.join(report.config.selection)}.")
    return remarks


def _judge(listed: Sequence[Row], rule: Rule, terms: Terms, policy: GatePolicy) -> list[Judged]:
    pairs = {at: row.pair for at, row in enumerate(listed) if row.pair is not None}
    decisions = dict(zip(pairs, rule(list(pairs.values()), terms), strict=True))
    return [
        _decided(row, pairs[at].limit.percent, decisions[at], policy) if at in pairs else _certain(row)
        for at, row in enumerate(listed)
    ]


def _certain(row: Row) -> Judged:
    return Judged(_finding(row, {"verdict": row.verdict, "sentence": sentences.certain(row)}), row.effect)


_EFFECTS: Mapping[str, Verdict] = {"regression": "regression", "inconclusive": "inconclusive"}


def _decided(row: Row, percent: float, decision: Decision, policy: GatePolicy) -> Judged:
    told = {
        "verdict": decision.verdict,
        "change_percent": decision.change_percent,
        "threshold_percent": percent,
        "floor_percent": decision.floor_percent,
        "minimum_detectable_percent": decision.minimum_detectable_percent,
        "interval_percent": decision.interval_percent,
        "p_value": decision.p_value,
        "sentence": sentences.decided(row, decision, percent, policy),
    }
    return Judged(_finding(row, told), _EFFECTS.get(decision.verdict, "pass"))


def _finding(row: Row, told: Mapping[str, object]) -> Finding:
    run, metric, before = row.run, row.metric, row.before
    return Finding.model_validate(
        {
            "benchmark": run.benchmark,
            "scale": run.scale,
            "variant": run.variant,
            "family": row.family,
            "metric": row.name,
            "unit": metric.unit,
            "direction": metric.direction,
            "aggregate": metric.aggregate,
            "baseline_value": before.value if before else None,
            "current_value": row.current,
            "baseline_samples": before.samples if before else 0,
            "current_samples": row.sample_count,
            "source": row.source,
            **told,
        }
    )
