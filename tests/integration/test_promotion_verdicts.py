"""Verdicts and calibrations from a real audit log and real run files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.promotion_builders import ENDED, report, score

from benchgov.audit.chain import verify
from benchgov.audit.eval_runs import record_run
from benchgov.errors import (
    EvalError,
    InputError,
    OutputError,
    RefusedError,
    TamperError,
    TaskClassNotFoundError,
)
from benchgov.eval.models import PromotionVerdict
from benchgov.promotion import calibrate as calibration
from benchgov.promotion.recorded import Recorder
from benchgov.promotion.tiers import FILE, load_tiers
from benchgov.promotion.verdicts import Places, judge, promote_verdict

NAME = "stub-task-class"
SUT = f"bench.{NAME}.sut:double"
STUB = Path(__file__).parents[1] / "data" / "benches" / NAME
TIERS = f"""schema_version: 1
thresholds: {{bronze: 0.6, silver: 0.8}}
current_tiers: {{{NAME}: bronze}}
"""


class Repository:
    """A repository with one bench, tiers, and a log to which runs are recorded."""

    def __init__(self, root: Path) -> None:
        self.places = Places(root, root / "audit", root / "bench", root / "runs", root / "recommendations")
        shutil.copytree(STUB, root / "bench" / NAME)
        (root / "docs").mkdir()
        (root / FILE).write_text(TIERS)
        self.recorder = Recorder("host-a", lambda: ENDED + timedelta(days=100), {})
        self.count = 0
        self.root = root

    def record(self, **given: Any) -> Path:
        """Record a run, a minute after the last one; its file."""
        self.count += 1
        moment = ENDED + timedelta(minutes=self.count)
        given = {"task_class": NAME, "sut": SUT, "started_at": moment, "ended_at": moment, **given}
        one = report(prev_hash=None, chain_head=None, **given)
        clock: Callable[[], datetime] = lambda: moment  # noqa: E731
        return record_run(self.places.store, one, self.places.runs, environ={}, now=clock).path or Path()

    def verdict(self, **given: Any) -> PromotionVerdict:
        """Judge the newest run, and record the verdict."""
        return promote_verdict(self.places, NAME, recorder=self.recorder, **given).verdict


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty log."""
    return Repository(tmp_path)


def cases(value: float) -> Any:
    """Ten cases, of which one scores `value`."""
    return tuple((f"case-{number:02}", score(value if number == 0 else 1.0)) for number in range(10))


def test_the_newest_complete_run_is_judged(repository: Repository) -> None:
    """Not a newer partial one, nor one of another class; the verdict is a file and a record."""
    repository.record(lower_bound_95=0.5)
    repository.record(run_id="1" * 16, lower_bound_95=0.85)
    repository.record(run_id=f"partial:{'2' * 16}", complete=False)
    repository.record(run_id="3" * 16, task_class="other")
    done = promote_verdict(repository.places, NAME, recorder=repository.recorder)
    assert done.verdict.evidence_sufficient
    assert done.verdict.run_id == "1" * 16
    assert PromotionVerdict.model_validate(json.loads(done.path.read_bytes())) == done.verdict
    record = done.appended.record
    assert (record.kind, record.subject["verdict"]) == ("verdict", "sufficient")
    assert record.subject["eval_chain_head"] == done.verdict.chain_head
    assert record.evidence[0].size == done.path.stat().st_size
    assert verify(repository.places.store, strict=True).ok


def test_a_verdict_changes_no_tier(repository: Repository) -> None:
    """However sufficient: the file of the tiers is as people left it."""
    repository.record()
    assert repository.verdict().evidence_sufficient
    assert (repository.places.root / FILE).read_text() == TIERS


def test_the_registration_may_ask_for_more(repository: Repository) -> None:
    """Passed cases as the bench itself says."""
    path = repository.places.bench_root / NAME / "registration.py"
    path.write_text(path.read_text().replace('{"bronze": 3}', '{"bronze": 3, "silver": 12}'))
    repository.record()
    assert repository.verdict().reasons == ("10 passed cases < 12, which silver needs",)


def test_mixed_isolation_in_the_window_is_found_in_the_log(repository: Repository) -> None:
    """Although only the newest run's file is read."""
    repository.record(isolation_class="subprocess").unlink()
    repository.record(run_id="1" * 16)
    (reason,) = repository.verdict().reasons
    assert reason == "isolation_class is mixed in the window: landlock, subprocess"


def test_runs_of_other_hosts_are_passed_over(repository: Repository) -> None:
    """Where a source is named; and without a run of the source, that is what the verdict says."""
    repository.record()
    repository.record(run_id="1" * 16, host_fingerprint="host-b")
    verdict, _ = judge(repository.places, NAME, promotion_source="host-a")
    assert (verdict.host_fingerprint, verdict.evidence_sufficient) == ("host-a", True)
    assert repository.verdict(promotion_source="host-c").reasons == (
        "host_fingerprint host-b is not the promotion source host-c",
        "ignored: 1 run of host-a, not the promotion source host-c",
        "ignored: 1 run of host-b, not the promotion source host-c",
    )


