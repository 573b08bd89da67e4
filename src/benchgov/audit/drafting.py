"""What every draft is made with: a file read strictly, its digests, and the key of the append."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from benchgov.audit.chain import Draft, Kind
from benchgov.audit.record import Evidence
from benchgov.canonical import Json, blake3_hex, digest_of, sha256_hex
from benchgov.documents import json_model
from benchgov.errors import InputError
from benchgov.wire import Wire

Model = TypeVar("Model", bound=Wire)

_WORKFLOW = {"run_id": "GITHUB_RUN_ID", "run_attempt": "GITHUB_RUN_ATTEMPT", "job": "GITHUB_JOB"}


def read_model(data: bytes, model: type[Model], name: str) -> Model:
    """The content of the file `name`; raises `InputError`."""
    return json_model(text_of(data, name), model, name)


def text_of(data: bytes, where: str) -> str:
    """The content as text; raises `InputError`."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at offset {error.start}", where=where) from error


def make_draft(
    kind: Kind,
    files: Mapping[str, bytes],
    subject: dict[str, Json],
    environ: Mapping[str, str],
    *,
    complete: bool,
    isolation_class: str | None = None,
) -> Draft:
    """The draft about `files` (name → content), and the workflow run that `environ` names."""
    evidence = tuple(
        Evidence(name=name, size=len(data), blake3=blake3_hex(data), sha256=sha256_hex(data))
        for name, data in files.items()
    )
    workflow = _workflow(environ)
    return Draft(
        kind=kind,
        idempotency_key=_key(kind, str(subject.get("suite", "")), evidence, workflow.get("run_id")),
        complete=complete,
        evidence=evidence,
        isolation_class=isolation_class,
        subject={**subject, "workflow": workflow} if workflow else subject,
    )


def _workflow(environ: Mapping[str, str]) -> dict[str, str]:
    if environ.get("GITHUB_ACTIONS") != "true":
        return {}
    return {name: environ[variable][:200] for name, variable in _WORKFLOW.items() if environ.get(variable)}


def _key(kind: Kind, suite: str, evidence: tuple[Evidence, ...], run_id: str | None) -> str:
    """`[run id/]kind[/suite]/digest of the evidence`: what makes two appends the same append.

    The digest keeps the jobs of a matrix, which share job and suite, apart. Attempt and job are left out, so
    that a collector that runs again, or elsewhere, adds nothing twice; they are in the subject.
    """
    digest = digest_of([[one.name, one.blake3] for one in evidence]).removeprefix("blake3:")
    return "/".join(part for part in (run_id, kind, suite, digest) if part)
