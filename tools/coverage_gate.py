"""Fail when the last coverage run is below the floors, for lines and branches each on its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Read the coverage data in the current folder; 0 when both floors hold, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=float, required=True, help="least percent of lines")
    parser.add_argument("--branches", type=float, required=True, help="least percent of branches")
    floors = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(target)], check=True)
        totals = json.loads(target.read_text(encoding="utf-8"))["totals"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    print(f"coverage: {lines:.1f} % of lines (floor {floors.lines:g}), ", end="")
    print(f"{branches:.1f} % of branches (floor {floors.branches:g})")
    return 0 if lines >= floors.lines and branches >= floors.branches else 1


if __name__ == "__main__":
    sys.exit(main())
