"""The generated documents in the tree are those that the code gives."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_docs"] = module
    spec.loader.exec_module(module)
    return module


def test_every_generated_document_is_current(generator: ModuleType) -> None:
    """`make docs` would change nothing."""
    documents = generator.documents()
    assert len(documents) >= 10
    stale = [
        name
        for name, text in documents.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `make docs`: {stale}"


def test_no_generated_document_is_an_orphan(generator: ModuleType) -> None:
    """A schema or reference page that nothing generates any more is removed."""
    kept = {
        path.relative_to(ROOT).as_posix()
        for folder in ("docs/schemas", "docs/reference")
        for path in (ROOT / folder).iterdir()
    }
    assert {*kept, generator.REPORT_FORMAT} == set(generator.documents())
