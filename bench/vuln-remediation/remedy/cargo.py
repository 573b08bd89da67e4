"""Cargo: raises the requirement in Cargo.toml, and the copies in Cargo.lock with their checksums."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .task import Files, Task, replaced
from .versions import key


def installed(files: Mapping[str, str], package: str) -> set[str]:
    """The locked versions; without a lock file, what the requirement starts from."""
    if "Cargo.lock" in files:
        return {found["version"] for found in _locked(package).finditer(files["Cargo.lock"])}
    return {found["version"] for found in _required(package).finditer(files["Cargo.toml"])}


def mend(task: Task) -> Files:
    """The changed files.

    Raises:
        NotPossible: Cargo.lock needs a checksum that is not known.
    """
    files = {path: _raised(text, task) for path, text in task.named("Cargo.toml").items()}
    locks = task.named("Cargo.lock")
    for old, new in task.moves.items():
        locks = {path: _moved(text, task, old, new) for path, text in locks.items()}
    return files | locks


def _locked(package: str, version: str = r"[^\"]+") -> re.Pattern[str]:
    return re.compile(
        rf'^name = "{re.escape(package)}"\nversion = "(?P<version>{version})"\n(?P<rest>(?:\S.*\n)*)',
        re.MULTILINE,
    )


def _required(package: str) -> re.Pattern[str]:
    return re.compile(
        rf"^{re.escape(package)}\s*=\s*(?:\{{[^}}\n]*?version\s*=\s*)?\"[\^=~]?\s*(?P<version>\d+(?:\.\d+)*)\"",
        re.MULTILINE,
    )


def _raised(text: str, task: Task) -> str:
    for found in _required(task.package).finditer(text):
        width = found["version"].count(".") + 1
        same = [old for old in task.moves if old.split(".")[:width] >= found["version"].split(".")]
        same = [old for old in same if old.split(".")[0] == found["version"].split(".")[0]]
        if same:
            return replaced(text, _required(task.package), task.moves[max(same, key=_order)])
    return text


def _order(version: str) -> Any:
    return key("Cargo", version)


def _moved(text: str, task: Task, old: str, new: str) -> str:
    found = _locked(task.package, re.escape(old)).search(text)
    if found is None:
        return text
    block = found[0].replace(f'"{old}"', f'"{new}"', 1)
    if "checksum = " in block:
        block = re.sub(r'checksum = "[0-9a-f]+"', f'checksum = "{task.hash_of(new)}"', block)
    text = text[: found.start()] + block + text[found.end() :]
    return text.replace(f' "{task.package} {old}"', f' "{task.package} {new}"')
