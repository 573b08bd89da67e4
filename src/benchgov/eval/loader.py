"""Load a task class and its cases: every file is read and held against its digest before anything runs."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from benchgov.errors import BenchCaseError, InputError, TaskClassIncompleteError
from benchgov.eval.declared import CASE_FILE, CASES, DIGESTS, breakdown_keys, declaration, find_bench
from benchgov.eval.digests import case_digest, read_digests
from benchgov.eval.registry import TaskClass, TaskClassRegistry
from benchgov.files import decode, inside, read_bytes

if TYPE_CHECKING:
    from datetime import datetime

    from benchgov.eval.models import BenchCase

INPUT, EXPECTED = "input", "expected"
MAX_CASE_FILE_BYTES = 64 * 1024
STALE_DAYS = 90
"""A case that nobody looked at for longer is warned of."""

Changed = Callable[[Path, Path], Sequence[str]]
"""(the digests' file, a case's folder) → the files that changed since the digests did; none when unknown."""


@dataclass(frozen=True)
class CaseFiles:
    """A case as it lies in its folder: its `case.toml`, and its digest, which was verified."""

    case_id: str
    folder: Path
    document: bytes
    digest: str

    @property
    def document_digest(self) -> str:
        """The digest of `case.toml`, which is no part of the case's own."""
        return "blake3:" + blake3(self.document).hexdigest()


def load_task_class(name: str, bench_root: Path, *, execute: bool = False) -> TaskClass:
    """The task class `name`. Its files are read, and its code is not run, unless `execute` says so.

    `execute` imports `<bench root>.<name>.registration`, with the folder around the bench root on the path
    while it loads: for the tests of a bench's author, in a process that may run the author's code.

    Raises:
        BenchFolderMissingError, TaskClassNotFoundError: as `declared.find_bench`.
        TaskClassIncompleteError: one of its files is missing or not valid.
    """
    from benchgov.eval.taxonomy import load_taxonomy

    bench_path = find_bench(name, bench_root)
    declared = declaration(bench_path)
    return TaskClass(
        name=name,
        bench_path=bench_path,
        min_cases_for_promotion=MappingProxyType(dict(declared.min_cases_for_promotion)),
        rubric_class=_registered(name, bench_root).rubric_class if execute else None,
        sut=declared.sut,
        sut_process=declared.sut_process,
        breakdown_keys=breakdown_keys(bench_path),
        failure_mode_taxonomy=load_taxonomy(bench_path),
    )


def load_cases(task_class: TaskClass, root: Path | None = None) -> tuple[BenchCase, ...]:
    """All cases of a task class, by case id. `root` is the repository's: a cassette lies below it.

    Raises:
        BenchCaseError: a case cannot be loaded, collides with another, or is not what its digest says.
        TaskClassIncompleteError: the bench has no cases, or no digests.
    """
    return parse_cases(scan_cases(task_class.bench_path), task_class, root or task_class.bench_path)


def scan_cases(bench_path: Path, changed: Changed | None = None) -> tuple[CaseFiles, ...]:
    """The folders of all cases, by name, each held against its digest; no `case.toml` is parsed.

    Raises:
        BenchCaseError: a case has no digest, or another; a digest has no case; a case cannot be read.
        TaskClassIncompleteError: the bench has no cases, or no digests.
    """
    folder = bench_path / CASES
    folders = case_folders(bench_path)
    wanted = read_digests(bench_path)
    if lost := sorted(set(wanted) - {one.name for one in folders}):
        raise BenchCaseError(f"there is no case {', '.join(lost)}", where=str(folder / DIGESTS))
    return tuple(_verified(one, wanted, changed) for one in folders)


def case_folders(bench_path: Path) -> list[Path]:
    """The folders of the cases, by name.

    Raises:
        TaskClassIncompleteError: there is none.
    """
    folder = bench_path / CASES
    found = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not found:
        raise TaskClassIncompleteError("the bench has no cases", where=str(folder))
    return found


def _verified(folder: Path, wanted: dict[str, str], changed: Changed | None) -> CaseFiles:
    digests = folder.parent / DIGESTS
    if folder.name not in wanted:
        raise BenchCaseError(f"the case {folder.name!r} has no digest", where=str(digests))
    if (folder / CASE_FILE).is_symlink():
        raise BenchCaseError("a symbolic link", where=str(folder / CASE_FILE))
    document = _document(folder)
    found = case_digest(folder)
    if found != wanted[folder.name]:
        paths = changed(digests, folder) if changed else ()
        raise BenchCaseError(
            f"the case {folder.name!r} is not what its digest says",
            where=str(folder),
            details=[
                f"expected {wanted[folder.name]}, in {digests}",
                f"found    {found}",
                *(f"changed since the digests were: {path}" for path in paths),
            ],
        )
    return CaseFiles(folder.name, folder, document, found)


