"""Cases for the tests of rubrics."""

from __future__ import annotations

from pathlib import Path

from benchgov.eval import BenchCase


def bench_case(bench: Path, case_id: str) -> BenchCase:
    """The case of that id in the bench at `bench`, as far as a rubric cares."""
    folder = bench / "cases" / case_id
    return BenchCase.model_validate(
        {
            "case_id": case_id,
            "task_class": bench.name,
            "disposition": "positive",
            "difficulty": "easy",
            "source": "curated",
            "curation_class": "held-out",
            "added_at": "2026-01-01T00:00:00Z",
            "last_validated_at": "2026-01-01T00:00:00Z",
            "input_path": folder / "input",
            "expected_path": folder / "expected",
            "cassette_canary_pin": "0" * 32,
            "case_digest": "blake3:" + "0" * 64,
        }
    )
