"""The bytes of a record, and its identity over them.

`chain_head` is the first key of a record's canonical JSON, so the bytes that the identity covers are `{` and
what follows the first member: nothing has to be parsed or written again in order to check it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from blake3 import blake3

from benchgov.canonical import Json, canonical_json

_BEFORE, _AFTER, _END = b'{"chain_head":"', b'",', b"}\n"
_HEAD_AT = len(_BEFORE)
_BODY_AT = _HEAD_AT + 64
_REST_AT = _BODY_AT + len(_AFTER)
_HEX = frozenset(b"0123456789abcdef")


@dataclass(frozen=True)
class Sealed:
    """A record's bytes, cut in two: the head that they claim, and the bytes that it must cover."""

    head: str
    body: bytes


def identity(prev_hash: str, body: bytes) -> str:
    """SHA-256(prev_hash ‖ BLAKE3(body)) over raw 32-byte values, as 64 hex digits.

    `body` is the canonical JSON of the record without `chain_head`.

    Raises:
        ValueError: `prev_hash` is not hexadecimal.
    """
    return hashlib.sha256(bytes.fromhex(prev_hash) + blake3(body).digest()).hexdigest()


def seal(content: dict[str, Json], prev_hash: str) -> bytes:
    """The file of a record: canonical JSON with its `chain_head`, and a final newline."""
    body = canonical_json(content)
    return _BEFORE + identity(prev_hash, body).encode() + _AFTER + body[1:] + b"\n"


def unseal(data: bytes) -> Sealed | None:
    """The two parts of a record's file; None when the bytes do not have that shape."""
    head = data[_HEAD_AT:_BODY_AT]
    shaped = data.startswith(_BEFORE) and data[_BODY_AT:_REST_AT] == _AFTER and data.endswith(_END)
    if not shaped or len(head) != 64 or not _HEX.issuperset(head):
        return None
    return Sealed(head.decode(), b"{" + data[_REST_AT:-1])
