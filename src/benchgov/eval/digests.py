"""The digests of a bench: of each case, and of the rubric's files; and what `digests.yaml` says.

A case is digested as a tar stream (POSIX.1-2001) of its files without `case.toml`, sorted by path, in which
nothing but path, kind, executable bit and content differs from case to case. Folders alone, times, owners and
other modes do not count, since Git does not keep them.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from benchgov.canonical import digest_of
from benchgov.errors import BenchCaseError, InputError, TaskClassIncompleteError
from benchgov.eval.declared import BREAKDOWN_KEYS, CASE_FILE, CASES, DIGESTS, FAILURE_MODES, REGISTRATION
from benchgov.files import MAX_MANIFEST_BYTES, decode, read_bytes

MAX_CASE_FILES = 10_000
MAX_CASE_BYTES = 64 * 1024 * 1024
"""Largest case, in bytes of content; nothing larger is read into memory or copied for a SUT."""

_BLOCK = 512
_CHUNK_BYTES = 1 << 16
_MAX_DEPTH = 64
# Not blocking: opening a named pipe would wait for a writer for ever.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIGEST_LINE = re.compile(
    r"(?P<quote>[\"']?)(?P<name>[A-Za-z0-9][A-Za-z0-9._+-]{0,127})(?P=quote):[ ]+"
    r"(?P<second>[\"']?)(?P<digest>blake3:[0-9a-f]{64})(?P=second)[ ]*(?:#.*)?",
    re.ASCII,
)
# With these in it, a text without quotation marks is neither a number, a date nor a word with a meaning.
_PLAINLY_TEXT = re.compile(r"(?=[^-]*-)[^g-zG-Z]*[g-zG-Z].*", re.ASCII)
_DIGEST = re.compile(r"blake3:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Member:
    """A file of a case: its path below the case's folder, and what Git would keep of it."""

    name: str
    path: str
    size: int
    executable: bool
    link: str | None = None


def case_digest(folder: Path) -> str:
    """`blake3:<hex>` of the case in `folder`, without its `case.toml`.

    Raises:
        BenchCaseError: the case is not a folder, cannot be read, is larger than a case may be, or holds a
            special file, or a symbolic link that leaves `input/` or `expected/`.
    """
    hasher = blake3()
    try:
        for member in sorted(members(folder), key=lambda one: one.name.encode()):
            hasher.update(_header(member))
            if member.link is None:
                _add_content(hasher, member)
    except OSError as error:
        raise BenchCaseError(f"cannot be read: {error.strerror}", where=str(folder)) from error
    hasher.update(bytes(2 * _BLOCK))
    return "blake3:" + hasher.hexdigest()


def members(folder: Path) -> tuple[Member, ...]:
    """The files of a case but its `case.toml`, in no particular order; raises as `case_digest`."""
    if folder.is_symlink() or not folder.is_dir():
        raise BenchCaseError("not a folder", where=str(folder))
    found = []
    size = 0
    for member in _walk(str(folder), "", folder, 0):
        found.append(member)
        size += member.size
        if size > MAX_CASE_BYTES:
            raise BenchCaseError(f"more than {MAX_CASE_BYTES:,} bytes in one case", where=str(folder))
        if len(found) > MAX_CASE_FILES:
            raise BenchCaseError(f"more than {MAX_CASE_FILES:,} files in one case", where=str(folder))
    return tuple(found)


def rubric_digest(bench_path: Path) -> str:
    """The digest of all that decides how a case is scored: every Python file of the bench but its tests and
    cases, and the taxonomy of its failure modes.

    Raises:
        TaskClassIncompleteError: one of them cannot be read.
    """
    names = {REGISTRATION, BREAKDOWN_KEYS, FAILURE_MODES, *_python_files(bench_path)}
    try:
        return digest_of(
            [
                [name, blake3(read_bytes(bench_path / name, MAX_MANIFEST_BYTES)).hexdigest()]
                for name in sorted(names)
            ]
        )
    except InputError as error:
        raise TaskClassIncompleteError(error.message, where=error.where) from error


def read_digests(bench_path: Path) -> dict[str, str]:
    """`cases/digests.yaml`: case id → digest.

    Raises:
        TaskClassIncompleteError: it is not there.
        BenchCaseError: it is not a mapping of case ids to digests.
    """
    path = bench_path / CASES / DIGESTS
    try:
        text = decode(read_bytes(path, MAX_MANIFEST_BYTES), str(path))
    except InputError as error:
        raise TaskClassIncompleteError(error.message, where=error.where) from error
    quickly = _flat_digests(text)
    return _yaml_digests(text, path) if quickly is None else quickly


