"""A program: how many times longer reading a log takes than a plain reader, printed as a number.

Its arguments are `json` or `go`, and the number of benchmarks in the log. It is a program of its own because
a test process that measures coverage slows down Python code, and not the C code that it is held against.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from benchgov.adapters.interface import Log
from benchgov.adapters.registry import adapters, detect
from benchgov.collector import without_collector

CORE = Path(__file__).resolve().parents[2] / "bench" / "core"
KNOWN = adapters()


def inputs() -> ModuleType:
    """The inputs of this project's own suite."""
    spec = importlib.util.spec_from_file_location("core_inputs", CORE / "inputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(text: str) -> int:
    """Read `text` as `import` does."""
    log = Log("log", text)
    with without_collector():
        return len(detect(log, KNOWN).read(log, False).benchmarks)


def split_lines(text: str) -> dict[tuple[str, str], list[float]]:
    """The plain way to read Go's text."""
    found: dict[tuple[str, str], list[float]] = {}
    for line in text.split("\n"):
        fields = line.split()
        if fields and fields[0].startswith("Benchmark"):
            for value, unit in zip(fields[2::2], fields[3::2], strict=True):
                found.setdefault((fields[0], unit), []).append(float(value))
    return found


def ratio(one: Callable[[str], Any], other: Callable[[str], Any], text: str) -> float:
    """CPU time of `one` divided by that of `other`: the best of several turns that alternate."""
    best = [float("inf"), float("inf")]
    for _ in range(9):
        for index, reader in enumerate((one, other)):
            gc.collect()
            start = time.process_time()
            reader(text)
            best[index] = min(best[index], time.process_time() - start)
    return best[0] / best[1]


def main() -> None:
    """Print the ratio that the command line asks for."""
    kind, benchmarks = sys.argv[1], int(sys.argv[2])
    if kind == "json":
        sys.stdout.write(f"{ratio(read, json.loads, inputs().pytest_benchmark_log(benchmarks))}\n")
    else:
        sys.stdout.write(f"{ratio(read, split_lines, inputs().go_log(benchmarks))}\n")


if __name__ == "__main__":
    main()
