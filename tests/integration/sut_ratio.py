"""A program: what asking a system under test takes beside starting a bare Python; prints one JSON object.

Its argument is the number of cases. Two threads ask a trivial callable, and then run `python -c pass`,
in turn, so that other work on the machine meets both. A program of its own, where no coverage is measured.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.sut_builders import ask, case_of, make_repository, opened

CONCURRENCY = 2
ROUNDS = 5


def seconds_a_call(call: Callable[[int], object], count: int) -> float:
    """The mean of `count` calls from two threads, until the last of them ends."""
    began = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(call, range(count)))
    return (time.perf_counter() - began) / count


def main(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        root = make_repository(Path(folder) / "repository")
        case = case_of(root)
        bare = [sys.executable, "-c", "pass"]
        with opened(root, "double") as sut:
            seconds_a_call(lambda _: ask(sut, case), 2 * CONCURRENCY)
            asked, started = [], []
            for _ in range(ROUNDS):
                asked.append(seconds_a_call(lambda _: ask(sut, case), count // ROUNDS))
                started.append(seconds_a_call(lambda _: subprocess.run(bare, check=True), count // ROUNDS))
    ratios = [one / other for one, other in zip(asked, started, strict=True)]
    return {
        "asked_ms": 1000 * statistics.median(asked),
        "bare_ms": 1000 * statistics.median(started),
        "ratio": min(ratios),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]))))
