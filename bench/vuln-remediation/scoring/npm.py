"""Reads package.json and package-lock.json (lockfileVersion 2 and 3)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .view import Place, Subject, Unreadable, View

SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
OVERRIDES = ("overrides", "resolutions")


def read_manifest(text: str, subject: Subject) -> View:
    """The requirements and overrides of the package in a package.json."""
    document = _object(text)
    places = _take_requirements(document, subject.package, SECTIONS)
    places |= _take_requirements(document, subject.package, OVERRIDES)
    for section in OVERRIDES:
        if document.get(section) == {}:
            del document[section]
    return View(places, rest=document)


def read_lock(text: str, subject: Subject) -> View:
    """The installed copies of the package in a package-lock.json, and what the others ask of it."""
    document = _object(text)
    packages = document.get("packages")
    if not isinstance(packages, dict) or not all(isinstance(entry, dict) for entry in packages.values()):
        raise Unreadable("a package-lock.json without packages")
    places: dict[str, Place] = {}
    asked: list[str] = []
    for path, entry in packages.items():
        if path == "":
            places |= _take_requirements(entry, subject.package, SECTIONS)
        elif path == f"node_modules/{subject.package}" or path.endswith(f"/node_modules/{subject.package}"):
            entry.pop("resolved", None)
            version, integrity = entry.pop("version", None), entry.pop("integrity", None)
            places[path] = Place(str(version), locked=True, digest=integrity)
        else:
            asked += [str(spec) for spec in _requirements(entry, subject.package)]
    return View(places, tuple(asked), document)


def _take_requirements(holder: dict[str, Any], package: str, sections: tuple[str, ...]) -> dict[str, Place]:
    """The requirements of the package, which are removed from `holder`."""
    places = {}
    for section in sections:
        found = holder.get(section)
        if isinstance(found, dict) and isinstance(found.get(package), str):
            places[section] = Place(found.pop(package))
    return places


def _requirements(entry: dict[str, Any], package: str) -> list[Any]:
    found = [entry.get(section) for section in ("dependencies", "optionalDependencies")]
    return [section[package] for section in found if isinstance(section, dict) and package in section]


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
