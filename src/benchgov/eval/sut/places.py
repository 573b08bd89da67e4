"""The folder in which a system under test works on a case: a copy of the case's input, and room to write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchgov.canonical import Json
from benchgov.eval.isolation.copies import Copies
from benchgov.eval.models import BenchCase


@dataclass(frozen=True, slots=True)
class Place:
    """Where one case is worked on, and what is said of it to the SUT's process (`child`)."""

    folder: Path
    input_path: Path
    question: dict[str, Json]


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
    paths = {"input_path": made["input"], "expected_path": copies.place("expected")}
    if case.cassette_path is not None:
        paths["cassette_path"] = made[f"cassette{case.cassette_path.suffix}"]
    question: dict[str, Json] = {"case": case.shown(paths), "input_path": str(made["input"])}
    return Place(copies.folder, made["input"], question)
