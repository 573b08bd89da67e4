"""Print the table of docs/guides/history.md: how often steps are found in simulated series, and by chance.

    PYTHONPATH=src python bench/history_table.py

Beside benchgov's finder stands Otava alone, with the same p-value and smallest change.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence

from benchgov.history.changes import DEFAULT_MAGNITUDE_PERCENT, DEFAULT_P_VALUE, otava_finder

SERIES = 300
SPREADS = (0.01, 0.02)
LEVELS: dict[str, Sequence[float]] = {
    "40 points, no step: a step by chance": [100] * 40,
    "100 points, no step: a step by chance": [100] * 100,
    "+8 % in the middle of 40": [100] * 20 + [108] * 20,
    "+8 % for the last 3 of 40": [100] * 37 + [108] * 3,
    "+20 %, then −25 %, 15 points each": [100] * 15 + [120] * 15 + [90] * 15,
    "+10 % for 8 of 68": [100] * 30 + [110] * 8 + [100] * 30,
    "+5 % in the middle of 12": [100] * 6 + [105] * 6,
}

Places = Callable[[Sequence[float]], list[int]]


def ours() -> Places:
    find = otava_finder()
    return lambda values: [step.at for step in find(values)]


def otava_alone() -> Places:
    from importlib import import_module

    compute = import_module("otava.analysis").compute_change_points

    def places(values: Sequence[float]) -> list[int]:
        options = {"max_pvalue": DEFAULT_P_VALUE, "min_magnitude": DEFAULT_MAGNITUDE_PERCENT / 100}
        return [int(one.index) for one in compute(list(values), **options)[0]]

    return places


def share(find: Places, levels: Sequence[float], spread: float) -> float:
    """How often just the steps of `levels` are found, give or take a point; or any, where there is none."""
    wanted = [at for at in range(1, len(levels)) if levels[at] != levels[at - 1]]
    hits = 0
    for seed in range(SERIES):
        rng = random.Random(f"{spread} {seed}")
        found = find([level * rng.lognormvariate(0, spread) for level in levels])
        near = all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=False))
        hits += bool(found) if not wanted else len(found) == len(wanted) and near
    return 100 * hits / SERIES


def main() -> int:
    columns = [(name, spread) for name in ("found", "Otava alone") for spread in SPREADS]
    finders = {"found": ours(), "Otava alone": otava_alone()}
    print("| series | " + " | ".join(f"{name}, {spread:.0%}" for name, spread in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, levels in LEVELS.items():
        cells = [f"{share(finders[column], levels, spread):.1f} %" for column, spread in columns]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
