"""A promotion verdict from the log: judge the newest complete run, write a recommendation, record it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.audit.chain import Appended
from benchgov.audit.draft_evals import from_verdict
from benchgov.audit.files import LogFiles
from benchgov.audit.folder import as_files
from benchgov.audit.record import Record
from benchgov.errors import InputError, OutputError
from benchgov.eval.declared import Declaration, declaration, find_bench
from benchgov.eval.models import BenchRunReport, PromotionVerdict
from benchgov.files import create_exclusive, put_back
from benchgov.promotion.gate import PromotionGate, reasons_of_sut
from benchgov.promotion.recorded import Recorder, history, report_of
from benchgov.promotion.tiers import FILE, TierConfig, load_tiers


@dataclass(frozen=True)
class Places:
    """Where a repository keeps what a verdict is made from and where it goes.

    `root` holds docs/trust-tiers.yaml; `store` is the audit log, `runs` the folder of run files,
    `recommendations` that of verdicts.
    """

    root: Path
    store: LogFiles | Path
    bench_root: Path
    runs: Path
    recommendations: Path


@dataclass(frozen=True)
class Recommended:
    """A verdict, the report that it is about, its file, and its record."""

    verdict: PromotionVerdict
    report: BenchRunReport
    path: Path
    appended: Appended


def judge(
    places: Places, task_class: str, target_tier: str | None = None, *, promotion_source: str | None = None
) -> tuple[PromotionVerdict, BenchRunReport]:
    """The verdict on the newest complete recorded run of a task class by its own SUT, and the report.

    Nothing is written. `promotion_source` stands in for the host that docs/trust-tiers.yaml names.

    Raises:
        TierConfigError: the tiers are not valid, or there is none of that name.
        EvalError: the bench is not there, or has no registration that can be read.
        TamperError: the log, or the run file, is not what was written.
        InputError: there is no log, no complete run of the class in it, or no file of that run.
    """
    config = _config(places.root / FILE, task_class, promotion_source)
    declared = declaration(find_bench(task_class, places.bench_root))
    past = history(places.store, task_class)
    current = config.tier_of(task_class)
    target = target_tier or config.after(current) or current
    source = config.demands(task_class, target).promotion_source
    # Other hosts' runs are passed over; when the source has none, its absence is what the verdict says.
    records = past.complete(source) or past.complete()
    if not records:
        raise InputError(
            f"no complete run of {task_class!r} is recorded",
            where=as_files(places.store).where(),
            remedy=f"Run `benchgov eval run --task-class={task_class}` over all cases.",
        )
    report = _chosen(records, places.runs, declared)
    verdict = PromotionGate(config).evaluate(
        task_class,
        current,
        report,
        verification=past.verification,
        target_tier=target,
        window=past.window,
        declared=declared,
    )
    return verdict, report


def _chosen(records: Sequence[Record], runs: Path, declared: Declaration) -> BenchRunReport:
    """The newest report of the SUT as the registration names it; where there is none, the newest."""
    newest = report_of(records[-1], runs)
    if not reasons_of_sut(newest, declared):
        return newest
    earlier = (report_of(record, runs) for record in reversed(records[:-1]))
    return next((report for report in earlier if not reasons_of_sut(report, declared)), newest)


def promote_verdict(
    places: Places,
    task_class: str,
    target_tier: str | None = None,
    *,
    promotion_source: str | None = None,
    recorder: Recorder,
) -> Recommended:
    """Judge as `judge` does, write `<recommendations>/<utc>.json`, and record it: both or none.

    Raises:
        OutputError: it cannot be written.
        RefusedError: the record would hold what no log should; besides what `judge` raises.
    """
    verdict, report = judge(places, task_class, target_tier, promotion_source=promotion_source)
    path = places.recommendations / f"{recorder.now():%Y%m%dT%H%M%S.%fZ}.json"
    data = verdict.to_bytes()
    if not create_exclusive(path, data):
        raise OutputError("exists already, and is never replaced", where=str(path))
    try:
        draft = from_verdict(data, recorder.environ, name=path.name)
        appended = recorder.append(places.store, draft)
    except BaseException:
        put_back(path, None)
        raise
    return Recommended(verdict, report, path, appended)


def _config(path: Path, task_class: str, promotion_source: str | None) -> TierConfig:
    config = load_tiers(path)
    if promotion_source is None:
        return config
    own = {
        name: one.model_copy(update={"promotion_source": None}) if name == task_class else one
        for name, one in config.overrides.items()
    }
    return config.model_copy(update={"promotion_source": promotion_source, "overrides": own})
