"""Begin a bench, and add cases to it: written whole or not at all, and never over anything."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files as package_files
from pathlib import Path

from benchgov.canonical import Json, blake3_hex
from benchgov.errors import (
    BenchCaseError,
    InputError,
    OutputError,
    TaskClassAlreadyRegisteredError,
    UsageError,
)
from benchgov.eval.declared import CASE_FILE, CASES, DIGESTS, find_bench
from benchgov.eval.digests import case_digest
from benchgov.eval.redigest import Redigested, written_digests
from benchgov.files import new_folder, write_atomic
from benchgov.names import is_name

TEMPLATES = {
    "registration.py": "registration.py",
    "rubric.py": "rubric.py",
    "breakdown_keys.py": "breakdown_keys.py",
    "failure_modes.yaml": "failure_modes.yaml",
    "sut.py": "sut.py",
    "README.md": "README.md",
    "tests/test_rubric_unit.py": "test_rubric_unit.py",
}
"""File of a new bench → the template that it is made from."""
_SLUG = re.compile(r"[^a-z0-9]+")
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_NUMBER = re.compile(r"(\d{3,6})-", re.ASCII)
_MAX_SLUG = 60


@dataclass(frozen=True)
class CaseDraft:
    """What a curator says of a new case; `given` and `wanted` are files or folders to copy, if any."""

    ref: str
    case_id: str | None = None
    disposition: str = "positive"
    difficulty: str = "medium"
    source: str = "curated"
    curation_class: str = "held-out"
    commit_sha: str | None = None
    cassette_path: str | None = None
    given: tuple[Path, ...] = ()
    wanted: tuple[Path, ...] = ()


def new_bench(name: str, bench_root: Path) -> Path:
    """Begin the bench of a task class, with a rubric, a SUT and tests that work; its folder.

    Raises:
        UsageError: the name is not one.
        TaskClassAlreadyRegisteredError: its folder is there.
        OutputError: it cannot be written; nothing was.
    """
    if not is_name(name) or name != name.lower():
        raise UsageError(f"not a name for a task class: {name!r} (lower-case letters, digits, `-`, `.`)")
    folder = bench_root / name
    if folder.exists() or folder.is_symlink():
        raise TaskClassAlreadyRegisteredError("there is such a bench", where=str(folder))
    words = {"name": name, "class": "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))}
    if words["class"][:1].isdigit():
        words["class"] = f"Class{words['class']}"
    with new_folder(folder) as temporary, _written(folder):
        for target, template in TEMPLATES.items():
            path = temporary / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_filled(template, words), encoding="utf-8")
        (temporary / CASES).mkdir()
        (temporary / CASES / DIGESTS).write_text("{}\n", encoding="utf-8")
    return folder


def add_case(name: str, bench_root: Path, draft: CaseDraft, now: datetime) -> tuple[Path, Redigested]:
    """Add a case to the bench of a task class, with its digest; its folder, and what became of the digests.

    Raises:
        EvalError: the bench is not there, or its cases cannot be read.
        UsageError: the draft says what no case says.
        OutputError: the case is there already, or cannot be written; nothing was.
    """
    bench = find_bench(name, bench_root)
    case_id = draft.case_id or _next_id(bench / CASES, draft.ref)
    if not is_name(case_id):
        raise UsageError(f"not a name for a case: {case_id!r}")
    folder = bench / CASES / case_id
    document = _case_toml(name, case_id, draft, now)
    with new_folder(folder) as temporary, _written(folder):
        (temporary / CASE_FILE).write_text(document, encoding="utf-8")
        _fill(temporary / "input", draft.given, "task.json", _task(draft.ref))
        _fill(temporary / "expected", draft.wanted, "answer.json", {})
        case_digest(temporary)  # raises for what no case may hold, before anything is there
        _check(temporary, bench, case_id)
    try:
        done = written_digests(bench, only=case_id)
        write_atomic(bench / CASES / DIGESTS, done.text.encode())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder, done


def is_cve(text: str) -> bool:
    """Whether `text` is an identifier as CVE gives them."""
    return _CVE.fullmatch(text) is not None


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """What cannot be written or copied is said as such."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", where=str(folder)) from error


def _filled(template: str, words: dict[str, str]) -> str:
    text = package_files("benchgov.eval").joinpath("templates", f"{template}.txt").read_text("utf-8")
    for word, value in words.items():
        text = text.replace("{{" + word + "}}", value)
    return text


def _next_id(cases: Path, ref: str) -> str:
    """`NNN-<what it is from>`, one more than the highest number that a case has."""
    found = (_NUMBER.match(path.name) for path in cases.iterdir())
    highest = max((int(match[1]) for match in found if match), default=0)
    slug = _SLUG.sub("-", ref.lower()).strip("-")[:_MAX_SLUG].strip("-") or "case"
    return f"{highest + 1:03}-{slug}"


def _case_toml(task_class: str, case_id: str, draft: CaseDraft, now: datetime) -> str:
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    pin = blake3_hex(f"{task_class}/{case_id}".encode()).removeprefix("blake3:")[:32]
    values: dict[str, str | None] = {
        "case_id": case_id,
        "task_class": task_class,
        "disposition": draft.disposition,
        "difficulty": draft.difficulty,
        "source": draft.source,
        "curation_class": draft.curation_class,
        "commit_sha": draft.commit_sha,
        "added_at": f"={moment}",
        "last_validated_at": f"={moment}",
        "cassette_path": draft.cassette_path,
        "cassette_canary_pin": pin,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def _toml(value: str) -> str:
    """A TOML string, which a JSON string is too; or, behind `=`, a time as it stands."""
    return value[1:] if value.startswith("=") else json.dumps(value, ensure_ascii=True)


def _task(ref: str) -> Json:
    return {"cve": ref} if is_cve(ref) else {"ref": ref}


def _fill(folder: Path, sources: Sequence[Path], name: str, otherwise: Json) -> None:
    folder.mkdir()
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, folder, symlinks=True, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copy(source, folder / source.name)
        else:
            raise InputError("no such file or folder", where=str(source))
    if not sources:
        (folder / name).write_text(json.dumps(otherwise, indent=2) + "\n", encoding="utf-8")


def _check(folder: Path, bench: Path, case_id: str) -> None:
    """The case is one that the loader takes."""
    from pydantic import ValidationError

    from benchgov.eval.loader import parse_document
    from benchgov.eval.models import BenchCase

    value = parse_document((folder / CASE_FILE).read_bytes(), bench / CASES / case_id)
    value.update(input_path=folder, expected_path=folder, case_digest=case_digest(folder))
    try:
        BenchCase.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        details = [f"{'.'.join(map(str, one['loc'])) or 'case'}: {one['msg']}" for one in faults]
        raise BenchCaseError("no case is like that", where=case_id, details=details, remedy="") from error
