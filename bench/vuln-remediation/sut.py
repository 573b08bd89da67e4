"""Moves a project off the affected versions of one package, offline and without a model.

It answers `remediated` with the changed files, `not-affected`, or `not-possible` with the reason: it never
crosses a major version by itself, and never writes a lock entry whose digest it does not know.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .remedy import cargo, go, maven, npm, pypi
from .remedy.task import Task
from .remedy.versions import NotPossible, is_affected, nearest_fix

ECOSYSTEMS: dict[str, Any] = {"npm": npm, "PyPI": pypi, "Maven": maven, "Go": go, "Cargo": cargo}
DATA_FILES = ("advisory.json", "versions.json")


def remediate(case: Any) -> dict[str, Any]:
    """The answer to a case, from the files in its `input_path`."""
    folder = Path(case.input_path)
    advisory, index = (json.loads((folder / name).read_text(encoding="utf-8")) for name in DATA_FILES)
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in DATA_FILES
    }
    ecosystem, package, ranges = advisory["ecosystem"], advisory["package"], advisory["ranges"]
    tool = ECOSYSTEMS[ecosystem]
    installed = sorted(tool.installed(files, package))
    answer: dict[str, Any] = {"installed": installed, "files": {}}
    affected = [version for version in installed if is_affected(ecosystem, version, ranges)]
    if not affected:
        return {"status": "not-affected", **answer}
    try:
        moves = {old: nearest_fix(ecosystem, old, index["releases"], ranges) for old in affected}
        changed = tool.mend(Task(package, files, moves, index["hashes"]))
    except NotPossible as reason:
        return {"status": "not-possible", **answer, "reason": reason.reason}
    return {
        "status": "remediated",
        **answer,
        "files": {path: text for path, text in changed.items() if text != files[path]},
    }
