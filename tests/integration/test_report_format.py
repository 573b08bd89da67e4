"""The schema, the document and the types of the report hold together."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from benchgov import report_fields
from benchgov.replay.section import DETERMINISTIC_FIELDS, NONDETERMINISTIC_FIELDS
from benchgov.report import SCHEMA_VERSION, Report, Run
from benchgov.wire import Wire

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "benchmark-report-format-v1.md").read_text(encoding="utf-8")
SCHEMA = json.loads(
    (ROOT / "docs" / "schemas" / "benchmark-report-schema-v1.json").read_text(encoding="utf-8")
)


def models_in(annotation: Any) -> set[type[BaseModel]]:
    """Every wire type inside an annotation, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, Wire):
        return {annotation}
    return {found for part in get_args(annotation) for found in models_in(part)}


def all_models() -> set[type[BaseModel]]:
    """Every wire type that a report can hold, found through the types themselves."""
    found: set[type[BaseModel]] = set()
    waiting: set[type[BaseModel]] = {Report}
    while waiting:
        model = waiting.pop()
        found.add(model)
        for field in model.model_fields.values():
            waiting |= models_in(field.annotation) - found
    return found


MODELS = sorted(all_models(), key=lambda model: model.__name__)


def section_of(name: str) -> str:
    """The part of the document about one type."""
    head = f"### {name}\n"
    assert DOCUMENT.count(head) == 1, name
    return re.split(r"^#", DOCUMENT.split(head)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_document_is_about_every_type() -> None:
    """No type of a report is left out, and none is made up."""
    assert len(MODELS) > 10
    assert {model.__name__ for model in MODELS} == set(report_fields.wire_types())
    assert set(re.findall(r"^### (\w+)$", DOCUMENT, re.MULTILINE)) == {one.__name__ for one in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_type_schema_and_document_have_the_same_fields(model: type[BaseModel]) -> None:
    """The same names, each with a meaning, and the same ones required."""
    name = model.__name__
    fields = set(model.model_fields)
    node = SCHEMA if model is Report else SCHEMA["$defs"][name]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (yes|no) \| (.+) \|$", section_of(name), re.MULTILINE)
    assert fields == set(node["properties"]) == {row[0] for row in rows} <= set(report_fields.MEANINGS[name])
    required = {field for field, one in model.model_fields.items() if one.is_required()}
    assert required == set(node.get("required", ())) == {row[0] for row in rows if row[2] == "yes"}
    assert node["additionalProperties"] is False
    assert all(row[3].strip() for row in rows)


def test_the_version_is_exactly_the_one_that_is_documented() -> None:
    """In the code, the schema and the document."""
    assert SCHEMA["properties"]["schema_version"]["const"] == SCHEMA_VERSION == 1
    assert f"# Benchmark report format, version {SCHEMA_VERSION}\n" in DOCUMENT
    assert "matched exactly" in DOCUMENT


def test_the_document_lists_every_field_of_a_run_once() -> None:
    """As the same, or as what may differ."""
    row = next(line for line in DOCUMENT.splitlines() if line.startswith("| `runs[]` |"))
    _, _, same, other, _ = row.split("|")
    assert re.findall(r"`(\w+)`", same) == list(DETERMINISTIC_FIELDS)
    assert re.findall(r"`(\w+)`", other) == list(NONDETERMINISTIC_FIELDS)
    assert {*DETERMINISTIC_FIELDS, *NONDETERMINISTIC_FIELDS} == set(Run.model_fields)


def test_what_is_generated_stands_between_its_markers() -> None:
    """A document without them cannot be kept up to date."""
    assert report_fields.filled(DOCUMENT) == DOCUMENT
    with pytest.raises(ValueError, match="generated: lists"):
        report_fields.filled(DOCUMENT.replace("<!-- generated: lists -->", ""))


def test_files_that_the_document_names_are_there() -> None:
    """The policy says what changes together."""
    for path in re.findall(r"`((?:src|docs)/[\w/.-]+)`", DOCUMENT):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\(([\w/.-]+\.(?:md|json))", DOCUMENT):
        assert (ROOT / "docs" / path).exists(), path
