"""Strict documents: what is refused, and how precisely the fault is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from benchgov.config import Settings
from benchgov.documents import json_model, load_yaml, parse_json, parse_yaml, yaml_model
from benchgov.errors import ConfigError, InputError
from benchgov.report import Report


class Small(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_version: int = 1
    size: int = 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ('{"a": 1', "cut off"),
        ('{"a": "b', "f:1:7"),
        ('{"a": 1, "a": 2}', "duplicate key 'a'"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1} trailing', "f:1:10: Extra data"),
        ("[1,\n2,,3]", "f:2:3"),
    ],
)
def test_bad_json_is_refused_with_its_place(text: str, says: str) -> None:
    """Each malformed document gets one line that names file, place and reason."""
    with pytest.raises(InputError) as caught:
        parse_json(text, "f")
    assert says in str(caught.value)


@pytest.mark.parametrize("version", ["0", "2", '"1"', "true", "1.0", "null"])
def test_any_other_schema_version_is_refused_alone(version: str) -> None:
    """Exactly the integer 1 is read; anything else is the only fault that is shown."""
    with pytest.raises(InputError, match="this benchgov reads exactly 1") as caught:
        json_model(f'{{"schema_version": {version}, "nonsense": 1}}', Report, "r.json")
    assert caught.value.details == ()


def test_every_fault_of_a_document_is_listed() -> None:
    """Two faults are two lines, not one after the other on two runs."""
    with pytest.raises(InputError, match="2 faults") as caught:
        json_model('{"schema_version": 1, "size": "big", "sise": 1}', Small, "s.json")
    assert caught.value.details == (
        "s.json: sise: unknown key; did you mean 'size'?",
        "s.json: size: Input should be a valid integer, unable to parse string as an integer (found 'big')",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("a: 1\na: 2\n", "y:2: duplicate key 'a', first on line 1"),
        ("a: &x [1]\nb: *x\n", "y:2: YAML aliases are not read"),
        ("a: [1\n", "not valid YAML"),
        ("a: !!python/object:os.system {}\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ("a: \x01", "not valid YAML"),
        ("a: 2020-99-99\n", "not valid YAML"),
    ],
)
def test_bad_yaml_is_refused_with_its_line(text: str, says: str) -> None:
    """YAML that could surprise is refused before a value is built from it."""
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "y")
    assert says in str(caught.value)


def test_yaml_faults_name_their_line_and_the_nearest_key() -> None:
    """A mistyped key deep in the file is found by line, with the word that was meant."""
    document = parse_yaml(
        "version: 1\npolicy:\n  thresholds:\n    wall_time: -3\n  missng: block\nregime: 'a b'\n",
        "benchgov.yaml",
    )
    with pytest.raises(ConfigError) as caught:
        yaml_model(document, Settings, ConfigError)
    lines = caught.value.details
    assert lines[0].startswith("benchgov.yaml:4: policy.thresholds.wall_time: Input should be greater than 0")
    assert lines[1] == "benchgov.yaml:5: policy.missng: unknown key; did you mean 'missing'?"
    assert lines[2].startswith("benchgov.yaml:6: regime: ")


def test_a_yaml_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    """UTF-16 is not guessed at."""
    (tmp_path / "x.yaml").write_text("a: 1", encoding="utf-16")
    with pytest.raises(InputError, match="not UTF-8"):
        load_yaml(tmp_path / "x.yaml")
