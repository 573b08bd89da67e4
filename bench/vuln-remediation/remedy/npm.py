"""npm: raises the requirement in package.json, moves the locked copies, overrides what a parent pins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .task import Files, Task
from .versions import NotPossible, key

_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")
_SIMPLE = re.compile(r"(?P<operator>\^|~|>=|=)?\s*(?P<version>\d+\.\d+\.\d+)")


def installed(files: Mapping[str, str], package: str) -> set[str]:
    """The locked versions; without a lock file, what the requirement starts from."""
    if "package-lock.json" in files:
        return {entry["version"] for _, entry in _copies(json.loads(files["package-lock.json"]), package)}
    manifest = json.loads(files["package.json"])
    found = [_SIMPLE.fullmatch(spec) for spec in _requirements(manifest, package)]
    return {match["version"] for match in found if match}


def mend(task: Task) -> Files:
    """The changed files.

    Raises:
        NotPossible: a requirement is of a form that this does not edit, or several versions are pinned.
    """
    manifest = json.loads(task.files["package.json"])
    lock_text = task.files.get("package-lock.json")
    lock = json.loads(lock_text) if lock_text else {"packages": {}}
    files: Files = {"package.json": _raise(task.files["package.json"], manifest, task)}
    if lock_text is not None:
        files["package-lock.json"] = _move_copies(_raise(lock_text, manifest, task), lock, task)
    pinned = _pinned(lock, task)
    if len(pinned) > 1:
        raise NotPossible("decided-elsewhere")  # one override cannot serve them all
    for version in pinned:
        files["package.json"] = _with_override(files["package.json"], task.package, version)
    return files


def _copies(lock: Mapping[str, Any], package: str) -> Iterator[tuple[str, Any]]:
    for path, entry in lock["packages"].items():
        if f"/{path}".endswith(f"/node_modules/{package}"):
            yield path, entry


def _requirements(entry: Mapping[str, Any], package: str) -> list[str]:
    return [entry[name][package] for name in _SECTIONS if package in entry.get(name, {})]


def _raise(text: str, manifest: Mapping[str, Any], task: Task) -> str:
    """The direct requirement, wherever the text has it, raised to the version that the copy moves to."""
    for requirement in _requirements(manifest, task.package):
        found = _SIMPLE.fullmatch(requirement)
        if found is None:
            raise NotPossible("unknown-form")
        new = _target(found["version"], task)
        if new:
            quoted = re.escape(f'"{task.package}": "{found["operator"] or ""}')
            text = re.sub(rf'{quoted}\s*{re.escape(found["version"])}"', _quoted(task, found, new), text)
    return text


def _quoted(task: Task, found: re.Match[str], new: str) -> str:
    return f'"{task.package}": "{found["operator"] or ""}{new}"'


def _target(base: str, task: Task) -> str | None:
    """Where the copy moves that a requirement from `base` on means: the one of the same major version."""
    major = base.partition(".")[0]
    same = [
        old for old in task.moves if old.partition(".")[0] == major and key("npm", old) >= key("npm", base)
    ]
    return task.moves[max(same, key=lambda old: key("npm", old))] if same else None


def _move_copies(text: str, lock: Mapping[str, Any], task: Task) -> str:
    for path, entry in _copies(lock, task.package):
        new = task.moves.get(entry["version"])
        if new is None:
            continue
        start = text.index(f'"{path}": {{')
        end = text.index("}", start)
        block = text[start:end].replace(f'"version": "{entry["version"]}"', f'"version": "{new}"')
        if "integrity" in entry:
            block = block.replace(entry["integrity"], task.hash_of(new))
        text = text[:start] + block + text[end:]
    return text


def _pinned(lock: Mapping[str, Any], task: Task) -> set[str]:
    """The new versions that the requirement of some other package does not let in."""
    news = {task.moves.get(entry["version"]) for _, entry in _copies(lock, task.package)} - {None}
    pinned = set()
    for path, entry in lock["packages"].items():
        for requirement in _requirements(entry, task.package) if path else []:
            if not any(new and _admits(requirement, new) for new in news):
                pinned |= {new for new in news if new}
    return pinned


def _admits(requirement: str, version: str) -> bool:
    """Whether a simple requirement lets a version in; anything else counts as a pin."""
    found = _SIMPLE.fullmatch(requirement)
    if found is None or key("npm", version) < key("npm", found["version"]):
        return False
    base, parts = found["version"].split("."), version.split(".")
    if found["operator"] == "^":
        width = next((index for index, part in enumerate(base) if part != "0"), 2) + 1
    else:
        width = {"~": 2, ">=": 0}.get(found["operator"] or "", 3)
    return base[:width] == parts[:width]


def _with_override(text: str, package: str, version: str) -> str:
    entry = f'"{package}": "{version}"'
    indent = (re.search(r'^([ \t]+)"', text, re.MULTILINE) or ["", "  "])[1]
    if '"overrides": {' in text:
        return text.replace('"overrides": {', f'"overrides": {{\n{indent * 2}{entry},', 1)
    body, _, end = text.rpartition("}")
    block = f',\n{indent}"overrides": {{\n{indent * 2}{entry}\n{indent}}}\n'
    return body.rstrip() + block + "}" + end
