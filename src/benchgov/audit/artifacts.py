"""The evidence in a folder of downloaded artifacts, as drafts. What is in there may be anybody's.

    FOLDER/<artifact>/…/report.json, comparison.json, environment.json     one record each
    FOLDER/<artifact>/…/control.json, history.json, replay-comparison.json    one record each
    FOLDER/<artifact>/…/<time>-<id>.json, <time>.json                      an eval run, a promotion verdict
    FOLDER/<artifact>/…/dossier.md, index.html                             one record for both

Links are not followed, and what is no valid evidence is a fault of its artifact, not of the others.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchgov.audit.chain import Draft
from benchgov.audit.drafts import draft_of_bytes, from_dossier
from benchgov.errors import BenchgovError, InputError
from benchgov.files import MAX_DOCUMENT_BYTES

EVIDENCE = frozenset(
    {
        "report.json",
        "comparison.json",
        "environment.json",
        "control.json",
        "history.json",
        "replay-comparison.json",
    }
)
"""Names of files that a record is made of."""

_EVAL = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z(?:-[0-9a-f]{8})?\.json", re.ASCII)

MAX_ENTRIES = 200_000
"""How many files and folders one artifact may have."""

MAX_DEPTH = 16
"""How deep the folders of an artifact may go."""

_DOSSIER, _PAGE = "dossier.md", "index.html"
_MAX_NAME = 200
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Item:
    """One draft, and the artifact and the file below it that it was made of."""

    artifact: str
    file: str
    draft: Draft


@dataclass(frozen=True)
class Fault:
    """What of an artifact was not taken, and why."""

    artifact: str
    file: str
    reason: str


@dataclass(frozen=True)
class Haul:
    """What was found in artifacts, in the order of their names: drafts, each once, and faults."""

    artifacts: tuple[str, ...]
    items: tuple[Item, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class _Found:
    path: Path
    file: str


def is_evidence(name: str) -> bool:
    """Whether a record is made of files that are called so."""
    return _is_single(name) or name in (_DOSSIER, _PAGE)


def _is_single(name: str) -> bool:
    """Whether a file that is called so is a record's only evidence."""
    return name in EVIDENCE or _EVAL.fullmatch(name) is not None


def run_environ(run_id: str | None, attempt: str | None = None) -> dict[str, str]:
    """The variables by which a draft knows the workflow run that an artifact is of; none without a run."""
    if not run_id:
        return {}
    named = {"GITHUB_RUN_ID": run_id, "GITHUB_RUN_ATTEMPT": attempt or ""}
    return {"GITHUB_ACTIONS": "true", **named}


def gather(folders: Sequence[Path], environ: Mapping[str, str]) -> Haul:
    """The evidence of every artifact below `folders`; a folder that has evidence directly is one artifact.

    `environ` names the workflow run that the artifacts are of.

    Raises:
        InputError: a folder is not there, or there is no artifact or no evidence in any.
    """
    places = sorted({place for folder in folders for place in artifacts_in(folder)})
    if not places:
        raise InputError("holds no artifact, so there is nothing to collect", where=_names(folders))
    haul = together([gather_one(name, place, environ) for name, place in places])
    if not haul.items and not haul.faults:
        raise InputError("no artifact holds evidence, so there is nothing to collect", where=_names(folders))
    return haul


def gather_one(name: str, place: Path, environ: Mapping[str, str]) -> Haul:
    """The evidence of the artifact called `name` whose files are below `place`."""
    found = list(_evidence(name, place, environ))
    items = tuple(one for one in found if isinstance(one, Item))
    return Haul((name,), items, tuple(one for one in found if isinstance(one, Fault)))


def together(hauls: Sequence[Haul]) -> Haul:
    """Several hauls as one; a report lies in an artifact twice: as the latest, and as that of its run."""
    items: dict[str, Item] = {}
    for haul in hauls:
        for item in haul.items:
            items.setdefault(item.draft.idempotency_key, item)
    names = dict.fromkeys(name for haul in hauls for name in haul.artifacts)
    return Haul(tuple(names), tuple(items.values()), tuple(fault for haul in hauls for fault in haul.faults))


def _names(folders: Sequence[Path]) -> str:
    return ", ".join(str(folder) for folder in folders)


def artifacts_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name, folder) of every artifact in `folder`; raises `InputError` when that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(folder)) from error
    if any(_is_single(entry.name) or entry.name == _DOSSIER for entry in found):
        yield folder.resolve().name, folder
        return
    yield from ((entry.name, folder / entry.name) for entry in found if not entry.is_file())


def _evidence(name: str, place: Path, environ: Mapping[str, str]) -> Iterator[Item | Fault]:
    if len(name) > _MAX_NAME or not name.isprintable():
        yield Fault(name[:_MAX_NAME], "", "not the name of an artifact")
        return
    try:
        for found in _walk(place, "", 0, [0]):
            yield _item(name, found, environ)
    except BenchgovError as error:
        yield _fault(name, "", error)


def _walk(folder: Path, prefix: str, depth: int, seen: list[int]) -> Iterator[_Found]:
    """Everything that is evidence, or cannot be told, in the order of the names."""
    if folder.is_symlink():
        yield _Found(folder, prefix)
        return
    for entry in _entries(folder, seen):
        file = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if depth == MAX_DEPTH:
                raise InputError(f"folders more than {MAX_DEPTH} deep", where=file)
            yield from _walk(Path(entry.path), f"{file}/", depth + 1, seen)
        elif _is_single(entry.name) or entry.name == _DOSSIER or not entry.is_file(follow_symlinks=False):
            yield _Found(Path(entry.path), file)


def _entries(folder: Path, seen: list[int]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = []
            for entry in found:
                entries.append(entry)
                seen[0] += 1
                if seen[0] > MAX_ENTRIES:
                    raise InputError(f"more than {MAX_ENTRIES:,} files and folders")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    return sorted(entries, key=lambda entry: entry.name)


def _item(artifact: str, found: _Found, environ: Mapping[str, str]) -> Item | Fault:
    try:
        data = _read(found.path)
        if found.path.name == _DOSSIER:
            page = found.path.with_name(_PAGE)
            pages = {_PAGE: _read(page)} if os.path.lexists(page) else {}
            draft = from_dossier({_DOSSIER: data, **pages}, environ)
        else:
            draft = draft_of_bytes(data, environ, name=found.path.name, where=found.file)
    except BenchgovError as error:
        return _fault(artifact, found.file, error)
    workflow = draft.subject.get("workflow", {})
    return Item(
        artifact,
        found.file,
        replace(draft, subject={**draft.subject, "workflow": {**workflow, "artifact": artifact}}),
    )


def _fault(artifact: str, file: str, error: BenchgovError) -> Fault:
    return Fault(artifact, file, "; ".join((error.message, *error.details)))


def _read(path: Path) -> bytes:
    """The content of a regular file of at most `MAX_DOCUMENT_BYTES`; raises `InputError`."""
    try:
        descriptor = os.open(path, _OPEN)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError("a folder or a special file")
            data = stream.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise InputError(f"a link, or a file that cannot be read: {error.strerror}") from error
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InputError(f"larger than {MAX_DOCUMENT_BYTES:,} bytes, which is the limit")
    return data
