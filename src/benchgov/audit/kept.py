"""The anchors that a log carries: checkpoints with what others put to them.

    anchors/<host>/<size>.<root>.checkpoint                 a checkpoint, with every signature that came back
    anchors/<host>/<size>.<root>.<digest>.sigstore.json     a bundle that attests it

Those of the root log are below `anchors/_root`. The log's writer can remove them; he cannot make them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchgov.audit.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint
from benchgov.audit.files import LogFiles, NotARecordError
from benchgov.audit.note import Verifier, verify_note
from benchgov.audit.store import host_folder, list_hosts
from benchgov.canonical import sha256_hex
from benchgov.errors import InputError, ProofError, TamperError
from benchgov.files import decode

FOLDER = "anchors"
ROOT = "_root"
"""Where the anchors of the root log are: the name of no host."""

_LIMIT = 1 << 20
_CHECKPOINT = re.compile(r"[0-9]{1,19}\.[0-9a-f]{16}\.checkpoint", re.ASCII)
_BUNDLE = re.compile(r"[0-9]{1,19}\.[0-9a-f]{16}\.[0-9a-f]{16}\.sigstore\.json", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """A checkpoint that is kept: of which host's log, in which file, and the bundles that attest it."""

    host: str
    path: str
    checkpoint: SignedCheckpoint
    bundles: tuple[str, ...] = ()


def keep(files: LogFiles, host: str, checkpoint: SignedCheckpoint) -> str:
    """Keep a checkpoint of `host` (or `ROOT`) with all its signatures; the path of its file.

    Raises:
        InputError: another text is kept for the same head.
        OutputError: it cannot be written.
    """
    with files.locked():
        return _keep(files, host, checkpoint)


def _keep(files: LogFiles, host: str, checkpoint: SignedCheckpoint) -> str:
    path = f"{_stem(host, checkpoint.head)}.checkpoint"
    if files.kind(path) is None:
        files.replace(path, str(checkpoint).encode())
        return path
    known = _read(files, path)
    if known.note.text != checkpoint.note.text:
        raise InputError(f"not the checkpoint that is kept: {checkpoint.head}", where=files.where(path))
    note = known.note.signed_by(checkpoint.note.signatures)
    if note != known.note:
        files.replace(path, str(note).encode())
    return path


def keep_bundle(files: LogFiles, host: str, checkpoint: SignedCheckpoint, bundle: bytes) -> str:
    """Keep a bundle that attests a checkpoint, and the checkpoint beside it; the bundle's path."""
    path = f"{_stem(host, checkpoint.head)}.{sha256_hex(bundle)[:16]}.sigstore.json"
    with files.locked():
        _keep(files, host, checkpoint)
        files.create(path, bundle)
    return path


def _stem(host: str, head: Checkpoint) -> str:
    return f"{FOLDER}/{host}/{head.size}.{head.root.hex()[:16]}"


def _read(files: LogFiles, path: str) -> SignedCheckpoint:
    where = files.where(path)
    try:
        return parse_checkpoint(decode(files.read(path, _LIMIT), where), where)
    except NotARecordError as error:
        raise InputError(f"not a checkpoint: {error}", where=where) from error


def kept(files: LogFiles) -> list[Kept]:
    """All anchors of a log, host by host, the smallest first.

    Raises:
        InputError: something among them is none, or cannot be read.
    """
    return [one for host, _ in sorted(files.entries(FOLDER)) for one in _of_host(files, host)]


def _of_host(files: LogFiles, host: str) -> list[Kept]:
    names = sorted(name for name, _ in files.entries(f"{FOLDER}/{host}"))
    for name in names:
        if not _CHECKPOINT.fullmatch(name) and not _BUNDLE.fullmatch(name):
            raise InputError("not an anchor", where=files.where(f"{FOLDER}/{host}/{name}"))
    found = []
    for name in filter(_CHECKPOINT.fullmatch, names):
        path, stem = f"{FOLDER}/{host}/{name}", name.removesuffix("checkpoint")
        bundles = tuple(one for one in names if one.startswith(stem) and one != name)
        found.append(Kept(host, path, _read(files, path), bundles))
    return sorted(found, key=lambda one: one.checkpoint.head.size)


def forks(files: LogFiles) -> Iterator[tuple[str, SignedCheckpoint]]:
    """(path, head) of everything that was kept because it contradicted something."""
    for host in list_hosts(files).names:
        folder = f"{host_folder(host)}/forks"
        for name, _ in sorted(files.entries(folder)):
            yield f"{folder}/{name}", _read(files, f"{folder}/{name}")


def hold_against(files: LogFiles, verifiers: Sequence[Verifier] = ()) -> list[Kept]:
    """All anchors, after seeing that no two of them, nor of the forks, contradict each other.

    With `verifiers`, one of them must have signed at least one anchor: unsigned ones anybody can write.

    Raises:
        TamperError: two heads at one size; both are named.
        ProofError: none is signed by a key that is given, or a signature of one is wrong.
        InputError: there is no anchor, or one cannot be read.
    """
    found = kept(files)
    if not found:
        raise InputError(
            "no anchor is kept",
            where=files.where(FOLDER),
            remedy="Keep one with `benchgov audit anchor`, or give --against the copy that you have.",
        )
    heads: dict[tuple[str, int], tuple[str, SignedCheckpoint]] = {}
    for path, one in [*((one.path, one.checkpoint) for one in found), *forks(files)]:
        first, other = heads.setdefault((one.head.origin, one.head.size), (path, one))
        if other.head.root != one.head.root:
            raise TamperError(
                f"two heads at {one.head.size} records",
                where=files.where(path),
                details=[f"{files.where(first)}: {other.head}", f"{files.where(path)}: {one.head}"],
                remedy="Both are evidence, and are never merged: find out who signed which.",
            )
    if verifiers:
        _require_signed(found, verifiers)
    return found


def _require_signed(found: Sequence[Kept], verifiers: Sequence[Verifier]) -> None:
    signed = 0
    for one in found:
        if any(key.made(signature) for key in verifiers for signature in one.checkpoint.note.signatures):
            signed += bool(verify_note(one.checkpoint.note, verifiers))
    if not signed:
        names = ", ".join(key.name for key in verifiers)
        raise ProofError(f"none of {len(found)} anchors is signed by {names}")


def copy_of(path: Path, checkpoint: SignedCheckpoint) -> Path:
    """The file for a copy of a checkpoint: `path`, or in a folder a name that no other head has."""
    if not path.is_dir():
        return path
    head = checkpoint.head
    origin = re.sub(r"[^A-Za-z0-9._-]", "-", head.origin)[:100]
    return path / f"{origin}.{head.size}.{head.root.hex()[:16]}.checkpoint"
