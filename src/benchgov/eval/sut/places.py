"""The folder in which a system under test works on a case: a copy of the case's input, and room to write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchgov.canonical import Json
from benchgov.eval.isolation.copies import Copies
from benchgov.eval.models import BenchCase


@dataclass(frozen=True, slots=True)
class Place:
    """Where one case is worked on; `case` is the case as the SUT sees it, with the paths of the copies."""

    folder: Path
    case: BenchCase

    def question(self) -> dict[str, Json]:
        """What is said of the case to the SUT's process (`child`)."""
        return {"case": self.case.to_json(), "input_path": str(self.case.input_path)}


def lay_out(case: BenchCase, copies: Copies) -> Place:
    """Copies of the input and of the cassette of `case`, and nothing else, in the folder of `copies`.

    What is expected is not among them: its path leads nowhere.

    Raises:
        OSError: something cannot be read or written.
    """
    sources = {"input": case.input_path}
    if case.cassette_path is not None:
        sources[f"cassette{case.cassette_path.suffix}"] = case.cassette_path
    made = copies.put(sources)
    paths: dict[str, Path] = {"input_path": made["input"], "expected_path": copies.folder / "expected"}
    if case.cassette_path is not None:
        paths["cassette_path"] = made[f"cassette{case.cassette_path.suffix}"]
    return Place(copies.folder, case.model_copy(update=paths))
