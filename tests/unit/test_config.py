"""Settings: one precedence, every fault at once, sensible without a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchgov.config import VARIABLES, Settings, load_settings
from benchgov.errors import ConfigError


def write(root: Path, text: str) -> None:
    (root / "benchgov.yaml").write_text(text, encoding="utf-8")


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    """Every command can run in a repository that has no benchgov.yaml."""
    assert load_settings(tmp_path, {}) == Settings()


def test_flag_beats_variable_beats_file_beats_default(tmp_path: Path) -> None:
    """The nearest source wins, key by key."""
    write(tmp_path, "regime: from-file\nbench_dir: from-file\noutput_dir: from-file\n")
    environ = {"BENCHGOV_REGIME": "from-variable", "BENCHGOV_BENCH_DIR": "from-variable"}
    settings = load_settings(tmp_path, environ, {("regime",): "from-flag", ("bench_dir",): None})
    assert settings.regime == "from-flag"
    assert settings.bench_dir == "from-variable"
    assert settings.output_dir == "from-file"
    assert settings.audit.store == ".benchgov/audit"


@pytest.mark.parametrize(("variable", "at"), VARIABLES.items())
def test_every_variable_sets_its_key(tmp_path: Path, variable: str, at: tuple[str, ...]) -> None:
    """The table of variables is what is read: a wrong value is refused in the variable's name."""
    good = {
        "BENCHGOV_EVAL_CONCURRENCY": "2",
        "BENCHGOV_EVAL_MAX_COST_USD": "2.5",
        "BENCHGOV_POLICY_MODE": "threshold",
        "BENCHGOV_POLICY_MISSING": "allow",
    }.get(variable, "x")
    value: object = load_settings(tmp_path, {variable: good})
    for step in at:
        value = getattr(value, step)
    assert str(value) == good


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    """A bad value from the environment is not blamed on the file."""
    with pytest.raises(ConfigError, match="BENCHGOV_POLICY_MODE") as caught:
        load_settings(tmp_path, {"BENCHGOV_POLICY_MODE": "magic"})
    assert "policy.mode" in caught.value.details[0]


def test_a_partial_threshold_table_keeps_the_other_defaults(tmp_path: Path) -> None:
    """Naming one metric's limit does not silently drop the others."""
    write(tmp_path, "policy:\n  thresholds:\n    wall_time: 3\n")
    thresholds = load_settings(tmp_path, {}).policy.thresholds
    assert thresholds["wall_time"] == 3
    assert thresholds["instructions"] == Settings().policy.thresholds["instructions"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: 2\n", "version"),
        ("- a\n", "valid dictionary"),
        ("enviroment: {}\n", "did you mean 'environment'?"),
        ("environment: {pins: {python: 3.11}}\n", "environment.pins.python"),
        ("environment: {probes: {t: {command: [t], pattern: '('}}}\n", "not a regular expression"),
        ("environment: {probes: {t: {command: [t], pattern: 'x'}}}\n", "exactly one group"),
        ("policy: {default_threshold: .nan}\n", "finite"),
    ],
)
def test_a_bad_file_is_a_config_error(tmp_path: Path, text: str, says: str) -> None:
    """The exit code says configuration, and the message says which line."""
    write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, {})
    assert any(says in detail for detail in caught.value.details), caught.value.details
    assert caught.value.exit_code == 78


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """Only the default file may be missing."""
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(tmp_path, {}, file=tmp_path / "other.yaml")
