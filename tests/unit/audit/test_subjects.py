"""Subjects are typed by kind."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from tests.audit_builders import HOST, content

from benchgov.audit.chain import Kind
from benchgov.audit.record import GENESIS, Record
from benchgov.audit.subjects import SUBJECTS, check_subject
from benchgov.errors import InputError


def record(kind: str, subject: dict[str, Any]) -> Record:
    """A record of that kind."""
    fields = {**content(1, HOST, GENESIS), "chain_head": "0" * 64, "kind": kind, "subject": subject}
    return Record.model_validate(fields)


def test_every_kind_has_a_subject() -> None:
    """And no subject is without its kind; a record takes the kinds that a draft does."""
    assert set(SUBJECTS) == set(get_args(Kind)) == set(get_args(Record.model_fields["kind"].annotation))


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("verify-env", {"gate": "pass", "fingerprint": "blake3:" + "0" * 64, "drift": ["cpu"]}),
    ("run", {"suite": "core", "status": "pass", "revision": None, "dirty": True}),
    ("comparison", {"suite": "core", "verdict": "pass", "report_sha256": "0" * 64, "baselines": ["a"]}),
    ("baseline", {}),
    ("dossier", {"files": 2, "workflow": {"run_id": "1", "run_attempt": "1", "job": "bench"}}),
    (
        "approval",
        {
            "suite": "core",
            "scenario": "core",
            "run": "r-1",
            "approver": "octocat",
            "identified_by": "actions",
            "approved_at_utc": "2026-01-01T00:00:00.000000Z",
        },
    ),
]


@pytest.mark.parametrize(("kind", "subject"), GOOD)
def test_a_subject_of_its_kind_is_accepted(kind: str, subject: dict[str, Any]) -> None:
    """And no longer with a fact that the kind does not have."""
    check_subject(record(kind, subject))
    with pytest.raises(InputError, match=f"kind {kind}") as caught:
        check_subject(record(kind, {**subject, "zzqq": "good"}))
    assert caught.value.details == ("subject: zzqq: unknown key",)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("run", {}),
        ("run", {"suite": ""}),
        ("run", {"suite": "core", "status": "excellent"}),
        ("run", {"suite": "core", "plan_sha256": "0"}),
        ("comparison", {"suite": "core", "verdict": "pass"}),
        ("verify-env", {"gate": "pass", "fingerprint": "0"}),
        ("dossier", {"files": 0}),
        ("approval", {"suite": "core"}),
        ("run", {"suite": "core", "workflow": {"token": "x"}}),
    ],
)
def test_a_subject_of_another_shape_is_refused(kind: str, subject: dict[str, Any]) -> None:
    """Before it is recorded, and by strict verification."""
    with pytest.raises(InputError):
        check_subject(record(kind, subject))
