"""Signed notes, as C2SP's signed-note says: a text, and Ed25519 signatures of keys that have a name.

A key's public half is a line that is safe to publish (`name+id+base64`); its private half is the line that
Go's `sumdb/note` writes (`PRIVATE+KEY+name+id+base64`). Signatures of unknown keys are kept, not believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from benchgov.errors import InputError, ProofError

MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 100

ED25519 = 1
"""Type of a key that signs the text of a note."""
COSIGNATURE = 4
"""Type of a witness's key, which signs a time and the text of a checkpoint (C2SP tlog-cosignature)."""

_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True)
class Signature:
    """A line below a note: who signed, the four bytes that name the key, and the signature itself."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.data).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and its signatures; without any, a note is its text alone."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        lines = "".join(signature.line for signature in self.signatures)
        return f"{self.text}\n{lines}" if lines else self.text

    def signed_by(self, more: Sequence[Signature]) -> Note:
        """The note with these signatures too, each once."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *more))))


def parse_note(content: str, where: str) -> Note:
    """Read a note, signed or not.

    Raises:
        InputError: too large, a control character, no newline at the end, or a line that is no signature.
    """
    try:
        size = len(content.encode())
    except UnicodeEncodeError as error:
        raise InputError("a note that is not UTF-8", where=where) from error
    if size > MAX_NOTE_BYTES:
        raise InputError(f"a note of more than {MAX_NOTE_BYTES:,} bytes", where=where)
    if found := _CONTROL.search(content):
        raise InputError(f"a control character, {found.group()!r}, in a note", where=where)
    if not content.strip("\n") or not content.endswith("\n"):
        raise InputError("a note that is empty or cut off: no newline at its end", where=where)
    cut = content.rfind("\n\n")
    if cut < 0:
        return Note(content)
    # Not `splitlines`, which also cuts at characters that are no newline.
    lines = content[cut + 2 :].split("\n")[:-1]
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise InputError(f"a note with {len(lines)} signatures; 1 to {MAX_SIGNATURES} are read", where=where)
    return Note(content[: cut + 1], tuple(_signature(line, where) for line in lines))


def _signature(line: str, where: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    data = unbase64(encoded)
    if not line.startswith(_DASH) or not space or not is_key_name(name) or data is None or len(data) < 5:
        raise InputError("a line below a note is no signature (`— name base64`)", where=where)
    return Signature(name, data[:4], data[4:])


def unbase64(text: str) -> bytes | None:
    """The bytes of standard, padded base64; None when the text is not exactly that."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if base64.b64encode(data).decode() == text else None


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: not empty, neither spaces nor `+`."""
    return bool(name) and "+" not in name and not any(map(str.isspace, name)) and not _CONTROL.search(name)


def _key_id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True)
class Verifier:
    """The public half of a key: what its signatures are checked with."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name the key in a signature."""
        return _key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def made(self, signature: Signature) -> bool:
        """Whether a signature says that it is of this key."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def accepts(self, text: str, signature: Signature) -> bool:
        """Whether a signature of this key is good for `text`."""
        message, data = text.encode(), signature.data
        if self.kind == COSIGNATURE:
            message, data = _cosigned(int.from_bytes(data[:8], "big"), text).encode(), data[8:]
        return _is_signed(self.public, message, data)


def _cosigned(time: int, text: str) -> str:
    """What a witness signs."""
    return f"cosignature/v1\ntime {time}\n{text}"


def _is_signed(public: bytes, message: bytes, data: bytes) -> bool:
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(public).verify(message, data)
    except (CryptoError, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Signer:
    """The private half of an Ed25519 key. It is never shown: `private` is for the file that keeps it."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        from nacl.signing import SigningKey

        return Verifier(self.name, ED25519, bytes(SigningKey(self.seed).verify_key))

    @property
    def private(self) -> str:
        """The key as a line for a file that only its owner reads."""
        encoded = base64.b64encode(bytes([ED25519]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    @property
    def cosigner(self) -> Verifier:
        """The public half, of a key that signs as a witness."""
        return Verifier(self.name, COSIGNATURE, self.verifier.public)

    def sign(self, note: Note) -> Note:
        """The note with the signature of this key, once."""
        return note.signed_by([Signature(self.name, self.verifier.key_id, self._made(note.text))])

    def cosign(self, note: Note, time: int) -> Note:
        """The note with a witness's signature of this key over `time`, in seconds since the epoch.

        An earlier one of the same key gives way: a witness says when it saw the log last.
        """
        key = self.cosigner
        data = time.to_bytes(8, "big") + self._made(_cosigned(time, note.text))
        others = tuple(one for one in note.signatures if not key.made(one))
        return Note(note.text, others).signed_by([Signature(self.name, key.key_id, data)])

    def _made(self, text: str) -> bytes:
        from nacl.signing import SigningKey

        return bytes(SigningKey(self.seed).sign(text.encode()).signature)


def parse_verifier(line: str) -> Verifier:
    """Read the public half of a key, as `benchgov audit keygen` prints it.

    Raises:
        InputError: it is none; it is of a type that is not read; its id is not that of name and key.
    """
    name, key_id, data = _key_parts(line)
    if data[0] not in (ED25519, COSIGNATURE) or len(data) != 33:
        raise InputError("a public key of a type that is not read; Ed25519 is", where=name)
    verifier = Verifier(name, data[0], data[1:])
    if verifier.key_id.hex() != key_id:
        raise InputError("a public key whose id does not belong to it", where=name)
    return verifier


def parse_signer(line: str) -> Signer:
    """Read the private half of a key, as `benchgov audit keygen` writes it.

    Raises:
        InputError: it is none, or its id is not that of name and key. The message never shows it.
    """
    if not line.strip().startswith(_PRIVATE):
        raise InputError(f"not a private key: it does not begin with {_PRIVATE}")
    name, key_id, data = _key_parts(line.strip().removeprefix(_PRIVATE))
    if data[0] != ED25519 or len(data) != 33:
        raise InputError("a private key of a type that is not read; Ed25519 is", where=name)
    signer = Signer(name, data[1:])
    if signer.verifier.key_id.hex() != key_id:
        raise InputError("a private key whose id does not belong to it", where=name)
    return signer


def _key_parts(line: str) -> tuple[str, str, bytes]:
    # The base64 may itself hold plus signs; a name may not.
    name, _, rest = line.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if not is_key_name(name) or not re.fullmatch("[0-9a-f]{8}", key_id) or not data:
        raise InputError("not a key: `name+id+base64` was expected")
    return name, key_id, data


def verify_note(note: Note, verifiers: Sequence[Verifier]) -> tuple[str, ...]:
    """The names of the keys among `verifiers` that signed the note; signatures of others are passed over.

    Raises:
        ProofError: a signature of a known key is wrong, or none of a known key is there.
    """
    names: list[str] = []
    for signature in note.signatures:
        for verifier in filter(lambda one: one.made(signature), verifiers):
            if not verifier.accepts(note.text, signature):
                raise ProofError(f"the signature of {verifier.name} does not fit the checkpoint")
            names.append(verifier.name)
    if not names:
        known = ", ".join(verifier.name for verifier in verifiers)
        raise ProofError(f"the checkpoint is not signed by {known}")
    return tuple(dict.fromkeys(names))