def _python_files(bench_path: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(bench_path):
        below = Path(folder).relative_to(bench_path)
        left_out = {"__pycache__"} if below.parts else {"__pycache__", CASES, "tests"}
        folders[:] = [name for name in folders if name not in left_out]
        yield from ((below / name).as_posix() for name in files if name.endswith(".py"))


def _flat_digests(text: str) -> dict[str, str] | None:
    """The mapping, when each line says one plain entry; None when only a YAML parser can tell."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        entry = _DIGEST_LINE.fullmatch(line)
        if entry is None or entry["name"] in found:
            return None
        if not entry["quote"] and not _PLAINLY_TEXT.fullmatch(entry["name"]):
            return None
        found[entry["name"]] = entry["digest"]
    return found or None


def _yaml_digests(text: str, path: Path) -> dict[str, str]:
    from benchgov.documents import parse_yaml

    try:
        value = parse_yaml(text, str(path)).value
    except InputError as error:
        raise BenchCaseError(error.message, where=error.where) from error
    for name, digest in value.items() if isinstance(value, dict) else [("", value)]:
        if not isinstance(name, str) or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise BenchCaseError("not a mapping of case ids to `blake3:<64 hex digits>`", where=str(path))
    return dict(value)


def _walk(folder: str, prefix: str, case: Path, depth: int) -> Iterator[Member]:
    if depth > _MAX_DEPTH:
        raise BenchCaseError("folders are nested too deeply", where=folder)
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{name}/", case, depth + 1)
            elif name != CASE_FILE:
                yield _member(entry, name, case)


def _member(entry: os.DirEntry[str], name: str, case: Path) -> Member:
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        return Member(name, entry.path, 0, executable=False, link=_target(entry.path, name, case))
    if not stat.S_ISREG(status.st_mode):
        raise BenchCaseError("neither a file nor a folder", where=entry.path)
    return Member(name, entry.path, status.st_size, bool(status.st_mode & stat.S_IXUSR))


def _target(path: str, name: str, case: Path) -> str:
    """Where a link leads: inside of the same `input/` or `expected/`, so that a copy holds it too."""
    target = str(Path(path).readlink())
    part, _, rest = name.partition("/")
    if (
        rest
        and not Path(target).is_absolute()
        and _is_below(os.path.realpath(path), os.path.realpath(case / part))
    ):
        return target
    raise BenchCaseError(
        f"a symbolic link that leaves its {part}/ folder",
        where=path,
        remedy="Replace the link by what it leads to.",
    )


def _is_below(path: str, base: str) -> bool:
    return path == base or path.startswith(base + os.sep)


def _add_content(hasher: blake3, member: Member) -> None:
    descriptor = os.open(member.path, _OPEN_FLAGS)
    try:
        left = member.size
        while chunk := os.read(descriptor, min(_CHUNK_BYTES, left + 1)):
            left -= len(chunk)
            hasher.update(chunk)
            if left < 0:
                break
    finally:
        os.close(descriptor)
    if left:
        raise BenchCaseError("changed while it was read", where=member.path)
    hasher.update(bytes(-member.size % _BLOCK))


def _header(member: Member) -> bytes:
    """The tar header of a member; a name that has no room in it, or is not ASCII, stands in one before it."""
    name, link = os.fsencode(member.name), os.fsencode(member.link or "")
    extended = b""
    if len(name) > 100 or not name.isascii():
        extended += _pax_record(b"path", name)
    if len(link) > 100 or not link.isascii():
        extended += _pax_record(b"linkpath", link)
    kind = b"0" if member.link is None else b"2"
    mode = 0o755 if member.executable else 0o644
    block = _block(name, mode, member.size, kind, link)
    if not extended:
        return block
    return _block(b"pax", 0o644, len(extended), b"x", b"") + extended + bytes(-len(extended) % _BLOCK) + block


def _pax_record(key: bytes, value: bytes) -> bytes:
    """`<length> <key>=<value>\\n`, where the length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def _block(name: bytes, mode: int, size: int, kind: bytes, link: bytes) -> bytes:
    """One ustar header block: numbers are octal texts; the checksum counts itself as eight spaces."""
    fields = (
        name[:100].ljust(100, b"\0")
        + b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, size, 0)
        + b" " * 8
        + kind
        + link[:100].ljust(100, b"\0")
        + b"ustar\00000"
        + bytes(64)
        + b"%07o\0%07o\0" % (0, 0)
    ).ljust(_BLOCK, b"\0")
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]
