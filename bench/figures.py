"""Print the figures that docs/performance.md quotes, as a Markdown table; `make figures` runs it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchgov.measure.overhead import callable_overheads, command_overheads

ROOT = Path(__file__).resolve().parents[1]
SAMPLES, STARTS = 60, 25


def main() -> int:
    """Measure and print; nothing is asserted here."""
    print("| figure | measured | wanted |\n|---|---|---|")
    row("harness overhead per sample, callable in a fresh fork (median)", callable_overheads, 5)
    row("harness overhead per sample, command (median)", command_overheads, 20)
    click, help_, version = starts(
        ["-c", "import click"], ["-m", "benchgov", "--help"], ["-m", "benchgov", "--version"]
    )
    print(f"| `benchgov --help` beside `import click` | {help_ / click:.2f} × | at most 3 × |")
    print(f"| `benchgov --version` beside `import click` | {version / click:.2f} × | at most 3 × |")
    seconds = launches()
    print(f"| second action of a job, shell line to its Python (median) | {seconds:.2f} s | within 0.3 s |")
    return 0


def row(title: str, overheads: object, limit_ms: float) -> None:
    """One row: the median of real samples, in milliseconds."""
    assert callable(overheads)
    median = statistics.median(overheads(SAMPLES, os.environ)) / 1e6
    print(f"| {title} | {median:.2f} ms | under {limit_ms} ms |")


def starts(*commands: list[str]) -> list[float]:
    """Median seconds of starting Python with each command line, taken in turn."""
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(STARTS):
        for command, times in zip(commands, taken, strict=True):
            begun = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - begun)
    return [statistics.median(times) for times in taken]


def launches() -> float:
    """Median seconds of the actions' launcher once its environment is there; building it is not counted."""
    command = ["sh", str(ROOT / "actions" / "launch.sh"), "no-such-action"]
    with tempfile.TemporaryDirectory(prefix="benchgov-figures-") as folder:
        environ = {**os.environ, "RUNNER_TOOL_CACHE": folder, "GITHUB_WORKSPACE": folder}
        times = []
        for _ in range(8):
            begun = time.perf_counter()
            done = subprocess.run(command, env=environ, capture_output=True, check=False)
            times.append(time.perf_counter() - begun)
            assert done.returncode == 64, done.stdout
        return statistics.median(times[1:])


if __name__ == "__main__":
    sys.exit(main())
