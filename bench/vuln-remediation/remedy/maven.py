"""Maven: raises a version in pom.xml, or the property that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .task import Files, Task, replaced
from .versions import NotPossible

_BLOCK = re.compile(r"<dependency>.*?</dependency>", re.DOTALL)
_VERSION = re.compile(r"<version>\s*(?P<version>[^<]*?)\s*</version>")
_PROPERTY = re.compile(r"\$\{([^}]+)\}")


def installed(files: Mapping[str, str], package: str) -> set[str]:
    """The versions that the poms state, and those that a dependency tree beside them shows."""
    poms = [text for path, text in files.items() if path.endswith("pom.xml")]
    found = {_value(text, version) for text in poms for version in _versions(text, package)}
    for text in files.values():
        found |= set(re.findall(rf"{re.escape(package)}:jar:([^:\s]+)", text))
    return found


def mend(task: Task) -> Files:
    """The changed poms.

    Raises:
        NotPossible: no pom states the version: a parent or another dependency brings it.
    """
    files = {path: _mended(text, task) for path, text in task.named("pom.xml").items()}
    if all(text == task.files[path] for path, text in files.items()):
        raise NotPossible("decided-elsewhere")
    return files


def _versions(text: str, package: str) -> Iterator[str]:
    group, _, artifact = package.partition(":")
    for block in _BLOCK.findall(text):
        if _has(block, "groupId", group) and _has(block, "artifactId", artifact):
            yield from (found["version"] for found in _VERSION.finditer(block))


def _has(block: str, tag: str, value: str) -> bool:
    return re.search(rf"<{tag}>\s*{re.escape(value)}\s*</{tag}>", block) is not None


def _value(text: str, version: str) -> str:
    held = _PROPERTY.fullmatch(version)
    if held is None:
        return version
    found = _property(held[1]).search(text)
    return found["version"] if found else version


def _property(name: str) -> re.Pattern[str]:
    return re.compile(rf"<{re.escape(name)}>\s*(?P<version>[^<]*?)\s*</{re.escape(name)}>")


def _mended(text: str, task: Task) -> str:
    for version in set(_versions(text, task.package)):
        new = task.moves.get(_value(text, version))
        held = _PROPERTY.fullmatch(version)
        if new and held:
            text = replaced(text, _property(held[1]), new)
        elif new:
            text = _BLOCK.sub(lambda block, new=new: _in_block(block[0], task, new), text)  # type: ignore[misc]
    return text


def _in_block(block: str, task: Task, new: str) -> str:
    return replaced(block, _VERSION, new) if set(_versions(block, task.package)) & set(task.moves) else block
