"""Release notes are the changelog's section of the version, and a release without one is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.release_notes import section

TEXT = "# Changelog\n\nWords.\n\n## Unreleased\n\n### Added\n\n- a\n\n## 1.2.0 (2026)\n\n- b\n\n## 1.1.0\n"


def test_the_section_of_a_version() -> None:
    """With its sub-headings, without its neighbours; a date may stand behind the version."""
    assert section(TEXT, "Unreleased") == "### Added\n\n- a\n"
    assert section(TEXT, "1.2.0") == "- b\n"


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0", "1.2"])
def test_a_version_without_notes_is_an_error(version: str) -> None:
    """Missing, empty, or only alike."""
    with pytest.raises(KeyError):
        section(TEXT, version)


def test_this_repository_s_changelog_has_notes() -> None:
    """What a release would say today."""
    root = Path(__file__).resolve().parents[2]

    assert "### Added" in section((root / "CHANGELOG.md").read_text(encoding="utf-8"), "Unreleased")
