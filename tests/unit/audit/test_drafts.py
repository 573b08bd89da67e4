"""Drafts: kind by content, completeness, and the key that makes an append idempotent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.builders import ENVIRONMENT, report_of, run_of

from benchgov.audit.drafts import draft_of, from_comparison, from_environment, from_report
from benchgov.canonical import sha256_hex
from benchgov.errors import InputError
from benchgov.gate.comparison import Comparison, Finding
from benchgov.report import (
    Metric,
    Report,
    Sampling,
)

ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_JOB": "bench",
}


def report(**changes: Any) -> Report:
    """A small report; `overall`, `isolation` and `selection` may be chosen."""
    overall = changes.get("overall", "pass")
    good = overall == "pass"
    metrics = (Metric(name="wall_time", unit="ns", direction="lower", samples=(1.5, 2.0)),)
    runs = [
        run_of(
            f"b{index}",
            overall=overall,
            ok=good,
            run_is_valid=good,
            sampling=Sampling(isolation=isolation, warmup=2, runs=5, iterations=1),
            metrics=metrics,
        )
        for index, isolation in enumerate(changes.get("isolation", ("process",)))
    ]
    return report_of(runs, config={"suite": "core", "selection": changes.get("selection", ())})


def comparison(verdict: str = "pass", findings: tuple[Finding, ...] = ()) -> Comparison:
    """A comparison with that verdict."""
    return Comparison.model_validate(
        {
            "schema_version": 1,
            "suite": "core",
            "regime": "default",
            "mode": "threshold",
            "verdict": verdict,
            "reason": "",
            "authoritative": True,
            "report_sha256": "1" * 64,
            "baselines": ["a"],
            "fingerprint": "blake3:" + "0" * 64,
            "baseline_fingerprint": None,
            "findings": [finding.model_dump() for finding in findings],
        }
    )


def finding(verdict: Any) -> Finding:
    """One finding with that verdict."""
    return Finding(
        benchmark="b",
        scale=None,
        variant="v",
        family="f",
        metric="wall_time",
        unit="ns",
        direction="lower",
        aggregate="median",
        verdict=verdict,
        sentence="",
    )


def test_a_reports_draft_has_its_digests_and_few_facts() -> None:
    """The evidence is the file's bytes; the subject says what a reader wants to know first."""
    data = report().to_bytes()
    draft = from_report(data, {})
    assert (draft.kind, draft.complete, draft.isolation_class) == ("run", True, "process")
    assert (draft.evidence[0].size, draft.evidence[0].sha256) == (len(data), sha256_hex(data))
    assert draft.subject["suite"] == "core"
    assert draft.subject["authoritative"] is True
    assert draft.subject["plan_sha256"] == report().replay.plan_sha256
    assert "workflow" not in draft.subject


@pytest.mark.parametrize(
    ("changes", "complete"),
    [
        ({}, True),
        ({"overall": "fail"}, True),
        ({"overall": "blocked"}, False),
        ({"selection": ("b*",)}, False),
    ],
)
def test_a_run_is_complete_when_nothing_is_missing(changes: dict[str, Any], complete: bool) -> None:
    """A failure is a result; a blocked benchmark and a selection leave gaps."""
    assert from_report(report(**changes).to_bytes(), {}).complete is complete


def test_different_isolations_are_called_mixed() -> None:
    """Records of different isolation must not be mixed silently."""
    data = report(isolation=("process", "shared")).to_bytes()
    assert from_report(data, {}).isolation_class == "mixed"


@pytest.mark.parametrize(
    ("value", "complete"),
    [
        (comparison(), True),
        (comparison("regression", (finding("regression"), finding("new"))), True),
        (comparison("blocked"), False),
        (comparison("not-comparable"), False),
        (comparison("pass", (finding("missing"),)), False),
        (comparison("pass", (finding("not-comparable"),)), False),
    ],
)
def test_a_comparison_is_complete_when_everything_was_judged(value: Comparison, complete: bool) -> None:
    """A regression is a judgement; a metric that only the baseline has is a gap."""
    assert from_comparison(value.to_bytes(), {}).complete is complete


