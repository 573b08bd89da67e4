"""A suite's config: typed by its schema, overridden by `--set`, handed to everything that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from benchgov.errors import InputError, UsageError
from benchgov.suites.load import load_suite
from benchgov.suites.parameters import (
    MAX_TEXT,
    Parameter,
    parse_settings,
    placeholder_values,
    resolve,
    with_config,
)
from benchgov.suites.placeholders import fill

SCHEMA = {
    "mode": Parameter(type="string", enum=("fast", "exact"), default="fast"),
    "depth": Parameter(type="integer", minimum=1, maximum=9),
    "ratio": Parameter(type="number", minimum=0, default=0.5),
    "fair": Parameter(type="boolean", default=False),
}
MANIFEST = """\
version: 1
suite: demo
kind: protocols
{more}
families: {{f: {{}}}}
benchmarks:
  - {{id: a, family: f, command: ["{{python}}", "-c", "1", "{word}"]}}
"""


def load(root: Path, more: str, word: str = "x") -> Any:
    folder = root / "bench" / "demo"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(MANIFEST.format(more=more, word=word))
    return load_suite(folder, root)


def test_the_command_line_wins_over_the_manifest_and_it_over_the_default() -> None:
    """Every value of the schema is there, by name in order."""
    found = resolve(SCHEMA, {"depth": 3, "mode": "exact"}, {"depth": 4})
    assert found == {"depth": 4, "fair": False, "mode": "exact", "ratio": 0.5}
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("depth=4", 4),
        ("mode=exact", "exact"),
        ("fair=true", True),
        ("fair=false", False),
        ("ratio=2", 2),
        ("ratio=0.25", 0.25),
        ("ratio=1e2", 100.0),
    ],
)
def test_a_setting_has_the_type_of_its_schema(text: str, value: object) -> None:
    """`--set` is text; the value is not."""
    found = parse_settings(SCHEMA, [text])[text.partition("=")[0]]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["depth"], "NAME=VALUE"),
        (["dept=3"], "did you mean"),
        (["zzz=3"], "its config has: mode, depth, ratio, fair"),
        (["depth=x"], "integer was expected"),
        (["depth=2.5"], "integer was expected"),
        (["depth=0"], "below 1"),
        (["depth=10"], "above 9"),
        (["mode=slow"], "not one of 'fast', 'exact'"),
        (["fair=yes"], "true or false"),
        (["ratio=nan"], "not a number that JSON knows"),
        (["ratio=inf"], "not a number that JSON knows"),
        (["ratio=-1"], "below 0"),
        (["depth=2", "depth=3"], "given twice"),
    ],
)
def test_a_setting_that_the_schema_does_not_allow_is_wrong_usage(texts: list[str], said: str) -> None:
    """It names the value, and what was expected."""
    with pytest.raises(UsageError, match=said):
        parse_settings(SCHEMA, texts)


@pytest.mark.parametrize(
    "given",
    [
        {"type": "string", "minimum": 1},
        {"type": "boolean", "maximum": 1},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "enum": ["a"]},
        {"type": "integer", "default": "3"},
        {"type": "integer", "default": True},
        {"type": "integer", "default": 2**60},
        {"type": "boolean", "default": 1},
        {"type": "number", "default": float("inf")},
        {"type": "string", "default": "a\0b"},
        {"type": "string", "default": "a" * (MAX_TEXT + 1)},
        {"type": "date"},
        {"type": "string", "pattern": "x"},
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(given: dict[str, Any]) -> None:
    """Types are strict: `true` is not 1, and '3' is not 3."""
    with pytest.raises(ValidationError):
        Parameter.model_validate(given)


def test_true_is_not_the_one_of_an_enum() -> None:
    """Python takes them for equal."""
    assert "not of type integer" in Parameter(type="integer", enum=(1, 2)).problem(True)


def test_an_override_of_a_replay_is_checked_too() -> None:
    """A report's values are input like any other."""
    for values, said in (({"depth": 99}, "above 9"), ({"deep": 1}, "did you mean")):
        with pytest.raises(InputError, match=said):
            resolve(SCHEMA, {}, values)


def test_what_runs_finds_the_config_in_its_environment() -> None:
    """As canonical JSON; without a config the variable is not there, whatever the job has."""
    environ = with_config({"PATH": "p", "BENCHGOV_CONFIG": "{}"}, {"b": True, "a": "x y"})
    assert json.loads(environ["BENCHGOV_CONFIG"]) == {"a": "x y", "b": True}
    assert with_config({"PATH": "p", "BENCHGOV_CONFIG": "{}"}, {}) == {"PATH": "p"}
    assert placeholder_values(environ) == {"config.a": "x y", "config.b": "true"}
    assert placeholder_values({}) == {}


def test_a_command_names_values_of_the_config() -> None:
    """`{config.depth}` is a word or a part of one; doubled braces are literal."""
    values = {"config.depth": "3", "python": "p"}
    assert fill(["{python}", "--depth={config.depth}", "{{config.depth}}"], values) == (
        "p",
        "--depth=3",
        "{config.depth}",
    )


def test_a_manifest_with_a_config_is_loaded(tmp_path: Path) -> None:
    """The schema, the values, and a command that uses one."""
    more = "config_schema: {depth: {type: integer}}\nconfig: {depth: 3}\nbuild: '{python} -V {config.depth}'"
    suite = load(tmp_path, more, "{config.depth}")
    assert suite.manifest.config == {"depth": 3}
    assert suite.manifest.build.command == ("{python}", "-V", "{config.depth}")


@pytest.mark.parametrize(
    ("more", "word", "said"),
    [
        ("config: {depth: 3}", "x", ":4: config.depth: not in `config_schema`"),
        ("config_schema: {depth: {type: integer}}", "x", "has no default, and `config` does not give it"),
        ("config_schema: {depth: {type: integer}}\nconfig: {depth: deep}", "x", ":5: config.depth: 'deep'"),
        (
            "config_schema: {depth: {type: integer}}\nconfig: {depth: true}",
            "x",
            "True is not of type integer",
        ),
        ("config_schema: {depth: {type: date}}\nconfig: {depth: 1}", "x", "config_schema.depth.type"),
        ("config_schema: {depth: {type: integer, default: 1}}", "{config.dept}", "did you mean"),
        ("", "{config.depth}", "unknown placeholder {config.depth}"),
        ("build: 'make {config.depth}'", "x", "build: unknown placeholder {config.depth}"),
        ("build: 'make {scale}'", "x", "unknown placeholder {scale}"),
        ("build: {command: make, outputs: ../x}", "x", "not a file below"),
        ("build: {command: make, outputs: [/x]}", "x", "not a file below"),
        ("build: []", "x", "build"),
    ],
)
def test_faults_of_the_config_and_the_build_name_their_line(
    tmp_path: Path, more: str, word: str, said: str
) -> None:
    """Each is one of the manifest's faults."""
    with pytest.raises(InputError) as caught:
        load(tmp_path, more, word)
    assert said in "\n".join(caught.value.details)
