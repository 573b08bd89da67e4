"""Moving to a new regime: which moves are refused, which line changes, and how notes read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.builders import NOW

from benchgov.baselines.regimes import Regime, Regimes, breaches, regimes_page, with_regime
from benchgov.errors import InputError, RefusedError


def notes(name: str = "v2", **changes: object) -> Regime:
    """A regime with notes."""
    values = {"schema_version": 1, "regime": name, "replaces": "v1", "notes": "n", "created_at_utc": NOW}
    return Regime.model_validate({**values, **changes})


@pytest.mark.parametrize(
    ("new", "old", "rules"),
    [
        ("v2", "v1", []),
        ("v2", "v0", ["current-regime"]),
        ("v1", "v1", ["new-regime"]),
        ("old", "v1", ["new-regime"]),
        ("old", "v0", ["current-regime", "new-regime"]),
    ],
)
def test_a_regime_is_started_once_and_from_the_current_one(new: str, old: str, rules: list[str]) -> None:
    """Every breach at once."""
    found = [line.split(":")[0].removeprefix("rule ") for line in breaches(new, old, "v1", ["v1", "old"])]
    assert found == rules


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("version: 1\nregime: v1\n", "version: 1\nregime: v2\n"),
        ("regime: v1   # why\nversion: 1", "regime: v2   # why\nversion: 1"),
        ("version: 1\r\nregime: 'v1'\r\n", "version: 1\r\nregime: v2\r\n"),
        ("version: 1", "version: 1\nregime: v2\n"),
        (
            "# top\nversion: 1\npolicy:\n  mode: auto\n",
            "# top\nversion: 1\npolicy:\n  mode: auto\nregime: v2\n",
        ),
    ],
)
def test_only_the_line_of_the_regime_changes(before: str, after: str) -> None:
    """Comments, order and line ends stay; a missing line is added."""
    assert with_regime(before, "v2") == after


@pytest.mark.parametrize("name", ["1e5", "true", "2026-01-01", "0x10", "null", "1_0", "v2.1", "No"])
def test_a_name_that_yaml_would_read_as_something_else_is_quoted(name: str) -> None:
    """So that the settings hold it as it is."""
    assert with_regime("version: 1\n", name) == f'version: 1\nregime: "{name}"\n'


@pytest.mark.parametrize(
    "text", ["{version: 1, regime: v1}", "version: 1\nregime:\n  v1\n", "version: 1\n...\n"]
)
def test_settings_that_cannot_be_changed_in_one_line_are_left_to_the_person(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(RefusedError, match="cannot be changed without changing other lines"):
        with_regime(text, "v2")


def test_regimes_are_read_back_oldest_first(tmp_path: Path) -> None:
    """With the suites that have baselines in them, and those regimes that have no notes."""
    regimes = Regimes(tmp_path)
    assert (regimes.all(), regimes.names()) == ((), ())
    older = NOW.replace(year=2025)
    for one in (notes("v2"), notes("v3", created_at_utc=older)):
        path = regimes.path(one.regime)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(one.to_bytes())
    (tmp_path / "demo/baselines/v1").mkdir(parents=True)
    assert [one.regime for one in regimes.all()] == ["v3", "v2"]
    assert (regimes.names(), regimes.suites("v1")) == (("v1", "v2", "v3"), ("demo",))
    regimes.path("v2").rename(regimes.path("v4"))
    with pytest.raises(InputError, match="file of regime 'v2'"):
        regimes.all()


def test_the_page_lists_the_newest_first_and_shows_notes_as_they_are() -> None:
    """No Markdown of their own."""
    text = regimes_page([notes("v1", replaces=None), notes("v2", notes="a\n# b", rationale="why")])
    assert text.index("## v2") < text.index("## v1")
    assert "Started 2026-01-31, replaces `v1`.\n\nwhy\n\na\n\n&#35; b\n" in text
    assert text.endswith("Started 2026-01-31.\n\nn\n")
