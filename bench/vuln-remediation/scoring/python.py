"""Reads requirements.txt and pyproject.toml (PEP 508 requirements)."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from .view import Place, Subject, Unreadable, View, normal_name

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?P<extras>\[[^\]]*\])?"
    r"\s*\(?(?P<spec>[^;()]*)\)?\s*(?:;(?P<marker>.*))?"
)
_HASH = re.compile(r"--hash[= ](\S+)")


def read_requirements(text: str, subject: Subject) -> View:
    """The requirements of the package in a requirements.txt, with their hashes."""
    places: dict[str, Place] = {}
    rest: list[str] = []
    for number, line in enumerate(_logical_lines(text)):
        hashes = sorted(_HASH.findall(line))
        found = _REQUIREMENT.fullmatch(_HASH.sub("", line).strip())
        if found is None and not line.startswith("-"):
            raise Unreadable(f"not a requirement: {line[:80]}")
        if found is None or normal_name(found["name"]) != normal_name(subject.package):
            rest.append(" ".join(line.split()))
        else:
            places[f"requirement {number}"] = _place(found, hashes or None)
            rest.append("")
    return View(places, rest=rest)


def read_pyproject(text: str, subject: Subject) -> View:
    """The requirements of the package in a pyproject.toml."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Unreadable("not TOML") from error
    places: dict[str, Place] = {}
    for name, requirements in _lists(document):
        for index, requirement in enumerate(requirements):
            found = _REQUIREMENT.fullmatch(requirement) if isinstance(requirement, str) else None
            if found and normal_name(found["name"]) == normal_name(subject.package):
                places[f"{name} {index}"] = _place(found, None)
                requirements[index] = None
    return View(places, rest=document)


def _place(found: re.Match[str], hashes: list[str] | None) -> Place:
    extras = sorted(part.strip() for part in (found["extras"] or "").strip("[]").split(",") if part)
    marker = "".join((found["marker"] or "").replace("'", '"').split())
    return Place(found["spec"].strip(), digest=hashes, extra=[extras, marker])


def _logical_lines(text: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]


def _lists(document: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    project = document.get("project", {})
    if not isinstance(project, dict):
        raise Unreadable("project is not a table")
    groups = {"dependencies": project.get("dependencies", [])}
    for table in (project.get("optional-dependencies", {}), document.get("dependency-groups", {})):
        groups |= table if isinstance(table, dict) else {}
    if not all(isinstance(requirements, list) for requirements in groups.values()):
        raise Unreadable("dependencies are not a list")
    return list(groups.items())
