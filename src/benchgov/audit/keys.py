"""Under which sequence a sealed record's key was recorded: sorted rows, so that few bytes answer.

    hosts/<host>/keys/<first>-<count>    the keys of so many bundles from `first` on

A row is 10 bytes of the key's BLAKE3 and 6 bytes of sequence. The files of n bundles are n in base 4: four of
a size become one of the next, so there are never more than three of each. They are made from the bundles,
again where one is missing or misshapen, and what they say is confirmed by the record itself.
"""

from __future__ import annotations

from math import isqrt

from blake3 import blake3

from benchgov.audit.files import NotARecordError
from benchgov.audit.records import BUNDLE, Records
from benchgov.audit.store import host_folder
from benchgov.documents import parse_json
from benchgov.errors import InputError, TamperError

Run = tuple[int, int]
"""(first, count) of the bundles that a file covers."""

_DIGEST, _ROW = 10, 16
_TOGETHER = 4


def runs(bundles: int) -> list[Run]:
    """The files for so many bundles, the largest first."""
    size = 1
    while size * _TOGETHER <= bundles:
        size *= _TOGETHER
    found: list[Run] = []
    first = 0
    while first < bundles:
        while first + size > bundles:
            size //= _TOGETHER
        found.append((first, size))
        first += size
    return found


def run_path(host: str, run: Run) -> str:
    """The file of a run."""
    return f"{host_folder(host)}/keys/{run[0]:09d}-{run[1]}"


def find_sealed(records: Records, bundles: int, key: str) -> int | None:
    """The sequence of the sealed record with `key`; None when there is none.

    Raises:
        TamperError, InputError: a bundle that had to be read is none, or cannot be read.
        OutputError: a file was missing, and cannot be written.
    """
    digest = blake3(key.encode("utf-8")).digest(_DIGEST)
    for run in runs(bundles):
        found = _find(records, run, digest)
        if found is not None and key_of(records, found) != key:
            # The file lies: only the bundles know.
            records.files.remove(run_path(records.host, run))
            found = _find(records, run, digest)
        if found is not None:
            return found
    return None


def index_bundle(records: Records, number: int, lines: list[bytes]) -> list[str]:
    """Make the file that covers a bundle which is about to be sealed; those that it stands for from then on.

    Raises:
        TamperError, InputError, OutputError: as `find_sealed`.
    """
    run = runs(number + 1)[-1]
    replaced = [one for one in runs(number) if one[0] >= run[0]]
    rows = [_row(number * BUNDLE + at, _key(line)) for at, line in enumerate(lines, 1)]
    for one in replaced:
        data = _read(records, one)
        rows += [data[at : at + _ROW] for at in range(0, len(data), _ROW)]
    records.files.replace(run_path(records.host, run), b"".join(sorted(rows)))
    return [run_path(records.host, one) for one in replaced]


def key_of(records: Records, sequence: int) -> str:
    """The key of a record; raises `TamperError` when it is none."""
    try:
        return _key(records.read(sequence))
    except (NotARecordError, InputError, ValueError, KeyError, TypeError) as error:
        raise TamperError(
            f"record {sequence}: expected a record, found {error}", where=records.where(sequence)
        ) from error


def _key(data: bytes) -> str:
    return str(parse_json(data.decode("utf-8"), "record")["idempotency_key"])


def _row(sequence: int, key: str) -> bytes:
    return blake3(key.encode("utf-8")).digest(_DIGEST) + sequence.to_bytes(_ROW - _DIGEST, "big")


def _find(records: Records, run: Run, digest: bytes) -> int | None:
    """Look where digests that are evenly spread put this one, eight standard deviations to each side."""
    rows = run[1] * BUNDLE
    guess, spread = int.from_bytes(digest[:8], "big") * rows >> 64, 4 * isqrt(rows)
    low, high = max(0, guess - spread), min(rows, guess + spread)
    try:
        data = records.files.read_part(run_path(records.host, run), low * _ROW, (high - low) * _ROW)
    except NotARecordError:
        data = b""
    around = len(data) == (high - low) * _ROW
    if not around or (low and data[:_DIGEST] > digest) or (high < rows and data[-_ROW:][:_DIGEST] < digest):
        data = _read(records, run)
    at = data.find(digest)
    while at >= 0 and at % _ROW:
        at = data.find(digest, at + 1)
    return int.from_bytes(data[at + _DIGEST : at + _ROW], "big") if at >= 0 else None


def _read(records: Records, run: Run) -> bytes:
    """The whole of a run's file, made again from its bundles where it is not what it should be."""
    path, size = run_path(records.host, run), run[1] * BUNDLE * _ROW
    try:
        data = records.files.read(path, size)
    except NotARecordError:
        data = b""
    if len(data) != size:
        sequences = range(run[0] * BUNDLE + 1, (run[0] + run[1]) * BUNDLE + 1)
        data = b"".join(sorted(_row(sequence, key_of(records, sequence)) for sequence in sequences))
        records.files.replace(path, data)
    return data
