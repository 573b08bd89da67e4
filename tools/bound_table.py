"""Write the measured table of docs/lower-bound.md: how often the bound of a mean score holds.

`make bound-table` runs all of it (about a minute). Everything is drawn from fixed seeds by Python's own
generator, whose stream does not change between versions.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchgov.eval.lower_bound import lower_bound_95

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "lower-bound.md"
COUNTS = (10, 20, 50)
SAMPLES = 20_000
BOUND_SEEDS = 8
WANTED = 0.94

Draw = Callable[[random.Random], float]


@dataclass(frozen=True)
class Population:
    """Where scores come from: how one is drawn, and their true mean."""

    draw: Draw
    mean: float


@dataclass(frozen=True)
class Cell:
    """Of many samples of a size: the share whose bound held, and how far below the mean it was on average."""

    coverage: float
    distance: float


def _mixture(source: random.Random) -> float:
    share = source.random()
    return 1.0 if share < 0.6 else 0.0 if share < 0.8 else source.random()


PROMISED: dict[str, Population] = {
    "Bernoulli(.9)": Population(lambda source: float(source.random() < 0.9), 0.9),
    "Bernoulli(.97)": Population(lambda source: float(source.random() < 0.97), 0.97),
    "Beta(8, 2)": Population(lambda source: source.betavariate(8, 2), 0.8),
    "60 % ones, 20 % zeros, rest between": Population(_mixture, 0.7),
}
"""Populations in which the bound must hold at least 94 times of 100, from ten scores on."""

BEYOND: dict[str, Population] = {
    "uniform": Population(random.Random.random, 0.5),
    "Beta(2, 8)": Population(lambda source: source.betavariate(2, 8), 0.2),
    "half ones, rest uniform": Population(lambda s: 1.0 if s.random() < 0.5 else s.random(), 0.75),
    "Beta(20, 1)": Population(lambda source: source.betavariate(20, 1), 20 / 21),
    "10 % zeros, rest in [.8, 1]": Population(lambda s: 0.0 if s.random() < 0.1 else s.uniform(0.8, 1), 0.81),
}
"""Populations that show the bound's limits, or that it has room."""


def measure(population: Population, count: int, samples: int) -> Cell:
    """Bound `samples` samples of `count` scores each; the same arguments give the same cell."""
    source = random.Random(count)
    covered, distance = 0, 0.0
    for number in range(samples):
        scores = [population.draw(source) for _ in range(count)]
        bound = lower_bound_95(scores, number % BOUND_SEEDS).value
        covered += bound <= population.mean + 1e-12
        distance += sum(scores) / count - bound
    return Cell(covered / samples, distance / samples)


def rows(populations: dict[str, Population], samples: int) -> Iterator[str]:
    """A Markdown row for each population: coverage in percent / distance, for each sample size."""
    for name, population in populations.items():
        cells = [measure(population, count, samples) for count in COUNTS]
        shown = (f"{100 * cell.coverage:.1f} / {cell.distance:.3f}" for cell in cells)
        yield f"| {name} | " + " | ".join(shown) + " |"
        print(name, file=sys.stderr)


def table(populations: dict[str, Population], samples: int) -> str:
    """The Markdown table of these populations."""
    head = "| scores | " + " | ".join(f"n = {count}" for count in COUNTS) + " |"
    return "\n".join([head, "|---" * (len(COUNTS) + 1) + "|", *rows(populations, samples)])


def filled(page: str, tables: dict[str, str]) -> str:
    """`page` with each table between its marks."""
    for name, text in tables.items():
        start, stop = f"<!-- table {name} -->\n", f"<!-- end {name} -->"
        before, _, rest = page.partition(start)
        _, found, after = rest.partition(stop)
        if not found:
            raise SystemExit(f"docs/lower-bound.md has no place for the table {name!r}")
        page = f"{before}{start}{text}\n{stop}{after}"
    return page


def main() -> None:
    """Measure, and write or print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="samples for each cell")
    parser.add_argument("--print", action="store_true", help="print the tables, and write nothing")
    given = parser.parse_args()
    tables = {
        "promised": table(PROMISED, given.samples),
        "beyond": table(BEYOND, given.samples),
    }
    if given.print:
        print("\n\n".join(tables.values()))
    else:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main()
