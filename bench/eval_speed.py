"""What a run of many cases costs: cold, with a reused process of the SUT, warm, and beside `inspect eval`.

    python bench/eval_speed.py [--cases 1000] [--turns 3] [--inspect PATH_OF_INSPECT]

Processor seconds and seconds on the clock of whole processes and all their children, in turns, since
machines are not equally fast from minute to minute; the medians. The task class is the tests' stub: a
callable that answers at once, and a rubric that scores in a confined process of its own. `inspect eval` has
its mock model and as many trivial samples.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Cost = tuple[float, float]
"""Processor seconds, and seconds on the clock."""
TASK = """\
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import includes


@task
def trivial() -> Task:
    samples = [Sample(input=f"say {number}", target="Default") for number in range(%d)]
    return Task(dataset=MemoryDataset(samples), scorer=includes())
"""


def cost(command: list[str], folder: Path, environ: dict[str, str]) -> Cost:
    """(processor seconds, seconds on the clock) of a command and all its children."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - start


def make_bench(folder: Path, cases: int) -> None:
    """A repository with the stub task class, of so many cases."""
    sys.path[:0] = [str(ROOT), str(ROOT / "src")]
    from tests.eval_builders import add_case, copy_bench, write_digests

    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    bench = copy_bench(folder)
    for number in range(cases - 3):
        add_case(bench, f"case-{number:05}", number)
    write_digests(bench)


def kinds(repository: Path, folder: Path, cases: int, inspect: str | None) -> dict[str, Callable[[], Cost]]:
    """What is measured, in the order of a turn: a cold run has neither a cache nor earlier runs."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ours = [sys.executable, "-m", "benchgov", "eval", "run", "--task-class=stub-task-class"]

    def warm(*options: str) -> Cost:
        return cost([*ours, *options], repository, environ)

    def cold(*options: str) -> Cost:
        if (repository / ".benchgov").exists():
            # Moved and not removed: for seconds ext4 is slower at making files after it removed some.
            (repository / ".benchgov").rename(Path(tempfile.mkdtemp(dir=folder)) / "earlier")
        return warm(*options)

    measured: dict[str, Callable[[], Cost]] = {
        "cold, a process for each case": cold,
        "cold, --sut-process=reused": lambda: cold("--sut-process=reused"),
        "warm": lambda: warm("--sut-process=reused"),
    }
    if inspect:
        (folder / "task.py").write_text(TASK % cases)
        program = shutil.which(inspect) or inspect
        command = [program, "eval", "task.py", "--model=mockllm/model", "--display=none"]
        measured["inspect eval"] = lambda: cost(command, folder, dict(os.environ))
    return measured


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--inspect", help="program `inspect` of an environment with inspect-ai")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bench(folder / "repository", given.cases)
        measured = kinds(folder / "repository", folder, given.cases, given.inspect)
        found: dict[str, list[Cost]] = {what: [] for what in measured}
        for _ in range(given.turns):
            for what, measure in measured.items():
                found[what].append(measure())
    print(f"| {given.cases:,} cases | processor seconds | seconds |\n|---|---|---|")
    for what, costs in found.items():
        used, elapsed = (statistics.median(column) for column in zip(*costs, strict=True))
        print(f"| {what} | {used:.2f} | {elapsed:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