def test_a_run_of_another_sut_is_passed_over(repository: Repository) -> None:
    """It is no evidence for the one that the bench names; without another run, the verdict says so."""
    repository.record(run_id="1" * 16, sut="bench.cheats:perfect", sut_digest="blake3:" + "c" * 64)
    (reason,) = repository.verdict().reasons
    assert reason == f"sut bench.cheats:perfect is not the one that the registration names, {SUT}"
    repository.record(run_id="2" * 16, lower_bound_95=0.7)
    repository.record(run_id="3" * 16, sut="bench.cheats:perfect", sut_digest="blake3:" + "c" * 64)
    verdict, _ = judge(repository.places, NAME)
    assert (verdict.run_id, verdict.evidence_sufficient) == ("2" * 16, False)


def test_without_evidence_there_is_no_verdict(repository: Repository) -> None:
    """No log, no complete run, no bench."""
    with pytest.raises(InputError):
        judge(repository.places, NAME)
    repository.record(complete=False)
    with pytest.raises(InputError, match="no complete run"):
        judge(repository.places, NAME)
    with pytest.raises(TaskClassNotFoundError):
        judge(repository.places, "stub-task-clas")


def test_a_run_file_that_was_edited_is_no_evidence(repository: Repository) -> None:
    """Its record vouches for other bytes; nothing is written."""
    path = repository.record(lower_bound_95=0.7)
    text = path.read_text()
    path.chmod(0o644)
    path.write_text(text.replace('"lower_bound_95":0.7', '"lower_bound_95":0.9'))
    assert path.read_text() != text
    with pytest.raises(TamperError, match="not the report"):
        repository.verdict()
    assert not repository.places.recommendations.exists()


def test_a_log_that_was_edited_is_no_evidence(repository: Repository) -> None:
    """Nothing in it counts."""
    repository.record()
    (record,) = repository.root.glob("audit/hosts/*/records/*.json")
    record.chmod(0o644)
    record.write_text(record.read_text().replace('"complete":true', '"complete":false'))
    with pytest.raises(TamperError):
        repository.verdict()


def test_a_verdict_that_cannot_be_recorded_leaves_no_file(repository: Repository) -> None:
    """Both or none; and a verdict is never replaced."""
    repository.record()
    secret = Recorder("host-a", repository.recorder.now, _actions("ghp_" + "a1B2" * 9))
    with pytest.raises(RefusedError):
        promote_verdict(repository.places, NAME, recorder=secret)
    assert list(repository.places.recommendations.iterdir()) == []
    repository.verdict()
    with pytest.raises(OutputError, match="exists already"):
        repository.verdict()


def _actions(job: str) -> dict[str, str]:
    return {"GITHUB_ACTIONS": "true", "GITHUB_JOB": job}


def fifty(repository: Repository) -> None:
    """Fifty complete runs with lower bounds from .50 to .99."""
    for number in range(50):
        bound = 0.5 + number / 100
        repository.record(run_id=f"{number:016x}", lower_bound_95=bound, per_case=cases(number / 100))


def test_a_calibration_is_a_document_and_a_record(repository: Repository) -> None:
    """Of fifty runs: quantiles of their bounds; no threshold is changed."""
    fifty(repository)
    repository.record(run_id="f" * 16, complete=False)
    tiers = load_tiers(repository.places.root / FILE)
    found = calibration.calibrate(repository.places.store, NAME, tiers)
    assert [(one.tier, one.proposed) for one in found.proposals] == [("bronze", 0.52), ("silver", 0.97)]
    assert [round(one.reached, 2) for one in found.proposals] == [0.96, 0.06]
    assert all(one.low <= one.proposed + 0.01 <= one.high + 0.02 for one in found.proposals)
    root, store = repository.places.root, repository.places.store
    path, appended = calibration.write(root, store, found, recorder=repository.recorder)
    text = path.read_text()
    assert path.relative_to(root).as_posix() == f"docs/benchmarks/tier_calibration_{NAME}.md"
    assert "| bronze | 0.60 | 80% | **0.52** | 96% |" in text
    assert "1 left out: not complete" in text
    assert (appended.record.kind, appended.record.subject["runs"]) == ("calibration", 50)
    assert (root / FILE).read_text() == TIERS


def test_fewer_than_fifty_runs_are_refused_with_their_number(repository: Repository) -> None:
    """Runs scored by another rubric, or isolated otherwise, are not pooled."""
    for number in range(3):
        repository.record(run_id=f"{number:016x}", rubric_digest="blake3:" + "b" * 64)
    repository.record(run_id="a" * 16, isolation_class="subprocess")
    repository.record(run_id="b" * 16)
    tiers = load_tiers(repository.places.root / FILE)
    with pytest.raises(EvalError, match=r"\b1 recorded runs .* a calibration takes 50") as caught:
        calibration.calibrate(repository.places.store, NAME, tiers)
    assert caught.value.details == ("3 left out: scored by another rubric", "1 left out: isolated otherwise")
