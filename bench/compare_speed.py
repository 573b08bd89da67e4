"""Print how long comparing takes beside `pytest-benchmark compare`, which computes no statistics at all.

`python bench/compare_speed.py [pytest-benchmark's program]`; without it, one is installed into a temporary
environment. Whole processes, on the same numbers, in turn; docs/performance.md quotes the table.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from benchgov.report import Report, run_key

ROOT = Path(__file__).resolve().parents[1]
REAL_LOG = ROOT / "tests" / "data" / "pytest-benchmark" / "5.2.3.json"
SIZES = (1_000, 3_000, 10_000)
ROUNDS, TURNS = 20, 9
CLI = "import sys; from benchgov.cli.main import main; sys.exit(main())"


def main() -> int:
    """Measure and print; nothing is asserted here."""
    with tempfile.TemporaryDirectory(prefix="benchgov-speed-") as name:
        folder = Path(name)
        other = sys.argv[1] if len(sys.argv) > 1 else installed(folder / "venv")
        print(
            "| benchmarks × 20 | against a baseline, threshold | the same, statistical | paired "
            "| pytest-benchmark compare | ratios | most memory of ours |\n|---|---|---|---|---|---|---|"
        )
        for size in SIZES:
            row(size, *race(prepared(folder / str(size), size), other))
    return 0


def installed(folder: Path) -> str:
    """The program of a pytest-benchmark in an environment of its own."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "pytest-benchmark"]
    subprocess.run(command, check=True)
    return str(folder / "bin" / "pytest-benchmark")


def row(size: int, *costs: tuple[float, int]) -> None:
    """One line of the table; the last of `costs` is the other program's."""
    *own, other = costs
    seconds = " | ".join(f"{one[0]:.2f} s" for one in costs)
    ratios = ", ".join(f"{one[0] / other[0]:.2f}" for one in own)
    print(f"| {size:,} | {seconds} | {ratios} | {max(one[1] for one in own) // 1024} MiB |", flush=True)


def prepared(folder: Path, size: int) -> Path:
    """A repository with two logs, a baseline of the first, a report of the second, and a paired report."""
    folder.mkdir()
    (folder / "benchgov.yaml").write_text("version: 1\n", encoding="utf-8")
    for name in ("before", "after"):
        (folder / f"{name}.json").write_text(json.dumps(log(name, size), indent=4), encoding="utf-8")
        benchgov(folder, "import", f"{name}.json", "--suite", "speed", "--output-dir", name)
    (folder / "bench" / "speed").mkdir(parents=True)
    benchgov(folder, "baseline", "generate", "speed", "--report", "before/report.json", "--activate")
    (folder / "paired.json").write_bytes(pairs(folder).to_bytes())
    return folder


def pairs(folder: Path) -> Report:
    """The two reports as the two sides of one paired measurement."""
    before, after = (
        json.loads((folder / name / "report.json").read_text(encoding="utf-8"))
        for name in ("before", "after")
    )
    for old, run in zip(before["runs"], after["runs"], strict=True):
        run["reference"] = {"overall": "pass", "family": run["family"]}
        for one, metric in zip(old["metrics"], run["metrics"], strict=True):
            metric["reference"] = one["samples"]
    keys = [run_key(run["benchmark"], run["scale"], run["variant"]) for run in after["runs"]]
    after["config"]["against"] = {"ref": "main", "revision": "0" * 40, "looks": [10, 20, 40], "runs": keys}
    return Report.model_validate(after)


def log(name: str, size: int) -> dict[str, object]:
    """What pytest-benchmark saves: a real log with `size` benchmarks of 20 rounds each."""
    chance = random.Random(name)
    document: dict[str, object] = json.loads(REAL_LOG.read_text(encoding="utf-8"))
    benchmarks = document["benchmarks"]
    assert isinstance(benchmarks, list)
    document["machine_info"] = {"system": "Linux"}  # the real one's machine is not this one
    document["benchmarks"] = [one_of(benchmarks[0], number, chance) for number in range(size)]
    return document


def one_of(real: dict[str, object], number: int, chance: random.Random) -> dict[str, object]:
    """The benchmark `real` under another name and with other times."""
    data = [1e-3 * (1 + number % 7) * chance.lognormvariate(0, 0.02) for _ in range(ROUNDS)]
    stats = {
        "data": data,
        "min": min(data),
        "max": max(data),
        "mean": statistics.fmean(data),
        "median": statistics.median(data),
        "total": sum(data),
        "rounds": ROUNDS,
        "iterations": 1,
    }
    names = {
        "name": f"test_{number}",
        "fullname": f"tests/test_all.py::test_{number}",
        "group": f"g{number % 20}",
    }
    before = real["stats"]
    assert isinstance(before, dict)
    return {**real, **names, "params": None, "param": None, "stats": {**before, **stats}}


def benchgov(folder: Path, *words: str) -> None:
    """One command of ours; an environment that is not pinned, or a log from elsewhere, is no trouble here."""
    done = subprocess.run(
        ours(*words), cwd=folder, env=environ(folder), capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 2}:
        raise SystemExit(done.stderr)


def ours(*words: str) -> list[str]:
    """The command line of `benchgov`, from this tree."""
    return [sys.executable, "-c", CLI, *words]


def environ(folder: Path) -> dict[str, str]:
    """The environment, with this tree's package first; compiled modules are kept, as installed ones are."""
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    return {**os.environ, **kept, "PYTHONPATH": str(ROOT / "src")}


def race(folder: Path, other: str) -> list[tuple[float, int]]:
    """(median CPU seconds, most KiB of memory) of each, taken in turn."""
    commands = [
        (ours("compare", "after/report.json"), "threshold"),
        (ours("compare", "after/report.json"), "statistical"),
        (ours("compare", "paired.json"), "auto"),
        ([other, "compare", "before.json", "after.json"], ""),
    ]
    taken: list[list[tuple[float, int]]] = [[] for _ in commands]
    for _ in range(TURNS):
        for (command, mode), found in zip(commands, taken, strict=True):
            found.append(cost(command, folder, mode))
    return [(statistics.median(cpu for cpu, _ in one), max(memory for _, memory in one)) for one in taken]


def cost(command: list[str], folder: Path, mode: str) -> tuple[float, int]:
    """(CPU seconds, KiB of memory at most) of one process, with `policy.mode`."""
    env = {**environ(folder), "BENCHGOV_POLICY_MODE": mode}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL) as process:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


if __name__ == "__main__":
    sys.exit(main())
