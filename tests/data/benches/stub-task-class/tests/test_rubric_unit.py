"""The rubric scores by how far the number is from the double."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[1]


def rubric() -> Any:
    spec = importlib.util.spec_from_file_location("stub_rubric", BENCH / "rubric.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.StubRubric()


@pytest.mark.parametrize(("number", "score"), [(20, 1.0), (21, 0.5), (23, 0.0), ("20", 0.0)])
def test_the_score_falls_with_the_distance(tmp_path: Path, number: object, score: float) -> None:
    """One for the right number, a half for the next, nothing for others and for no number."""
    (tmp_path / "answer.json").write_text(json.dumps({"double": 20}))
    case = SimpleNamespace(expected_path=tmp_path)
    assert rubric().score(case, {"double": number}).score == score
