"""Write samples.json: `python tests/data/aa/record.py`, in an environment that has benchgov; some minutes.

Each session is one `benchgov run` of all pieces of work, a fresh process per sample; nothing changes between
the sessions but what the machine does by itself.
"""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SESSIONS, RUNS = 16, 10


def main() -> int:
    """Measure, and write the wall times in nanoseconds: benchmark → sessions → samples."""
    work = runpy.run_path(str(HERE / "work.py"), run_name="work")["everything"]()
    names = sorted(work)
    samples: dict[str, list[list[int]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="benchgov-aa-") as folder:
        root = prepare(Path(folder), {name: work[name].__annotations__["return"] for name in names})
        for _ in range(SESSIONS):
            command = [sys.executable, "-m", "benchgov", "run", "aa", "--runs", str(RUNS), "--no-gate"]
            subprocess.run(
                command, cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            report = json.loads((root / ".benchgov/out/report.json").read_text(encoding="utf-8"))
            for run in report["runs"]:
                (wall,) = (one for one in run["metrics"] if one["name"] == "wall_time")
                samples[run["benchmark"]].append([round(value) for value in wall["samples"]])
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(samples[name])}" for name in names)
    (HERE / "samples.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return 0


def prepare(root: Path, returns: dict[str, str]) -> Path:
    """A repository with a suite of all pieces; `returns` maps each to what it returns."""
    suite = root / "bench" / "aa"
    suite.mkdir(parents=True)
    shutil.copy(HERE / "work.py", suite)
    head = (
        "version: 1\nsuite: aa\nkind: measured\ndefaults: {min_sample_ms: 10}\n"
        "families: {plain: {}}\nbenchmarks:\n"
    )
    body = "".join(
        f"  - {{id: {name}, family: plain, signature: '() -> {kind}', "
        f"variants: {{plain: {{callable: 'work:{name}'}}}}, metrics: [wall_time]}}\n"
        for name, kind in returns.items()
    )
    (suite / "suite.yaml").write_text(head + body, encoding="utf-8")
    (root / "benchgov.yaml").write_text("version: 1\n", encoding="utf-8")
    return root


if __name__ == "__main__":
    sys.exit(main())
