"""Print the changelog's section of this version, or of what is not released yet: a release's notes."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def section(changelog: str, version: str) -> str:
    """The text below `## VERSION` (a date may follow), up to the next version.

    Raises:
        KeyError: there is no such section, or it is empty.
    """
    parts = re.split(r"^## +(\S+).*$", changelog, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    text = found.get(version, "").strip()
    if not text:
        raise KeyError(version)
    return text + "\n"


def main() -> int:
    """Print the notes; exit 1 when the changelog says nothing of the version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "version", nargs="?", default="Unreleased", help="such as 1.2.0  [default: Unreleased]"
    )
    version = parser.parse_args().version.removeprefix("v")
    try:
        print(section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version), end="")
    except KeyError:
        print(f"CHANGELOG.md has no section `## {version}`; write it before the release", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
