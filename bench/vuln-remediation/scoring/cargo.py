"""Reads Cargo.toml and Cargo.lock."""

from __future__ import annotations

import tomllib
from typing import Any

from .view import Place, Subject, Unreadable, View

_SECTIONS = ("dependencies", "dev-dependencies", "build-dependencies")


def read_manifest(text: str, subject: Subject) -> View:
    """The requirements of the crate in a Cargo.toml."""
    document = _document(text)
    holders = [("", document), ("workspace", document.get("workspace", {}))]
    targets = document.get("target", {})
    holders += list(targets.items()) if isinstance(targets, dict) else []
    places: dict[str, Place] = {}
    for name, holder in holders:
        for section in _SECTIONS:
            table = holder.get(section) if isinstance(holder, dict) else None
            if isinstance(table, dict) and subject.package in table:
                place = _take(table, subject.package)
                if place:
                    places[f"{name} {section}"] = place
    return View(places, rest=document)


def read_lock(text: str, subject: Subject) -> View:
    """The locked copies of the crate in a Cargo.lock, and which of them the others name."""
    document = _document(text)
    packages = document.get("package")
    if not isinstance(packages, list) or not all(isinstance(package, dict) for package in packages):
        raise Unreadable("a Cargo.lock without packages")
    places: dict[str, Place] = {}
    asked: list[str] = []
    for package in packages:
        if package.get("name") == subject.package:
            version, checksum = package.pop("version", None), package.pop("checksum", None)
            places[f"package {len(places)}"] = Place(str(version), locked=True, digest=checksum)
        for index, mention in enumerate(package.get("dependencies", [])):
            words = str(mention).split()
            if words[0] == subject.package and len(words) > 1:
                asked.append(f"={words[1]}")
                package["dependencies"][index] = words[0]
    return View(places, tuple(asked), document)


def _take(table: dict[str, Any], package: str) -> Place | None:
    value = table[package]
    if isinstance(value, str):
        table[package] = None
        return Place(value)
    if isinstance(value, dict) and isinstance(value.get("version"), str):
        return Place(value.pop("version"))
    return None


def _document(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Unreadable("not TOML") from error
