"""The audit record: its fields, and its identity.

Identity: chain_head = SHA-256(prev_hash ‖ BLAKE3(canonical JSON of the record without `chain_head`)),
over the raw 32-byte values.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchgov.canonical import Json
from benchgov.wire import Blake3, Name, Sha256, Utc, Wire

GENESIS = "0" * 64
"""`prev_hash` of the first record of a chain."""

Kind = Literal[
    "verify-env",
    "run",
    "comparison",
    "baseline",
    "approval",
    "dossier",
    "eval",
    "verdict",
    "calibration",
    "control",
    "history",
    "replay",
]
"""What a record can be of."""


class Evidence(Wire):
    """A file that a record vouches for: its name, its size in bytes, and its digests."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=0)]
    blake3: Blake3
    sha256: Sha256


class Span(Wire):
    """Many records as a whole: BLAKE3 of their bytes, how many are complete, and the root of their tree.

    `root` is that of RFC 6962 over the records' files: the hash that the tree has above them.
    """

    blake3: Blake3
    complete: Annotated[int, Field(ge=0)]
    root: Sha256


class Record(Wire):
    """One entry of a host's chain.

    `subject` holds the few facts that a reader wants without opening the evidence (suite, verdict, hashes).
    `idempotency_key` names what was recorded: a second append of the same key adds nothing.
    No other field may sort before `chain_head`: `audit.chain` cuts it off the front of the bytes.
    `covers` stands in the first record behind each 256, about these, and is left out of all others.
    """

    chain_head: Sha256
    complete: bool
    covers: Span | None = None
    evidence: tuple[Evidence, ...]
    host: Name
    idempotency_key: Annotated[str, Field(min_length=1, max_length=512)]
    isolation_class: str | None
    kind: Kind
    prev_hash: Sha256
    recorded_at_utc: Utc
    schema_version: Literal[1]
    sequence: Annotated[int, Field(ge=1)]
    subject: dict[str, Json]

    def to_json(self) -> Json:
        """The record as plain JSON types."""
        value = super().to_json()
        if value["covers"] is None:
            del value["covers"]
        return value
