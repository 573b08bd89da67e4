"""`make demo`: the main job on this project's own suite, on this machine, from verify-env to the dossier.

No baseline can fit a machine that nobody measured before, so the demo measures twice: once to publish a
baseline (in its own folder, not in the repository's store), and once to hold against it. Both are the same
code, so what the comparison calls a change is noise, and the thresholds say how much of it is let through.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(".benchgov") / "demo"
SUITE = "core"
GOOD, REGRESSION = {0}, {0, 1}


def main() -> int:
    """Run the steps; 0 when the pipeline went through, whatever the verdict, which is printed."""
    only = [word for pattern in sys.argv[1:] for word in ("--only", pattern)]
    shutil.rmtree(ROOT / HERE, ignore_errors=True)
    out, store = HERE / "out", HERE / "audit"
    baselines = HERE / "baselines"
    measure = ["run", SUITE, *only, "--no-gate", "--output-dir"]
    step("Is this the pinned environment?", ["verify-env"])
    step("Measure once, for a baseline", [*measure, HERE / "first"], show=False)
    report = HERE / "first" / "report.json"
    step(
        "Publish the baseline",
        ["baseline", "generate", SUITE, "--report", report, "--into", baselines],
        show=False,
    )
    (baseline,) = (ROOT / baselines).glob("*/*/baseline.json")
    step("Measure again", [*measure, out])
    verdict = step(
        "Hold the second against the first",
        [
            "compare",
            out / "report.json",
            "--baseline",
            baseline.parent.relative_to(ROOT),
            "--out",
            out / "comparison.json",
        ],
        REGRESSION,
    )
    evidence = [out / "report.json", out / "comparison.json"]
    step("Record both in the audit log", ["audit", "append", "--store", store, *evidence])
    step("Verify the log", ["audit", "verify", "--strict", "--store", store])
    named = ["--report", evidence[0], "--comparison", evidence[1], "--store", store]
    step("Render the dossier", ["dossier", "render", *named, "--out", out / "dossier"])
    if verdict:
        print("\nThe comparison saw a change between two runs of the same code: this machine is noisy.")
    print(f"\nOpen {(ROOT / out / 'dossier' / 'index.html').as_uri()}")
    return 0


def step(title: str, arguments: list[str | Path], allowed: set[int] = GOOD, *, show: bool = True) -> int:
    """Run one command of benchgov and show its result; another exit code than the allowed ends the demo."""
    words = list(map(str, arguments))
    print(f"\n== {title}\n$ benchgov {' '.join(words)}", flush=True)
    stdout = None if show else subprocess.DEVNULL
    done = subprocess.run(
        [sys.executable, "-P", "-m", "benchgov", *words], cwd=ROOT, check=False, stdout=stdout
    )
    if done.returncode not in allowed:
        sys.exit(done.returncode)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
