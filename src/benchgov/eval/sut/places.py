"""The folder in which a system under test works on a case: a copy of the case's input, and room to write."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchgov.canonical import Json
from benchgov.eval.isolation.case_folder import wipe
from benchgov.eval.models import BenchCase


@dataclass(frozen=True, slots=True)
class Place:
    """Where one case is worked on; `case` is the case as the SUT sees it, with the paths of the copies."""

    folder: Path
    case: BenchCase

    def question(self) -> dict[str, Json]:
        """What is said of the case to the SUT's process (`child`)."""
        return {"case": self.case.to_json(), "input_path": str(self.case.input_path)}


def lay_out(case: BenchCase, folder: Path) -> Place:
    """Make `folder`, with copies of the input and of the cassette of `case`.

    What is expected is not among them: its path leads nowhere. Links are copied as links, so that one which
    leads out of the input leads nowhere, too.

    Raises:
        OSError: something cannot be read or written.
    """
    folder.mkdir()
    shutil.copytree(case.input_path, folder / "input", symlinks=True)
    paths: dict[str, Path | None] = {"input_path": folder / "input", "expected_path": folder / "expected"}
    if case.cassette_path is not None:
        paths["cassette_path"] = folder / f"cassette{case.cassette_path.suffix}"
        shutil.copyfile(case.cassette_path, folder / f"cassette{case.cassette_path.suffix}")
    return Place(folder, case.model_copy(update=paths))


def clear(folder: Path) -> bool:
    """Remove `folder`, whatever modes it was given; whether it is gone."""
    wipe(folder)
    return not folder.exists()
