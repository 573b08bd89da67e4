"""The bytes of a record and the identity over them."""

from __future__ import annotations

import hashlib

import pytest
from blake3 import blake3

from benchgov.audit.encoding import identity, seal, unseal
from benchgov.audit.record import GENESIS, Record
from benchgov.canonical import canonical_json

CONTENT = {"complete": True, "prev_hash": GENESIS, "subject": {"suite": "core", "é": 1.0}}


def test_the_identity_is_the_documented_formula() -> None:
    """SHA-256 over the raw previous hash and the raw BLAKE3 of the canonical content."""
    body = canonical_json(CONTENT)
    expected = hashlib.sha256(bytes(32) + blake3(body).digest()).hexdigest()
    assert identity(GENESIS, body) == expected
    assert seal(CONTENT, GENESIS).startswith(b'{"chain_head":"' + expected.encode() + b'","complete":true')


def test_a_sealed_record_is_canonical_json() -> None:
    """Putting the head in front gives the bytes that writing the whole record would give."""
    data = seal(CONTENT, GENESIS)
    sealed = unseal(data)
    assert sealed is not None
    assert data == canonical_json({**CONTENT, "chain_head": sealed.head}) + b"\n"
    assert sealed.body == canonical_json(CONTENT)


def test_chain_head_is_the_first_key_of_every_record() -> None:
    """The cut at the front rests on it."""
    assert min(Record.model_fields) == "chain_head"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        seal(CONTENT, GENESIS)[:-1],
        seal(CONTENT, GENESIS)[:90],
        b" " + seal(CONTENT, GENESIS),
        seal(CONTENT, GENESIS).replace(b'"chain_head":"', b'"chain_head":"G'),
        seal(CONTENT, GENESIS) + b"\n",
        canonical_json(CONTENT) + b"\n",
    ],
)
def test_other_bytes_are_not_a_record(data: bytes) -> None:
    """Cut off, shifted, or without a head."""
    assert unseal(data) is None
