"""PyPI: raises pins and lower bounds in requirements.txt and pyproject.toml, with their hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.specifiers import SpecifierSet

from .task import Files, Task
from .versions import NotPossible

_NAMES = ("requirements.txt", "pyproject.toml")
_HASHES = re.compile(r"(?:[ \t]*\\\r?\n[ \t]*|[ \t]+)--hash=\S+(?:(?:[ \t]*\\\r?\n[ \t]*|[ \t]+)--hash=\S+)*")


def installed(files: Mapping[str, str], package: str) -> set[str]:
    """The pinned versions, or the lower bounds where none is pinned."""
    found = (_requirements(text, package) for path, text in files.items() if path.endswith(_NAMES))
    return {match["version"] for matches in found for match in matches}


def mend(task: Task) -> Files:
    """The changed files.

    Raises:
        NotPossible: an upper bound shuts the fixed version out, or a hash is not known.
    """
    return {path: _mended(text, task) for path, text in task.files.items() if path.endswith(_NAMES)}


def _requirements(text: str, package: str) -> Iterator[re.Match[str]]:
    """The requirements of the package that state a lower bound or a pin."""
    name = re.sub(r"[-_.]+", "[-_.]+", re.escape(package).replace(r"\-", "-").replace(r"\.", "."))
    return re.finditer(
        rf"(?P<before>^[ \t]*|[\"']){name}[ \t]*(?:\[[^\]]*\])?[ \t]*"
        r"(?P<spec>(?P<operator>===?|~=|>=)[ \t]*(?P<version>\d[^\s,;\"'\\]*)"
        r"(?P<more>(?:[ \t]*,[ \t]*[^\s,;\"'\\#]+)*))",
        text,
        re.MULTILINE | re.IGNORECASE,
    )


def _mended(text: str, task: Task) -> str:
    for found in reversed(list(_requirements(text, task.package))):
        new = task.moves.get(found["version"])
        if new is None:
            continue
        spec = found["operator"] + new + found["more"].strip()
        if new not in SpecifierSet(spec):
            raise NotPossible("unknown-form")  # an upper bound shuts it out
        end = _rehashed(text, found.end(), new, task)
        text = text[: found.start("version")] + new + text[found.end("version") : found.end()] + end
    return text


def _rehashed(text: str, at: int, new: str, task: Task) -> str:
    """The text from `at` on, with the hashes there, if any, replaced by those of the new version."""
    rest = text[at:]
    marker = re.match(r"[^\\\n#]*?(?=[ \t]*\\|[ \t]+--hash|\n|#|$)", rest)
    start = marker.end() if marker else 0
    found = _HASHES.match(rest, start)
    if found is None:
        return rest
    separator = found[0][: found[0].index("--hash")]
    hashes = "".join(f"{separator}--hash={digest}" for digest in task.hash_of(new))
    return rest[:start] + hashes + rest[found.end() :]
