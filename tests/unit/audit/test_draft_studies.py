"""Controls, histories and replays are known by their content, and become typed records."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from tests.audit_builders import HOST, content
from tests.unit.dossier import examples as ex

from benchgov.audit.chain import Draft, Kind
from benchgov.audit.drafts import draft_of_bytes
from benchgov.audit.record import GENESIS, Record
from benchgov.audit.subjects import check_subject
from benchgov.errors import InputError
from benchgov.gate.control_result import Control, Rate
from benchgov.history.model import History
from benchgov.replay.comparison import Hashes, Policy, ReplayComparison

HEX = "0" * 64
HISTORY = History(
    schema_version=1,
    method="apache-otava",
    p_value=0.01,
    min_magnitude_percent=2.0,
    min_points=4,
    reports=7,
    environments=(),
    series=(),
)


def replay(**changed: Any) -> ReplayComparison:
    """A replay that gave the same."""
    hashes = Hashes(plan_sha256=HEX, result_sha256=HEX)
    facts: dict[str, Any] = {
        "schema_version": 1,
        "suite": "core",
        "regime": "default",
        "verdict": "match",
        "reason": "",
        "authoritative": True,
        "policy": Policy(),
        "baseline_report_sha256": HEX,
        "replay_report_sha256": HEX,
        "published": hashes,
        "baseline": hashes,
        "replay": hashes,
        "total": 3,
        "compared": 3,
        "matched": 3,
        "mismatched": 0,
        "mismatches": (),
        "unmet": (),
        "environment_difference": (),
    }
    return ReplayComparison(**{**facts, **changed})


def drafted(data: bytes, kind: Kind | None = None) -> Draft:
    """The draft of a file; its subject is one of its kind."""
    draft = draft_of_bytes(data, {}, name="x.json", where="x.json", kind=kind)
    fields = {**content(1, HOST, GENESIS), "chain_head": HEX, "kind": draft.kind, "subject": draft.subject}
    check_subject(Record.model_validate(fields))
    return draft


def test_a_history_is_known_by_its_content() -> None:
    """With how many series changed, and in which direction."""
    draft = drafted(HISTORY.to_bytes())
    assert (draft.kind, draft.complete, draft.subject["reports"], draft.subject["worse"]) == (
        "history",
        True,
        7,
        0,
    )


def test_a_replay_is_known_by_its_content() -> None:
    """It is complete when all runs of the report were replayed."""
    draft = drafted(replay().to_bytes())
    assert (draft.kind, draft.complete, draft.subject["verdict"]) == ("replay", True, "match")
    assert not drafted(replay(compared=2).to_bytes()).complete


@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind not in ("dossier", "baseline")])
def test_a_file_of_another_kind_is_refused(kind: Kind) -> None:
    """Whatever was asked for: also the kinds that only their own commands make."""
    with pytest.raises(InputError):
        draft_of_bytes(b'{"a": 1}', {}, name="x.json", where="x.json", kind=kind)


def test_a_control_is_known_by_its_content() -> None:
    """With its rate of false alarms, and which of the slowdowns were found."""
    rate = Rate(events=1, trials=20, rate=0.05, interval=(0.001, 0.25))
    report = ex.report()
    control = Control(
        schema_version=1,
        suite="core",
        regime="default",
        revision=None,
        dirty=None,
        environment=report.environment,
        authoritative=True,
        started_at_utc=report.started_at_utc,
        finished_at_utc=report.finished_at_utc,
        looks=(10,),
        alpha=0.01,
        verdict="inside",
        reason="",
        alarms=rate,
        resplits=rate,
        slowdown_percent=5.0,
        power=rate,
        noise=(),
        reports=(),
    )
    draft = drafted(control.to_bytes())
    assert (draft.kind, draft.subject["false_alarms"], draft.subject["rounds"]) == ("control", 1, 20)
    assert (draft.subject["slowdowns_found"], draft.subject["verdict"]) == (1, "inside")
