"""in-toto statements about records, and what a bundle is about."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from tests.audit_builders import HOST, content

from benchgov.audit.checkpoint import Checkpoint, SignedCheckpoint, unsigned
from benchgov.audit.note import Signer
from benchgov.audit.record import GENESIS, Record
from benchgov.audit.statements import (
    LOG_VERIFIED,
    TEST_RESULT,
    VERIFICATION,
    of_checkpoint,
    of_record,
    require_attests,
)
from benchgov.errors import InputError

HEX = "0" * 63 + "1"
FILE = {"name": "report.json", "size": 1, "blake3": f"blake3:{HEX}", "sha256": HEX}
JOB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "org/repo"}
CHECKPOINT = unsigned(Checkpoint("example.com/log", 3, b"r" * 32))


def record(kind: str, subject: dict[str, Any], *, complete: bool = True, evidence: Any = (FILE,)) -> Record:
    """A record of a file."""
    more = {
        "chain_head": HEX,
        "kind": kind,
        "subject": subject,
        "complete": complete,
        "evidence": list(evidence),
    }
    return Record.model_validate({**content(1, HOST, GENESIS), **more})


RUN = {
    "suite": "core",
    "status": "pass",
    "performance_gate": "pass",
    "authoritative": True,
    "plan_sha256": HEX,
    "workflow": {"run_id": "42"},
}
EVAL = {
    "task_class": "vuln",
    "cases": 3,
    "passed": 3,
    "block_severity_failure_modes": [],
    "rubric_digest": f"blake3:{HEX}",
}


def test_a_run_is_a_test_result() -> None:
    """With the plan as its configuration, and the workflow run as its place."""
    made = of_record(record("run", RUN), JOB).to_json()
    assert made["_type"] == "https://in-toto.io/Statement/v1"
    assert made["subject"] == [{"name": "report.json", "digest": {"sha256": HEX}}]
    assert made["predicateType"] == TEST_RESULT
    assert made["predicate"] == {
        "result": "PASSED",
        "configuration": [{"name": "plan", "digest": {"sha256": HEX}}],
        "url": "https://github.com/org/repo/actions/runs/42",
        "passedTests": ["core"],
        "warnedTests": [],
        "failedTests": [],
    }
    assert "url" not in of_record(record("run", RUN), {}).predicate


@pytest.mark.parametrize(
    ("changed", "complete", "result"),
    [
        ({"status": "fail"}, True, "FAILED"),
        ({"performance_gate": "regression"}, True, "FAILED"),
        ({"performance_gate": "not-evaluated"}, True, "WARNED"),
        ({"authoritative": False}, True, "WARNED"),
        ({}, False, "WARNED"),
    ],
)
def test_what_is_no_evidence_is_no_plain_pass(changed: dict[str, Any], complete: bool, result: str) -> None:
    """A part of a suite, or a machine that is not the pinned one, passes with a warning."""
    assert of_record(record("run", RUN | changed, complete=complete), {}).predicate["result"] == result


def test_an_eval_run_is_a_test_result() -> None:
    """Its digests keep their own algorithm."""
    made = of_record(record("eval", EVAL), {}).predicate
    assert (made["result"], made["configuration"]) == (
        "PASSED",
        [{"name": "rubric", "digest": {"blake3": HEX}}],
    )
    assert of_record(record("eval", EVAL | {"passed": 2}), {}).predicate["failedTests"] == ["vuln"]


VERDICT = {"task_class": "vuln", "target_tier": "silver", "verdict": "sufficient"}


@pytest.mark.parametrize(
    ("kind", "subject", "properties"),
    [
        ("verdict", VERDICT, ["BENCHGOV_EVIDENCE_SUFFICIENT:vuln:silver"]),
        ("verdict", VERDICT | {"verdict": "insufficient"}, []),
        ("comparison", {"verdict": "pass"}, ["BENCHGOV_NO_REGRESSION"]),
        (
            "comparison",
            {"verdict": "pass", "authoritative": True},
            ["BENCHGOV_NO_REGRESSION", "BENCHGOV_PINNED_ENVIRONMENT"],
        ),
        ("comparison", {"verdict": "regression", "authoritative": True}, []),
    ],
)
def test_a_verdict_lists_what_holds(kind: str, subject: dict[str, Any], properties: list[str]) -> None:
    """And nothing else: a simple verification result has no word for failure."""
    made = of_record(record(kind, subject), {})
    assert (made.predicate_type, made.predicate["properties"]) == (VERIFICATION, properties)
    assert set(made.predicate) == {"verifier", "timeCreated", "properties"}
    assert made.predicate["verifier"]["id"].startswith("pkg:pypi/benchgov@")


@pytest.mark.parametrize(
    "given",
    [
        record("dossier", {"files": 1}),
        record("run", RUN | {"status": "blocked"}),
        record("run", RUN | {"performance_gate": "blocked"}),
        record("run", RUN, evidence=()),
    ],
)
def test_what_has_no_result_has_no_predicate(given: Record) -> None:
    """A blocked run neither passed nor failed."""
    with pytest.raises(InputError, match="record 1"):
        of_record(given, {})


def bundle(*digests: str) -> bytes:
    """A bundle whose statement is about files with these digests."""
    statement = {"subject": [{"name": "f", "digest": {"sha256": one}} for one in digests]}
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return json.dumps({"dsseEnvelope": {"payload": payload, "signatures": []}}).encode()


def test_a_bundle_must_be_about_the_checkpoint() -> None:
    """By the digest of its text, or of the whole note; signatures that were added later change nothing."""
    statement = of_checkpoint(CHECKPOINT, "2026-01-31T00:00:00.000000Z")
    assert statement.predicate["properties"] == [LOG_VERIFIED]
    text = hashlib.sha256(CHECKPOINT.note.text.encode())
    assert statement.sha256 == text.hexdigest()
    signed = SignedCheckpoint(CHECKPOINT.head, Signer("k", b"k" * 32).sign(CHECKPOINT.note))
    require_attests(bundle(HEX, text.hexdigest()), signed, "b")
    whole = hashlib.sha256(str(signed).encode())
    digest = base64.b64encode(whole.digest()).decode()
    require_attests(
        json.dumps({"messageSignature": {"messageDigest": {"digest": digest}}}).encode(), signed, "b"
    )
    with pytest.raises(InputError, match="something else than the checkpoint of 3 records"):
        require_attests(bundle(HEX), signed, "b")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"dsseEnvelope":{"payload":"!"}}', b"\xff", bundle()[:-4]]
)
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    """One clear line."""
    with pytest.raises(InputError):
        require_attests(data, CHECKPOINT, "b")
