"""Go: raises a requirement in go.mod, and its checksums in go.sum."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .task import Files, Task, replaced


def installed(files: Mapping[str, str], package: str) -> set[str]:
    """The required versions."""
    found = (_required(package).finditer(text) for path, text in files.items() if path.endswith("go.mod"))
    return {match["version"] for matches in found for match in matches}


def mend(task: Task) -> Files:
    """The changed files.

    Raises:
        NotPossible: go.sum needs a checksum that is not known.
    """
    files = dict(task.named("go.mod"))
    sums = task.named("go.sum")
    for old, new in task.moves.items():
        files = {path: replaced(text, _required(task.package, old), new) for path, text in files.items()}
        sums = {path: _summed(text, task, old, new) for path, text in sums.items()}
    return files | sums


def _required(package: str, version: str | None = None) -> re.Pattern[str]:
    wanted = re.escape(version) if version else r"v\S+"
    return re.compile(
        rf"^(?:require)?[ \t]*{re.escape(package)}[ \t]+(?P<version>{wanted})(?=\s|$)", re.MULTILINE
    )


def _summed(text: str, task: Task, old: str, new: str) -> str:
    if f"{task.package} {old}" not in text:
        return text
    digests = task.hash_of(new)
    for suffix, name in (("", "h1"), ("/go.mod", "go.mod")):
        line = re.compile(rf"^{re.escape(f'{task.package} {old}{suffix} h1:')}\S+$", re.MULTILINE)
        text = line.sub(f"{task.package} {new}{suffix} {digests[name]}".replace("\\", r"\\"), text)
    return text
