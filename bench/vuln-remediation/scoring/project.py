"""A case's project, before and after: which files it has, and what each says of the package."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cargo, go, maven, npm, python
from .view import Place, Subject, View

DATA_FILES = ("advisory.json", "versions.json")

_READERS: dict[str, Callable[[str, Subject], View]] = {
    "package.json": npm.read_manifest,
    "package-lock.json": npm.read_lock,
    "pyproject.toml": python.read_pyproject,
    "pom.xml": maven.read,
    "go.mod": go.read_mod,
    "go.sum": go.read_sum,
    "Cargo.toml": cargo.read_manifest,
    "Cargo.lock": cargo.read_lock,
}


@dataclass(frozen=True)
class Truth:
    """What is known of a case: its files, the releases of the package in order, and the right answer."""

    files: Mapping[str, str]
    ecosystem: str
    subject: Subject
    releases: Sequence[str]
    hashes: Mapping[str, Any]
    affected: frozenset[str]
    status: str
    installed: Sequence[str]
    reason: str | None

    def next_safe(self, release: str) -> str | None:
        """The first release from `release` on that is not affected."""
        later = self.releases[self.releases.index(release) :]
        return next((one for one in later if one not in self.affected), None)


def load(input_path: Path, expected_path: Path) -> Truth:
    """The truth about the case whose folders these are."""
    files = {
        path.relative_to(input_path).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(input_path.rglob("*"))
        if path.is_file()
    }
    versions = json.loads(files["versions.json"])
    answer = json.loads((expected_path / "answer.json").read_text(encoding="utf-8"))
    return Truth(
        {name: text for name, text in files.items() if name not in DATA_FILES},
        versions["ecosystem"],
        Subject(versions["package"], answer.get("managed_by")),
        versions["releases"],
        versions["hashes"],
        frozenset(answer["affected"]),
        answer["status"],
        answer["installed"],
        answer.get("reason"),
    )


def view_all(files: Mapping[str, str], subject: Subject) -> dict[str, View]:
    """Each file as the rubric sees it; a file of no known format is only its text.

    Raises:
        Unreadable: one of them is not what its name promises.
    """
    found = {}
    for name, text in files.items():
        reader = _reader(name.rpartition("/")[2])
        found[name] = reader(text, subject) if reader else View(rest=text)
    return found


def _reader(name: str) -> Callable[[str, Subject], View] | None:
    if name.startswith("requirements") and name.endswith(".txt"):
        return python.read_requirements
    return _READERS.get(name)


def places_of(views: Mapping[str, View]) -> dict[str, Place]:
    """All places of a project by `file: name`."""
    return {f"{file}: {name}": place for file, view in views.items() for name, place in view.places.items()}
