"""What has become of the cases of a bench since their digests were written, and the digests written again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchgov.errors import TaskClassIncompleteError
from benchgov.eval.declared import CASES, DIGESTS
from benchgov.eval.digests import case_digest, read_digests
from benchgov.eval.loader import Changed
from benchgov.files import read_text

_NOT_TEXT = re.compile(
    r"[0-9][0-9a-fA-FxXoO._+-]*|y|n|yes|no|on|off|true|false|null", re.ASCII | re.IGNORECASE
)

State = Literal["unchanged", "changed", "new", "gone"]


@dataclass(frozen=True)
class CaseState:
    """What became of one case: its digest as written, and as found."""

    case_id: str
    state: State
    written: str | None
    found: str | None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Redigested:
    """All cases of a bench, and the text that `digests.yaml` is to have."""

    cases: tuple[CaseState, ...]
    text: str

    @property
    def differing(self) -> tuple[CaseState, ...]:
        """The cases that are not what their digests say."""
        return tuple(one for one in self.cases if one.state != "unchanged")


def written_digests(bench: Path, *, only: str | None = None, changed: Changed = lambda *_: ()) -> Redigested:
    """Digest every case of a bench, or `only` one, and hold it against `digests.yaml`; nothing is written.

    Raises:
        TaskClassIncompleteError: there is no folder of cases, or no digests.
        BenchCaseError: a case cannot be digested, or the digests cannot be read.
    """
    folder = bench / CASES
    path = folder / DIGESTS
    if not folder.is_dir():
        raise TaskClassIncompleteError("the bench has no folder of cases", where=str(folder))
    written = read_digests(bench)
    names = sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    found = {name: case_digest(folder / name) for name in names if only in (None, name)}
    if only is not None:
        found = {name: digest for name, digest in written.items() if name != only} | found
    states = tuple(
        _state(name, written.get(name), found.get(name), changed, path)
        for name in sorted(written.keys() | found.keys())
    )
    return Redigested(states, _text(read_text(path), found))


def _state(name: str, written: str | None, found: str | None, changed: Changed, path: Path) -> CaseState:
    if written == found:
        return CaseState(name, "unchanged", written, found)
    state: State = "new" if written is None else "gone" if found is None else "changed"
    files = tuple(changed(path, path.parent / name)) if state == "changed" else ()
    return CaseState(name, state, written, found, files)


def _text(before: str, digests: Mapping[str, str]) -> str:
    """The file's leading comments, and one line for each case."""
    comments = []
    for line in before.splitlines():
        if not line.startswith("#"):
            break
        comments.append(line)
    lines = [f"{_key(name)}: {digest}" for name, digest in sorted(digests.items())] or ["{}"]
    return "\n".join([*comments, *lines]) + "\n"


def _key(name: str) -> str:
    """The name as YAML reads it back as a text: not as a number, a date or a truth value."""
    return f'"{name}"' if _NOT_TEXT.fullmatch(name) else name
