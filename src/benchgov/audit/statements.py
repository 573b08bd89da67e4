"""in-toto statements about what is recorded, and what a bundle with one attests. Nothing is signed here.

run, eval              https://in-toto.io/attestation/test-result/v0.1
comparison, verdict    https://in-toto.io/attestation/svr/v0.1 (simple verification result)
a checkpoint           the same: its property is that the log was verified up to it
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchgov import __version__
from benchgov.audit.checkpoint import SignedCheckpoint
from benchgov.audit.record import Record
from benchgov.canonical import Json, sha256_hex
from benchgov.documents import parse_json
from benchgov.errors import InputError
from benchgov.wire import utc_text

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
VERIFICATION = "https://in-toto.io/attestation/svr/v0.1"
VERIFIER = f"pkg:pypi/benchgov@{__version__}"
LOG_VERIFIED = "BENCHGOV_LOG_VERIFIED"

_CONFIGURATION = {
    "run": ("plan_sha256",),
    "eval": ("sut_digest", "rubric_digest", "case_corpus_digest", "cassette_corpus_digest"),
}


@dataclass(frozen=True)
class Statement:
    """A predicate and its type, about one subject: a name and a SHA-256 digest."""

    name: str
    sha256: str
    predicate_type: str
    predicate: dict[str, Json]

    def to_json(self) -> dict[str, Json]:
        """The statement of in-toto."""
        return {
            "_type": STATEMENT,
            "subject": [{"name": self.name, "digest": {"sha256": self.sha256}}],
            "predicateType": self.predicate_type,
            "predicate": self.predicate,
        }


def of_record(record: Record, environ: Mapping[str, str]) -> Statement:
    """What a record says, about the first file that it vouches for.

    Raises:
        InputError: there is no predicate for its kind, it vouches for no file, or it was blocked.
    """
    if not record.evidence:
        raise InputError(f"record {record.sequence} vouches for no file, so there is nothing to attest")
    makers = {"run": _run, "eval": _eval, "comparison": _comparison, "verdict": _verdict}
    if record.kind not in makers:
        raise InputError(
            f"record {record.sequence} is of kind {record.kind}; there is a predicate for {', '.join(makers)}"
        )
    kind, predicate = makers[record.kind](record, environ)
    subject = record.evidence[0]
    return Statement(subject.name, subject.sha256, kind, predicate)


def of_checkpoint(checkpoint: SignedCheckpoint, made: str) -> Statement:
    """That the log was verified up to a checkpoint; the subject is its text, without any signature."""
    text = checkpoint.note.text.encode()
    return Statement("checkpoint", sha256_hex(text), VERIFICATION, _verified(made, [LOG_VERIFIED]))


Made = tuple[str, dict[str, Json]]


def _run(record: Record, environ: Mapping[str, str]) -> Made:
    status, gate = record.subject.get("status"), record.subject.get("performance_gate")
    if status == "blocked" or gate == "blocked":
        raise InputError(f"record {record.sequence}: the run was blocked, so it has no result")
    failed = status == "fail" or gate == "regression"
    certain = record.complete and record.subject.get("authoritative") is True and gate in (None, "pass")
    return _result(record, environ, str(record.subject["suite"]), failed=failed, certain=certain)


def _eval(record: Record, environ: Mapping[str, str]) -> Made:
    facts = record.subject
    failed = bool(facts["block_severity_failure_modes"]) or facts["passed"] < facts["cases"]
    return _result(record, environ, str(facts["task_class"]), failed=failed, certain=record.complete)


def _result(record: Record, environ: Mapping[str, str], name: str, *, failed: bool, certain: bool) -> Made:
    """A test result. What passed in part only, or where it is no evidence, passed with a warning."""
    result = "FAILED" if failed else "PASSED" if certain else "WARNED"
    predicate: dict[str, Json] = {
        "result": result,
        "configuration": _configuration(record),
        "passedTests": [name] if result == "PASSED" else [],
        "warnedTests": [name] if result == "WARNED" else [],
        "failedTests": [name] if result == "FAILED" else [],
    }
    url = _url(record, environ)
    return TEST_RESULT, {**predicate, "url": url} if url else predicate


def _configuration(record: Record) -> list[Json]:
    found: list[Json] = []
    for name in _CONFIGURATION[record.kind]:
        value = record.subject.get(name)
        if value:
            kind, _, digest = f"sha256:{value}".rpartition(":")
            found.append({"name": name.rpartition("_")[0], "digest": {kind.rpartition(":")[2]: digest}})
    return found


def _url(record: Record, environ: Mapping[str, str]) -> str:
    """The workflow run that the record names, in the repository of this job."""
    workflow = record.subject.get("workflow") or {}
    repository, run = environ.get("GITHUB_REPOSITORY", ""), workflow.get("run_id") or ""
    server = environ.get("GITHUB_SERVER_URL", "")
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


def _comparison(record: Record, _: Mapping[str, str]) -> Made:
    facts = record.subject
    good = facts["verdict"] == "pass"
    properties = ["BENCHGOV_NO_REGRESSION"] if good else []
    if good and facts.get("authoritative"):
        properties.append("BENCHGOV_PINNED_ENVIRONMENT")
    return VERIFICATION, _verified(utc_text(record.recorded_at_utc), properties)


def _verdict(record: Record, _: Mapping[str, str]) -> Made:
    facts = record.subject
    properties = []
    if facts["verdict"] == "sufficient":
        properties = [f"BENCHGOV_EVIDENCE_SUFFICIENT:{facts['task_class']}:{facts['target_tier']}"]
    return VERIFICATION, _verified(utc_text(record.recorded_at_utc), properties)


def _verified(made: str, properties: list[str]) -> dict[str, Json]:
    """A simple verification result. It lists what holds; an empty list says that nothing was found to."""
    return {"verifier": {"id": VERIFIER}, "timeCreated": made, "properties": list(properties)}


def require_attests(bundle: bytes, checkpoint: SignedCheckpoint, where: str) -> None:
    """Check that a Sigstore bundle is about a checkpoint, by its digest. Its signature is not verified here.

    Raises:
        InputError: it is no bundle, or about something else.
    """
    digests = _attested(bundle, where)
    ours = {sha256_hex(text.encode()) for text in (checkpoint.note.text, str(checkpoint))}
    if not ours & digests:
        raise InputError(
            f"the bundle attests something else than the checkpoint of {checkpoint.head.size} records",
            where=where,
            details=[f"attested: sha256:{one}" for one in sorted(digests)[:5]],
            remedy="Name the host and the checkpoint that it is about: --host, --checkpoint.",
        )


def _attested(bundle: bytes, where: str) -> set[str]:
    """The SHA-256 digests that a bundle is about: of a signed statement's subjects, or of a signed file."""
    try:
        value = parse_json(bundle.decode("utf-8"), where)
        if "messageSignature" in value:
            return {
                base64.b64decode(value["messageSignature"]["messageDigest"]["digest"], validate=True).hex()
            }
        payload = base64.b64decode(value["dsseEnvelope"]["payload"], validate=True)
        statement: Any = parse_json(payload.decode("utf-8"), where)
        return {str(one["digest"]["sha256"]) for one in statement["subject"]}
    except (UnicodeDecodeError, binascii.Error, ValueError, TypeError, KeyError) as error:
        raise InputError(
            "not a Sigstore bundle with an in-toto statement or a digest", where=where
        ) from error