def test_an_environments_draft_names_what_drifted() -> None:
    """Its subject has the gate and the fingerprint."""
    draft = from_environment(ENVIRONMENT.to_bytes(), {})
    assert draft.subject == {"gate": "pass", "fingerprint": ENVIRONMENT.fingerprint, "drift": []}


def test_the_key_tells_apart_what_is_not_the_same() -> None:
    """Other evidence (a matrix's other job), another kind or another workflow run: another key."""
    data = report().to_bytes()
    keys = [
        from_report(data, {}).idempotency_key,
        from_report(data, ACTIONS).idempotency_key,
        from_report(data, {**ACTIONS, "GITHUB_RUN_ID": "78"}).idempotency_key,
        from_report(report(overall="fail").to_bytes(), ACTIONS).idempotency_key,
        from_comparison(comparison().to_bytes(), ACTIONS).idempotency_key,
    ]
    assert len(set(keys)) == len(keys)
    assert keys[1].startswith("77/run/core/")


def test_a_second_attempt_with_the_same_evidence_has_the_same_key() -> None:
    """A collector that runs again adds nothing twice; attempt and job stand in the subject."""
    data = report().to_bytes()
    first = from_report(data, ACTIONS)
    second = from_report(data, {**ACTIONS, "GITHUB_RUN_ATTEMPT": "3", "GITHUB_JOB": "collect"})
    assert first.idempotency_key == second.idempotency_key
    assert first.subject["workflow"] == {"run_id": "77", "run_attempt": "2", "job": "bench"}


def test_the_kind_is_found_by_content(tmp_path: Path) -> None:
    """Whatever the files are called."""
    for index, value in enumerate((report(), comparison(), ENVIRONMENT)):
        (tmp_path / f"{index}.json").write_bytes(value.to_bytes())
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "dossier.md").write_text("# Release")
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "notes.txt").write_text("not part of it")
    kinds = [draft_of(tmp_path / f"{index}.json", {}).kind for index in range(3)]
    assert kinds == ["run", "comparison", "verify-env"]
    dossier = draft_of(folder, {})
    assert [one.name for one in dossier.evidence] == ["dossier.md", "index.html"]
    assert draft_of(folder / "dossier.md", {}).kind == "dossier"


def test_a_baseline_is_known_by_its_id(tmp_path: Path) -> None:
    """It holds the facts of a machine too, and is no environment for that; a selection leaves gaps."""
    path = tmp_path / "baseline.json"
    value = {"baseline_id": "b-1", "suite": "core", "facts": {}, "selection": ["x*"]}
    path.write_text(json.dumps(value))
    draft = draft_of(path, {})
    assert (draft.kind, draft.complete) == ("baseline", False)
    assert draft.subject == {"suite": "core", "baseline_id": "b-1"}
    path.write_text("[]")
    with pytest.raises(InputError, match="not a baseline"):
        draft_of(path, {}, "baseline")


def test_a_baseline_is_recorded_when_it_is_called_one(tmp_path: Path) -> None:
    """By its digests; it must at least be a JSON object."""
    path = tmp_path / "b.json"
    path.write_text('{"any": 1}')
    assert draft_of(path, {}, "baseline").evidence[0].name == "b.json"
    with pytest.raises(InputError, match="neither a report"):
        draft_of(path, {})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"performance_gate": 1}',
        b'{"report_sha256": 1}',
        b'{"facts": {}}',
        b'{"performance_gate": 1, "performance_gate": 2}',
        report().to_bytes()[:-20],
        json.dumps({**report().to_json(), "schema_version": 2}).encode(),
    ],
)
def test_what_is_not_an_artifact_is_refused(tmp_path: Path, data: bytes) -> None:
    """Before anything is recorded."""
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(InputError):
        draft_of(path, {})


def test_an_empty_folder_is_no_dossier(tmp_path: Path) -> None:
    """Zero files are an error, never evidence; so is a missing file."""
    with pytest.raises(InputError, match="holds no dossier"):
        draft_of(tmp_path, {})
    with pytest.raises(InputError, match="no such file"):
        draft_of(tmp_path / "nothing.json", {})
