"""What a run of many cases costs: cold, warm, and beside `inspect eval` with its mock model.

    python bench/eval_speed.py [--cases 1000] [--inspect PATH_OF_INSPECT]

Processor seconds of whole processes and all their children. The task class is the tests' stub: a callable
that answers at once, and a rubric that scores in a confined process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TASK = """\
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import includes


@task
def trivial() -> Task:
    samples = [Sample(input=f"say {number}", target="Default") for number in range(%d)]
    return Task(dataset=MemoryDataset(samples), scorer=includes())
"""


def cost(command: list[str], folder: Path, environ: dict[str, str]) -> tuple[float, float]:
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


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--inspect", help="program `inspect` of an environment with inspect-ai")
    given = parser.parse_args()
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ours = [sys.executable, "-m", "benchgov", "eval", "run", "--task-class=stub-task-class"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bench(folder / "repository", given.cases)
        rows = [
            ("cold", cost(ours, folder / "repository", environ)),
            ("warm", cost(ours, folder / "repository", environ)),
        ]
        if given.inspect:
            (folder / "task.py").write_text(TASK % given.cases)
            command = [
                shutil.which(given.inspect) or given.inspect,
                "eval",
                "task.py",
                "--model=mockllm/model",
            ]
            rows.append(("inspect eval", cost([*command, "--display=none"], folder, dict(os.environ))))
    print(f"| {given.cases:,} cases | processor seconds | seconds |\n|---|---|---|")
    for what, (used, elapsed) in rows:
        print(f"| {what} | {used:.2f} | {elapsed:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
