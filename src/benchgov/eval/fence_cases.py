"""The fence around a bench's cases: their folders, what they call themselves, whether each has a digest."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchgov.errors import BenchgovError, InputError
from benchgov.eval.declared import CASE_FILE, CASES, DIGESTS
from benchgov.eval.digests import read_digests
from benchgov.files import read_text

MAX_CASE_FILE_BYTES = 256 * 1024
"""Largest `case.toml` that is read, in bytes."""
CURATION_CLASSES = ("rag-corpus-derived", "held-out")


@dataclass(frozen=True)
class Breach:
    """One assertion that one place does not keep."""

    assertion: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message} [{self.assertion}]"


@dataclass(frozen=True)
class FencedCase:
    """What the fence knows of a case: its folder, the id in its `case.toml`, and how it was curated."""

    folder: Path
    case_id: str | None = None
    curation_class: str | None = None


def read_cases(bench: Path, breaches: list[Breach]) -> list[FencedCase]:
    """The cases of a bench, by folder; what is wrong with them is added to `breaches`."""
    cases: list[FencedCase] = []
    try:
        entries = sorted(os.scandir(bench / CASES), key=lambda entry: entry.name)
    except OSError as error:
        breaches.append(Breach("directory-contract", str(bench / CASES), f"missing: {error.strerror}"))
        return cases
    for entry in entries:
        if entry.name == DIGESTS or entry.name.startswith("."):
            continue
        if entry.is_symlink():
            breaches.append(Breach("directory-contract", entry.path, "a symbolic link, which is no case"))
        elif entry.is_dir():
            cases.append(_read_case(Path(entry.path), bench.name, breaches))
        else:
            breaches.append(Breach("directory-contract", entry.path, "neither a case nor digests.yaml"))
    return cases


def check_ids(bench: Path, cases: list[FencedCase], breaches: list[Breach]) -> None:
    """Add a breach for each case id that is there twice, or is not the name of its folder."""
    homes: dict[str, list[Path]] = {}
    for case in cases:
        if case.case_id is not None:
            homes.setdefault(case.case_id, []).append(case.folder)
    for case_id, folders in sorted(homes.items()):
        if len(folders) > 1:
            names = ", ".join(folder.name for folder in folders)
            message = f"case_id {case_id!r} is claimed by {len(folders)} cases: {names}"
            breaches.append(Breach("case-ids", str(bench / CASES), message))
        for folder in folders:
            if folder.name != case_id:
                path = str(folder / CASE_FILE)
                breaches.append(Breach("case-ids", path, f"case_id {case_id!r} is not the folder's name"))


def check_digests(bench: Path, cases: list[FencedCase], breaches: list[Breach]) -> None:
    """Add a breach for each case without a digest, and for each digest without a case."""
    path = bench / CASES / DIGESTS
    if not is_file(path):
        return  # its absence is said by the directory contract
    try:
        digests: Mapping[str, str] = read_digests(bench)
    except BenchgovError as error:
        breaches.append(Breach("directory-contract", error.where or str(path), error.message))
        return
    folders = {case.folder.name for case in cases}
    for name in sorted(folders - digests.keys()):
        breaches.append(Breach("directory-contract", str(path), f"has no digest of case {name!r}"))
    for name in sorted(digests.keys() - folders):
        breaches.append(
            Breach("directory-contract", str(path), f"has a digest of {name!r}, which is no case")
        )


def _read_case(folder: Path, bench_name: str, breaches: list[Breach]) -> FencedCase:
    file = folder / CASE_FILE
    for missing in _missing_parts(folder):
        breaches.append(Breach("directory-contract", missing, "missing, a link, or of another kind"))
    if not is_file(file):
        return FencedCase(folder)
    try:
        value = tomllib.loads(read_text(file, MAX_CASE_FILE_BYTES))
    except InputError as error:
        breaches.append(Breach("directory-contract", str(file), error.message))
        return FencedCase(folder)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        breaches.append(Breach("directory-contract", str(file), f"not TOML: {error}"))
        return FencedCase(folder)
    breaches += [Breach("directory-contract", str(file), message) for message in _faults(value, bench_name)]
    if not isinstance(value.get("case_id"), str):
        breaches.append(Breach("case-ids", str(file), "has no case_id"))
        return FencedCase(folder)
    return FencedCase(folder, value["case_id"], str(value.get("curation_class")))


def _faults(value: Mapping[str, object], bench_name: str) -> Iterator[str]:
    if value.get("task_class") != bench_name:
        yield f"task_class is {value.get('task_class')!r}, and not that of its bench, {bench_name!r}"
    if value.get("curation_class") not in CURATION_CLASSES:
        yield f"curation_class is {value.get('curation_class')!r}, and none of {', '.join(CURATION_CLASSES)}"


def _missing_parts(folder: Path) -> Iterator[str]:
    """The parts of a case that are not there as what they must be; no link stands for one."""
    with os.scandir(folder) as entries:
        kinds = {
            entry.name: (entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
            for entry in entries
        }
    for name in ("input", "expected"):
        if not kinds.get(name, (False, False))[0]:
            yield str(folder / name)
    if not kinds.get(CASE_FILE, (False, False))[1]:
        yield str(folder / CASE_FILE)


def is_file(path: Path) -> bool:
    """Whether a plain file is there: a named pipe would be waited for, and a link leads elsewhere."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