def _document(folder: Path) -> bytes:
    try:
        return read_bytes(folder / CASE_FILE, MAX_CASE_FILE_BYTES)
    except InputError as error:
        raise BenchCaseError(error.message, where=error.where) from error


def parse_cases(scanned: Iterable[CaseFiles], task_class: TaskClass, root: Path) -> tuple[BenchCase, ...]:
    """The cases that their `case.toml` describe, in the order given.

    Raises:
        BenchCaseError: one is not valid, names another folder or task class, or has an id that is taken.
    """
    parsed = [(one, parse_document(one.document, one.folder)) for one in scanned]
    _refuse_collisions([(one.folder, document.get("case_id")) for one, document in parsed])
    return tuple(_case(one, document, task_class, root) for one, document in parsed)


def parse_document(document: bytes, folder: Path) -> dict[str, Any]:
    """The table of a `case.toml`.

    Raises:
        BenchCaseError: not UTF-8, or not TOML.
    """
    import tomllib

    where = str(folder / CASE_FILE)
    try:
        return tomllib.loads(decode(document, where))
    except InputError as error:
        raise BenchCaseError(error.message, where=where) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BenchCaseError(f"not TOML: {error}", where=where) from error


def _refuse_collisions(named: Sequence[tuple[Path, object]]) -> None:
    seen: dict[object, Path] = {}
    for folder, case_id in named:
        if isinstance(case_id, str) and case_id in seen:
            raise BenchCaseError(
                f"the case id {case_id!r} is there twice", details=[str(seen[case_id]), str(folder)]
            )
        if isinstance(case_id, str):
            seen[case_id] = folder


def _case(files: CaseFiles, document: dict[str, Any], task_class: TaskClass, root: Path) -> BenchCase:
    from benchgov.eval.models import BenchCase

    where = files.folder / CASE_FILE
    for key, wanted in (("case_id", files.case_id), ("task_class", task_class.name)):
        if document.get(key, wanted) != wanted:
            raise BenchCaseError(f"{key} is {document[key]!r}, but it lies in {wanted!r}", where=str(where))
    if document.get("case_digest", files.digest) != files.digest:
        raise BenchCaseError("case_digest is another than that of its digests.yaml", where=str(where))
    paths = {"input_path": files.folder / INPUT, "expected_path": files.folder / EXPECTED}
    for path in paths.values():
        if not _is_folder(path):
            raise BenchCaseError("there is no such folder", where=str(path))
    if "cassette_path" in document:
        paths["cassette_path"] = _cassette(document["cassette_path"], task_class, root, where)
    if taken := sorted({"input_path", "expected_path"} & set(document)):
        raise BenchCaseError(f"{taken[0]}: unknown key", where=str(where))
    return _validated(BenchCase, {**document, **paths, "case_digest": files.digest}, where)


def _is_folder(path: Path) -> bool:
    """Whether it is one itself, and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _cassette(text: object, task_class: TaskClass, root: Path, where: Path) -> Path:
    """A cassette lies below the repository's root, and is named from the bench's folder."""
    try:
        base = task_class.bench_path.resolve().relative_to(root.resolve())
        path = inside(root, str(base / str(text)), where=str(where))
    except (InputError, ValueError) as error:
        raise BenchCaseError(f"cassette_path {text!r} leaves the repository", where=str(where)) from error
    if not path.is_file():
        raise BenchCaseError(f"cassette_path {text!r}: no such file", where=str(where))
    return path


def _validated(model: type[BenchCase], value: dict[str, Any], where: Path) -> BenchCase:
    from pydantic import ValidationError

    from benchgov.documents import describe_fault

    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=True)
        details = sorted({describe_fault(fault, model, str(where), {}) for fault in faults})
        raise BenchCaseError("not a valid case", where=str(where), details=details) from error


def stale(cases: Iterable[BenchCase], now: datetime) -> tuple[tuple[str, int], ...]:
    """(case id, days) of the cases that were validated more than `STALE_DAYS` ago."""
    ages = ((case.case_id, (now - case.last_validated_at).days) for case in cases)
    return tuple((name, days) for name, days in ages if days > STALE_DAYS)


def _registered(name: str, bench_root: Path) -> TaskClass:
    """What the bench's registration registers, when it is run."""
    from importlib import import_module

    from benchgov.eval import registry

    kept, registry.default_registry = registry.default_registry, TaskClassRegistry()
    module = f"{bench_root.resolve().name}.{name}.registration"
    sys.path.insert(0, str(bench_root.resolve().parent))
    try:
        import_module(module)
        found = registry.default_registry.get(name)
    finally:
        registry.default_registry = kept
        sys.path.remove(str(bench_root.resolve().parent))
        sys.modules.pop(module, None)
    return replace(found, bench_path=bench_root / name)
