"""What a remedy works on: the project's files, the package, and the moves to make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .versions import NotPossible

Files = dict[str, str]


@dataclass(frozen=True)
class Task:
    """Move `package` from each version in `moves` to the one it maps to; `hashes` are of the new versions."""

    package: str
    files: Mapping[str, str]
    moves: Mapping[str, str]
    hashes: Mapping[str, Any]

    def named(self, name: str) -> Files:
        """The files with that name, in any folder."""
        return {path: text for path, text in self.files.items() if path.rpartition("/")[2] == name}

    def hash_of(self, version: str) -> Any:
        """The digest of a release.

        Raises:
            NotPossible: the index has none, and a lock file without it would be refused on installation.
        """
        if version not in self.hashes:
            raise NotPossible("unknown-digest")
        return self.hashes[version]


def replaced(text: str, pattern: re.Pattern[str], new: str) -> str:
    """`text` with the group `version` of each match replaced by `new`."""
    pieces, end = [], 0
    for found in pattern.finditer(text):
        pieces += [text[end : found.start("version")], new]
        end = found.end("version")
    return "".join([*pieces, text[end:]])
